"""posse plan, work, finish, status and submit on the demo: whatever happens to the workers, the results are those of posse run.
usage: test_cluster.py POSSE
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from program import DEMO, FAST, POSSE, VIDEO, main

FRAMES = "0:48"
UNIT = "12"


def posse(*words, check=True, env=None):
    outcome = subprocess.run([POSSE, *map(str, words)], capture_output=True, text=True, timeout=300,
                             env={**os.environ, **(env or {})})
    if check and outcome.returncode != 0:
        raise AssertionError(f"{words}: exit {outcome.returncode}\n{outcome.stdout}\n{outcome.stderr}")
    return outcome


def tables_below(folder):
    """Bytes by name of every table; pickles and records hold times."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.suffix in (".h5", ".csv")}


class Cluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.top = pathlib.Path(cls.temporary.name)
        posse("run", VIDEO, "--members", DEMO, "--frames", FRAMES, "--save-members", *FAST, "--out",
              cls.top / "one" / "results")
        cls.expected = {**tables_below(cls.top / "one" / "results"), **tables_below(cls.top / "one" / "results-extras")}
        assert len(cls.expected) == 6, sorted(cls.expected)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def plan(self, name, *words, unit=UNIT, videos=None):
        run = self.top / name
        posse("plan", run, *(videos or [VIDEO]), "--members", DEMO, "--frames", FRAMES, "--save-members",
              "--unit-frames", unit, *words)
        return run

    def check_results(self, run):
        found = {**tables_below(run / "results"), **tables_below(run / "results-extras")}
        self.assertEqual(sorted(found), sorted(self.expected))
        for name, data in self.expected.items():
            self.assertEqual(found[name], data, name)

    def left_behind(self, run):
        return [path.name for path in (run / "units").rglob("*") if path.is_file() and path.suffix != ".unit"]

    def test_plan_is_reproducible_and_refuses_to_be_replaced(self):
        first = self.plan("same")
        text = (first / "plan.json").read_bytes()
        self.plan("same")
        self.assertEqual((first / "plan.json").read_bytes(), text)
        refused = posse("plan", first, VIDEO, "--members", DEMO, "--unit-frames", "7", check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--replan", refused.stderr)

    def test_the_same_plan_is_taken_after_its_results_are_there(self):
        run = self.top / "planned-twice"
        words = ["plan", run, VIDEO, "--members", DEMO, "--frames", "0:2"]
        posse(*words)
        text = (run / "plan.json").read_bytes()
        posse("work", run)
        posse("finish", run)
        posse(*words)
        self.assertEqual((run / "plan.json").read_bytes(), text)

    def test_any_order_of_tasks_and_units_gives_the_same_bytes(self):
        for name, unit in (("small", "5"), ("large", "3000")):
            run = self.plan(name, unit=unit)
            posse("work", run, "--task", "0", "--batch", "3", "--threads", "1", "--members-at-once", "2")
            again = posse("work", run)
            self.assertIn("0 units done", again.stdout)
            posse("finish", run)
            self.check_results(run)
            self.assertEqual(self.left_behind(run), [])
            record = json.loads((run / "results" / "openarena" / "run.json").read_text())
            self.assertIs(record["options"]["tune"], False)

    def test_killed_workers_lose_nothing(self):
        generator = random.Random(20)
        run = self.plan("killed")
        for _ in range(20):
            worker = subprocess.Popen([POSSE, "work", str(run), "--threads", "1"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            time.sleep(generator.uniform(0.02, 0.6))
            worker.kill()
            worker.wait()
        posse("work", run)
        posse("finish", run)
        self.check_results(run)
        self.assertEqual(self.left_behind(run), [])

    def test_workers_beside_each_other_do_each_unit_once(self):
        run = self.plan("beside", unit="4")
        workers = [subprocess.Popen([POSSE, "work", str(run), "--threads", "1", "--json"], stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True) for _ in range(3)]
        done = 0
        for worker in workers:
            out, _ = worker.communicate(timeout=300)
            self.assertEqual(worker.returncode, 0)
            done += json.loads(out)["units_done"]
        self.assertEqual(done, 12)
        posse("finish", run)
        self.check_results(run)

    def test_a_signal_stops_within_seconds_and_the_rest_is_done_later(self):
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            run = self.plan(f"signal-{number.name}", unit="3000")
            worker = subprocess.Popen([POSSE, "work", str(run), "--threads", "1"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            while not list(run.rglob("*.part")):  # at work
                self.assertIsNone(worker.poll())
                time.sleep(0.02)
            start = time.monotonic()
            worker.send_signal(number)
            self.assertEqual(worker.wait(timeout=20), 75)
            self.assertLess(time.monotonic() - start, 8)  # 5 s, and a loaded machine
        report = json.loads(posse("status", run, "--json").stdout)
        self.assertEqual((report["units"], report["units_done"], report["units_at_work"]), (1, 0, 0))
        posse("work", run)
        posse("finish", run)
        self.check_results(run)

    def test_damaged_units_are_computed_again(self):
        run = self.plan("damaged")
        posse("work", run)
        units = sorted((run / "units").rglob("*.unit"))
        flipped = bytearray(units[0].read_bytes())
        flipped[len(flipped) // 2] ^= 4
        units[0].write_bytes(flipped)
        units[1].write_bytes(units[1].read_bytes()[:-100])
        found = posse("finish", run, check=False)
        self.assertEqual(found.returncode, 75)
        self.assertIn("2 of 4 units are missing", found.stdout)
        self.assertIn("damaged", found.stderr)
        posse("work", run)
        posse("finish", run)
        self.check_results(run)

    def test_a_poisoned_video_fails_alone(self):
        poisoned = self.top / "poisoned.mp4"
        shutil.copy(VIDEO, poisoned)
        run = self.plan("poisoned", videos=[VIDEO, poisoned])
        time_before = poisoned.stat().st_mtime
        good = poisoned.read_bytes()
        poisoned.write_bytes(b"no video any more" * 100)
        worked = posse("work", run, check=False)
        self.assertEqual(worked.returncode, 1)
        self.assertIn("another size or time", worked.stderr)
        self.assertEqual(len(list((run / "failed").iterdir())), 4)
        finished = posse("finish", run, check=False)
        self.assertEqual(finished.returncode, 75)
        self.assertIn("another size or time", finished.stderr)
        self.assertTrue((run / "results" / "openarena" / "run.json").exists())
        self.assertIn("4 failed", posse("status", run).stdout)
        poisoned.write_bytes(good)
        os.utime(poisoned, (time_before, time_before))
        posse("work", run)
        self.assertEqual(list((run / "failed").iterdir()), [])
        posse("finish", run)
        self.assertTrue((run / "results" / "poisoned" / "run.json").exists())

    def made_video(self, name, *words, damaged=False):
        """360 frames of the demo's video in small, with many places to jump to."""
        video = self.top / f"{name}.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", VIDEO, *words, "-c:v", "libx264", "-g", "24", "-threads", "1",
                        "-preset", "veryfast", video], check=True)
        if damaged:
            data = bytearray(video.read_bytes())
            for part in (3, 6):
                place = data.find(b"mdat") + (len(data) - data.find(b"mdat")) * part // 10
                data[place:place + 6000] = bytes(k * 37 & 255 for k in range(6000))
            video.write_bytes(data)
        return video

    @unittest.skipUnless(shutil.which("ffmpeg"), "needs ffmpeg")
    def test_what_decoding_found_is_told_as_by_one_run(self):
        slower = "setpts=if(lt(N\\,150)\\,N\\,2*N-150)/(30*TB)"
        for video in (self.made_video("clean"), self.made_video("damaged", damaged=True),
                      self.made_video("varying", "-vf", slower, "-vsync", "vfr")):
            name = video.stem
            for frames in ("0:", "60:300"):
                words = (video, "--members", DEMO / "member-1", "--frames", frames)
                one, run = self.top / f"{name}{frames[0]}-one", self.top / f"{name}{frames[0]}"
                posse("run", *words, *FAST, "--out", one, check=False)
                posse("plan", run, *words, "--unit-frames", "6")
                tasks = json.loads(posse("status", run, "--json").stdout)["tasks"]
                self.assertGreater(tasks, 1)
                for task in reversed(range(tasks)):
                    posse("work", run, "--task", str(task))
                if name == "damaged":  # units behind the damage were read before it was met
                    first = posse("finish", run, check=False)
                    if first.returncode != 0:
                        self.assertIn("computes", first.stdout + first.stderr)
                        self.assertFalse((run / "results" / name / "run.json").exists())
                        posse("work", run)
                posse("finish", run)
                self.assertEqual(tables_below(run / "results"), tables_below(one), (name, frames))
                expected, found = (json.loads((top / name / "run.json").read_text()) for top in (one, run / "results"))
                self.assertEqual(found["video"], expected["video"], (name, frames))
                self.assertEqual(found["frames"], expected["frames"])
                if name != "damaged":
                    self.assertEqual(found["video"]["variable_frame_rate"], name == "varying")
                self.assertEqual(bool(found["warnings"]), bool(expected["warnings"]), (found["warnings"], expected["warnings"]))
                if name == "damaged" and frames == "0:":
                    self.assertGreater(found["video"]["frames_corrupt"], 0)
                    self.assertIn("could not be decoded and are left out (frames ", " ".join(found["warnings"]))

    def test_a_video_that_is_gone_is_not_needed_to_finish(self):
        copy = self.top / "openarena.mp4"
        shutil.copy(VIDEO, copy)
        run = self.plan("gone", videos=[copy])
        posse("work", run)
        copy.unlink()
        posse("finish", run)
        self.check_results(run)
        self.assertIn("done already", posse("finish", run).stderr)

    def test_a_video_that_this_machine_lacks_is_left_to_others(self):
        here, elsewhere = self.top / "here", self.top / "elsewhere"
        here.mkdir()
        copy = here / "seldom.mp4"
        shutil.copy(VIDEO, copy)
        run = self.plan("lacking", videos=[VIDEO, copy], unit="48")
        here.rename(elsewhere)
        lacking = posse("work", run, check=False)
        self.assertEqual(lacking.returncode, 75)
        self.assertIn("does not see", lacking.stderr)
        report = json.loads(posse("status", run, "--json").stdout)
        self.assertEqual((report["units_done"], report["units_failed"]), (1, 1))
        posse("work", run, "--map", f"{copy}={elsewhere / copy.name}")
        self.assertEqual(json.loads(posse("status", run, "--json").stdout)["units_failed"], 0)
        unknown = posse("work", run, "--map", "/nowhere=/x", check=False)
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("no path of the plan begins with", unknown.stderr)

    def test_tasks_are_named_by_schedulers(self):
        run = self.plan("tasks")
        wrong = posse("work", run, "--task", "auto", check=False)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("SLURM_ARRAY_TASK_ID", wrong.stderr)
        for words, env in ((["--task", "5"], {}), (["--task", "x"], {}), (["--task", "-1"], {}),
                           (["--task", "auto"], {"SLURM_ARRAY_TASK_ID": "0", "POSSE_TASK_OFFSET": "1000"})):
            wrong = posse("work", run, *words, check=False, env=env)
            self.assertEqual(wrong.returncode, 2, words)
            self.assertIn("tasks 0 to 0", wrong.stderr)
        posse("work", run, "--task", "auto", env={"PBS_ARRAY_INDEX": "0"})
        posse("finish", run)
        self.check_results(run)

    def test_replanning_for_other_outputs_keeps_the_units(self):
        run = self.plan("again")
        posse("work", run)
        posse("finish", run)
        self.plan("again", "--wide-csv", "--replan")
        self.assertIn("0 units done", posse("work", run).stdout)
        posse("finish", run)
        self.assertTrue(list((run / "results-extras" / "wide").iterdir()))

    def test_units_of_a_replaced_plan_are_told_and_removed(self):
        run = self.plan("replaced", unit="48")
        posse("work", run)
        self.plan("replaced", "--replan", unit="24")
        self.assertIn("1 unit of earlier plans", posse("status", run).stdout)
        posse("work", run)
        posse("finish", run, "--remove-others")
        self.assertEqual(json.loads(posse("status", run, "--json").stdout)["units_of_other_plans"], 0)
        self.check_results(run)
        records = [json.loads((folder / "openarena" / "run.json").read_text())
                   for folder in (self.top / "one" / "results", run / "results")]
        self.assertEqual(records[0]["consensus"], records[1]["consensus"])
        self.assertNotIn("..", records[1]["video"]["path"])

    def test_what_is_wrong_is_said(self):
        nothing = posse("work", self.top / "none", check=False)
        self.assertEqual(nothing.returncode, 1)
        self.assertIn("posse plan", nothing.stderr)
        run = self.plan("wrong")
        text = (run / "plan.json").read_text()
        (run / "plan.json").write_text(text[:len(text) // 2])
        for verb in ("work", "finish", "status", "submit"):
            outcome = posse(verb, run, check=False)
            self.assertEqual(outcome.returncode, 1, verb)
            self.assertIn("plan.json", outcome.stderr)
        (run / "plan.json").write_text(text.replace('"posse_plan": 1', '"posse_plan": 99'))
        self.assertEqual(posse("work", run, check=False).returncode, 5)

    def test_networks_that_cannot_be_opened_are_the_machines_fault(self):
        member = self.top / "member-gone"
        shutil.copytree(DEMO / "member-1", member)
        run = self.top / "gone-run"
        posse("plan", run, VIDEO, "--members", member, "--frames", "0:4")
        shutil.rmtree(member)
        outcome = posse("work", run, check=False)
        self.assertEqual(outcome.returncode, 75)
        self.assertIn("this machine cannot go on", outcome.stderr)
        self.assertIn("there is no such member", outcome.stderr)

    def test_a_directory_that_cannot_be_written_is_the_machines_fault(self):
        run = self.plan("closed")
        shutil.rmtree(run / "units", ignore_errors=True)
        (run / "units").write_text("in the way")
        outcome = posse("work", run, check=False)
        self.assertEqual(outcome.returncode, 75)
        self.assertIn("this machine cannot go on", outcome.stderr)


if __name__ == "__main__":
    main()
