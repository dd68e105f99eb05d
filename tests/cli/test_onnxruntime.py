"""The backend onnxruntime as whole programs, with ONNX Runtime from PyPI: its CPU provider, also in the guise of cards.

usage: test_onnxruntime.py POSSE DATA POSING. DATA: the shared data, where $POSSE_SHARED_DATA does not name it; POSING: the library of
tests/support/posing_onnxruntime.cc
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

DATA = pathlib.Path(os.environ.get("POSSE_SHARED_DATA") or sys.argv[2])
POSING = sys.argv[3]
del sys.argv[2:4]

import torch_models  # noqa: E402  (argv first)
from program import DEMO, MEMBERS, ROOT, VIDEO, ProgramTest, journal_bytes, main, np, points, posse, run_words, start, stop_when, table  # noqa: E402


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
PROXY = pathlib.Path(POSING).with_name("libposse_proxy_onnxruntime.so")
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


def peak_megabytes(*words):
    """The most memory that a run of the program held."""
    process = start(*words)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    assert process.returncode in (0, 4), process.returncode
    return usage.ru_maxrss / 1024


class EngineTest(ProgramTest):
    def assert_agree(self, name, members, *more, points_px=0.01, scores=1e-3, video=VIDEO, frames="0:12"):
        """Whole runs of both engines. @return the record of ONNX Runtime's"""
        tables = {}
        for engine, words in (("ours", OURS), ("theirs", THEIRS)):
            out = self.folder / f"{engine}-{name}"
            done = posse(*run_words(video, members, out, "--frames", frames, *more, *words))
            self.assertIn(done.code, (0, 4), done)
            tables[engine] = points(table(out / video.stem, "*posse*.h5"))
        apart = np.abs(tables["ours"] - tables["theirs"])
        print(f"{name}: {np.nanmax(apart[..., :2]):.5f} px, {np.nanmax(apart[..., 2]):.6f}")
        self.assertLess(np.nanmax(apart[..., :2]), points_px, name)
        self.assertLess(np.nanmax(apart[..., 2]), scores, name)
        self.assertTrue((np.isnan(tables["ours"]) == np.isnan(tables["theirs"])).all(), name)
        return json.loads((out / video.stem / "run.json").read_text())


class Runs(EngineTest):
    def poses(self, name, words, consensus):
        out = self.folder / name
        done = posse(*run_words(VIDEO, MEMBERS, out, "--frames", "0:24", "--consensus", consensus, *words))
        self.assertIn(done.code, (0, 4), done)
        record = json.loads((out / "openarena" / "run.json").read_text())
        return points(table(out / "openarena", "*posse*.h5")), record

    # Maps are within 1e-5 of their range: that is 1e-4 of a cell, which has 8 pixels.
    def test_every_consensus_agrees_with_our_engine(self):
        for consensus in ("mean", "median", "track"):
            backend = self.assert_agree(consensus, MEMBERS, "--consensus", consensus)["backend"]
            self.assertEqual(backend["name"], "onnxruntime cpu fp32")
            self.assertEqual((backend["device"], backend["precision"], backend["library"]), ("cpu", "fp32", str(LIBRARY)))
            self.assertLess(backend["golden_error"], 1e-4)

    def test_every_decode_rule_agrees(self):
        for rule in ("dgp", "dlc"):
            self.assert_agree(rule, MEMBERS[:2], "--consensus", "mean", "--decode", rule)

    def test_batch_norms_of_every_kind_agree(self):
        for mode in ("frame", "batch:4", "moving"):
            # Statistics of frames amplify rounding, up to 5e-3 of the maps' range: half a pixel.
            loose = mode != "moving"
            self.assert_agree(mode.replace(":", "-"), MEMBERS[:2], "--consensus", "mean", "--batch-norm", mode,
                              points_px=0.2 if loose else 0.01, scores=5e-3 if loose else 1e-3)

    def test_the_order_of_members_matters_as_little(self):
        orders = []
        for name, members in (("first", MEMBERS[:3]), ("last", MEMBERS[2::-1])):
            self.assert_agree(name, members, "--consensus", "mean")
            orders.append(points(table(self.folder / f"theirs-{name}" / "openarena", "*posse*.h5")))
        self.assertLess(np.abs(orders[0] - orders[1]).max(), 1e-4, "float32 sums in another order")

    def test_memory_does_not_grow_with_the_video(self):
        def peak(frames):
            words = run_words(VIDEO, MEMBERS[:1], self.folder / f"out-{frames}", "--frames", f"0:{frames}", "--consensus", "mean", *THEIRS)
            return peak_megabytes(*words)
        few, many = peak(40), peak(200)
        print(f"40 frames {few:.0f} MB, 200 frames {many:.0f} MB")
        # 160 further frames of 160x128 would be 10 MB, their maps 1 MB.
        self.assertLess(many - few, 8)

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


