"""posse suggest on the demo, whose true poses are known.  usage: test_suggest.py POSSE"""

import functools
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from program import DEMO, FAST, POSSE, ROOT, VIDEO, ProgramTest, as_nobody, main, np, pd, posse, small_disk

TRUTH = ROOT / "data/demo/labels/openarena-groundtruth.csv"
PARTS = ["snout", "leftear", "rightear", "tailbase"]
HOLDER = tempfile.TemporaryDirectory(prefix="posse-suggest-")


@functools.lru_cache
def short_results():
    """Results of three members over 90 frames, made once."""
    out = pathlib.Path(HOLDER.name) / "short"
    done = posse("run", VIDEO, "--members", *[DEMO / f"member-{k}" for k in (1, 2, 3)], "--frames", "0:90", "--out", out, *FAST)
    assert done.code == 0, done
    HOLDER_PATH.chmod(0o755)
    return out / "openarena"


HOLDER_PATH = pathlib.Path(HOLDER.name)


def consensus_of(folder):
    """[frames, bodyparts, x y likelihood]"""
    return pd.read_hdf(next(folder.glob("*members.h5"))).values.reshape(-1, 4, 3)


def frames_of_video(numbers):
    """RGB frames [height, width, 3] by number, by another program."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", VIDEO, "-frames:v", str(max(numbers) + 1), "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
                         capture_output=True, check=True).stdout
    video = np.frombuffer(raw, np.uint8).reshape(-1, 240, 320, 3)
    return {number: video[number] for number in numbers}


def picture(path):
    """RGB of a picture file, by another program."""
    size = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", path],
                          capture_output=True, text=True, check=True).stdout.strip().split(",")
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(int(size[1]), int(size[0]), 3)


def contents(folder):
    """Bytes of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def visible(folder):
    """All files of a project but those that a stopped call may leave, which begin with .posse."""
    return {name: content for name, content in contents(folder).items() if "/.posse" not in f"/{name}"}


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



