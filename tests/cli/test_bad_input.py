"""`posse run` on bad videos, bad members, bad folders and full disks.  usage: test_bad_input.py POSSE"""

import os
import pickle
import shutil
import struct
import warnings

from program import (DEMO, FAST, MEMBERS, VIDEO, ProgramTest, as_nobody, copy_of, files_below, grow_disk,
                     h5py, journal_bytes, limit_file_size, main, np, pd, pictures, points, posse, run_words, small_disk, table)


def boxes(data):
    """Name -> (begin, end) of an mp4's outermost parts."""
    found, at = {}, 0
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        found[name.decode()] = (at, at + size)
        at += size
    return found


class BadVideo(ProgramTest):
    def bad(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def refuse(self, path, *said):
        out = self.folder / "out"
        self.assert_error(posse(*run_words(path, MEMBERS[:1], out)), 1, *said)
        self.assertFalse(out.exists())

    def test_that_is_a_text_file(self):
        self.refuse(self.bad("notes.mp4", b"day 1: the mouse was in a good mood\n" * 50), "notes.mp4", "not a video")

    def test_that_is_empty(self):
        self.refuse(self.bad("empty.mp4", b""), "empty.mp4")

    def test_that_is_not_there(self):
        self.refuse(self.folder / "nowhere.mp4", "nowhere.mp4")

    def test_without_a_video_stream(self):
        data = VIDEO.read_bytes()
        handler = data.index(b"vide", data.index(b"hdlr"))  # the only track says what it is
        path = self.bad("sound.mp4", data[:handler] + b"soun" + data[handler + 4:])
        self.refuse(path, "no video stream")

    def test_without_a_frame(self):
        data = VIDEO.read_bytes()
        self.assertLess(boxes(data)["moov"][1], boxes(data)["mdat"][0])  # the header comes first
        self.refuse(self.bad("header.mp4", data[:boxes(data)["mdat"][0] + 8]), "header.mp4")

    def test_that_is_a_folder_without_pictures(self):
        (self.folder / "hollow").mkdir()
        self.refuse(self.folder / "hollow", "hollow")

    def test_that_breaks_off_gives_the_frames_before_and_a_warning(self):
        path = self.bad("cut.mp4", VIDEO.read_bytes()[:60000])
        done = self.assert_code(posse(*run_words(path, MEMBERS[:1], self.folder / "out")), 4)
        self.assertEqual(done.err.count("breaks off"), 1, done)
        rows = table(self.folder / "out" / "cut", "*member.h5")
        self.assertTrue(100 < len(rows) < 360)
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / "whole")), 0)
        whole = table(self.folder / "whole" / "openarena", "*member.h5")
        # Frames before the break are those of the whole video; the last may lean on what is missing.
        np.testing.assert_array_equal(points(rows)[:-1], points(whole)[:len(rows) - 1])

    def test_among_several_is_reported_and_the_others_are_done(self):
        bad = self.bad("notes.mp4", b"text")
        still = pictures(self.folder / "stills")
        words = ["run", bad, still, "--members", MEMBERS[0], "--out", self.folder / "out", *FAST]
        self.assert_error(posse(*words), 3, "notes.mp4")
        self.assertEqual(len(table(self.folder / "out" / "stills", "*member.h5")), 3)
        report = self.assert_code(posse(*words, "--json"), 3).json
        self.assertEqual([r["status"] for r in report], ["failed", "skipped"])
        self.assertIn("not a video", report[0]["error"])
        self.assert_code(posse("run", bad, self.bad("more.mp4", b"text"), "--members", MEMBERS[0], "--out",
                               self.folder / "out"), 1)  # none was done

    def test_range_without_a_frame_is_a_warning(self):
        done = self.assert_code(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / "out", "--frames", "400:500")), 4)
        self.assertIn("no frame", done.err)
        self.assertEqual(len(table(self.folder / "out" / "openarena", "*member.h5")), 0)


