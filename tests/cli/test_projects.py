"""Members and projects as people have them, through `posse run` and `posse info`.  usage: test_projects.py POSSE"""

import json
import pickle
import shutil

from program import (MEMBERS, VIDEO, ProgramTest, as_nobody, copy_of, extras_of, main, np, pd, pictures, points, posse, run_words,
                     table)


class BrokenMembers(ProgramTest):
    def setUp(self):
        super().setUp()
        self.members = self.folder / "members"
        for member in MEMBERS[:2]:
            shutil.copytree(member, self.members / member.name)

    def words(self, *more):
        return run_words(VIDEO, [self.members], self.folder / "out", "--frames", "0:2", *more)

    def record(self):
        return json.loads((self.folder / "out" / "openarena" / "run.json").read_text())

    def test_stop_a_run_or_are_left_out_with_a_word(self):
        (self.members / "member-3").mkdir()
        shutil.copy(MEMBERS[2] / "config.yaml", self.members / "member-3")
        (self.members / "member-4").symlink_to("/nowhere/member-4")
        self.assert_error(posse(*self.words()), 1, "member-3: has a config.yaml but no dlc-models folder")
        self.assertFalse((self.folder / "out").exists())
        done = self.assert_code(posse(*self.words("--skip-broken-members")), 4)
        self.assertIn("member-4: is a link to /nowhere/member-4", done.err)
        record = self.record()
        self.assertEqual([member["name"] for member in record["members"]], ["member-1", "member-2"])
        self.assertEqual(len(record["warnings"]), 2, record["warnings"])
        self.assert_code(posse("info", self.members), 3)

    def test_that_may_not_be_entered_are_told_with_the_way_around(self):
        closed = self.members / "closed"
        closed.mkdir()
        closed.chmod(0)
        for path in (self.folder, *self.members.rglob("*")):
            path.chmod(path.stat().st_mode | 0o055 if path != closed else 0)
        refused = posse(*self.words("--dry-run"), before=as_nobody)
        self.assert_error(refused, 1, "closed: folder cannot be read", "to run without it: --skip-broken-members")
        done = self.assert_code(posse(*self.words("--dry-run", "--skip-broken-members"), before=as_nobody), 0)
        self.assertIn("a member is left out", done.err)
        closed.chmod(0o755)

    def test_whose_data_are_cut_off_are_told_before_anything_runs(self):
        data = next((self.members / "member-2").rglob("*.data-*"))
        data.chmod(0o644)
        data.write_bytes(data.read_bytes()[:1000])
        self.assert_error(posse(*self.words()), 1, data.name, "cut off")
        data.unlink()
        self.assert_error(posse(*self.words()), 1, "snapshot-5000.data-...: is missing")
        self.assertFalse((self.folder / "out").exists())
        self.assert_code(posse(*self.words("--skip-broken-members")), 4)

    def test_archives_and_copies_are_told(self):
        (self.members / "member-3.zip").write_bytes(b"PK")
        shutil.copytree(MEMBERS[0], self.members / "member-1 (1)")
        done = self.assert_code(posse(*self.words()), 4)
        self.assertIn("member-3.zip: is an archive", done.err)
        self.assertIn("'member-1' and 'member-1 (1)' are the same network", done.err)
        self.assertEqual(len(self.record()["warnings"]), 2)