class WriteToDeepLabCut(ProgramTest):
    def make_project(self, video_sets, more="", feed="\n"):
        project = self.folder / "project"
        project.mkdir()
        text = ("# Project of M\u00fcller\nTask: arena\nscorer: me\ndate: Jan1\nvideo_sets:\n" + video_sets +
                "bodyparts:\n" + "".join(f"- {part}\n" for part in PARTS) + "TrainingFraction:\n- 0.95\niteration: 2\n" + more)
        (project / "config.yaml").write_bytes(text.replace("\n", feed).encode())
        return project

    def suggest(self, project, *more, out="s", code=0, count=5):
        return self.assert_code(posse("suggest", short_results(), "--count", count, "--strategy", "disagreement", "--out", out,
                                      "--write-to", project, *more, folder=self.folder), code)

    def frames(self, out="s"):
        return [frame["frame"] for frame in json.loads((self.folder / out / "posse-suggestions.json").read_text())["frames"]]

    def test_pictures_and_machine_labels_of_a_project_of_windows(self):
        project = self.make_project("  C:\\Users\\me\\arena\\videos\\old.mp4:\n    crop: 0, 640, 0, 480\n", feed="\r\n")
        labelled = project / "labeled-data" / "old"
        labelled.mkdir(parents=True)
        rows = "scorer,me,me\r\nbodyparts,snout,snout\r\ncoords,x,y\r\nlabeled-data\\old\\img0007.png,1.5,2.5\r\n"
        (labelled / "CollectedData_me.csv").write_bytes(rows.encode())
        before = contents(project)
        self.suggest(project, code=4)  # the video's path is one of this machine, which is warned of
        after = contents(project)
        self.assertEqual(after["config.yaml.before-posse"], before["config.yaml"])
        self.assertEqual(after["labeled-data/old/CollectedData_me.csv"], before["labeled-data/old/CollectedData_me.csv"])
        added = b"  C:\\Users\\me\\arena\\videos\\openarena.mp4:\r\n    crop: 0, 320, 0, 240\r\n"
        self.assertEqual(after["config.yaml"], before["config.yaml"].replace(b"bodyparts:", added + b"bodyparts:"))
        frames = self.frames()
        names = [f"img{frame:03d}.png" for frame in frames]
        self.assertEqual(sorted(path for path in after if path.endswith(".png")), [f"labeled-data/openarena/{name}" for name in names])
        truth = frames_of_video(frames)
        for frame, name in zip(frames, names):
            np.testing.assert_array_equal(picture(project / "labeled-data/openarena" / name), truth[frame])
        table = pd.read_hdf(project / "labeled-data/openarena/machinelabels-iter2.h5", "df_with_missing")
        self.assertEqual(list(table.index), [f"labeled-data/openarena/{name}" for name in names])
        np.testing.assert_array_equal(table.values.reshape(-1, 4, 3), consensus_of(short_results())[frames])
        for name in ["machinelabels.csv", "machinelabels-iter2.csv"]:
            text = after[f"labeled-data/openarena/{name}"].decode()
            self.assertEqual(text.count("\r\n"), text.count("\n"))
            self.assertIn(f"\r\nlabeled-data\\openarena\\{names[0]},", text)
            np.testing.assert_allclose(pd.read_csv(project / "labeled-data/openarena" / name, header=[0, 1, 2], index_col=0).values,
                                       table.values, rtol=1e-15)

    def test_more_frames_are_added_behind_those_that_are_there(self):
        project = self.make_project("  videos/openarena.mp4:\n    crop: 0, 320, 0, 240\n")
        self.suggest(project, count=2)
        first = contents(project)
        self.assertNotIn("config.yaml.before-posse", first)  # the video is in video_sets: config.yaml stays
        folder = project / "labeled-data/openarena"
        table = pd.read_hdf(folder / "machinelabels-iter2.h5")
        table.iloc[0, 0] = 77.5  # somebody corrected a point
        table.to_hdf(folder / "machinelabels-iter2.h5", key="df_with_missing", format="table")
        first = contents(project)
        self.suggest(project, out="t", count=3)
        second = contents(project)
        old, new = self.frames("s"), self.frames("t")
        self.assertTrue(all(abs(a - b) >= 15 for a in old for b in new), (old, new))
        for name, content in first.items():
            if name.endswith(".csv"):
                self.assertTrue(second[name].startswith(content), name)
            elif not name.endswith(".h5"):
                self.assertEqual(second[name], content, name)
        both = pd.read_hdf(folder / "machinelabels-iter2.h5")
        self.assertEqual(both.iloc[0, 0], 77.5)
        np.testing.assert_array_equal(both.values[2:].reshape(-1, 4, 3), consensus_of(short_results())[new])

    def test_crops_are_cut_as_deeplabcut_does(self):
        project = self.make_project("  videos/openarena.mp4:\n    crop: 40, 300, 20, 200\n", "cropping: true\nx1: 0\nx2: 320\ny1: 0\ny2: 240\n")
        self.suggest(project, count=2)
        for frame in self.frames():
            shown = picture(project / f"labeled-data/openarena/img{frame:03d}.png")
            np.testing.assert_array_equal(shown, frames_of_video([frame])[frame][20:200, 40:300])
        table = pd.read_hdf(project / "labeled-data/openarena/machinelabels-iter2.h5").values.reshape(-1, 4, 3)
        expected = consensus_of(short_results())[self.frames()]
        expected[..., :2] -= [40, 20]
        inside = ((expected[..., :2] >= 0) & (expected[..., :2] <= [259, 179])).all(axis=2)
        np.testing.assert_allclose(table[inside], expected[inside])

    def test_a_killed_call_leaves_the_project_as_it_was(self):
        project = self.make_project("  videos/old.mp4:\n    crop: 0, 320, 0, 240\n")
        before = contents(project)
        words = [POSSE, "suggest", short_results(), "--count", "5", "--out", "s", "--write-to", project]
        for seconds in [0.02, 0.05, 0.1, 0.15]:
            process = subprocess.Popen([str(word) for word in words], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(seconds)
            process.kill()
            process.wait()
            if "config.yaml.before-posse" not in contents(project):
                self.assertEqual(visible(project), before)
        self.assert_code(posse(*words[1:], folder=self.folder), 0)
        self.assertEqual(visible(project), contents(project))
        self.assertIn("already", self.assert_code(posse(*words[1:], folder=self.folder), 0).err)

    def test_what_cannot_be_written_changes_nothing(self):
        project = self.make_project("  videos/old.mp4:\n    crop: 0, 320, 0, 240\n")
        before = contents(project)
        words = ["suggest", short_results(), "--count", "5", "--out"]
        lost = self.folder / "lost"
        shutil.copytree(short_results(), lost)
        record = lost / "run.json"
        record.write_text(record.read_text().replace(str(VIDEO), "/gone/openarena.mp4"))
        self.assert_error(posse("suggest", lost, "--out", "l", "--write-to", project, folder=self.folder), 1, "not there any more", "--videos")
        self.assert_code(posse("suggest", lost, "--out", "l", "--count", 2, folder=self.folder), 4)
        self.assert_code(posse("suggest", lost, "--count", 2, "--out", "m", "--videos", VIDEO.parent, "--write-to", project, "--dry-run", folder=self.folder), 0)
        self.assert_error(posse(*words, "a", "--write-to", self.folder, folder=self.folder), 5, "CollectedData")
        self.assert_error(posse(*words, "a", "--write-to", self.folder / "none", folder=self.folder), 1, "there is no project")
        project.chmod(0o555)
        self.assert_error(posse(*words, "b", "--write-to", project, before=as_nobody, folder=self.folder), 1, "cannot be written")
        project.chmod(0o755)
        broken = project / "config.yaml"
        text = broken.read_bytes()
        broken.write_bytes(text.replace(b"video_sets:", b"? video_sets\n:"))
        self.assert_error(posse(*words, "c", "--write-to", project, folder=self.folder), 5, "add it by hand")
        broken.write_bytes(text)
        self.assertEqual(contents(project), before)


    def test_a_full_disk_changes_nothing(self):
        project = self.make_project("  videos/old.mp4:\n    crop: 0, 320, 0, 240\n")
        with small_disk(self.folder / "disk", "300k") as disk:
            shutil.copytree(project, disk / "project")
            before = contents(disk / "project")
            self.assert_error(posse("suggest", short_results(), "--count", 5, "--out", self.folder / "s", "--write-to", disk / "project",
                                    folder=self.folder), 1, "No space left")
            self.assertEqual(contents(disk / "project"), before)
            subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
            self.assert_code(posse("suggest", short_results(), "--count", 5, "--out", self.folder / "s", "--write-to", disk / "project",
                                   folder=self.folder), 0)
            self.assertEqual(len(list((disk / "project/labeled-data/openarena").glob("*.png"))), 5)


class WriteToLightningPose(ProgramTest):
    """What its app reads, read as litpose_app/utils/mv_label_file.py does."""

    def queue(self, path):
        entries = []
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            self.assertEqual(set(entry), {"frame_path", "predictions"})
            if entry["predictions"] is not None:
                self.assertEqual(set(entry["predictions"]), {"model_name", "date_time", "predictions"})
                self.assertIsInstance(entry["predictions"]["date_time"], int)
            entries.append(entry)
        return entries

    def test_pictures_with_context_and_the_queue_of_the_app(self):
        project = self.folder / "lp"
        project.mkdir()
        (project / "CollectedData.csv").write_text("scorer,me,me\nbodyparts,snout,snout\ncoords,x,y\nlabeled-data/x/img00000001.jpg,1,2\n")
        waiting = '{"frame_path":"labeled-data/x/img00000005.jpg","predictions":null}\n'
        (project / "CollectedData.unlabeled.jsonl").write_text(waiting)
        labels = (project / "CollectedData.csv").read_bytes()
        self.assert_code(posse("suggest", short_results(), "--count", 3, "--strategy", "disagreement", "--out", "s", "--write-to", project,
                               folder=self.folder), 0)
        made = json.loads((self.folder / "s/posse-suggestions.json").read_text())
        frames = [frame["frame"] for frame in made["frames"]]
        entries = self.queue(project / "CollectedData.unlabeled.jsonl")
        self.assertEqual((project / "CollectedData.unlabeled.jsonl").read_text()[:len(waiting)], waiting)
        self.assertEqual([entry["frame_path"] for entry in entries[1:]], [f"labeled-data/openarena/img{frame:08d}.jpg" for frame in frames])
        consensus = consensus_of(short_results())
        for frame, entry in zip(frames, entries[1:]):
            points = entry["predictions"]["predictions"]
            self.assertEqual([point["keypoint_name"] for point in points], PARTS)
            np.testing.assert_array_equal([[point["x"], point["y"]] for point in points], consensus[frame, :, :2])
        wanted = {near for frame in frames for near in range(max(frame - 2, 0), frame + 3)}
        self.assertEqual({int(path.stem[3:]) for path in (project / "labeled-data/openarena").iterdir()}, wanted)
        truth = frames_of_video(wanted)[frames[0]].astype(int)
        shown = picture(project / f"labeled-data/openarena/img{frames[0]:08d}.jpg").astype(int)
        self.assertLess(np.abs(shown - truth).mean(), 1.5)  # JPEG at high quality
        self.assertEqual((project / "CollectedData.csv").read_bytes(), labels)

    def test_all_views_of_a_session_together(self):
        videos = self.folder / "videos"
        videos.mkdir()
        for view in ["left", "right"]:
            shutil.copyfile(VIDEO, videos / f"day1_{view}.mp4")
        self.assert_code(posse("run", videos / "day1_left.mp4", "--members", *[DEMO / f"member-{k}" for k in (1, 2, 3)], "--frames", "0:60",
                               "--out", "r", *FAST, folder=self.folder), 0)
        project = self.folder / "lp"
        project.mkdir()
        (project / "project.yaml").write_text("view_names: [left, right]\nkeypoint_names: [snout]\n")
        self.assert_code(posse("suggest", "r/day1_left", "--count", 2, "--out", "s", "--write-to", project, folder=self.folder), 0)
        queues = {view: self.queue(project / f"CollectedData_{view}.unlabeled.jsonl") for view in ["left", "right"]}
        left, right = ([re.search(r"img(\d+)", entry["frame_path"])[1] for entry in queues[view]] for view in ["left", "right"])
        self.assertEqual(left, right)
        self.assertTrue(all(entry["predictions"] is None for entry in queues["right"]))
        (videos / "day1_right.mp4").unlink()
        self.assert_error(posse("suggest", "r/day1_left", "--count", 2, "--out", "t", "--seed", 5, "--write-to", project, folder=self.folder), 1,
                          "no video of the view right")


if __name__ == "__main__":
    main()