@unittest.skipUnless((DATA / "torch-goldens").is_dir(), f"data not there: {DATA}/torch-goldens")
class TorchMembers(EngineTest):
    """Networks of PyTorch's tools."""

    def test_tools_of_pytorch_agree(self):
        goldens = DATA / "torch-goldens"
        clip = goldens / "clip" / "openarena-clip.mp4"
        project = torch_models.deeplabcut_project(goldens, self.folder / "arena")
        self.assert_agree("deeplabcut", [project], "--shuffle", "3", video=clip, frames="0:3")
        model = torch_models.lightning_model(goldens, self.folder / "model")
        self.assert_agree("lightning", [model, MEMBERS[0]], video=clip, frames="0:6")

    def test_the_corrected_rule_of_lightning_pose_agrees(self):
        goldens = DATA / "torch-goldens"
        model = torch_models.lightning_golden(goldens, "lp-resnet18-ds3", self.folder / "model")
        # Weights that no training made: flat maps, whose mean hardly moves.
        self.assert_agree("corrected", [model], "--decode", "lp-correct", video=goldens / "clip" / "openarena-clip.mp4")


class Cards(ProgramTest):
    """ONNX Runtime's own library under the name of cards, so that a run on one can be had anywhere."""

    def tearDown(self):
        for name in ("POSSE_POSING_AS_CARD", "POSSE_POSING", "POSSE_POSING_WRONG"):
            os.environ.pop(name, None)
        super().tearDown()

    def run_on(self, device, providers, wrong="", code=0):
        os.environ.update(POSSE_POSING_AS_CARD=str(LIBRARY), POSSE_POSING=providers, POSSE_POSING_WRONG=wrong)
        out = self.folder / "out"
        done = posse(*run_words(VIDEO, MEMBERS[:1], out, "--frames", "0:12", "--consensus", "mean", "--device", device, "--ort-library", POSING,
                                "--force"))
        if code:
            return done
        self.assert_code(done, 0)
        return done, json.loads((out / "openarena" / "run.json").read_text())["backend"]

    def test_auto_takes_the_card(self):
        done, backend = self.run_on("auto", "CUDAExecutionProvider")
        self.assertEqual((backend["name"], backend["device"]), ("onnxruntime cuda fp32", "cuda"))
        self.assertNotIn("passed over", done.err)
        self.assertRegex(done.err, r"device cuda in fp32: on a trial frame members' maps are within \d\.\de-\d+ of their range")

    def test_auto_passes_over_a_card_that_fails_with_a_member(self):
        done, backend = self.run_on("auto", "CUDAExecutionProvider,WebGpuExecutionProvider", wrong="CUDAExecutionProvider")
        self.assertEqual(backend["name"], "onnxruntime webgpu fp32")
        self.assertEqual(done.err.count("passed over"), 1, done)
        self.assertIn("device cuda computes other maps", done.err)
        self.assertEqual(len(backend["passed_over"]), 1)
        both = "CUDAExecutionProvider,WebGpuExecutionProvider"
        done, backend = self.run_on("auto", both, wrong=both)
        self.assertEqual(backend["name"], "cpu")
        self.assertEqual(done.err.count("passed over"), 2, done)
        # What is there already was computed by the same choice.
        words = run_words(VIDEO, MEMBERS[:1], self.folder / "out", "--frames", "0:12", "--consensus", "mean", "--device", "auto", "--ort-library",
                          POSING)
        self.assertIn("done already", posse(*words).out)

    def test_a_card_that_is_named_must_do(self):
        done = self.run_on("cuda", "CUDAExecutionProvider", wrong="CUDAExecutionProvider", code=5)
        self.assert_error(done, 5, "device cuda computes other maps")


