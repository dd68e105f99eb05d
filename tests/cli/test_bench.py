#!/usr/bin/env python3
"""`posse bench --json`: every figure is there, in its unit, and in order. Never how fast anything is.

usage: test_bench.py POSSE DEMO_DATA
"""
import json
import math
import subprocess
import sys

SPREAD = {"median", "min", "max", "p99"}


def run(posse, *words):
    return subprocess.run([posse, *words], capture_output=True, text=True)


def check_spread(spread):
    assert set(spread) == SPREAD, spread
    assert all(math.isfinite(v) for v in spread.values()), spread
    assert 0 < spread["min"] <= spread["median"] <= spread["p99"] <= spread["max"], spread


def check_report(report, size, members):
    assert set(report) == {"processor", "size", "threads", "backend", "rounds", "networks", "ensemble", "video",
                           "peak_resident_bytes"}, report
    assert report["size"] == size and report["threads"] == 1 and report["backend"] == "cpu" and report["rounds"] == 2
    assert [n["member"] for n in report["networks"]] == members
    for network in report["networks"]:
        assert set(network) == {"member", "network", "ms_per_frame", "preprocess_ms", "gflop", "gflop_per_second", "fma_peak",
                                "fraction_of_peak", "instructions"}, network
        check_spread(network["ms_per_frame"])
        check_spread(network["preprocess_ms"])
        rate = network["gflop"] / (1e-3 * network["ms_per_frame"]["median"])
        assert math.isclose(rate, network["gflop_per_second"], rel_tol=1e-9)  # one division, written in full
        assert math.isclose(rate / network["fma_peak"], network["fraction_of_peak"], rel_tol=1e-9)
    whole = report["ensemble"]
    assert set(whole) == {"members", "ms_per_frame", "single_frame_ms", "consensus_ms", "network_share", "load_seconds",
                          "first_result_seconds", "weight_bytes", "workspace_bytes"}, whole
    for key in ("ms_per_frame", "single_frame_ms", "consensus_ms"):
        check_spread(whole[key])
    assert whole["members"] == len(members) and 0 < whole["network_share"] < 1
    assert 0 < whole["load_seconds"] < whole["first_result_seconds"]
    assert 0 < whole["weight_bytes"] + whole["workspace_bytes"] < report["peak_resident_bytes"]
    video = report["video"]
    assert set(video) == {"video", "frames", "decode_ms", "write_ms", "end_to_end_ms"}, video
    for key in ("decode_ms", "write_ms", "end_to_end_ms"):
        check_spread(video[key])
    assert video["frames"] > 0 and video["decode_ms"]["min"] < video["end_to_end_ms"]["max"]


def main(posse, demo):
    members = [demo + "/member-1", demo + "/member-2"]
    common = ["--threads", "1", "--rounds", "2", "--json"]
    done = run(posse, "bench", *members, "--size", "64x48", *common)
    assert done.returncode == 0, done.stderr
    small = json.loads(done.stdout)
    check_report(small, "64x48", ["member-1", "member-2"])
    assert small["video"]["video"] == "made-up-clip.mp4"

    done = run(posse, "bench", members[0], "--video", demo + "/video/openarena.mp4", *common)
    assert done.returncode == 0, done.stderr
    real = json.loads(done.stdout)
    check_report(real, "{}x{}".format(*size_of_demo_video()), [real["networks"][0]["member"]])
    assert real["video"]["video"] == "openarena.mp4"
    # A convolution's work grows with the area; the small picture's maps are rounded up by at most a cell a side.
    area = size_of_demo_video()[0] * size_of_demo_video()[1] / (64 * 48)
    assert 0.7 * area < real["networks"][0]["gflop"] / small["networks"][0]["gflop"] <= area * 1.01, area

    text = run(posse, "bench", members[0], "--size", "64x48", "--threads", "1", "--rounds", "2")
    assert text.returncode == 0, text.stderr
    for word in ("of it preprocessing", "of it consensus", "99th percentile", "decoding", "writing", "video to .h5", "loading", "peak"):
        assert word in text.stdout, (word, text.stdout)

    for words, status, message in (([members[0], "--size", "64"], 2, "--size"), ([demo + "/nobody"], 1, "nobody"),
                                   ([members[0], "--rounds", "0"], 2, "--rounds"),
                                   ([members[0], "--size", "64x48", "--video", "x.mp4"], 2, "--video")):
        wrong = run(posse, "bench", *words)
        assert wrong.returncode == status and message in wrong.stderr and wrong.stdout == "", (words, wrong)
    return 0


def size_of_demo_video():
    return 320, 240


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
