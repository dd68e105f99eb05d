"""Consensus of several tables by every method, and how steady each track is.

usage: compare.py POSSE TABLE TABLE... (needs numpy, pandas and PyTables: Debian's python3-pandas, python3-tables)

For every member and every consensus: steps between neighbouring frames longer than 20 px, per 1,000 points, which an animal
rarely makes and a lost network often; and the distance of the members from the consensus.
"""

import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas as pd

METHODS = ("mean", "median", "weighted-mean", "most-confident", "geometric-median", "trimmed-mean")


def positions(path):
    """[frames, bodyparts, xy]"""
    table = pd.read_hdf(path) if path.suffix == ".h5" else pd.read_csv(path, header=[0, 1, 2], index_col=0)
    return table.to_numpy(float).reshape(len(table), -1, 3)[:, :, :2]


def long_steps(track):
    steps = np.linalg.norm(np.diff(track, axis=0), axis=2)
    return 1000 * np.mean(steps > 20)


def main():
    program, tables = sys.argv[1], [pathlib.Path(name) for name in sys.argv[2:]]
    print(f"{'':44}{'steps > 20 px per 1,000':>26}")
    for table in tables:
        print(f"{table.stem[-44:]:44}{long_steps(positions(table)):26.1f}")
    print(f"{'':18}{'steps > 20 px':>14}   distance of each member from the consensus, median and 99th percentile, px")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "consensus.h5"
        for method in METHODS:
            subprocess.run([program, "--quiet", "consensus", *tables, "--method", method, "--out", out, "--force"],
                           check=True, stdout=subprocess.DEVNULL)
            with h5py.File(out) as file:
                distance = file["posse/member_distance"][:]  # [frames, members, bodyparts]
            far = "".join(f"{np.nanmedian(d):8.2f} {np.nanpercentile(d, 99):7.1f}" for d in distance.transpose(1, 0, 2))
            print(f"{method:18}{long_steps(positions(out)):14.1f}   {far}")


if __name__ == "__main__":
    main()