class FailingCards(ProgramTest):
    """A card that fails: ONNX Runtime's CPU provider under the name of CUDA's (tests/support/proxy_onnxruntime.cc)."""

    WORDS = ["--frames", "0:40", "--consensus", "mean", "--device", "cuda", "--ort-library", PROXY, "--batch", "8"]

    def setUp(self):
        super().setUp()
        os.environ["POSSE_PROXY_ORT"] = str(LIBRARY)
        self.does("")

    def does(self, words):
        os.environ["POSSE_PROXY_ORT_DOES"] = words

    def run_at(self, out, members=3, words=(), graphs="several"):
        return posse(*run_words(VIDEO, MEMBERS[:members], self.folder / out, *self.WORDS, "--graphs", graphs, *words))

    def results(self, out):
        record = json.loads((self.folder / out / "openarena" / "run.json").read_text())
        return points(table(self.folder / out / "openarena", "*posse*.h5")), record["backend"]

    def test_a_full_memory_means_smaller_batches_then_fewer_members(self):
        self.assert_code(self.run_at("whole"), 0)
        whole, backend = self.results("whole")
        self.assertEqual((backend["name"], backend["device"]), ("onnxruntime cuda fp32", "cuda"))
        self.assertNotIn("frames_at_once", backend)
        for does, frames, members, told in [
            ("oom:5", 4, None, "memory is full: networks take 4 frames at a time; results"),
            ("members:2", None, 1, "memory is full: 1 of 3 networks are in it together; results"),
            ("oom:1,members:1", 1, 1, "networks take 1 frames at a time, 1 of 3 networks"),
        ]:
            self.does(does)
            done = self.assert_code(self.run_at(does), 0)
            self.assertEqual(done.err.count("memory is full"), 1, done)
            self.assertIn(told, done.err)
            got, backend = self.results(does)
            self.assertEqual((backend.get("frames_at_once"), backend.get("members_at_once")), (frames, members), does)
            np.testing.assert_allclose(got, whole, atol=1e-3)  # float32 sums of another number of frames
        self.does("oom:0")
        self.assert_error(self.run_at("none"), 5, "Failed to allocate memory")

    def test_one_graph_gives_what_several_give(self):
        for graphs in ("one", "several"):
            self.assert_code(self.run_at(graphs, graphs=graphs), 0)
            self.assertEqual(self.results(graphs)[1]["graphs"], graphs)
        np.testing.assert_allclose(self.results("one")[0], self.results("several")[0], atol=1e-3)

    def test_a_lost_card_stops_all_and_the_same_command_goes_on(self):
        self.assert_code(self.run_at("whole", 2), 0)
        self.does("lost:8")  # a golden frame of the trial, two runs a member, three of the video
        self.assert_error(self.run_at("out", 2), 75, "unspecified launch failure")
        self.does("")
        done = self.assert_code(self.run_at("out", 2, ["--json"]), 0)
        self.assertEqual(done.json[0]["frames"], 40)
        np.testing.assert_allclose(self.results("out")[0], self.results("whole")[0], atol=1e-3)

    def test_a_worker_whose_card_is_lost_gives_its_unit_back(self):
        run = self.folder / "plan"
        self.assert_code(posse("plan", run, VIDEO, "--members", *MEMBERS[:2], "--unit-frames", "20", *self.WORDS, "--graphs", "several"), 0)
        self.does("lost:8")
        done = self.assert_code(posse("work", run, "--batch", "8"), 75)
        self.assertIn("this machine cannot go on", done.err)
        self.assertFalse(list(run.rglob("failed/*")), done)
        self.does("oom:4")
        done = self.assert_code(posse("work", run, "--batch", "8"), 0)
        self.assertEqual(done.err.count("networks take 4 frames at a time"), 1, done)
        self.assertIn(posse("finish", run).code, (0, 4))

    def test_fewer_digits_are_looked_at_on_the_card(self):
        self.assert_code(self.run_at("half", 2, ["--precision", "fp16"]), 0)
        _, backend = self.results("half")
        self.assertEqual((backend["name"], backend["precision_check"]["frames"]), ("onnxruntime cuda fp16", 32))


if LIBRARY is None:
    print("SKIPPED: ONNX Runtime is not there, nor is PyPI")
    sys.exit(77)
main()
