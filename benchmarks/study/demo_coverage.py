#!/usr/bin/env python3
"""The table of docs/evaluation.md on the demo: calibrates on its 36 labelled frames, runs the video, counts on the other 324 what the regions hold.

usage: demo_coverage.py POSSE WORK [--docs docs/evaluation.md]
With --docs the table below "## The demo" is replaced, else it is printed; the standard errors by other definitions are printed either way.
Only what a user has is read: calibration.json and the .h5 of posse run. Needs h5py and pandas.
"""

import argparse
import json
import pathlib
import re
import subprocess

import h5py
import numpy as np
import pandas as pd

DEMO = pathlib.Path(__file__).resolve().parents[2] / "data" / "demo"
VIDEO = DEMO / "video" / "openarena.mp4"
PARTS = ["snout", "leftear", "rightear", "tailbase"]
SHARES = [0.5, 0.8, 0.9, 0.95]
SECOND = 27  # judged frames
RADIUS = 5  # px
HEADER = ["consensus", "50 %", "80 %", "90 %", "95 %", "90 %, quarter that holds least", "90 %, quarter of members furthest apart",
          f"said / found within {RADIUS} px"]


def call(posse, *words):
    done = subprocess.run([posse, *map(str, words)], capture_output=True, text=True)
    if done.returncode not in (0, 4):  # 4: with warnings
        raise SystemExit(done.stderr)


def measured(posse, work, consensus):
    """d^2, stated trace, members' variance, chance and distance [judged frames, bodyparts], and the bounds by share."""
    out, file = work / consensus, work / f"{consensus}.json"
    call(posse, "calibrate", DEMO, "--labels", DEMO / "labels" / "CollectedData_posse.csv", "--membership", DEMO / "training-frames.json",
         "--video", VIDEO, "--consensus", consensus, "--cache", work / "cache", "--tune", "off", "--force", "--out", file)
    call(posse, "run", VIDEO, "--members", DEMO, "--calibration", file, "--radius", RADIUS, "--tune", "off", "--force", "--out", out)
    (table,) = (out / "openarena").glob("*.h5")
    found = pd.read_hdf(table).to_numpy().reshape(360, 4, 3)[..., :2]
    truth = pd.read_csv(DEMO / "labels" / "openarena-groundtruth.csv", header=[0, 1, 2], index_col=0).to_numpy().reshape(360, 4, 2)
    with h5py.File(table) as h5:
        stated, spread, chance = (h5["posse"][name][:] for name in ["covariance", "members_std", "likelihood_calibrated"])
    judged = np.arange(360) % 10 != 0
    xx, xy, yy = np.moveaxis(stated, -1, 0)
    dx, dy = np.moveaxis(truth - found, -1, 0)
    d2 = (yy * dx**2 - 2 * xy * dx * dy + xx * dy**2) / (xx * yy - xy**2)
    bounds = {region["share"]: np.array(region["bodyparts"]) for region in json.loads(file.read_text())["regions"]}
    return {"d2": d2[judged], "stated": (xx + yy)[judged], "members": (spread**2).sum(axis=2)[judged], "chance": chance[judged],
            "distance": np.hypot(dx, dy)[judged], "bounds": bounds}


def error_over_stretches(within, length):
    """Standard error of a share by drawing stretches of this many frames, around the end too.  @param within  [frames, bodyparts]"""
    count = len(within)
    starts = np.random.default_rng(0).integers(0, count, (2000, count // length))
    rows = (starts[:, :, None] + np.arange(length)).reshape(2000, -1) % count
    return np.std(within.mean(axis=1)[rows].mean(axis=1))


def error_at_promise(within, share):
    """The same were the share the one promised: that of independent points, times what stretches of a second vary more by."""
    found = within.mean()
    dependence = error_over_stretches(within, SECOND) ** 2 / (found * (1 - found) / within.size)
    return np.sqrt(dependence * share * (1 - share) / within.size)


def quarters(within, spread):
    order = np.argsort(spread.ravel(), kind="stable")
    return [within.ravel()[some].mean() for some in np.array_split(order, 4)]


def row_of(consensus, numbers):
    cells = [consensus]
    for share in SHARES:
        within = numbers["d2"] <= numbers["bounds"][share]
        cells.append(f"{100 * within.mean():.1f} ({200 * error_at_promise(within, share):.1f})")
        plain = ", ".join(f"{length} frames {200 * error_over_stretches(within, length):.1f}" for length in [14, SECOND, 54])
        print(f"{consensus} {100 * share:g} %: held {100 * within.mean():.1f}; two standard errors about the share held, stretches of {plain}")
    within = numbers["d2"] <= numbers["bounds"][0.9]
    by_members, by_stated = quarters(within, numbers["members"]), quarters(within, numbers["stated"])
    for name, held in [("members' spread", by_members), ("stated spread", by_stated)]:
        print(f"{consensus} 90 % by quarters of the {name}, least first: {', '.join(f'{100 * one:.1f}' for one in held)}")
    cells += [f"{100 * min(by_members):.1f}", f"{100 * by_members[-1]:.1f}"]
    return [*cells, f"{100 * numbers['chance'].mean():.1f} / {100 * (numbers['distance'] <= RADIUS).mean():.1f} %"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posse", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = [HEADER, ["---"] * len(HEADER)]
    rows += [row_of(consensus, measured(options.posse, options.work, consensus)) for consensus in ["mean", "median", "track"]]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    if options.docs is None:
        print(table)
        return
    page = options.docs.read_text()
    place = page.index("## The demo")
    old = re.compile(r"(\|.*\|\n)+").search(page, place)
    options.docs.write_text(page[: old.start()] + table + page[old.end() :])


if __name__ == "__main__":
    main()
