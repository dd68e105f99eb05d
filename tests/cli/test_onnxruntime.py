"""The backend onnxruntime as whole programs, with ONNX Runtime from PyPI: its CPU provider."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

from program import DEMO, MEMBERS, ROOT, VIDEO, ProgramTest, journal_bytes, main, np, points, posse, run_words, start, stop_when, table


def library():
    """POSSE_ORT_LIBRARY, else that of tests/pypi/pins.txt; None where it cannot be had."""
    if os.environ.get("POSSE_ORT_LIBRARY"):
        return pathlib.Path(os.environ["POSSE_ORT_LIBRARY"])
    found = subprocess.run([ROOT / "scripts" / "pypi_env.py", "onnxruntime"], capture_output=True, text=True)
    if found.returncode != 0:
        return None
    lib = pathlib.Path(found.stdout.strip()).parent.parent / "lib"
    return next(lib.rglob("libonnxruntime.so*"), None)


LIBRARY = library()
OURS = ["--device", "cpu"]
THEIRS = ["--backend", "onnxruntime", "--device", "cpu", "--ort-library", str(LIBRARY)]


def most_threads(process):
    """The most threads that a process was seen with; waits for its end."""
    most = [0]

    def look():
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                return
            found = [line for line in status.splitlines() if line.startswith("Threads:")]
            most[0] = max(most[0], *(int(line.split()[1]) for line in found), 0)

    watcher = threading.Thread(target=look)
    watcher.start()
    process.communicate(timeout=300)
    watcher.join()
    return most[0]


class Runs(ProgramTest):
    def poses(self, name, words, consensus):
        out = self.folder / name
        done = posse(*run_words(VIDEO, MEMBERS, out, "--frames", "0:24", "--consensus", consensus, *words))
        self.assertIn(done.code, (0, 4), done)
        record = json.loads((out / "openarena" / "run.json").read_text())
        return points(table(out / "openarena", "*posse*.h5")), record

    def test_every_consensus_agrees_with_our_engine(self):
        for consensus in ("mean", "median", "track"):
            ours, _ = self.poses(f"ours-{consensus}", OURS, consensus)
            theirs, record = self.poses(f"theirs-{consensus}", THEIRS, consensus)
            # 1e-5 of the maps' range is 1e-4 of a cell; a cell has 8 pixels.
            self.assertLess(np.abs(ours[..., :2] - theirs[..., :2]).max(), 0.01, consensus)
            self.assertLess(np.abs(ours[..., 2] - theirs[..., 2]).max(), 1e-3, consensus)
            backend = record["backend"]
            self.assertEqual(backend["name"], "onnxruntime cpu fp32")
            self.assertEqual((backend["device"], backend["precision"], backend["library"]), ("cpu", "fp32", str(LIBRARY)))
            self.assertLess(backend["golden_error"], 1e-4)

    def test_numbers_of_two_engines_never_stand_in_one_result(self):
        out = self.folder / "out"
        words = run_words(VIDEO, MEMBERS, out, "--consensus", "mean")
        process = start(*words, *OURS)
        journal = out / "openarena" / ".posse-journal"
        self.assertTrue(stop_when(process, journal, journal_bytes(5, 16), signal.SIGKILL))
        done = posse(*words, *THEIRS, "--frames", "0:40", "--json")
        if done.code == 2:  # told, and done when it is asked for
            self.assertIn("--force", done.err)
            done = posse(*words, *THEIRS, "--frames", "0:40", "--json", "--force")
        self.assertIn(done.code, (0, 4), done)
        self.assertEqual(done.json[0]["frames_resumed"], 0)
        refused = posse(*words, *OURS, "--frames", "0:40")
        self.assert_error(refused, 2, "--force")

    def test_float16_is_looked_at_and_stands_alone(self):
        ours, _ = self.poses("ours", OURS, "mean")
        half, record = self.poses("half", [*THEIRS, "--precision", "fp16"], "mean")
        # The gate's bound of the 99th percentile holds for the consensus as well.
        self.assertLess(np.quantile(np.abs(ours[..., :2] - half[..., :2]), 0.99), 0.2)
        self.assertGreater(np.abs(ours[..., :2] - half[..., :2]).max(), 0)
        self.assertEqual(record["backend"]["name"], "onnxruntime cpu fp16")
        check = record["backend"]["precision_check"]
        self.assertEqual((check["frames"], len(check["member_median_px"]), len(check["member_p99_px"])), (24, 5, 5))
        self.assertLessEqual(max(check["member_median_px"]), 0.02)
        self.assertLessEqual(max(check["member_p99_px"]), 0.2)
        words = run_words(VIDEO, MEMBERS, self.folder / "half", "--frames", "0:24", "--consensus", "mean", *THEIRS)
        self.assert_error(posse(*words), 2, "--force")

    def test_precisions_that_a_device_lacks_are_refused(self):
        words = run_words(VIDEO, MEMBERS[:1], self.folder / "out")
        self.assert_error(posse(*words, *THEIRS, "--precision", "tf32"), 2, "device 'cpu' has no precision tf32")
        self.assert_error(posse(*words, "--precision", "fp16"), 2, "backend 'cpu' computes in fp32")
        self.assert_error(posse(*words, "--device", "auto", "--ort-library", LIBRARY, "--precision", "fp16"), 5, "--precision fp32")

    def test_many_machines_compute_on_the_planned_device(self):
        run = self.folder / "plan"
        words = ["--frames", "0:20", "--unit-frames", "8", "--consensus", "mean", *THEIRS, "--precision", "fp16"]
        self.assert_code(posse("plan", run, VIDEO, "--members", *MEMBERS[:2], *words), 0)
        self.assert_code(posse("work", run), 0)
        self.assertIn(posse("finish", run).code, (0, 4))
        record = json.loads(next(run.rglob("run.json")).read_text())
        self.assertEqual(record["backend"]["name"], "onnxruntime cpu fp16")
        self.assertEqual((record["backend"]["device"], record["backend"]["precision_check"]["frames"]), ("cpu", 20))

    def test_threads_are_bounded(self):
        words = run_words(VIDEO, MEMBERS[:2], self.folder / "out", "--frames", "0:40", "--threads", "1", "--consensus", "mean")
        # The program's own, a decoder's thread and a worker, which calls the library, and those of the video's decoder.
        ours = most_threads(start(*words, *OURS))
        theirs = most_threads(start(*words, "--force", *THEIRS))
        self.assertLessEqual(theirs, ours + 1)

    def test_what_is_missing_is_said_with_the_line_that_brings_it(self):
        words = run_words(VIDEO, MEMBERS[:1], self.folder / "out")
        for more, told in [
            (["--device", "cuda", "--ort-library", self.folder / "no.so"], ["there is no such file", "pip install onnxruntime"]),
            (["--device", "cuda", "--ort-library", LIBRARY], ["without CUDAExecutionProvider", "onnxruntime-gpu[cuda,cudnn]"]),
            (["--backend", "onnxruntime", "--ort-library", VIDEO], ["no ELF file"]),
        ]:
            self.assert_error(posse(*words, *more), 5, *told)
        self.assert_error(posse(*words, "--device", "gpu", "--ort-library", LIBRARY), 2, "device 'gpu' is not known")
        self.assert_error(posse(*words, "--device", "cuda", "--backend", "cpu"), 2, "has no device 'cuda'")

    def test_the_doctor_tells(self):
        said = posse("doctor", "--ort-library", LIBRARY).out
        self.assertIn(str(LIBRARY), said)
        self.assertRegex(said, r"(?m)^  cpu +works, [0-9.e-]+ of the maps' range")
        self.assertRegex(said, r"(?m)^  webgpu +.*pip install onnxruntime-webgpu")
        self.assertIn("pip install onnxruntime", posse("doctor", "--ort-library", DEMO / "no.so").out)

    def test_auto_takes_our_engine_where_no_card_is(self):
        _, record = self.poses("auto", ["--device", "auto", "--ort-library", str(LIBRARY)], "mean")
        self.assertEqual(record["backend"]["name"], "cpu")


if LIBRARY is None:
    print("SKIPPED: ONNX Runtime is not there, nor is PyPI")
    sys.exit(77)
main()
