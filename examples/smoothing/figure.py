#!/usr/bin/env python3
"""Draws a stretch of one coordinate: members, their median, and the smoothed track with two standard deviations.

usage: figure.py SMOOTHED.h5 BODYPART x|y FIRST LAST OUT.png MEMBER.csv...   (frames FIRST to LAST - 1)
needs numpy, pandas, tables, h5py and matplotlib (Debian: python3-pandas python3-tables python3-h5py python3-matplotlib)
"""
import sys

import h5py
import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def main(smoothed, bodypart, coord, first, last, out, members):
    table = pd.read_hdf(smoothed)
    names = list(dict.fromkeys(table.columns.get_level_values(1)))
    k, axis, rows = names.index(bodypart), "xy".index(coord), slice(int(first), int(last))
    with h5py.File(smoothed) as file:
        deviation = np.sqrt(file["posse/posterior_variance"][rows, k, axis])
        median = file["posse/ensemble_position"][rows, k, axis]
    frames = np.arange(rows.start, rows.stop)
    track = table.xs((bodypart, coord), axis=1, level=(1, 2)).to_numpy()[rows, 0]
    for i, path in enumerate(members):
        member = pd.read_csv(path, header=[0, 1, 2], index_col=0).xs((bodypart, coord), axis=1, level=(1, 2))
        plt.plot(frames, member.to_numpy()[rows, 0], color="0.7", lw=0.8, label="members" if i == 0 else None)
    plt.plot(frames, median, color="tab:orange", lw=1, label="median of the members")
    plt.plot(frames, track, color="tab:blue", lw=1.5, label="smoothed")
    plt.fill_between(frames, track - 2 * deviation, track + 2 * deviation, color="tab:blue", alpha=0.2, lw=0,
                     label="two standard deviations")
    plt.xlabel("frame")
    plt.ylabel(f"{bodypart} {coord} (px)")
    plt.legend(loc="best", fontsize="small")
    plt.gcf().set_size_inches(9, 4)
    plt.savefig(out, dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    if len(sys.argv) < 8:
        sys.exit(__doc__)
    main(*sys.argv[1:7], sys.argv[7:])
