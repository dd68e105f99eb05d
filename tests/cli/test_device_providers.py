"""Providers of ONNX Runtime other than its processor's own, as far as a machine without a card has them: WebGPU on a Vulkan driver that
computes on the processor (SwiftShader, Debian's package chromium-common), Intel's OpenVINO on the processor, and plug-ins.

usage: test_device_providers.py POSSE FAMILIES. FAMILIES: the program of src/network/backends/onnxruntime/agreement_test.cc.
Slow: installs from PyPI, and minutes of shaders.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

FAMILIES = sys.argv.pop(2)

from program import MEMBERS, ROOT, VIDEO, ProgramTest, main, np, points, posse, run_words, table  # noqa: E402  (argv first)

OWN = pathlib.Path("/usr/lib/chromium/vk_swiftshader_icd.json")
DRIVER = os.environ.get("VK_ICD_FILENAMES") or (str(OWN) if OWN.exists() else "")
# What a driver or another maker's library leaves behind at its end is not ours, where the program is built to look for that.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"


def library(group):
    """Of a section of tests/pypi/pins.txt."""
    found = subprocess.run([ROOT / "scripts" / "pypi_env.py", group], capture_output=True, text=True)
    if found.returncode != 0:
        raise unittest.SkipTest(found.stdout.strip())
    return next((pathlib.Path(found.stdout.strip()).parent.parent / "lib").rglob("libonnxruntime.so*"))


class Providers(ProgramTest):
    def small_video(self):
        """Two frames of 64x64."""
        video = self.folder / "small.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-i", VIDEO, "-vf", "scale=64:64", "-frames:v", "2", "-pix_fmt", "yuv420p", video], check=True)
        return video

    def maps(self, name, video, *words):
        """The first frame's raw maps."""
        done = posse("scoremap", MEMBERS[0], video, "--frames", "0:1", "--out", self.folder / name, *words)
        self.assert_code(done, 0)
        return {path.name: np.load(path) for path in sorted((self.folder / name).rglob("*.npy"))}

    def assert_same_maps(self, video, words):
        ours, theirs = self.maps("ours", video), self.maps("theirs", video, *words)
        self.assertEqual(list(ours), list(theirs))
        for name, expected in ours.items():
            error = np.abs(theirs[name] - expected).max() / np.ptp(expected)
            print(f"{name}: {error:.1e} of the range")
            self.assertLess(error, 1e-4, name)

    def assert_families(self, device, ort_library, names):
        """Networks of several families, at odd sizes, operation by operation on the device."""
        wanted = ":".join(f"*AgreeWithOurEngineAtOddSizes/{name}" for name in names)
        variables = {**os.environ, "POSSE_ORT_LIBRARY": str(ort_library), "POSSE_ORT_TEST_DEVICE": device}
        done = subprocess.run([FAMILIES, f"--gtest_filter={wanted}"], env=variables, capture_output=True, text=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        self.assertIn(f"[  PASSED  ] {len(names)} tests", done.stdout)

    def assert_same_run(self, video, device, words, points_px, members=MEMBERS[:1]):
        found = {}
        for engine, more in (("ours", []), ("theirs", words)):
            out = self.folder / f"out-{engine}"
            self.assertIn(posse(*run_words(video, members, out, "--frames", "0:12", "--consensus", "mean", *more)).code, (0, 4))
            found[engine] = points(table(out / video.stem, "*posse*.h5"))
        self.assertLess(np.abs(found["ours"][..., :2] - found["theirs"][..., :2]).max(), points_px)
        backend = json.loads((out / video.stem / "run.json").read_text())["backend"]
        self.assertEqual((backend["name"], backend["device"]), (f"onnxruntime {device} fp32", device))
        print(f"{device}: golden frame {backend['golden_error']:.1e}, {np.abs(found['ours'] - found['theirs']).max():.5f} px or likelihood")
        return backend

    @unittest.skipUnless(DRIVER, "no Vulkan driver that computes on the processor: Debian's chromium-common has one")
    def test_webgpu_computes_the_same_maps(self):
        words = ["--device", "webgpu", "--ort-library", library("onnxruntime-webgpu")]
        os.environ["VK_ICD_FILENAMES"] = DRIVER
        video = self.small_video()
        self.assert_same_maps(video, words)
        self.assertLess(self.assert_same_run(video, "webgpu", words, 0.01)["golden_error"], 1e-4)
        self.assert_families("webgpu", words[-1], ["efficientnet_b0", "mobilenet_moving", "torch_resnet"])

    def test_openvino_computes_the_same_maps(self):
        words = ["--device", "openvino", "--ort-library", library("onnxruntime-openvino")]
        self.assert_same_maps(VIDEO, words)
        self.assertLess(self.assert_same_run(VIDEO, "openvino", words, 0.05, MEMBERS)["golden_error"], 1e-3)
        families = ["resnet_50", "torch_resnet", "mobilenet_moving", "mobilenet_frame", "mobilenet_batch"]
        self.assert_families("openvino", words[-1], [*families, *(f"efficientnet_b{number}" for number in range(4))])

    def test_plugins_that_pip_installs_are_found_and_registered(self):
        said = posse("doctor", "--ort-library", library("onnxruntime-plugins"))
        self.assert_code(said, 0)
        for package, kind in (("onnxruntime_ep_webgpu", "webgpu"), ("onnxruntime_ep_openvino", "openvino")):
            self.assertRegex(said.out, rf"(?m)^  plug-in +/\S+/{package}/\S+ for {kind}: registered, offers (no|\d+) device")


if __name__ == "__main__" and not os.environ.get("POSSE_SLOW_TESTS"):
    print("SKIPPED: installs much from PyPI and takes minutes: scripts/check.sh slow does it, or POSSE_SLOW_TESTS=1")
    sys.exit(77)
main()