def snappy_free_blocks(index):
    """(offset, size) of every block of a checkpoint's index: metaindex, index and those it lists (TensorFlow's table)."""
    def varint(at):
        value, shift = 0, 0
        while True:
            byte = index[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value, at

    at = len(index) - 48
    numbers = []
    for _ in range(4):
        number, at = varint(at)
        numbers.append(number)
    blocks = [tuple(numbers[:2]), tuple(numbers[2:])]
    at, (begin, size) = numbers[2], blocks[1]
    num_restarts = struct.unpack("<I", index[begin + size - 4:begin + size])[0]
    end = begin + size - 4 - 4 * num_restarts
    while at < end:
        _, at = varint(at)
        unshared, at = varint(at)
        length, at = varint(at)
        offset, next_at = varint(at + unshared)
        blocks.append((offset, varint(next_at)[0]))
        at += unshared + length
    return blocks


def crc32c(data):
    """Masked, as TensorFlow stores it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 & -(crc & 1))
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def put_nan_into(prefix):
    """Makes the first number of the head's biases NaN, with checksums that are right."""
    data_file, index_file = (prefix.with_name(prefix.name + end) for end in (".data-00000-of-00001", ".index"))
    data, index = bytearray(data_file.read_bytes()), bytearray(index_file.read_bytes())
    size = 4 * 4  # pose/part_pred/block4/biases of four bodyparts
    for at in range(0, len(data) - size + 1, 4):
        stored = struct.pack("<I", crc32c(data[at:at + size]))
        if index.count(stored) == 1:
            break
    else:
        raise AssertionError("no tensor of four numbers found")
    data[at:at + 4] = struct.pack("<f", float("nan"))
    where = index.index(stored)
    index[where:where + 4] = struct.pack("<I", crc32c(data[at:at + size]))
    for offset, length in snappy_free_blocks(index):
        index[offset + length + 1:offset + length + 5] = struct.pack("<I", crc32c(index[offset:offset + length + 1]))
    for path, content in ((data_file, data), (index_file, index)):
        path.chmod(0o644)
        path.write_bytes(content)


class BadMember(ProgramTest):
    def setUp(self):
        super().setUp()
        self.member = copy_of(MEMBERS[0], self.folder / "member")
        self.train = next(self.member.rglob("train"))
        self.snapshot = self.train / "snapshot-5000"

    def refuse(self, code, *said):
        out = self.folder / "out"
        done = self.assert_error(posse(*run_words(VIDEO, [self.member], out, "--frames", "0:2")), code, *said)
        self.assertFalse(out.exists())
        return done

    def change(self, suffix, edit):
        path = self.snapshot.with_name(self.snapshot.name + suffix)
        path.chmod(0o644)
        path.write_bytes(edit(bytearray(path.read_bytes())))

    def test_that_is_not_there(self):
        shutil.rmtree(self.member)
        self.refuse(1, "member")

    def test_with_a_truncated_index(self):
        self.change(".index", lambda data: data[:len(data) // 2])
        self.refuse(1, "snapshot-5000.index")

    def test_with_a_flipped_bit_in_the_index(self):
        def flip(data):
            data[100] ^= 16
            return data

        self.change(".index", flip)
        self.refuse(1, "snapshot-5000.index", "checksum")

    def test_with_a_flipped_bit_in_the_weights(self):
        def flip(data):
            data[len(data) // 2] ^= 16
            return data

        self.change(".data-00000-of-00001", flip)
        self.refuse(1, "checksum")

    def test_with_a_missing_shard(self):
        self.snapshot.with_name("snapshot-5000.data-00000-of-00001").unlink()
        self.refuse(1, "snapshot-5000.data-", "is missing")

    def test_with_nan_weights(self):
        put_nan_into(self.snapshot)
        self.refuse(1, "nan", "pose/part_pred/block4/biases")

    def config(self, edit):
        path = self.member / "config.yaml"
        path.write_text(edit(path.read_text()))

    def test_for_several_animals(self):
        self.config(lambda text: text + "\nmultianimalproject: true\nindividuals: [a, b]\n")
        self.refuse(5, "multi-animal")

    def test_without_bodyparts(self):
        for path in self.member.rglob("*.yaml"):
            kept, inside = [], False
            for line in path.read_text().splitlines(keepends=True):
                inside = line.startswith(("bodyparts:", "all_joints_names:")) or (inside and line[:1] in "- ")
                if not inside:
                    kept.append(line)
            path.write_text("".join(kept))
        self.refuse(1, "config.yaml", "bodyparts")

    def test_with_latin_1_bodyparts(self):
        for path in self.member.rglob("*.yaml"):
            path.write_bytes(path.read_bytes().replace(b"snout", "Schnäuzchen".encode("latin-1")))
        self.refuse(1, "config.yaml", "UTF-8")

    def test_with_duplicate_bodyparts(self):
        for path in self.member.rglob("*.yaml"):
            path.write_text(path.read_text().replace("- leftear\n- rightear", "- leftear\n- leftear"))
        self.refuse(1, "leftear")


class Names(ProgramTest):
    def test_that_are_not_utf8_are_only_bytes(self):
        odd = os.fsencode(self.folder) + b"/\xff\xfe video.mp4"
        out, member = os.fsencode(self.folder) + b"/out\xff", os.fsencode(self.folder) + b"/me\xffber"
        shutil.copy(VIDEO, odd)
        shutil.copytree(os.fsencode(MEMBERS[0]), member)
        words = ["run", odd, "--members", member, "--out", out, "--frames", "0:3", "--save-members", *FAST]
        report = self.assert_code(posse(*words, "--json"), 0).json
        self.assertIn("\\xff\\xfe video", report[0]["video"])
        self.assertEqual(report[0]["status"], "done")
        folder = out + b"/\xff\xfe video"
        with open(folder + b"/run.json", encoding="utf-8") as record:
            self.assertIn("\\xff", record.read())
        self.assertIn("skipped", self.assert_code(posse(*words), 0).out)
        self.assertEqual(self.assert_code(posse("info", member, "--json"), 0).json["members"][0]["name"], "me\\xffber")

    def test_with_blanks_accents_and_other_scripts_stay_as_they_are(self):
        video = self.folder / "Mäuschen im Feld 鼠.mp4"
        shutil.copy(VIDEO, video)
        self.assert_code(posse(*run_words(video, MEMBERS[:1], self.folder / "Ergebnisse ü", "--frames", "0:3")), 0)
        self.assertEqual(len(table(self.folder / "Ergebnisse ü" / video.stem, "*member.h5")), 3)


class BadAmongSeveral(ProgramTest):
    """A name that cannot even be looked at costs no other video its results."""

    def test_of_whatever_kind_leaves_the_others_their_results(self):
        still = pictures(self.folder / "stills")
        (self.folder / "circle").symlink_to("circle")
        for number, bad in enumerate(["", self.folder / ("x" * 300 + ".mp4"), self.folder / "circle", VIDEO / "x.mp4"]):
            out = self.folder / str(number)
            words = ["run", bad, still, "--members", MEMBERS[0], "--out", out, *FAST]
            report = self.assert_error(posse(*words, "--json"), 3).json
            self.assertEqual([r["status"] for r in report], ["failed", "done"])
            self.assert_error(posse(*words, "--dry-run"), 3)
            self.assertIn("done already", posse(*words).out)

    def test_empty_names_of_folders_are_wrong_usage(self):
        for words in [["run", VIDEO, "--members", ""], ["run", VIDEO, "--members", MEMBERS[0], "--out", ""],
                      ["scoremap", "", VIDEO, "--out", self.folder], ["export", MEMBERS[0], "--onnx", ""],
                      ["convert", "", self.folder / "x.h5"], ["info", ""], ["run", "", "--members", MEMBERS[0]],
                      ["run", VIDEO, "--members", MEMBERS[0], "--as-member", ""],
                      ["convert", VIDEO, self.folder / "x.h5", "--scorer", ""]]:
            self.assert_error(posse(*words, folder=self.folder), 2, "an empty name was given")
        self.assertEqual(files_below(self.folder), {})

    def test_longest_names_are_written_all_the_same(self):
        video = self.folder / ("v" * 200 + ".mp4")
        shutil.copy(VIDEO, video)
        done = posse(*run_words(video, MEMBERS[:1], self.folder / "out", "--frames", "0:2"))
        self.assert_code(done, 0)


class Permissions(ProgramTest):
    """As somebody who may not; root may everything, so the program is then started as another user."""

    def setUp(self):
        super().setUp()
        try:
            can_run = posse("--version", before=as_nobody).code == 0
        except PermissionError:  # a folder above it, or the root of all, is closed to others
            can_run = False
        if not can_run:
            self.skipTest("the program cannot be run as another user from where it lies")

    def refused_as_nobody(self, *words):
        self.assert_error(posse(*words, before=as_nobody), 1, "ermission denied")

    def test_video_that_may_not_be_read(self):
        video = self.folder / "secret.mp4"
        shutil.copy(VIDEO, video)
        video.chmod(0)
        self.refused_as_nobody(*run_words(video, MEMBERS[:1], self.folder / "out"))

    def test_weights_that_may_not_be_read(self):
        member = copy_of(MEMBERS[0], self.folder / "member")
        next(member.rglob("*.data-*")).chmod(0)
        self.refused_as_nobody(*run_words(VIDEO, [member], self.folder / "out", "--frames", "0:2"))

    def test_folder_that_may_not_be_written(self):
        for name, words in [("run", []), ("there", ["--force"])]:
            out = self.folder / name
            (out / "openarena").mkdir(parents=True)
            (out / "openarena").chmod(0o555)
            out.chmod(0o555)
            self.refused_as_nobody(*run_words(VIDEO, MEMBERS[:1], out, "--frames", "0:2", *words))
            self.assertEqual(files_below(out), {})

    def test_folder_that_cannot_be_made(self):
        parent = self.folder / "closed"
        parent.mkdir(mode=0o555)
        self.refused_as_nobody(*run_words(VIDEO, MEMBERS[:1], parent / "out", "--frames", "0:2"))

    def test_closed_folder_among_several_videos(self):
        closed = pictures(self.folder / "closed")
        listed = pictures(self.folder / "listed")
        still = pictures(self.folder / "stills")
        closed.chmod(0)
        listed.chmod(0o744)  # its names can be read, what they stand for cannot
        for number, bad in enumerate([closed, closed / "frame-0060.png", closed / "video.mp4", listed]):
            words = ["run", bad, still, "--members", MEMBERS[0], "--out", self.folder / f"out{number}", *FAST]
            done = self.assert_error(posse(*words, before=as_nobody), 3, "ermission denied")
            self.assertIn("3 frames", done.out)

    def test_members_folders_that_may_not_be_read_are_not_called_untrained(self):
        for number, (pattern, mode) in enumerate([(".", 0), (".", 0o744), ("dlc-models", 0), ("dlc-models/iteration-0", 0),
                                                  ("dlc-models/iteration-0/*", 0),
                                                  ("dlc-models/iteration-0/*/train", 0)]):
            member = copy_of(MEMBERS[0], self.folder / f"member{number}")
            (place,) = member.glob(pattern) if pattern != "." else [member]
            place.chmod(mode)
            for words in [run_words(VIDEO, [member], self.folder / "out"), ["info", member]]:
                done = self.assert_error(posse(*words, before=as_nobody), 1, "ermission denied", place.name)
                for wrong in ["train the network", "is not a member", "--iteration", "--out"]:
                    self.assertNotIn(wrong, done.err)

    def test_dry_run_promises_nothing_that_cannot_be_written(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0o555)
        words = ["run", VIDEO, "--members", MEMBERS[0], "--dry-run", *FAST]
        self.refused_as_nobody(*words, "--out", closed / "out")
        done = posse(*words, "--save-members", "--out", self.folder / "out", "--extras", closed, before=as_nobody)
        self.assert_error(done, 3, "table of member-1", "ermission denied")
        self.assertIn("cannot be   " + str(closed), done.out)
        self.assertFalse((self.folder / "out").exists())

    def test_tables_for_closed_folders(self):
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / "out", "--frames", "0:2")), 0)
        (table_of_run,) = (self.folder / "out" / "openarena").glob("*.h5")
        closed = self.folder / "closed"
        closed.mkdir()
        shutil.copy(table_of_run, closed / "t.h5")
        closed.chmod(0o700)
        shutil.copy(table_of_run, self.folder / "second.h5")
        (self.folder / "listed").mkdir(mode=0o555)
        for target in [self.folder / "listed" / "t.h5", self.folder / "listed" / "sub" / "t.h5", closed / "t.h5"]:
            for words in [["convert", table_of_run, target], ["smooth", "single", table_of_run, self.folder / "second.h5",
                                                                 "--out", target],
                          ["consensus", table_of_run, self.folder / "second.h5", "--out", target],
                          ["export", MEMBERS[0], "--onnx", target]]:
                self.refused_as_nobody(*words)
                self.assertNotIn("flags", posse(*words, before=as_nobody).err)
        self.refused_as_nobody("render", VIDEO, table_of_run, "--out", closed)
        for verb in ["consensus", "info", "convert"]:
            done = posse(verb, closed / "t.h5", *([self.folder / "x.h5"] if verb == "convert" else []),
                         *([table_of_run, "--out", self.folder / "x.h5"] if verb == "consensus" else []), before=as_nobody)
            self.assert_error(done, 1, "ermission denied")
            self.assertNotIn("another folder with --out", done.err)

    def test_out_that_is_a_file(self):
        (self.folder / "out").write_text("mine")
        self.assert_error(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / "out", "--frames", "0:2")), 1, "out")


