#!/usr/bin/env python3
"""`posse smooth` and `posse consensus` on data of our own: the demo's members, and a made rig of two cameras.

usage: check_smoothing_made.py POSSE DEMO_DATA; exits 77 (skipped) without pandas.
The truth is eks_reference.py, a second implementation. Positions hold to 1e-8 px and variances to 1e-9 relative, as against the
goldens of check_smoothing.py.
"""
import csv
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import pandas as pd
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

import eks_reference

NUM_FRAMES = 150
S = 10


def run(posse, *words):
    done = subprocess.run([posse, "--quiet", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.returncode, done.stderr)


def table(values, names):
    """A table of predictions [frames, keypoints, (x, y, likelihood)] as DeepLabCut writes it."""
    columns = pd.MultiIndex.from_product([["net"], names, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"])
    return pd.DataFrame(values.reshape(len(values), -1), columns=columns)


def columns(path):
    frame = pd.read_csv(path, header=[0, 1, 2], index_col=0, float_precision="round_trip")
    return {(c[-2], c[-1]): frame[c].to_numpy() for c in frame.columns}


def assert_close(got, position, variance, name, label):
    for axis, coord in enumerate("xy"):
        assert np.max(np.abs(got[name, coord] - position[:, axis])) < 1e-8, (label, name, coord)
        assert np.max(np.abs(got[name, coord + "_posterior_var"] / variance[:, axis] - 1)) < 1e-9, (label, name, coord)


def demo_members(demo, out):
    """The golden predictions of the demo's five members: (values [members, frames, keypoints, 3], names, files)."""
    values, paths = [], []
    for path in sorted((demo / "golden").glob("member-[0-9].csv")):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:NUM_FRAMES]
        names = [key.removesuffix("_dlc_x") for key in rows[0] if key.endswith("_dlc_x")]
        values.append([[[float(row[f"{name}_dlc_{coord}"]) for coord in ("x", "y", "likelihood")] for name in names]
                       for row in rows])
        paths.append(out / path.name)
        table(np.array(values[-1]), names).to_csv(paths[-1])
    return np.array(values), names, paths


def check_single(posse, demo, out):
    members, names, paths = demo_members(demo, out)
    assert members.shape == (5, NUM_FRAMES, 4, 3)
    run(posse, "smooth", "single", *paths, "--s", S, "--out", out / "single.h5", "--wide-csv", out / "single.csv")
    ours = columns(out / "single.csv")
    positions, variances = eks_reference.summarise(members, True)
    for k, name in enumerate(names):
        mean = positions[:, k].mean(axis=0)
        y = positions[:, k] - mean
        identity = np.eye(2)
        m, p = eks_reference.smooth(y, variances[:, k], lambda m: (m, identity), np.zeros(2), np.diag(y.var(axis=0)), S * identity)
        assert_close(ours, m + mean, np.diagonal(p, axis1=1, axis2=2), name, "single")
    run(posse, "consensus", *paths, "--method", "median", "--out", out / "median.csv")
    median = columns(out / "median.csv")
    for k, name in enumerate(names):
        for axis, coord in enumerate("xy"):
            # one rounding of sums of coordinates
            assert np.max(np.abs(median[name, coord] - np.median(members[:, :, k, axis], axis=0))) < 1e-9, (name, coord)


def check_several(posse, out):
    """Points that wander in space, seen by two cameras along two axes, by three members with errors of their own."""
    random = np.random.default_rng(7)
    names = ["nose", "tail"]
    space = 200 + np.cumsum(random.normal(0, 2, (NUM_FRAMES, 2, 3)), axis=0)
    views = {"top": [[1, 0, 0.2], [0, 1, 0.1]], "side": [[0.9, 0.1, 0], [0.1, 0.2, 1]]}
    summaries = []
    for camera, matrix in views.items():
        seen = space @ np.array(matrix).T
        members = [np.dstack([seen + random.normal(0, 1, seen.shape), random.uniform(0.6, 1, seen.shape[:2])]) for _ in range(3)]
        for m, values in enumerate(members):
            table(values, names).to_csv(out / f"rig{m}.{camera}.csv")
        summaries.append(eks_reference.summarise(np.array(members), True))
    run(posse, "smooth", "multi", *sorted(out.glob("rig*.csv")), "--camera-names", *views, "--s", S, "--out", out / "multi",
        "--wide-csv", out / "wide")
    expected = eks_reference.smooth_linear([p for p, _ in summaries], [v for _, v in summaries], S)
    for c, camera in enumerate(views):
        ours = columns(out / "wide" / f"{camera}.csv")
        for k, name in enumerate(names):
            position, variance = expected[k]
            assert_close(ours, position[:, 2 * c:2 * c + 2], variance[:, 2 * c:2 * c + 2], name, camera)


def main(posse, demo):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)
        check_single(posse, pathlib.Path(demo), out)
        check_several(posse, out)
    print("single, several cameras, consensus: as the reference")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
