#!/usr/bin/env python3
"""One network in posse and in other programs, in turn, as a markdown table.

  compare.py POSSE MEMBER [--size WxH] [--threads N] [--rounds R] [--runs K]

MEMBER is a ResNet-50 member (a project folder or snapshot prefix). Every engine runs K frames at batch 1 in a process of its own,
pinned to N processors, one engine after another, R rounds; each cell is the median of the rounds' medians with their range, and
ratios are formed round by round. Engines that are not installed are left out: PyTorch (python3-torch), OpenCV DNN
(python3-opencv), ONNX Runtime (npm package onnxruntime-node; NODE_PATH must find it).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))


def output(words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def pinned(threads, words):
    return ["taskset", "-c", "0" if threads == 1 else "0-%d" % (threads - 1), *words]


def works(words):
    return subprocess.run(words, capture_output=True).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("posse")
    parser.add_argument("member")
    parser.add_argument("--size", default="464x384")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    width, height = args.size.split("x")
    tail = [width, height, str(args.threads), str(args.runs)]
    with tempfile.TemporaryDirectory() as folder:
        model = folder + "/net.onnx"
        output([args.posse, "export", args.member, "--onnx", model, "--float-input", "--decode", "dgp"])

        def posse():
            text = output(pinned(args.threads, [args.posse, "bench", args.member, "--size", args.size, "--decode", "dgp",
                                                "--threads", str(args.threads), "--batch", "1", "--rounds", str(args.runs),
                                                "--json"]))
            bench = json.loads(text)
            key = "networks" if args.threads == 1 else "ensemble"
            found = bench[key][0] if key == "networks" else bench[key]
            return found["ms_per_frame"]["median"]

        def program(words):
            return lambda: float(output(pinned(args.threads, words)).split()[-1])

        engines = {"posse": posse}
        if works(["node", "-e", "require('onnxruntime-node')"]):
            engines["ONNX Runtime"] = program(["node", here + "/time_onnxruntime.js", model, *tail])
        if works(["/usr/bin/python3", "-c", "import torch"]):
            engines["PyTorch, frozen"] = program(["/usr/bin/python3", here + "/time_torch.py", "frozen", *tail])
        if works(["/usr/bin/python3", "-c", "import cv2"]):
            engines["OpenCV DNN"] = program(["/usr/bin/python3", here + "/time_opencv.py", model, *tail])
        rounds = []
        for _ in range(args.rounds):
            rounds.append({name: run() for name, run in engines.items()})
            print(rounds[-1], file=sys.stderr)
    print("| engine | ms per frame, median (range) | posse is faster by |\n| --- | --- | --- |")
    for name in engines:
        times = [r[name] for r in rounds]
        ratios = [r[name] / r["posse"] for r in rounds]
        print("| %s | %.1f (%.1f to %.1f) | %.2f (%.2f to %.2f) |" % (
            name, statistics.median(times), min(times), max(times), statistics.median(ratios), min(ratios), max(ratios)))


if __name__ == "__main__":
    main()
