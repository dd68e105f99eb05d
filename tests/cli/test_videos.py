"""Videos and pictures as cameras, editors and people leave them, through the whole program.  usage: test_videos.py POSSE"""

import json
import os
import shutil
import subprocess
import unittest

from program import FAST, MEMBERS, VIDEO, ProgramTest, main, np, pictures, points, posse, run_words, table

HAS_FFMPEG = shutil.which("ffmpeg") is not None


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-v", "error", *map(str, words)], check=True)


@unittest.skipUnless(HAS_FFMPEG, "the ffmpeg command is not installed")
class LabeledVideo(ProgramTest):
    def run_labeled(self, video, *more):
        return posse(*run_words(video, MEMBERS[:1], self.folder / "out", "--labeled-video", *more))

    def clip(self, name, *words):
        ffmpeg("-i", VIDEO, "-frames:v", 12, *words, self.folder / name)
        return self.folder / name

    def test_of_a_video_whose_times_repeat_is_written_with_a_warning(self):
        video = self.clip("doubled.mkv", "-vf", "setpts='floor(N/2)*2/30/TB'", "-vsync", "passthrough", "-c:v",
                          "ffv1")
        done = self.assert_code(self.run_labeled(video), 4)
        self.assertIn("doubled.mkv", done.err)
        self.assertIn("6 of 12 frames have a time that does not follow", done.err)
        folder = self.folder / "out" / "doubled"
        record = json.loads((folder / "run.json").read_text())
        self.assertIn("does not follow", json.dumps(record))
        self.assertEqual(len(list(folder.glob("*_labeled.mp4"))), 1)

    def test_of_a_video_that_is_too_wide_is_refused_before_the_networks_run(self):
        video = self.clip("wide.mkv", "-frames:v", 1, "-vf", "scale=17000:32", "-c:v", "ffv1")
        done = self.assert_error(self.run_labeled(video), 5, "wide.mkv", "17000x32", "16384", "--labeled-video")
        self.assertNotIn("frames/s", done.err)
        self.assertFalse((self.folder / "out").exists())


class Videos(ProgramTest):
    def test_that_an_option_swallowed_are_named(self):
        done = posse("run", "--members", MEMBERS[0], VIDEO)
        self.assert_error(done, 2, "VIDEO is required", "--members took", "put the videos first")
        self.assert_error(posse("run", "--members", MEMBERS[0]), 2, "VIDEO is required")

    @unittest.skipUnless(HAS_FFMPEG, "the ffmpeg command is not installed")
    def test_with_two_video_streams_are_told_of_by_every_verb_that_reads_them(self):
        two = self.folder / "two.mkv"
        ffmpeg("-i", VIDEO, "-f", "lavfi", "-i", "testsrc=size=64x48:rate=30", "-map", "0:v", "-map", "1:v", "-frames:v", 4, "-c:v",
               "ffv1", two)
        plan = self.assert_code(posse(*run_words(two, MEMBERS[:1], self.folder / "out", "--dry-run")), 4)
        planned = self.assert_code(posse(*run_words(two, MEMBERS[:1], self.folder / "out", "--dry-run", "--json")), 4)
        self.assertEqual(len(planned.json[0]["warnings"]), 1, planned)
        run = self.assert_code(posse(*run_words(two, MEMBERS[:1], self.folder / "out")), 4)
        (table,) = (self.folder / "out" / "two").glob("*.h5")
        said = [run, plan, posse("render", two, table, "--out", self.folder / "pictures", "--count", "1"),
                posse("scoremap", MEMBERS[0], two, "--out", self.folder / "maps")]
        for done in said:
            self.assertIn("stream 0 (ffv1, 320x240) is read, not stream 1 (ffv1, 64x48)", done.err, done)

    def test_given_twice_are_run_once(self):
        still = pictures(self.folder / "stills")
        done = self.assert_code(posse(*run_words(still, MEMBERS[:1], self.folder / "out"), "--json"), 0)
        words = ["run", still, f"{still}/", still.parent / "." / "stills", "--members", MEMBERS[0], "--out",
                 self.folder / "twice", *FAST, "--json"]
        twice = self.assert_code(posse(*words), 0)
        self.assertEqual(len(twice.json), len(done.json))
        self.assertIn("is given twice", twice.err)

    def test_results_have_the_modes_that_the_umask_leaves(self):
        still = pictures(self.folder / "stills")
        for mask, mode in ((0o022, 0o644), (0o002, 0o664), (0o077, 0o600)):
            out = self.folder / f"{mask:03o}"
            words = run_words(still, MEMBERS[:1], out, "--labeled-video", "--save-members", "--format", "both")
            self.assertIn(posse(*words, before=lambda: os.umask(mask)).code, (0, 4))
            modes = {p.name: p.stat().st_mode & 0o777 for p in self.folder.glob(out.name + "*/**/*") if p.is_file()}
            self.assertEqual(set(modes.values()), {mode}, modes)

    def test_of_a_folder_of_videos_are_not_run_as_the_picture_in_it(self):
        shutil.copy(VIDEO, self.folder / "day1.mp4")
        shutil.copy(sorted(pictures(self.folder / "stills").glob("*"))[0], self.folder / "thumbnail.png")
        done = posse(*run_words(self.folder, MEMBERS[:1], self.folder / "out"))
        self.assert_error(done, 1, "holds 1 video and 1 picture", "*.mp4")


if __name__ == "__main__":
    main()
