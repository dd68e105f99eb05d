"""scripts/gpu_check.sh, which measures cards on machines without anything: bundled, carried to another folder, and run there.

usage: test_gpu_check.py POSSE POSING. POSING: the library of tests/support/posing_onnxruntime.cc; the card is ONNX Runtime's processor under
another name where that is to be had, else posse's own engine.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

POSING = sys.argv.pop(2)

from program import MEMBERS, POSSE, ROOT, ProgramTest, main, np, posse  # noqa: E402  (argv first)

BIN = pathlib.Path(POSSE).parent
# What the script may lean on there.
TOOLS = ["bash", "cat", "dirname", "env", "mktemp", "rm", "tr"]


def library():
    found = subprocess.run([ROOT / "scripts" / "pypi_env.py", "onnxruntime"], capture_output=True, text=True)
    lib = pathlib.Path(found.stdout.strip()).parent.parent / "lib"
    return next(lib.rglob("libonnxruntime.so*"), None) if found.returncode == 0 else None


class GpuCheck(ProgramTest):
    def script(self, *words, script=ROOT / "scripts" / "gpu_check.sh", **more):
        done = subprocess.run(["bash", script, *map(str, words)], capture_output=True, text=True, timeout=600, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def carried(self):
        """The bundle, put together from its pieces in another folder; the first one is gone."""
        made = self.folder / "made"
        self.script("bundle", made, BIN)
        shutil.rmtree(made)
        pieces = sorted(self.folder.glob("made.tar.part-*"))
        self.assertLessEqual(max(piece.stat().st_size for piece in pieces), 48 << 20)
        self.script("join", self.folder / "made.tar.part-", self.folder / "whole.tar")
        there = self.folder / "there"
        there.mkdir()
        subprocess.run(["tar", "-xzf", self.folder / "whole.tar", "-C", there], check=True)
        return there

    def test_a_carried_bundle_measures(self):
        there = self.carried()
        path = self.folder / "path"
        path.mkdir()
        for tool in TOOLS:
            (path / tool).symlink_to(shutil.which(tool))
        variables = {"PATH": str(path), "HOME": str(self.folder), "POSSE_GPU_SIZE": "64x64", "POSSE_GPU_NET": "mobilenet_v2_0.35",
                     "POSSE_GPU_BATCHES": "1 3", "POSSE_GPU_ROUNDS": "1"}
        real = library()
        device = "cuda" if real else "cpu"
        if real:
            variables.update(POSSE_POSING_AS_CARD=str(real), POSSE_POSING="CUDAExecutionProvider")
        self.script("run", there, POSING, self.folder / "out.json", device, script=there / "gpu_check.sh", env=variables, cwd=there)
        said = json.loads((self.folder / "out.json").read_text())
        self.assertIn("posse ", said["doctor"])
        self.assertIn("nvidia-smi", said["card"])
        precisions = said["devices"][device]
        self.assertEqual(list(precisions), ["fp32", "tf32", "fp16"])
        full = precisions["fp32"]
        self.assertEqual(full["demo"]["name"], "onnxruntime cuda fp32" if real else "cpu")
        self.assertEqual([entry["batch"] for entry in full["bench"]], [1, 3])
        for entry in full["bench"]:
            self.assertEqual((len(entry["one"]["networks"]), len(entry["five"]["networks"])), (1, 5))
        if real:
            self.assertEqual(precisions["fp16"]["demo"]["name"], "onnxruntime cuda fp16")
            self.assertEqual(len(precisions["fp16"]["demo"]["precision_check"]["member_p99_px"]), 5)
        else:
            self.assertIn("computes in fp32", precisions["tf32"]["demo"]["error"])
            self.assertIn("computes in fp32", precisions["tf32"]["bench"][0]["one"]["error"])
        self.assertIn("python3", said["torch"]["error"])

    def test_what_reads_networks_for_pytorch_reads_them_as_onnx_does(self):
        try:
            import onnx
            import onnx.numpy_helper
        except ImportError as missing:
            self.skipTest(str(missing))
        sys.path.insert(0, str(ROOT / "benchmarks" / "engines"))
        import onnx_file
        file = self.folder / "net.onnx"
        self.assert_code(posse("export", MEMBERS[0], "--float-input", "--onnx", file), 0)
        graph = onnx.load(file).graph
        nodes, constants = onnx_file.load(file)
        self.assertEqual(len(nodes), len(graph.node))
        for found, expected in zip(nodes, graph.node):
            self.assertEqual((found.op_type, found.input, found.output), (expected.op_type, list(expected.input), list(expected.output)))
            self.assertEqual(found.attributes, {a.name: onnx.helper.get_attribute_value(a) for a in expected.attribute})
        self.assertEqual(list(constants), [constant.name for constant in graph.initializer])
        for constant in graph.initializer:
            np.testing.assert_array_equal(constants[constant.name], onnx.numpy_helper.to_array(constant))

    def test_words_that_are_missing_are_told(self):
        done = subprocess.run(["bash", ROOT / "scripts" / "gpu_check.sh"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("Usage: scripts/gpu_check.sh bundle", done.stderr)


if not (BIN / "posse_bench_members").exists():
    print("SKIPPED: posse_bench_members is not built")
    sys.exit(77)
main()
