"""posse run --consensus track and posse consensus --method track as whole programs."""

import json
import signal
import subprocess

from program import (DEMO, MEMBERS, VIDEO, ProgramTest, files_below, main, np, pd, pictures, plain_arrays, points, posse, run_words,
                     start, stop_when, table)  # fmt: skip

PARTS = ["snout", "leftear", "rightear", "tailbase"]


def truth():
    """[frames, bodyparts, xy] of the demo's video"""
    return pd.read_csv(DEMO / "labels" / "openarena-groundtruth.csv", header=[0, 1, 2], index_col=0).to_numpy().reshape(-1, 4, 2)


def errors(poses):
    return np.linalg.norm(points(poses)[..., :2] - truth()[poses.index], axis=-1)


class TrackTest(ProgramTest):
    def assert_done(self, done):
        """Done, perhaps with warnings."""
        self.assertIn(done.code, (0, 4), done)
        return done


class Demo(TrackTest):
    """One run of the demo, tracked again from its journal with other options."""

    def track(self, *more):
        return posse(*run_words(VIDEO, MEMBERS, self.folder / "out", "--consensus", "track", "--force", *more))

    def record(self):
        return json.loads((self.folder / "out" / "openarena" / "run.json").read_text())

    def h5(self):
        return next((self.folder / "out" / "openarena").glob("*posseTrack*.h5"))

    def again(self, *more):
        """From the journal alone: no frame goes through the networks."""
        done = self.assert_done(self.track("--json", *more))
        self.assertEqual(done.json[0]["frames_resumed"], 360, done)
        return done

    def test_is_accurate_and_is_tracked_again_without_networks(self):
        self.assert_done(self.track())
        first = table(self.folder / "out" / "openarena")
        error = errors(first)
        self.assertLessEqual(np.sqrt((error**2).mean()), 4.0)  # keypoint median 12.6, eks 9.4
        self.assertLessEqual((error > 15).mean(), 0.005)
        arrays = plain_arrays(self.h5())
        for name, shape in [("track_covariance", (360, 4, 3)), ("chance", (360, 4)), ("chance_seen", (360, 4)), ("second_place", (360, 4, 3)),
                            ("seen", (360, 4))]:
            self.assertEqual(arrays[name].shape, shape)
        for name in ("chance", "chance_seen"):
            self.assertTrue(((arrays[name] >= 0) & (arrays[name] <= 1)).all())
        self.assertTrue((arrays["track_covariance"][..., [0, 2]] > 0).all())
        self.assertLess((errors(first)[arrays["chance"] > 0.99] > 24).mean(), 0.005)  # of a hundred that may be one
        report = self.record()["track"]
        self.assertEqual([part["name"] for part in report["bodyparts"]], PARTS)
        self.assertLess(report["most_pruned"], 1e-6)

        refused = posse(*run_words(VIDEO, MEMBERS, self.folder / "out", "--consensus", "track", "--track-smooth", "off"))
        self.assert_error(refused, 2, "--force makes others of them from the journal, without networks")
        self.again("--track-smooth", "off")
        rough = errors(table(self.folder / "out" / "openarena"))
        self.assertLess(np.sqrt((error**2).mean()), np.sqrt((rough**2).mean()))
        self.assertLessEqual(np.abs(points(table(self.folder / "out" / "openarena"))[..., :2] - points(first)[..., :2]).max(), 8 * 2**0.5)

        self.again("--hide-below", "0.8")
        hidden = points(table(self.folder / "out" / "openarena"))
        np.testing.assert_array_equal(np.isnan(hidden[..., 0]), arrays["chance_seen"] < 0.8)
        self.assertTrue(0 < np.isnan(hidden[..., 0]).sum() < hidden[..., 0].size)
        self.assertTrue((hidden[np.isnan(hidden[..., 0])][:, 2] == 0).all())

        self.assertIn("looks at the past alone", self.again("--track-lag", "0").err)
        close = self.again("--look-alike", "leftear,rightear")
        self.assertIn("leftear and rightear of one group of --look-alike lie within two cells", close.err)
        self.assertEqual(self.record()["track"]["groups"], ["leftear,rightear"])

        # Nothing but the floor of the arena: bodyparts that do not belong together are on no line.
        lines = self.again("--same-line", "snout,tailbase")
        self.assertIn("--same-line snout,tailbase: no line was found", lines.err)
        (line,) = self.record()["track"]["epipolar_lines"]
        self.assertEqual((line["bodyparts"], line["used"]), ("snout,tailbase", False))

        self.a_calibration_of_other_views_is_used_and_warned_of()
        self.again("--save-members")
        np.testing.assert_array_equal(points(table(self.folder / "out" / "openarena")), points(first))
        self.tables_of_the_members_are_tracked_as_well()
        self.pictures_of_results_hide_what_is_hidden()

    def a_calibration_of_other_views_is_used_and_warned_of(self):
        calibration = self.folder / "views.toml"
        calibration.write_text("[side]\nfundamental = [[0, 0, 0], [0, 0, -1], [0, 1, 100]]\n")  # y' = y + 100
        done = self.again("--same-line", "leftear,rightear", "--view-calibration", calibration)
        self.assertIn("warning: openarena.mp4: --same-line leftear,rightear: the calibration is used and does not fit", done.err)
        self.assertNotIn("held to the epipolar line", done.err)
        (line,) = self.record()["track"]["epipolar_lines"]
        self.assertTrue(line["used"])
        apart = np.abs(truth()[:, 2, 1] - truth()[:, 1, 1] - 100)  # of all frames, instead of those in which the members are sure
        self.assertLess(abs(line["spread_px"] - 1.4826 * np.median(apart)), 15)

    def pictures_of_results_hide_what_is_hidden(self):
        arrays = plain_arrays(self.h5())
        unlikely = arrays["chance_seen"] < 0.5
        self.assertTrue((~unlikely & (arrays["seen"] == 0)).sum() < unlikely.sum())  # the path seldom hides what is likely seen
        frame = int(np.flatnonzero(unlikely.any(1) & (unlikely | (arrays["seen"] == 1)).all(1))[0])

        def picture(name):
            done = posse("render", VIDEO, self.folder / "out" / "openarena", "--out", self.folder / name, "--frames", f"{frame}:{frame + 1}")
            self.assertNotIn("states no covariance", self.assert_code(done, 0).err)
            return next((self.folder / name).iterdir()).read_bytes()

        plain = picture("plain")
        self.again("--save-members", "--hide-below", "0.5")  # written as missing, which is never drawn
        self.assertEqual(picture("missing"), plain)
        self.again("--save-members", "--format", "csv", "--wide-csv")
        self.assertEqual(picture("csv"), plain)
        next((self.folder / "out-extras" / "wide").glob("*.csv")).unlink()
        done = posse("render", VIDEO, self.folder / "out" / "openarena", "--out", self.folder / "bare", "--frames", "7:8")
        self.assertIn("states no covariance of its track", self.assert_code(done, 0).err)

    def tables_of_the_members_are_tracked_as_well(self):
        members = sorted((self.folder / "out-extras" / "members").rglob("*.h5"))
        self.assertEqual(len(members), 5)
        out = self.folder / "track.h5"
        done = self.assert_done(posse("consensus", *members, "--method", "track", "--out", out))
        self.assertIn("8.0 px wide", done.err)
        error = errors(pd.read_hdf(out))
        self.assertLessEqual(np.sqrt((error**2).mean()), 6.0)  # keypoint median 12.6, eks 9.4
        arrays = plain_arrays(out)
        self.assertEqual(arrays["chance_seen"].shape, (360, 4))
        self.assertEqual(arrays["members_std"].shape, (360, 4, 2))
        record = json.loads((self.folder / "track.h5.run.json").read_text())
        self.assertEqual(record["options"]["method"], "track")
        self.assertEqual(record["track"]["bodyparts"][0]["name"], "snout")
        self.assert_error(posse("consensus", *members, "--method", "track", "--out", out), 2, "--force")

        # One table lacks every third frame, the others a stretch; ten frames are missing in all.
        gaps = []
        for number, member in enumerate(members):
            poses = pd.read_hdf(member)
            poses.iloc[100:110] = np.nan
            gaps.append(self.folder / f"gaps-{number}.csv")
            (poses.drop(poses.index[::3]) if number == 0 else poses.drop(poses.index[200:230])).to_csv(gaps[-1])
        self.assert_done(posse("consensus", *gaps, "--method", "track", "--out", self.folder / "gaps.csv"))
        found = points(table(self.folder, "gaps.csv"))
        self.assertTrue(np.isnan(found[100:110, :, 0]).all() and (found[100:110, :, 2] == 0).all())
        self.assertTrue(np.isfinite(found[:100, :, 0]).all())

    def test_groups_that_cannot_be_are_told_before_anything_is_computed(self):
        self.assert_error(self.track("--look-alike", "leftear,paw"), 2, "no bodypart 'paw'", "snout, leftear")
        self.assert_error(self.track("--look-alike", "leftear"), 2, "a group of 1 bodypart")
        self.assert_error(self.track("--look-alike", "leftear,snout;snout,tailbase"), 2, "'snout' is named twice")
        self.assert_error(self.track("--hide-below", "1.5"), 2, "--hide-below")
        self.assert_error(self.track("--same-line", "leftear,paw"), 2, "--same-line: there is no bodypart 'paw'")
        self.assert_error(self.track("--same-line", "snout,tailbase", "--same-x", "tailbase,snout"), 2, "'snout' and 'tailbase'")
        self.assert_error(self.track("--view-calibration", "views.toml"), 2, "--same-line")
        for more, why in [(["--consensus", "mean"], "consensus mean: as asked for"), (["--frames", "3:4"], "one frame has no neighbours")]:
            done = posse(*run_words(VIDEO, MEMBERS, self.folder / "out", "--track-lag", "3", "--track-smooth", "off", *more))
            self.assert_error(done, 2, "--track-smooth, --track-lag say nothing without a track", why, "--consensus track")
        self.assertEqual(files_below(self.folder), {})

    def test_of_one_frame_and_of_few_members_runs(self):
        out = self.folder / "one"
        done = posse(*run_words(VIDEO, MEMBERS[:1], out, "--consensus", "track", "--frames", "100:101"))
        self.assertIn("networks 1 of 1 frame (100 %)", self.assert_done(done).err)
        self.assertEqual(points(table(out / "openarena", "*1member.h5")).shape, (1, 4, 3))
        done = posse(*run_words(VIDEO, MEMBERS[:2], self.folder / "two", "--consensus", "track", "--frames", "100:104"))
        self.assertIn("with fewer than 3 few votes decide", self.assert_done(done).err)

    def test_of_pictures_of_different_scenes_warns_and_of_a_sequence_does_not(self):
        still = pictures(self.folder / "stills")  # 140 and 100 frames apart
        done = posse(*run_words(still, MEMBERS[:3], self.folder / "out", "--consensus", "track"))
        self.assertIn("do not look like a video", self.assert_done(done).err)
        self.assertIn("--consensus mean or median", done.err)
        self.assertEqual(points(table(self.folder / "out" / "stills")).shape, (3, 4, 3))

        sequence = self.folder / "sequence"
        sequence.mkdir()
        subprocess.run(["ffmpeg", "-loglevel", "error", "-i", VIDEO, "-frames:v", "8", sequence / "frame-%02d.png"], check=True)
        done = posse(*run_words(sequence, MEMBERS[:3], self.folder / "out", "--consensus", "track"))
        self.assertNotIn("video", self.assert_done(done).err.replace("--video", ""))

    def test_by_default_of_a_file_of_unrelated_clips_warns(self):
        clips = DEMO / "video" / "openarena-train.mp4"
        done = posse(*run_words(clips, MEMBERS[:3], self.folder / "out", "--frames", "0:20"))
        self.assertIn("successive frames do not look like a video", self.assert_done(done).err)
        self.assertNotIn("not seen by the track", done.err)  # the bodyparts are there


