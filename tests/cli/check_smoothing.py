#!/usr/bin/env python3
"""Runs `posse smooth` and `posse consensus` on real ensembles of tables and compares with golden results.

usage: check_smoothing.py POSSE EKS_DATA; exits 77 (skipped) when data or pandas are not there.
The goldens' positions hold to 1e-8 px and variances to 1e-9 relative in the library's tests; here they went through
decimal text, whose shortest form is exact, so the same limits apply.
"""
import glob
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import pandas as pd
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)


def run(posse, *words):
    done = subprocess.run([posse, "--quiet", *map(str, words)], capture_output=True, text=True)
    assert done.returncode in (0, 4), (words, done.returncode, done.stderr)
    return done.stdout


def columns(table):
    """{(bodypart, coord): values}, whatever the scorer."""
    return {(c[-2], c[-1]): table[c].to_numpy() for c in table.columns}


def compare(ours, golden):
    ours, golden = columns(ours), columns(golden)
    assert set(golden) <= set(ours), sorted(set(golden) - set(ours))[:4]
    for key, expected in golden.items():
        got = ours[key]
        assert len(got) == len(expected), key
        if key[1].endswith("_var"):
            error = np.max(np.abs(got - expected) / np.maximum(np.abs(expected), 1e-300))
            assert error < 1e-9, (key, error)
        else:
            error = np.max(np.abs(got - expected))
            assert error < 1e-8, (key, error)
    return len(golden)


def read(path):
    return pd.read_csv(path, header=[0, 1, 2], index_col=0)


def main(posse, data):
    if not os.path.isdir(data):
        print("SKIPPED: data not there:", data)
        return 77
    with tempfile.TemporaryDirectory() as out:
        pupil = sorted(glob.glob(data + "/ibl-pupil/*.csv"))
        run(posse, "smooth", "single", *pupil, "--s", "10", "--out", out + "/p.h5", "--wide-csv", out + "/p.csv")
        print("single", compare(read(out + "/p.csv"), read(data + "/golden/pupil-singlecam-s10.csv.gz")), "columns")
        plain = pd.read_hdf(out + "/p.h5")
        assert plain.shape[1] == 12 and list(plain.index[:2]) == [0, 1]

        mirror = sorted(glob.glob(data + "/mirror-mouse/*.csv"))
        run(posse, "smooth", "mirrored", *mirror, "--camera-names", "top", "bot", "--s", "10", "--out", out + "/m.h5",
            "--wide-csv", out + "/m.csv")
        print("mirrored", compare(read(out + "/m.csv"), read(data + "/golden/mirror-mouse-s10.csv.gz")), "columns")

        # The same views in files of their own must give the same tracks.
        views = {}
        for camera in ("top", "bot"):
            for i, path in enumerate(mirror):
                table = read(path)
                mine = [c for c in table.columns if c[1].endswith("_" + camera)]
                table = table[mine]
                table.columns = pd.MultiIndex.from_tuples([(c[0], c[1][: -len(camera) - 1], c[2]) for c in mine],
                                                          names=["scorer", "bodyparts", "coords"])
                views.setdefault(camera, []).append(table)
        shared = [b for b in views["top"][0].columns.get_level_values(1).unique()
                  if b in set(views["bot"][0].columns.get_level_values(1))]
        for camera, tables in views.items():
            for i, table in enumerate(tables):
                table.loc[:, [c for c in table.columns if c[1] in shared]].to_csv(f"{out}/seed{i}.{camera}.csv")
        run(posse, "smooth", "multi", *sorted(glob.glob(out + "/seed*.csv")), "--camera-names", "top", "bot", "--s", "10",
            "--out", out + "/multi")
        both = columns(read(out + "/m.csv"))
        for camera in ("top", "bot"):
            for (bodypart, coord), values in columns(pd.read_hdf(f"{out}/multi/{camera}.h5")).items():
                assert np.max(np.abs(values - both[bodypart + "_" + camera, coord])) < 1e-8, (bodypart, camera, coord)
        print("multi", len(shared), "keypoints as mirrored")

        run(posse, "smooth", "pupil", *pupil, "--diameter-s", "0.99", "--com-s", "0.99", "--out", out + "/circle.h5")
        assert np.isfinite(pd.read_hdf(out + "/circle.h5").to_numpy()).all()

        run(posse, "consensus", *pupil, "--out", out + "/c.csv", "--method", "median")
        members = [columns(read(f)) for f in pupil]
        for key, values in columns(read(out + "/c.csv")).items():
            expected = np.median([m[key] for m in members], axis=0)
            assert np.max(np.abs(values - expected)) < 1e-9, key  # one rounding of sums of coordinates
        print("consensus equals numpy's median")

        refused = subprocess.run([posse, "smooth", "single", pupil[0], "--out", out + "/one.h5"], capture_output=True,
                                 text=True)
        assert refused.returncode == 1 and "posse: error:" in refused.stderr, refused
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
