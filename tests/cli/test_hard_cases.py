"""Inputs of the kinds that people report, from outside the repository.  usage: test_hard_cases.py POSSE SHARED_DATA

Their README says how each was made; what is expected follows from that. Skipped without them.
"""

import os
import pathlib
import sys

DATA = sys.argv.pop() if len(sys.argv) > 2 else ""
SHARED = pathlib.Path(os.environ.get("POSSE_SHARED_DATA") or DATA)
CASES = SHARED / "hard-cases"

from program import (DEMO, MEMBERS, ProgramTest, copy_of, main, np, pd, points, posse, run_words, table)  # noqa: E402  (argv first)

if not CASES.is_dir():
    print(f"SKIPPED: no {CASES}")
    sys.exit(77)


def by_frame(path):
    frame = pd.read_hdf(path)
    return frame[~frame.index.duplicated()]


class HardVideos(ProgramTest):
    """(file, frames decoded, exit code, words of the warning)"""

    FILES = [("dup.mkv", 40, 4, "20 frames have a time that is not after"),
             ("hs2000.mkv", 40, 4, ""),
             ("joined.ts", 80, 4, "first: frame 40"),
             ("mj_half10.avi", 40, 4, "(frame 10)"),
             ("ffv1_zero20.mkv", 36, 4, "4 frames seem to be missing after frame 19"),
             ("exif", 3, 4, "Orientation in EXIF"),
             ("tiff", 24, 0, ""),
             ("tiff/stack_lzw.tif", 12, 0, "")]

    def test_give_every_frame_that_there_is_and_a_labelled_video(self):
        for name, frames, code, said in self.FILES:
            with self.subTest(name):
                out = self.folder / name.replace("/", "-")
                done = posse(*run_words(CASES / "video" / name, MEMBERS[:1], out, "--labeled-video"))
                self.assert_code(done, code)
                self.assertIn(said, done.err)
                (folder,) = out.iterdir()
                self.assertEqual(len(table(folder, "*member.h5")), frames)
                self.assertEqual(len(list(folder.glob("*_labeled.mp4"))), 1)
                self.assertTrue((folder / "run.json").exists())

    def test_too_wide_to_be_labelled_are_an_error_before_the_networks(self):
        words = run_words(CASES / "video" / "wide.mkv", MEMBERS[:1], self.folder / "out")
        self.assert_error(posse(*words, "--labeled-video"), 5, "wide.mkv", "17000")
        self.assertFalse((self.folder / "out").exists())

    def test_of_a_project_with_a_crop_agree_with_the_video_cut_to_the_box(self):
        ensemble = SHARED / "openfield-ensemble" / "member-1"
        if not ensemble.is_dir():
            self.skipTest("no openfield-ensemble")
        config = (CASES / "video" / "crop" / "config.yaml").read_text()
        self.assertIn("cropping: true", config)
        box = {key: int(config.split(f"\n{key}:")[1].split()[0]) for key in ("x1", "x2", "y1", "y2")}
        member = copy_of(ensemble, self.folder / "member")
        target = member / "config.yaml"
        target.chmod(0o644)
        target.write_text(config)
        found = {}
        for name, more in [("full", []), ("cropped", ["--no-crop"])]:
            done = posse(*run_words(CASES / "video" / "crop" / f"{name}.mkv", [member], self.folder / name, *more))
            self.assert_code(done, 0)
            found[name] = points(table(self.folder / name / name, "*member.h5"))
        found["cropped"][..., 0] += box["x1"]
        found["cropped"][..., 1] += box["y1"]
        # the same network over the same pixels; an addition in float64
        np.testing.assert_allclose(found["full"], found["cropped"], rtol=0, atol=1e-9)


class HardConfigs(ProgramTest):
    """What a run does not need does not stop it; elsewhere the error names file and line."""

    RUNS = {"comma_pcutoff": "line 33: 'pcutoff'", "cp1252_comment": "Windows-1252", "folded_key": "folded over two lines",
            "percent_value": "'scorer' is left out", "project_path_python_object": "line 7: 'project_path'", "tabs_indent": "line 11: a tab",
            "winpath_dquoted": "line 11: a backslash"}
    REFUSED = {"cropping_bad": "line 48: 'cropping'", "empty": "has 0 bytes", "git_conflict": "line 7: '<<<<<<< HEAD'",
               "nospace_colon": "write 'Task: openarena'", "only_comment": "nothing but comments",
               "trailing_nul": "512 NUL bytes", "trainfrac_percent": "line 40",
               "utf16": "UTF-16"}

    def test_are_run_or_refused_with_their_line(self):
        names = [path.stem for path in sorted((CASES / "config").glob("*.yaml"))]
        self.assertEqual(set(names), set(self.RUNS) | set(self.REFUSED))
        for name in names:
            with self.subTest(name):
                member = copy_of(MEMBERS[0], self.folder / name)
                (member / "config.yaml").write_bytes((CASES / "config" / f"{name}.yaml").read_bytes())
                done = posse("run", DEMO / "video" / "openarena.mp4", "--members", member, "--out", self.folder / "out",
                             "--dry-run")
                if name in self.RUNS:
                    self.assert_code(done, 0)
                    self.assertIn(self.RUNS[name], done.err)
                else:
                    self.assert_error(done, 1, "config.yaml", self.REFUSED[name])