class CroppedProjects(ProgramTest):
    """config.yaml with cropping: true; the box is the left 200 x 160 pixels of the frame, less 10 at the top and left."""

    BOX = [("cropping: false", "cropping: true"), ("x1: 0", "x1: 10"), ("x2: 640", "x2: 210"), ("y1: 277", "y1: 10"),
           ("y2: 624", "y2: 170")]

    def setUp(self):
        super().setUp()
        self.member = copy_of(MEMBERS[3], self.folder / "member", self.BOX)
        self.assertIn("x2: 210", (self.member / "config.yaml").read_text())

    def run_on(self, video, name, *more, code=0):
        return self.assert_code(posse(*run_words(video, [self.member], self.folder / name, *more)), code)

    def test_are_run_on_their_box_and_say_so(self):
        done = self.run_on(VIDEO, "out", "--frames", "0:4", "--save-members")
        self.assertIn("frames are cut to columns 10 to 210, rows 10 to 170", done.err)
        record = json.loads((self.folder / "out" / "openarena" / "run.json").read_text())
        self.assertEqual(record["members"][0]["crop"], [10, 210, 10, 170])
        meta = pickle.loads(next((self.folder / "out").rglob("*_meta.pickle")).read_bytes())["data"]
        self.assertEqual((meta["cropping"], meta["cropping_parameters"]), (False, [0, 320, 0, 240]))
        own = points(pd.read_hdf(next(extras_of(self.folder / "out").rglob("members/*/*.h5"))))
        self.assertTrue(np.all((own[..., 0] > 0) & (own[..., 0] < 225) & (own[..., 1] < 185)))
        self.assert_error(posse(*run_words(VIDEO, [self.member], self.folder / "out", "--frames", "0:4", "--no-crop")), 2,
                          "--force")
        whole = self.run_on(VIDEO, "whole", "--frames", "0:4", "--no-crop")
        self.assertNotIn("cut to", whole.err)
        self.run_on(VIDEO, "out2", "--frames", "0:4", "--dry-run")

    def test_with_a_box_outside_the_video_are_an_error_before_anything_is_written(self):
        config = self.member / "config.yaml"
        config.write_text(config.read_text().replace("x2: 210", "x2: 330"))
        for more in [[], ["--dry-run"]]:
            self.assert_error(posse(*run_words(VIDEO, [self.member], self.folder / "out", *more)), 1, "10 to 330",
                              "320x240", "--no-crop")
        self.assertFalse((self.folder / "out").exists())

    def test_do_not_cut_labelled_pictures_again(self):
        labelled = pictures(self.folder / "project" / "labeled-data" / "mouse")
        plain = pictures(self.folder / "mouse")
        self.assertIn("labelled pictures", self.run_on(labelled, "a", code=4).err)
        self.run_on(plain, "b", "--no-crop")
        np.testing.assert_array_equal(points(table(self.folder / "a" / "mouse", "*member.h5")),
                                      points(table(self.folder / "b" / "mouse", "*member.h5")))
        self.run_on(plain, "c")
        (plain / "CollectedData_kate.csv").write_text("scorer\n")
        self.run_on(plain, "d", code=4)
        self.run_on(labelled, "a", "--dry-run")


class Snapshots(ProgramTest):
    def test_that_are_cut_off_are_an_error_that_names_a_whole_one(self):
        member = copy_of(MEMBERS[0], self.folder / "member")
        trained = next(member.rglob("snapshot-5000.index")).parent
        trained.chmod(0o755)
        for number, size in [(7000, 1000), (9000, 0)]:
            shutil.copy(trained / "snapshot-5000.index", trained / f"snapshot-{number}.index")
            whole = (trained / "snapshot-5000.data-00000-of-00001").read_bytes()
            (trained / f"snapshot-{number}.data-00000-of-00001").write_bytes(whole[:size])
        words = run_words(VIDEO, [member], self.folder / "out", "--frames", "0:2")
        self.assert_error(posse(*words), 1, "snapshot-9000.data-00000-of-00001", "--snapshot snapshot-5000")
        self.assert_code(posse(*words, "--snapshot", "snapshot-5000"), 0)


class BatchedProjects(ProgramTest):
    def test_whose_tables_depend_on_deeplabcuts_batch_say_so_once(self):
        members = [copy_of(m, self.folder / m.name, [("batch_size: 1", "batch_size: 8")]) for m in MEMBERS[:2]]
        done = self.assert_code(posse(*run_words(VIDEO, members, self.folder / "out", "--frames", "0:2")), 0)
        self.assertEqual(done.err.count("batch_size is 8"), 1, done)
        self.assertIn("--batch-norm batch:8", done.err)
        asked = self.assert_code(posse(*run_words(VIDEO, members, self.folder / "eight", "--frames", "0:2", "--batch-norm",
                                                  "batch:8")), 0)
        self.assertNotIn("batch_size", asked.err)
        self.assertIn("batch_size is 8", self.assert_code(posse("info", members[0]), 0).out)
        silent = copy_of(MEMBERS[0], self.folder / "silent", [("batch_size: 1", "")])
        said = " ".join(self.assert_code(posse("info", silent), 0).out.split())
        self.assertIn("config.yaml does not give batch_size, which DeepLabCut takes for 8", said)
        self.assertNotIn("batch_size is", said)
        self.assertNotIn("batch_size", self.assert_code(posse("info", MEMBERS[0]), 0).out)


if __name__ == "__main__":
    main()
