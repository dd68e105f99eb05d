"""Videos and pictures as cameras, editors and people leave them, through the whole program.  usage: test_videos.py POSSE"""

import json
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


if __name__ == "__main__":
    main()
