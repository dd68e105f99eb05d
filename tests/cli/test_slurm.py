"""posse submit under a Slurm on the loopback interface: arrays, lost nodes, cancelled jobs, limits.
usage: test_slurm.py POSSE SLURM_LOCAL

Says SKIPPED with the reason where the tool is not there, or Slurm cannot be brought up.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SLURM_LOCAL = pathlib.Path(sys.argv.pop(2)) if len(sys.argv) > 2 else pathlib.Path("/nonexistent")

from program import DEMO, FAST, POSSE, VIDEO, main  # noqa: E402: takes its own arguments

MEMBER = DEMO / "member-1"
SLURM = ["--memory", "400", "--time", "5", "--cpus", "1"]


def skip(reason):
    print("SKIPPED:", reason)
    sys.exit(77)


def call(*words, check=True):
    outcome = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300)
    if check and outcome.returncode != 0:
        raise AssertionError(f"{words}: exit {outcome.returncode}\n{outcome.stdout}\n{outcome.stderr}")
    return outcome


def jobs(states="all"):
    words = ["squeue", "-h", "-o", "%i %T"] + ([] if states == "all" else ["-t", states])
    return [line.split() for line in call(*words).stdout.splitlines()]


def wait_until(condition, seconds=150):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s; jobs: {jobs()}")


def runs_jobs(folder):
    """Whether this Slurm brings a job to its end within a minute."""
    mark = pathlib.Path(folder) / "mark"
    subprocess.run(["sbatch", "--parsable", "--mem=50", "--output=/dev/null", f"--wrap=touch '{mark}'"], capture_output=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and not mark.exists():
        time.sleep(0.2)
    return mark.exists()


class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="posse-slurm-")
        cls.top = pathlib.Path(cls.temporary.name)
        cls.top.chmod(0o755)
        call(POSSE, "run", VIDEO, "--members", MEMBER, "--frames", "0:160", *FAST, "--out", cls.top / "one")
        (table,) = (cls.top / "one").rglob("*.h5")
        cls.expected = table.read_bytes()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def setUp(self):
        self.run_folder = self.top / self._testMethodName
        call(POSSE, "plan", self.run_folder, VIDEO, "--members", MEMBER, "--frames", "0:160", "--unit-frames", "1")
        self.assertEqual(self.status()["tasks"], 8)

    def status(self):
        return json.loads(call(POSSE, "status", self.run_folder, "--json").stdout)

    def submit(self, *words):
        return json.loads(call(POSSE, "submit", self.run_folder, *SLURM, *words, "--json").stdout)

    def wait_for_jobs(self):
        wait_until(lambda: not jobs())

    def wait_for_work(self, at_least=3):
        wait_until(lambda: len(list(self.run_folder.rglob("*.unit"))) >= at_least)

    def check_results(self):
        self.assertEqual(self.status()["videos_with_results"], 1)
        (table,) = (self.run_folder / "results").rglob("*.h5")
        self.assertEqual(table.read_bytes(), self.expected)

    def logs(self):
        return "\n".join(path.read_text() for path in (self.run_folder / "slurm" / "log").iterdir())

    def test_an_array_over_two_nodes_and_the_finish_behind_it(self):
        made = self.submit()
        self.assertEqual((made["tasks"], len(made["jobs"])), (list(range(8)), 1))
        self.wait_for_jobs()
        self.check_results()
        again = self.submit()
        self.assertEqual((again["tasks"], again["commands"]), ([], []))

    def test_more_tasks_than_an_array_may_have(self):
        made = self.submit("--max-array", "3")
        self.assertEqual(len(made["jobs"]), 3)
        self.wait_for_jobs()
        self.check_results()

    def test_a_node_lost_in_the_middle(self):
        self.submit()
        self.wait_for_work()
        call(SLURM_LOCAL, "node-down", "pn1")
        time.sleep(1)
        call(SLURM_LOCAL, "node-up", "pn1")
        # Slurm would let what it requeues wait for two minutes.
        for job, state in jobs("PENDING"):
            call("scontrol", "update", f"jobid={job}", "starttime=now", check=False)
        self.wait_for_jobs()
        self.submit()
        self.wait_for_jobs()
        self.check_results()

    def test_cancelled_jobs_are_submitted_again(self):
        made = self.submit()
        self.wait_for_work()
        call("scancel", *made["jobs"])
        self.wait_for_jobs()
        left = self.status()
        self.assertEqual(left["videos_with_results"], 0)
        self.assertGreater(left["units_done"], 0)
        self.assertIn("units are missing", self.logs())  # the finish ran all the same
        made = self.submit()
        self.assertLess(len(made["tasks"]), 9)
        self.wait_for_jobs()
        self.check_results()

    def test_the_finish_submits_again_what_a_task_left_undone(self):
        site = self.top / "site"
        site.write_text(f"""if [ "${{SLURM_ARRAY_TASK_ID:-}}" = 3 ] && [ ! -e '{self.top}/stopped' ]; then
  touch '{self.top}/stopped'
  exit 75
