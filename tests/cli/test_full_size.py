"""A real recording and networks of full size, against predictions of another program.

usage: test_full_size.py POSSE DATA. Skipped where the folder $POSSE_SHARED_DATA, else DATA, is not there.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

DATA = pathlib.Path(os.environ.get("POSSE_SHARED_DATA") or sys.argv[2])
del sys.argv[2]

from program import ProgramTest, copy_of, extras_of, main, np, pd, points, posse, run_words, table  # noqa: E402  (argv first)

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
        members = [points(pd.read_hdf(p)) for p in sorted(extras_of(out).glob("members/*/*.h5"))]
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
        of_video, _ = self.run_over(RECORDING, "--decode", "dgp", "--frames", "0:100", "--consensus", "mean")
        self.assert_agrees(of_pictures, golden("consensus.csv", "mean", rows), "networks on the goldens' pictures")
        self.assert_agrees(of_video[rows], of_pictures[..., :2], "our decoder against the goldens' pictures")


class FullSizeDgp(ProgramTest):
    """Project folders of DeepGraphPose around a ResNet-50 of reproducible random weights."""

    def setUp(self):
        super().setUp()
        tool = DATA.parent / "tools" / "make_snapshot.py"
        if not tool.exists():
            self.skipTest(f"{tool} is not there")
        self.project = self.folder / "project"
        subprocess.run([sys.executable, tool, "--arch", "resnet_50", "--parts", "4", "--project", self.project,
                        "--video", RECORDING], check=True, capture_output=True)

    def run_over(self, members, out, *more):
        words = run_words(RECORDING, members, self.folder / out, "--frames", "0:4", *more)
        done = self.assert_code(posse(*words), 0)
        return points(table(self.folder / out / "m3v1mp4", "*member*.h5")), done

    def test_runs_on_the_recording_whatever_threads_and_batches(self):
        info = self.assert_code(posse("info", self.project, "--verify"), 0).out
        for words in ["resnet_50", "snapshot-step2-final--0"]:
            self.assertIn(words, info)
        one, done = self.run_over([self.project], "one", "--threads", "1", "--batch", "1")
        two, _ = self.run_over([self.project], "two", "--threads", "2", "--batch", "2")
        self.assertIn("dgp rule", done.err)
        np.testing.assert_array_equal(one, two)
        x, y, likelihood = np.moveaxis(one, 2, 0)
        self.assertTrue(np.all((x >= 0) & (x < 640) & (y >= 0) & (y < 480) & (likelihood >= 0) & (likelihood <= 1)))

    def test_of_another_stride_runs_beside_the_first_as_it_does_alone(self):
        coarse = copy_of(self.project, self.folder / "coarse")
        for path in coarse.rglob("pose_cfg.yaml"):
            text = [line for line in path.read_text().splitlines() if not line.startswith(("output_stride", "stride"))]
            path.write_text("\n".join([*text, "output_stride: 32", "stride: 16.0", ""]))
        both, _ = self.run_over([self.project, coarse], "both", "--save-members")
        record = json.loads((self.folder / "both" / "m3v1mp4" / "run.json").read_text())
        self.assertEqual([m["stride"] for m in record["members"]], [8, 16])
        alone, _ = self.run_over([coarse], "alone", "--save-members")
        member = next(extras_of(self.folder / "both").rglob("members/coarse/*.h5"))
        np.testing.assert_array_equal(points(pd.read_hdf(member)),
                                      points(pd.read_hdf(next(extras_of(self.folder / "alone").rglob("members/*/*.h5")))))
        self.assertTrue(np.isfinite(both).all() and np.all((both[..., 2] >= 0) & (both[..., 2] <= 1)))
        self.assertFalse(np.array_equal(both, alone))


if __name__ == "__main__":
    main()
