"""A real recording and networks of full size, against predictions of another program.

usage: test_full_size.py POSSE DATA. Skipped where the folder $POSSE_SHARED_DATA, else DATA, is not there.
"""

import os
import pathlib
import shutil
import subprocess
import sys

DATA = pathlib.Path(os.environ.get("POSSE_SHARED_DATA") or sys.argv[2])
del sys.argv[2]

from program import ProgramTest, main, np, pd, points, posse, run_words, table  # noqa: E402  (argv first)

ENSEMBLE = DATA / "openfield-ensemble"
RECORDING = DATA / "openfield" / "videos" / "m3v1mp4.mp4"
GOLDEN = ENSEMBLE / "golden"
PARTS = ["snout", "leftear", "rightear", "tailbase"]

if not GOLDEN.is_dir() or not RECORDING.exists():
    print("SKIPPED: data not there:", GOLDEN)
    sys.exit(77)


def golden(name, kind, rows=slice(None)):
    """[frames, bodyparts, xy]"""
    values = pd.read_csv(GOLDEN / name, index_col=0)
    names = [f"{part}_{kind}_{axis}" for part in PARTS for axis in "xy"]
    return values[names].to_numpy()[rows].reshape(-1, 4, 2)


class Openfield(ProgramTest):
    def run_over(self, video, *more):
        out = self.folder / "-".join(more).replace("--", "").replace(":", "")
        self.assert_code(posse(*run_words(video, [ENSEMBLE], out, "--save-members", *more)), 0)
        results = out / pathlib.Path(video).stem
        members = [points(pd.read_hdf(p)) for p in sorted(results.glob("members/*/*.h5"))]
        return points(table(results)), members

    def assert_agrees(self, found, expected, what):
        """The limits that the data's README gives; single argmax cells may differ between near-equal scores (22 of
        4,000 there), which is less than the share left out by the percentile."""
        error = np.linalg.norm(found[..., :2] - expected, axis=2)
        print(f"{what}: median {np.median(error):.5f}, p99 {np.percentile(error, 99):.5f}, max {error.max():.5f} px")
        self.assertLess(np.median(error), 0.02, what)
        self.assertLess(np.percentile(error, 99), 0.1, what)

    def test_poses_by_the_dgp_rule_agree_with_the_goldens(self):
        for method in ["mean", "median"]:
            consensus, members = self.run_over(RECORDING, "--frames", "0:100", "--decode", "dgp", "--consensus", method)
            self.assert_agrees(consensus, golden("consensus.csv", method), method)
        for k, member in enumerate(members, 1):
            self.assert_agrees(member, golden(f"member-{k}.csv", "dgp"), f"member {k} dgp")

    def test_poses_by_the_dlc_rule_agree_with_the_goldens(self):
        _, members = self.run_over(RECORDING, "--frames", "0:100", "--decode", "dlc")
        for k, member in enumerate(members, 1):
            self.assert_agrees(member, golden(f"member-{k}.csv", "dlc"), f"member {k} dlc")

    def test_decoded_frames_and_networks_agree_each_by_itself(self):
        stills = self.folder / "stills"
        stills.mkdir()
        for path in GOLDEN.glob("frame-*.png"):
            shutil.copy(path, stills)
        rows = [0, 40, 99]
        of_pictures, _ = self.run_over(stills, "--decode", "dgp")
        of_video, _ = self.run_over(RECORDING, "--decode", "dgp", "--frames", "0:100")
        self.assert_agrees(of_pictures, golden("consensus.csv", "mean", rows), "networks on the goldens' pictures")
        self.assert_agrees(of_video[rows], of_pictures[..., :2], "our decoder against the goldens' pictures")


class FullSizeDgp(ProgramTest):
    def test_project_of_a_resnet_50_runs_on_the_recording(self):
        tool = DATA.parent / "tools" / "make_snapshot.py"
        if not tool.exists():
            self.skipTest(f"{tool} is not there")
        project = self.folder / "project"
        subprocess.run([sys.executable, tool, "--arch", "resnet_50", "--parts", "4", "--project", project, "--video",
                        RECORDING], check=True, capture_output=True)
        info = self.assert_code(posse("info", project, "--verify"), 0).out
        for words in ["resnet_50", "snapshot-step2-final--0"]:
            self.assertIn(words, info)
        tables = []
        for threads, batch in [("1", "1"), ("2", "2")]:
            out = self.folder / threads
            done = self.assert_code(posse(*run_words(RECORDING, [project], out, "--frames", "0:4", "--threads", threads,
                                                     "--batch", batch)), 0)
            self.assertIn("dgp rule", done.err)
            tables.append(points(table(out / "m3v1mp4", "*member.h5")))
        np.testing.assert_array_equal(*tables)
        x, y, likelihood = np.moveaxis(tables[0], 2, 0)
        self.assertTrue(np.all((x >= 0) & (x < 640) & (y >= 0) & (y < 480) & (likelihood >= 0) & (likelihood <= 1)))


if __name__ == "__main__":
    main()