class FullDisk(ProgramTest):
    def test_is_foreseen_by_a_dry_run(self):
        with small_disk(self.folder / "disk", 8192) as disk:
            done = posse(*run_words(VIDEO, MEMBERS[:2], disk, "--dry-run"))
            self.assert_error(done, 4, "are free")

    def check_goes_on(self, disk, done, words, code=1):
        """No table under its name; with more room the same command completes from the frames that were kept."""
        self.assert_error(done, code, "No space left on device")
        self.assertIn("openarena/.posse-journal", files_below(disk))
        self.assertEqual([name for name in files_below(disk) if name.endswith(".h5")], [])
        grow_disk(disk, "16m")
        outcome = self.assert_code(posse(*words, "--json"), 0).json[0]
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], self.folder / "whole", "--frames", "0:200")), 0)
        np.testing.assert_array_equal(points(table(disk / "openarena")), points(table(self.folder / "whole/openarena")))
        return outcome["frames_resumed"]

    def test_while_the_networks_run(self):
        with small_disk(self.folder / "disk", journal_bytes(2, 100)) as disk:
            words = run_words(VIDEO, MEMBERS[:2], disk, "--frames", "0:200")
            resumed = self.check_goes_on(disk, posse(*words), words)
            self.assertTrue(50 <= resumed <= 109, resumed)  # the disk is rounded up to whole pages of 4 KiB

    def test_while_tables_are_written(self):
        with small_disk(self.folder / "disk", journal_bytes(2, 200) + 65536) as disk:
            words = run_words(VIDEO, MEMBERS[:2], disk, "--frames", "0:200")
            self.assertEqual(self.check_goes_on(disk, posse(*words), words, code=3), 200)

    def test_or_a_limit_of_file_size(self):
        words = run_words(VIDEO, MEMBERS[:2], self.folder / "out", "--frames", "0:200")
        done = posse(*words, before=limit_file_size(journal_bytes(2, 100)))
        self.assert_error(done, 1, "File too large")
        self.assertEqual(list(files_below(self.folder)), ["out/openarena/.posse-journal"])
        self.assertGreaterEqual(self.assert_code(posse(*words, "--json"), 0).json[0]["frames_resumed"], 50)


class HalfWrittenTables(ProgramTest):
    """What pandas leaves behind where to_hdf fails at a column of objects."""

    def test_are_called_so_with_the_way_out(self):
        names = pd.MultiIndex.from_product([["S"], ["nose"], ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"])
        table = pd.DataFrame(np.ones((3, 3)), columns=names)
        table[("S", "nose", "x")] = pd.Series([1.0, lambda: 1, 2.0], dtype=object)
        for form, missing in (("fixed", "block 2 of its 2 blocks"), ("table", "its rows are missing")):
            path = self.folder / f"{form}.h5"
            with warnings.catch_warnings(), self.assertRaises((TypeError, AttributeError, pickle.PicklingError)):
                warnings.simplefilter("ignore")
                table.to_hdf(path, key="df_with_missing", format=form)
            for words in (["info", path], ["convert", path, self.folder / "out.csv"]):
                self.assert_error(posse(*words), 1, "'df_with_missing' was not written to its end", missing, "df.dtypes")
        with h5py.File(self.folder / "empty.h5", "w"):
            pass
        self.assert_error(posse("info", self.folder / "empty.h5"), 1, "with nothing in it", "write the file again")


if __name__ == "__main__":
    assert DEMO.is_dir()
    main()
