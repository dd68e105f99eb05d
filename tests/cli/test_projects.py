"""Members and projects as people have them, through `posse run` and `posse info`.  usage: test_projects.py POSSE"""

import json
import shutil

from program import MEMBERS, VIDEO, ProgramTest, main, posse, run_words


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


if __name__ == "__main__":
    main()