fi
""")
        self.submit("--retry", "2", "--site", site)
        self.wait_for_jobs()
        self.check_results()
        self.assertIn("submitted again", self.logs())

    @unittest.skipUnless(os.environ.get("POSSE_SLOW_TESTS"), "takes Slurm half a minute of waiting")
    def test_a_worker_at_its_time_limit_stops_and_the_next_goes_on(self):
        # One that lies still keeps the unit, so that the job waits, which costs no time of the processor.
        run = self.run_folder = self.top / "time"
        call(POSSE, "plan", run, VIDEO, "--members", MEMBER, "--frames", "0:160", "--unit-frames", "160")
        still = subprocess.Popen([POSSE, "work", str(run), "--threads", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(run.rglob("*.claim")):
            self.assertIsNone(still.poll())
            time.sleep(0.01)
        still.send_signal(signal.SIGSTOP)
        try:
            call(POSSE, "submit", run, "--memory", "400", "--time", "1", "--cpus", "1")  # the signal comes a minute ahead of it
            self.wait_for_jobs()
        finally:
            still.kill()
            still.wait()
        self.assertEqual(self.status()["videos_with_results"], 0)
        self.assertIn("stopped", self.logs())
        self.submit()
        self.wait_for_jobs()
        self.check_results()

    def test_a_job_beyond_its_memory_ends_and_is_done_with_more(self):
        run = self.run_folder = self.top / "memory"  # one task of some seconds: Slurm looks once a second
        call(POSSE, "plan", run, VIDEO, "--members", DEMO, "--unit-frames", "18")
        call(POSSE, "submit", run, "--memory", "20", "--time", "5", "--cpus", "1")
        self.wait_for_jobs()
        self.assertEqual(self.status()["videos_with_results"], 0)
        self.assertIn("units are missing", self.logs())
        self.submit()
        self.wait_for_jobs()
        self.assertEqual(self.status()["videos_with_results"], 1)


if __name__ == "__main__":
    if not SLURM_LOCAL.exists():
        skip(f"{SLURM_LOCAL} is not there")
    if os.environ.get("POSSE_NO_SLURM"):
        skip("POSSE_NO_SLURM is set")
    os.environ["SLURM_LOCAL_POINTER"] = str(pathlib.Path(tempfile.gettempdir()) / f"posse-slurm-local.{os.getpid()}")
    started = subprocess.run([str(SLURM_LOCAL), "start", "--nodes", "2"], capture_output=True, text=True)
    if started.returncode != 0:
        skip(f"no Slurm here: {started.stderr.strip().splitlines()[-1:]}")
    try:
        for line in subprocess.run([str(SLURM_LOCAL), "env"], capture_output=True, text=True, check=True).stdout.splitlines():
            name, value = line.removeprefix("export ").split("=", 1)
            os.environ[name] = value.strip("'\"")
        with tempfile.TemporaryDirectory(prefix="posse-slurm-") as folder:
            if not runs_jobs(folder):
                skip("Slurm came up and runs no job here")
        main()
    finally:
        subprocess.run([str(SLURM_LOCAL), "stop"], capture_output=True)
