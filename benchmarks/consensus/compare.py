#!/usr/bin/env python3
"""Time and agreement of the consensus beside a NumPy restatement of the original package's path, in one interleaved run.

The restatement does what dgp_ensembletools does for Ensemble.get_mean_pose and get_median_pose, in float64 as it does:
logistic function of every member's logits, mean or median over members, logit, softmax over the map, expectation.

usage: compare.py BENCHMARK [--frames N] [--members N] [--height N] [--width N] [--bodyparts N] [--rounds N]
       BENCHMARK is build/<preset>/bin/posse_consensus_benchmark; both run on one thread.
"""
import argparse
import os
import subprocess
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
from scipy.special import softmax


def make_maps(members, frames, height, width, bodyparts):
    """float32 [members, frames, height, width, bodyparts]: a bump of about a cell on a floor of -9, with noise."""
    random = np.random.default_rng(20)
    row, col = np.mgrid[:height, :width]
    centre_row = random.uniform(0.15, 0.85, (frames, bodyparts)) * height
    centre_col = random.uniform(0.15, 0.85, (frames, bodyparts)) * width
    maps = np.empty((members, frames, height, width, bodyparts), np.float32)
    for member in range(members):
        shift = random.normal(0, 0.5, (2, frames, bodyparts))
        for t in range(frames):
            squared = (row[..., None] - centre_row[t] - shift[0, t]) ** 2 + (col[..., None] - centre_col[t] - shift[1, t]) ** 2
            maps[member, t] = np.maximum(5 - squared / 3, -9) + random.normal(0, 0.3, squared.shape)
    return maps


def original(maps, method):
    """x, y in cells, each [frames, bodyparts]; maps is a list of float64 [frames, height, width, bodyparts]."""
    probability = [np.exp(logits) / (np.exp(logits) + 1) for logits in maps]
    consensus = np.mean(probability, axis=0) if method == "mean" else np.median(probability, axis=0)
    logits = np.log(consensus) - np.log(1 - consensus)
    mass = softmax(logits, axis=(1, 2))
    height, width = logits.shape[1:3]
    row, col = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    y = np.sum(row[:, :, None, None] * np.transpose(mass, (1, 2, 0, 3)), axis=(0, 1))
    x = np.sum(col[:, :, None, None] * np.transpose(mass, (1, 2, 0, 3)), axis=(0, 1))
    return x, y


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark")
    for name, value in (("frames", 1000), ("members", 5), ("height", 48), ("width", 58), ("bodyparts", 4), ("rounds", 3)):
        parser.add_argument("--" + name, type=int, default=value)
    args = parser.parse_args()
    shape = [args.members, args.frames, args.height, args.width, args.bodyparts]
    maps = make_maps(*shape)
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        file, out = os.path.join(folder, "maps.f32"), os.path.join(folder, "positions.f64")
        maps.tofile(file)
        doubles = list(maps.astype(np.float64))
        positions = {}
        for _ in range(args.rounds):
            lines = subprocess.run([args.benchmark, file, *map(str, shape), out], check=True, capture_output=True, text=True)
            for line in lines.stdout.splitlines():
                times.setdefault("posse " + line.split()[0], []).append(float(line.split()[2]))
            for method in ("mean", "median"):
                start = time.perf_counter()
                positions[method] = original(doubles, method)
                times.setdefault("original " + method, []).append(1e3 * (time.perf_counter() - start))
        ours = np.fromfile(out).reshape(2, args.frames, args.bodyparts, 2)
    print(f"{args.frames} frames of {args.height}x{args.width}x{args.bodyparts}, {args.members} members; one thread; "
          f"medians of {args.rounds} rounds")
    for name, values in times.items():
        print(f"{name:24} {np.median(values):9.1f} ms  ({min(values):.1f} to {max(values):.1f})")
    for i, method in enumerate(("mean", "median")):
        ratio = np.median(times["original " + method]) / np.median(times["posse " + method])
        difference = max(np.abs(ours[i, :, :, k] - positions[method][k]).max() for k in (0, 1))
        share = np.median(times["posse reading"]) / np.median(times["posse " + method])
        print(f"{method}: {ratio:.0f}x the original's speed, {100 * share:.0f} % of it reading the maps from memory; "
              f"largest difference {difference:.1e} cells")


if __name__ == "__main__":
    main()
