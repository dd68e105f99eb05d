"""What `posse run` leaves on the disk, as a whole: what other tools find in it, the same bytes from the same command,
names, leftovers.  usage: test_results_folder.py POSSE"""

import glob
import json
import os
import pathlib
import pickle
import shutil
import signal
import subprocess

from program import (FAST, MEMBERS, VIDEO, ProgramTest, copy_of, extras_of, files_below, journal_bytes, main, pd,
                     pictures, posse, read_csv, run_words, start, stop_when)

EVERYTHING = ["--format", "both", "--save-members", "--wide-csv", "--smooth", "kalman", "--labeled-video"]
KEYPOINT_MOSEQ = [".csv", ".h5", ".hdf5"]


def files_of_keypoint_moseq(pattern):
    """The files that keypoint-moseq 0.8.1 loads for a folder or pattern (list_files_with_exts of its util.py, restated):
    everything below, by its ending."""
    pattern = os.fspath(pattern)
    if os.path.isdir(pattern):
        pattern = os.path.join(pattern, "*")
    matches = glob.glob(pattern)
    for match in list(matches):
        matches += glob.glob(os.path.join(match, "**"), recursive=True)
    return sorted({m for m in matches if os.path.splitext(m)[1].lower() in KEYPOINT_MOSEQ})


def keypoints_of(path):
    """Number of keypoints that keypoint-moseq and movement see: a third of the columns."""
    return len((pd.read_hdf(path) if path.endswith(".h5") else read_csv(path)).columns) // 3


class HandedOver(ProgramTest):
    """Folders that a person gives to tools which read all that lies below hold each recording once."""

    def setUp(self):
        super().setUp()
        self.still = pictures(self.folder / "stills")

    def run_all(self, *more):
        out = self.folder / "out"
        done = posse(*run_words(self.still, MEMBERS[:2], out, *EVERYTHING, *more))
        self.assert_code(done, 0)
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:6", *EVERYTHING, *more)), 0)
        return out

    def assert_each_once(self, pattern, stems):
        found = files_of_keypoint_moseq(pattern)
        names = [os.path.basename(path) for path in found]
        self.assertEqual([sum(name.startswith(stem + "DLC_") for name in names) for stem in stems], [1] * len(stems), names)
        self.assertEqual(len(names), len(stems), names)
        for path in found:
            self.assertEqual(keypoints_of(path), 4, path)

    def test_the_whole_of_out_the_folder_of_a_run_and_all_of_them_by_a_pattern(self):
        out = self.run_all()
        self.assert_each_once(out, ["openarena", "stills"])
        self.assert_each_once(out / "openarena", ["openarena"])
        self.assert_each_once(out / "stills", ["stills"])
        self.assert_each_once(out / "*" / "*.h5", ["openarena", "stills"])

    def test_every_folder_of_the_extras(self):
        extras = extras_of(self.run_all())
        folders = ["csv", "members/member-1", "members/member-2", "members-csv/member-1", "smoothed"]
        for name in folders:
            self.assert_each_once(extras / name, ["openarena", "stills"])
        for name in ["wide", "wide-smoothed"]:
            self.assertEqual(len(files_of_keypoint_moseq(extras / name)), 2)

    def test_extras_lie_beside_out_however_it_is_written(self):
        member = MEMBERS[0].resolve()
        for words, inside, extras in [(["out"], "out", "out-extras"), (["out2/"], "out2", "out2-extras"),
                                      (["deep/out/./"], "deep/out", "deep/out-extras"), ([], "posse-results",
                                                                                         "posse-results-extras")]:
            where = ["--out", *words] if words else []
            done = posse("run", self.still, "--members", member, *FAST, *where, "--save-members", folder=self.folder)
            self.assert_code(done, 0)
            self.assertTrue(list((self.folder / inside / "stills").glob("*.h5")), done)
            self.assertTrue(list((self.folder / extras / "members").rglob("*.h5")), done)
        here = self.folder / "here"
        (here / "below").mkdir(parents=True)
        for where, folder in [(".", here), ("..", here / "below")]:
            done = posse("run", self.still, "--members", member, *FAST, "--out", where, "--save-members", folder=folder)
            self.assert_code(done, 0)
            self.assertTrue(list((self.folder / "here-extras" / "members").rglob("*.h5")), done)
            self.assertIn("skipped" if where == ".." else "stills", done.out)

    def test_extras_may_lie_elsewhere(self):
        out = self.run_all("--extras", self.folder / "more")
        self.assert_each_once(out, ["openarena", "stills"])
        self.assertFalse(extras_of(out).exists())
        self.assertIn("skipped", posse(*run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:6", *EVERYTHING, "--extras",
                                                  self.folder / "more")).out)

    def test_also_after_other_results_took_their_place(self):
        out = self.folder / "out"
        for method in ["mean", "median"]:
            self.assert_code(posse(*run_words(self.still, MEMBERS[:2], out, "--consensus", method, "--force",
                                              "--format", "both")), 0)
        self.assert_each_once(out / "stills", ["stills"])
        self.assert_each_once(extras_of(out) / "csv", ["stills"])

    def test_a_video_named_like_the_folder_of_extras_is_refused(self):
        still = pictures(self.folder / "extras")
        words = run_words(still, MEMBERS[:1], self.folder / "out")
        self.assert_error(posse(*words, "--extras", self.folder / "out" / "extras"), 2, "extras", "--extras")
        self.assert_code(posse(*words), 0)


