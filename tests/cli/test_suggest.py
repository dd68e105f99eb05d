"""posse suggest on the demo, whose true poses are known.  usage: test_suggest.py POSSE"""

import json
import unittest

from program import DEMO, FAST, ROOT, VIDEO, ProgramTest, main, np, pd, posse

TRUTH = ROOT / "data/demo/labels/openarena-groundtruth.csv"


class Suggest(ProgramTest):
    def run_demo(self):
        self.assert_code(posse("run", VIDEO, "--members", DEMO, "--save-members", "--out", "r", *FAST, folder=self.folder), 0)

    def suggestions(self, out="posse-suggestions"):
        return json.loads((self.folder / out / "posse-suggestions.json").read_text())

    def members(self):
        tables = sorted(self.folder.glob("r-extras/members/*/*.h5"))
        return np.stack([pd.read_hdf(table).values.reshape(360, 4, 3)[..., :2] for table in tables])

    def test_chooses_frames_whose_true_error_is_three_times_the_usual(self):
        self.run_demo()
        done = self.assert_code(posse("suggest", "r", "--count", 10, folder=self.folder), 0)
        made = self.suggestions()
        chosen = [frame["frame"] for frame in made["frames"] if frame["why"] == "disagreement"]
        audit = [frame for frame in made["frames"] if frame["why"] == "audit"]
        self.assertEqual((len(chosen), len(audit)), (8, 2))
        self.assertTrue(all(frame["inclusion_probability"] == 2 / 360 for frame in audit))
        self.assertTrue(all(b - a >= 15 for a, b in zip(chosen, chosen[1:])))
        truth = pd.read_csv(TRUTH, header=[0, 1, 2], index_col=0).values.reshape(360, 4, 2)
        members = self.members()
        error = np.linalg.norm(np.median(members, axis=0) - truth, axis=2).mean(axis=1)
        self.assertGreater(error[chosen].mean() / error.mean(), 3)
        of_single = np.linalg.norm(members - truth, axis=3).mean(axis=(0, 2))
        self.assertGreater(of_single[chosen].mean() / of_single.mean(), 2)
        rows = pd.read_csv(self.folder / "posse-suggestions/suggestions.csv")
        self.assertEqual(list(rows.frame), [frame["frame"] for frame in made["frames"]])
        self.assertIn("to label", done.out)
        self.assertTrue((self.folder / "posse-suggestions/suggestions.png").read_bytes().startswith(b"\x89PNG"))
        # the same again is found done; a plan writes nothing; another count needs another place
        self.assertIn("already", self.assert_code(posse("suggest", "r", "--count", 10, folder=self.folder), 0).err)
        plan = self.assert_code(posse("suggest", "r", "--count", 4, "--out", "plan", "--dry-run", folder=self.folder), 0)
        self.assertIn("would write plan", plan.out)
        self.assertFalse((self.folder / "plan").exists())
        self.assert_error(posse("suggest", "r", "--count", 4, folder=self.folder), 2, "exists already")
        shown = self.assert_code(posse("suggest", "r", "--count", 10, "--out", "again", "--json", folder=self.folder), 0)
        self.assertEqual(json.loads(shown.out)["frames"], made["frames"])

    def test_refuses_what_is_not_there_or_does_not_belong_together(self):
        self.assert_error(posse("suggest", "nothing", folder=self.folder), 1, "there are no results here")
        self.assert_error(posse("suggest", "nothing", "--strategy", "best", folder=self.folder), 2, "disagreement")
        for out, members in [("a", ["member-1", "member-2", "member-3"]), ("b", ["member-1", "member-2", "member-4"])]:
            self.assert_code(posse("run", VIDEO, "--members", *[DEMO / name for name in members], "--frames", "0:6", "--out", out,
                                   *FAST, folder=self.folder), 0)
        self.assert_error(posse("suggest", "a", "b", folder=self.folder), 2, "only in the first: member-3")
        (self.folder / "a/openarena/.posse-journal").unlink()
        self.assert_error(posse("suggest", "a", folder=self.folder), 1, "--save-members")


if __name__ == "__main__":
    main()