class Bytes(TrackTest):
    """The same whatever stopped it, and however it was spread over threads and batches."""

    def words(self, name, *more):
        return run_words(VIDEO, MEMBERS[:3], self.folder / name, "--frames", "0:120", "--format", "both", "--wide-csv", *more)

    def texts(self, name):
        found = {key: digest for key, digest in files_below(self.folder / f"{name}-extras").items() if key.endswith(".csv")}
        self.assertEqual(len(found), 2)
        return found

    def assert_same(self, a, b):
        self.assertEqual(self.texts(a), self.texts(b))
        mine, other = (plain_arrays(next((self.folder / name).glob("openarena/*.h5"))) for name in (a, b))
        self.assertEqual(mine.keys(), other.keys())
        for key, values in mine.items():
            np.testing.assert_array_equal(values, other[key], err_msg=key)

    def test_do_not_depend_on_kills_threads_batches_or_the_way_to_the_track(self):
        track = ("--consensus", "track")
        self.assert_done(posse(*self.words("whole", *track, "--threads", "2", "--batch", "4")))
        journal = self.folder / "parts" / "openarena" / ".posse-journal"
        whole = (self.folder / "whole" / "openarena" / ".posse-journal").stat().st_size
        for share in (0.2, 0.7):
            self.assertTrue(stop_when(start(*self.words("parts", *track, "--batch", "2")), journal, share * whole, signal.SIGKILL))
            self.assertEqual([p.name for p in journal.parent.iterdir()], [".posse-journal"])
        done = self.assert_done(posse(*self.words("parts", *track, "--batch", "2", "--json"))).json[0]
        self.assertTrue(60 <= done["frames_resumed"] < 120, done)
        self.assert_same("whole", "parts")
        self.assert_done(posse(*self.words("alone", *track, "--threads", "1", "--batch", "7")))
        self.assert_same("whole", "alone")
        # A run by the mean that kept its evidence, and a track with other options, are tracked again without the networks.
        self.assert_done(posse(*self.words("later", "--keep-evidence")))
        for more in (("--look-alike", "none", "--track-lag", "5", "--hide-below", "0.5"), ()):
            done = self.assert_done(posse(*self.words("later", *track, *more, "--force", "--json"))).json[0]
            self.assertEqual(done["frames_resumed"], 120)
        self.assert_same("whole", "later")


if __name__ == "__main__":
    main()