class EarlierLayout(ProgramTest):
    def test_with_extras_inside_out_is_found_done_and_added_to(self):
        out = self.folder / "out"
        words = run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:6")
        self.assert_code(posse(*words, "--save-members", "--smooth", "kalman"), 0)
        extras_of(out).rename(out / "extras")
        record = out / "openarena" / "run.json"
        record.write_text(record.read_text().replace("../../out-extras/", "../extras/"))
        before = files_below(out)
        self.assertIn("skipped", self.assert_code(posse(*words, "--save-members", "--smooth", "kalman"), 0).out)
        self.assertEqual(files_below(out), before)
        self.assertFalse(extras_of(out).exists())
        self.assert_code(posse(*words, "--save-members", "--smooth", "kalman", "--format", "both"), 0)
        self.assertEqual(sorted(p.name for p in extras_of(out).iterdir()), ["csv", "members-csv"])

    def test_is_found_done_and_added_to(self):
        """Earlier versions put tables into sub-folders of the run's folder, had no journal afterwards, no format number,
        and no pickles of members."""
        out = self.folder / "out"
        words = run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:6", *EVERYTHING)
        self.assert_code(posse(*words), 0)
        folder, extras = out / "openarena", extras_of(out)
        for path in extras.rglob("*_meta.pickle"):
            path.unlink()
        for new, old in [("csv", "."), ("members", "members"), ("members-csv", "members"), ("smoothed", "smoothed"),
                         ("wide", "wide"), ("wide-smoothed", "wide")]:
            for path in (extras / new).rglob("*.*"):
                target = folder / old / path.relative_to(extras / new)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
        shutil.rmtree(extras)
        (folder / ".posse-journal").unlink()
        record = json.loads((folder / "run.json").read_text())
        for key in ["format", "verb", "stages", "failed"]:
            del record[key]
        record["files"] = [name for name in files_below(folder)]
        (folder / "run.json").write_text(json.dumps(record))
        before = files_below(out)
        self.assertIn("skipped", self.assert_code(posse(*words), 0).out)
        self.assertEqual(files_below(out), before)


def comparable(path):
    """Contents without what the time of day and the machine's load decide."""
    data = path.read_bytes()
    if path.name == "run.json":
        record = json.loads(data)
        for key in ["finished", "seconds", "memory"]:
            del record[key]
        return record
    if path.name.endswith("_meta.pickle"):
        meta = pickle.loads(data)["data"]
        return {key: value for key, value in meta.items() if key not in ("start", "stop", "run_duration")}
    if path.name == ".posse-journal":
        return data[:journal_bytes(3, 12)]  # its end tells times
    return data