class HardSmoothing(ProgramTest):
    def smooth(self, kind, name, *more):
        out = self.folder / (name + (".h5" if kind == "pupil" else ""))
        done = posse("smooth", kind, *sorted((CASES / "smoothing" / name).glob("*.csv")), "--out", out, *more)
        self.assertIn(done.code, (0, 4), done)
        files = [out] if kind == "pupil" else sorted(out.glob("*.h5"))
        return done.err, {path.stem: by_frame(path) for path in files}

    def assert_same_where_both_have_frames(self, gone, blank):
        for (name, some), (_, all_rows) in zip(sorted(gone.items()), sorted(blank.items())):
            shared = some.index.intersection(all_rows.index)
            # one filter over the same observations, sums in another order
            np.testing.assert_allclose(some.loc[shared].to_numpy(), all_rows.loc[shared].to_numpy(), rtol=0, atol=1e-6,
                                       err_msg=name)

    def test_frames_removed_are_as_frames_blank(self):
        cameras = ["--s", "10", "--camera-names", "Cam-A", "Cam-B", "Cam-C"]
        _, gone = self.smooth("multi", "g3-removed", *cameras)
        _, blank = self.smooth("multi", "g3-blank", *cameras)
        self.assertEqual(len(gone), 3)
        self.assert_same_where_both_have_frames(gone, blank)
        _, gone = self.smooth("pupil", "gap-removed")
        _, blank = self.smooth("pupil", "gap-blank")
        self.assert_same_where_both_have_frames(gone, blank)

    def test_ears_that_a_head_hides_from_cameras_keep_what_was_seen(self):
        """No frame shows an ear to all six cameras. Cameras with perspective are linear to some pixels only, which shows in
        nose and tail that are never hidden: ears where they are seen must be no further from their predictions."""
        said, tracks = self.smooth("multi", "arena", "--s", "10", "--camera-names", *(f"camera{c}" for c in range(6)),
                                   "--min-likelihood", "0.5")
        self.assertEqual(len(tracks), 6)
        for ear in ["ear_l", "ear_r"]:
            self.assertIn(f"{ear}: no frames show it to all 6 cameras", said)
        for camera, track in tracks.items():
            mean = np.mean([pd.read_csv(path, header=[0, 1, 2], index_col=0).to_numpy().reshape(-1, 4, 3)
                            for path in sorted((CASES / "smoothing" / "arena").glob(f"*{camera}_seed*.csv"))], axis=0)
            found = track.to_numpy().reshape(-1, 4, 3)[..., :2]
            self.assertFalse(np.isnan(found).any(), camera)
            distance = np.linalg.norm(found - mean[..., :2], axis=2)
            nose, left, right, tail = (np.quantile(distance[mean[:, k, 2] > 0.5, k], [0.5, 0.99]) for k in range(4))
            self.assertTrue(np.all(np.maximum(left, right) <= 1.1 * np.maximum(nose, tail)), (camera, nose, left, right, tail))

    def test_a_keypoint_that_a_camera_lacks_is_kept_in_the_others(self):
        said, tracks = self.smooth("multi", "fly-occluded", "--s", "10", "--camera-names", "Cam-A", "Cam-B", "Cam-C")
        self.assertEqual(len(tracks), 3)
        self.assertIn("warning", said)
        for camera, track in tracks.items():
            predictions = [pd.read_csv(path, header=[0, 1, 2], index_col=0).to_numpy()
                           for path in sorted((CASES / "smoothing" / "fly-occluded").glob(f"*{camera}*.csv"))]
            values = np.median(predictions, axis=0).reshape(len(track), -1, 3)
            found = track.to_numpy().reshape(len(track), -1, 3)
            there = np.isfinite(values[..., 0]).any(axis=0)
            self.assertFalse(np.isnan(found[:, there, :2]).any(), camera)


if __name__ == "__main__":
    main()