class SameBytes(ProgramTest):
    def test_two_runs_of_one_command_leave_the_same_folder(self):
        found = []
        for name in ["a", "b"]:
            os.makedirs(self.folder / name)
            words = run_words(VIDEO, MEMBERS[:3], "out", "--frames", "40:52", *EVERYTHING)
            self.assert_code(posse(*words, folder=self.folder / name), 0)
            found.append({str(p.relative_to(self.folder / name)): comparable(p)
                          for p in sorted((self.folder / name).rglob("*")) if p.is_file()})
        self.assertEqual(list(found[0]), list(found[1]))
        self.assertEqual(len(found[0]), 2 + 1 + 9 + 2 + 1 + 1 + 1 + 1)
        for name, content in found[0].items():
            self.assertTrue(content == found[1][name], name)


class MetaPickle(ProgramTest):
    """Keys and values as in the pickles that DeepLabCut 2.3 writes beside its tables."""

    def data_of(self, path):
        return pickle.loads(path.read_bytes())["data"]

    def test_lies_beside_each_members_table_and_is_filled_as_deeplabcut_does(self):
        before = pathlib.Path(self.folder / "clock")
        before.write_text("")
        out = self.folder / "out"
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:6", "--save-members")), 0)
        for name, member in [("member-1", MEMBERS[0]), ("member-2", MEMBERS[1])]:
            (h5,) = (extras_of(out) / "members" / name).glob("*.h5")
            data = self.data_of(h5.with_name(h5.stem + "_meta.pickle"))
            self.assertEqual(set(data), {"start", "stop", "run_duration", "Scorer", "DLC-model-config file", "fps",
                                         "batch_size", "frame_dimensions", "nframes", "iteration (active-learning)",
                                         "training set fraction", "cropping", "cropping_parameters"})
            self.assertEqual(h5.name, "openarena" + data["Scorer"] + ".h5")
            self.assertEqual(pd.read_hdf(h5).columns.get_level_values("scorer")[0], data["Scorer"])
            self.assertTrue(before.stat().st_mtime - 1 < data["start"] <= data["stop"] < h5.stat().st_mtime + 1)
            self.assertAlmostEqual(data["run_duration"], data["stop"] - data["start"])
            self.assertEqual((data["iteration (active-learning)"], data["training set fraction"]), (0, 0.5))
            self.assertEqual((data["frame_dimensions"], data["nframes"]), ((240, 320), 6))
            config = data["DLC-model-config file"]
            self.assertEqual(config["init_weights"], str(next(member.rglob("snapshot-5000.index")).with_suffix("")))
            self.assertEqual((config["net_type"], config["num_joints"]), ("mobilenet_v2_0.35", 4))
            self.assertEqual(config["all_joints_names"], ["snout", "leftear", "rightear", "tailbase"])
            self.assertEqual(config["mean_pixel"], [123.68, 116.779, 103.939])
            self.assertIs(config["location_refinement"], True)
            self.assertEqual(config["stride"], 8.0)
        consensus = self.data_of(next((out / "openarena").glob("*_meta.pickle")))
        self.assertEqual(consensus["Scorer"], "DLC_posseMean_openarena_2members")
        self.assertEqual(consensus["DLC-model-config file"]["net_type"], "mobilenet_v2_0.35")


class MetaPickleOfBrokenSettings(ProgramTest):
    def test_lacks_the_key_that_is_broken_and_that_nothing_needs(self):
        member = copy_of(MEMBERS[0], self.folder / "member")
        for path in member.rglob("pose_cfg.yaml"):
            path.write_text(path.read_text() + 'data_folder: "C:\\Users\\me"\n')
        done = posse(*run_words(VIDEO, [member], self.folder / "out", "--frames", "0:2"))
        self.assertIn("'data_folder' is left out", self.assert_code(done, 0).err)
        (meta,) = (self.folder / "out" / "openarena").glob("*_meta.pickle")
        config = pickle.loads(meta.read_bytes())["data"]["DLC-model-config file"]
        self.assertNotIn("data_folder", config)
        self.assertEqual(config["num_joints"], 4)


class InAMembersGuise(ProgramTest):
    """--as-member: what DeepLabCut's tools find when they look for a member's own table (tests/compat has the tools)."""

    def setUp(self):
        super().setUp()
        box = [("cropping: false", "cropping: true"), ("x1: 0", "x1: 40"), ("x2: 640", "x2: 312"), ("y1: 277", "y1: 16"),
               ("y2: 624", "y2: 232")]
        self.member = copy_of(MEMBERS[0], self.folder / "cut", box)
        self.out = self.folder / "out"
        self.words = run_words(VIDEO, [self.member, MEMBERS[1]], self.out, "--frames", "0:6")

    def test_the_consensus_lies_in_the_cut_picture_under_the_members_name(self):
        self.assert_code(posse(*self.words), 0)
        done = self.assert_code(posse(*self.words, "--as-member", "cut", "--json"), 0)
        self.assertFalse(done.json[0]["networks"])
        (path,) = (extras_of(self.out) / "as-member" / "cut").glob("*.h5")
        self.assertEqual(path.name, "openarenaDLC_mobnet_35_openarenaNov22shuffle1_5000.h5")
        consensus = pd.read_hdf(next((self.out / "openarena").glob("*.h5"))).to_numpy().reshape(6, -1, 3)
        for name in ("cut/", self.member, f"{self.member}/"):  # as --members names it
            again = self.assert_code(posse(*self.words, "--as-member", name), 0)
            self.assertIn("done already, skipped", again.out, again)
        found = pd.read_hdf(path)
        self.assertEqual(set(found.columns.get_level_values("scorer")), {path.stem[len("openarena"):]})
        shifted = found.to_numpy().reshape(6, -1, 3) + [40, 16, 0]
        self.assertLess(abs(shifted - consensus).max(), 1e-12)  # one subtraction and one addition in float64
        data = pickle.loads(path.with_name(path.stem + "_meta.pickle").read_bytes())["data"]
        self.assertIs(data["cropping"], True)
        self.assertEqual(data["cropping_parameters"], [40, 312, 16, 232])
        self.assertEqual((data["Scorer"], data["nframes"]), (path.stem[len("openarena"):], 6))
        # posse itself finds the whole frame's points in it again, and `convert` makes the same of the consensus.
        self.assert_code(posse("convert", path, self.folder / "back.csv"), 4)
        self.assertLess(abs(read_csv(self.folder / "back.csv").to_numpy().reshape(6, -1, 3) - consensus).max(), 1e-12)
        words = ["convert", next((self.out / "openarena").glob("*.h5")), self.folder / "more", "--as-member", self.member]
        self.assert_code(posse(*words), 0)
        (same,) = (self.folder / "more").glob("*.h5")
        self.assertEqual(same.name, path.name)
        pd.testing.assert_frame_equal(pd.read_hdf(same), found)
        again = pickle.loads(same.with_name(same.stem + "_meta.pickle").read_bytes())["data"]
        for key in data:
            if key != "run_duration":  # a difference of times that were rounded on their way
                self.assertEqual(again[key], data[key], key)

    def test_never_in_the_project_nor_over_a_members_own_table(self):
        self.assert_code(posse(*self.words), 0)
        (consensus,) = (self.out / "openarena").glob("*.h5")
        own = extras_of(self.out) / "as-member" / "cut" / "openarenaDLC_mobnet_35_openarenaNov22shuffle1_5000.h5"
        own.parent.mkdir(parents=True)
        pd.DataFrame({"a": [1.0]}).to_hdf(own, key="df_with_missing", format="table")
        before = files_below(self.folder)
        inside = run_words(VIDEO, [self.member, MEMBERS[1]], self.member / "results", "--frames", "0:6")
        for words, said in [([*self.words, "--as-member", "cut"], "never replaced"),
                            ([*self.words, "--as-member", "cut", "--force"], "never replaced"),
                            ([*inside, "--as-member", "cut"], "would lie in the project"),
                            ([*self.words, "--as-member", "cot"], "no member is called 'cot'"),
                            ([*self.words, "--as-member", self.folder], "no member is called"),
                            (["convert", consensus, self.member / "videos", "--as-member", self.member], "in the project"),
                            (["convert", consensus, own.parent, "--as-member", self.member, "--force"], "never replaced")]:
            self.assert_error(posse(*words), 2, said)
        self.assertEqual(files_below(self.folder), before)

    def test_of_a_table_whose_video_is_not_known(self):
        self.assert_code(posse(*self.words), 0)
        table = self.folder / "mean.h5"
        shutil.copy(next((self.out / "openarena").glob("*.h5")), table)
        words = ["convert", table, self.folder / "more", "--as-member", self.member]
        self.assert_error(posse(*words), 2, "--video")
        self.assert_code(posse(*words, "--video", VIDEO), 0)
        (meta,) = (self.folder / "more").glob("*_meta.pickle")
        self.assertEqual(pickle.loads(meta.read_bytes())["data"]["frame_dimensions"], (240, 320))
        named = self.folder / "openarenaDLC_x.h5"
        shutil.copy(table, named)
        self.assert_error(posse("convert", named, self.folder / "third", "--as-member", self.member), 4, "--video says it")

    def test_scorer_renames_a_table_and_its_pickle(self):
        self.assert_code(posse(*self.words), 0)
        (consensus,) = (self.out / "openarena").glob("*.h5")
        (self.folder / "for-dlc").mkdir()
        self.assert_code(posse("convert", consensus, self.folder / "for-dlc", "--scorer", "DLC_mine"), 0)
        self.assertEqual(sorted(files_below(self.folder / "for-dlc")),
                         ["openarenaDLC_mine.h5", "openarenaDLC_mine.h5.run.json", "openarenaDLC_mine_meta.pickle"])
        data = pickle.loads((self.folder / "for-dlc" / "openarenaDLC_mine_meta.pickle").read_bytes())["data"]
        self.assertEqual((data["Scorer"], data["cropping"], data["cropping_parameters"]), ("DLC_mine", False, [0, 320, 0, 240]))
        found = pd.read_hdf(self.folder / "for-dlc" / "openarenaDLC_mine.h5")
        self.assertEqual(set(found.columns.get_level_values("scorer")), {"DLC_mine"})
        self.assertTrue((found.to_numpy() == pd.read_hdf(consensus).to_numpy()).all())


class Names(ProgramTest):
    def test_say_by_which_rule_a_snapshot_was_read(self):
        found = {}
        for rule in ["auto", "dlc", "dgp"]:
            out = self.folder / rule
            self.assert_code(posse(*run_words(VIDEO, MEMBERS[:1], out, "--frames", "0:4", "--decode", rule,
                                              "--save-members", "--smooth", "kalman")), 0)
            found[rule] = {p.name for p in self.folder.glob(rule + "*/**/*.h5")}
        self.assertEqual(found["auto"], found["dlc"])  # a snapshot of DeepLabCut
        self.assertEqual(found["auto"] & found["dgp"], set())

    def test_of_the_smoothed_track_are_its_scorer(self):
        for kind in ["kalman", "causal"]:
            out = self.folder / kind
            self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:8", "--smooth", kind,
                                              "--wide-csv")), 0)
            (path,) = (extras_of(out) / "smoothed").glob("*.h5")
            self.assertEqual("openarena" + pd.read_hdf(path).columns.get_level_values("scorer")[0], path.stem)
            for path in (extras_of(out) / "wide-smoothed").glob("*.csv"):
                self.assertEqual("openarena" + read_csv(path).columns.get_level_values("scorer")[0], path.stem)

    def test_of_a_single_members_smoothed_track_say_that_its_variances_are_not_calibrated(self):
        for members, word in [(MEMBERS[:1], True), (MEMBERS[:2], False)]:
            for kind in ["kalman", "causal"]:
                out = self.folder / f"{kind}{len(members)}"
                self.assert_code(posse(*run_words(VIDEO, members, out, "--frames", "0:8", "--smooth", kind)), 0)
                (path,) = (extras_of(out) / "smoothed").glob("*.h5")
                scorer = pd.read_hdf(path).columns.get_level_values("scorer")[0]
                self.assertEqual(("-uncalibrated_" in scorer, "openarena" + scorer), (word, path.stem))

    def test_with_control_characters_are_escaped_wherever_they_are_printed_or_written(self):
        odd = "red\x1b[31m\x07\u009b2Jmouse"
        video = self.folder / (odd + ".mp4")
        shutil.copy(VIDEO, video)
        member = copy_of(MEMBERS[0], self.folder / ("m" + odd))
        out = self.folder / "out"
        plain = self.folder / "plain"
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], plain, "--frames", "0:4", "--save-members")), 0)
        tables = []
        for number, path in enumerate(sorted(extras_of(plain).rglob("*.h5"))):
            tables.append(self.folder / f"{number}{odd}.h5")
            shutil.copy(path, tables[-1])
        words = run_words(video, [member], out, "--frames", "0:4", "--save-members", "--labeled-video")
        calls = [words, words, [*words, "--dry-run"], [*words, "--json"], ["info", video], ["info", member],
                 ["info", *tables], ["info", self.folder / odd], ["consensus", *tables, "--out", out / "c"],
                 ["smooth", "single", *tables, "--out", self.folder / (odd + "-s.h5")],
                 ["convert", tables[0], self.folder / "t.csv"], ["convert", tables[0], self.folder / (odd + ".csv")],
                 ["render", video, tables[0], "--out", out / "pictures", "--count", "1"],
                 ["scoremap", video, "--members", member, "--frame", "1", "--out", out / "maps"],
                 ["export", member, "--onnx", self.folder / "x.onnx"], [odd], ["run", "--" + odd],
                 ["run", VIDEO, "--members", self.folder / odd], ["smooth", "single", self.folder / odd]]
        for call in calls:
            done = posse(*call)
            for text in (done.out, done.err):
                bad = [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
                self.assertEqual(bad, [], (call, text))
        self.assertIn("red\\x1b[31m", posse(*words).out)
        before = files_below(self.folder)
        for call in [["convert", tables[0], self.folder / (odd + ".csv")],
                     ["consensus", *tables, "--out", self.folder / odd / "c.h5"],
                     ["smooth", "single", *tables, "--out", self.folder / (odd + "-s.h5")],
                     run_words(VIDEO, MEMBERS[:1], self.folder / odd, "--frames", "0:2"),
                     ["export", MEMBERS[0], "--onnx", self.folder / (odd + ".onnx")],
                     ["render", VIDEO, tables[0], "--out", self.folder / odd, "--count", "1"]]:
            self.assert_error(posse(*call), 2, "control characters")
        self.assertEqual(files_below(self.folder), before)
        written = [p.name for p in out.rglob("*")]
        self.assertTrue(any("mouse" in name for name in written))
        for name in written:
            self.assertTrue(name.isprintable(), repr(name))


class Leftovers(ProgramTest):
    def test_of_killed_runs_go_when_the_run_completes(self):
        out = self.folder / "out"
        words = run_words(VIDEO, MEMBERS[:2], out, "--frames", "0:4", "--save-members")
        dead = subprocess.Popen(["true"])
        dead.wait()
        stem = "openarenaDLC_posseMean_openarena_2members"
        left = [out / "openarena" / f".{stem}_labeled.mp4.{dead.pid}-3.partial",
                out / "openarena" / f".{stem}_meta.pickle.{dead.pid}-1.partial",
                extras_of(out) / "members" / "member-1" / f".openarenaDLC_x.h5.{dead.pid}-2.partial"]
        alive = out / "openarena" / f".{stem}.h5.{os.getpid()}-0.partial"
        for path in [*left, alive]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("half")
        self.assert_code(posse(*words), 0)
        self.assertEqual([path for path in left if path.exists()], [])
        self.assertTrue(alive.exists())

    def test_a_closed_terminal_is_a_request_to_stop(self):
        journal = self.folder / "out" / "openarena" / ".posse-journal"
        words = run_words(VIDEO, MEMBERS[:2], self.folder / "out", "--batch", "2")
        process = start(*words)
        self.assertTrue(stop_when(process, journal, journal_bytes(2, 20), signal.SIGHUP))
        self.assertEqual(process.returncode, 130)
        done = self.assert_code(posse(*words, "--json"), 0).json[0]
        self.assertGreaterEqual(done["frames_resumed"], 20)


if __name__ == "__main__":
    main()
