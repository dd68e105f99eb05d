#!/usr/bin/env python3
"""The tables of docs/evaluation.md that are measured on other people's data: makes labels and membership from them, runs posse evaluate.

usage: measured_tables.py POSSE SHARED WORK [--docs docs/evaluation.md]
SHARED holds openfield, openfield-ensemble, reaching and reaching-ensemble; WORK takes labels and the cache. With --docs the blocks below the
page's headings are replaced, else they are printed. Needs pandas.
"""

import argparse
import json
import pathlib
import re
import subprocess

import pandas as pd

PARTS = ["Hand", "Finger1", "Tongue", "Joystick1", "Joystick2"]


def openfield(shared):
    ensemble = shared / "openfield-ensemble"
    return [ensemble, "--labels", shared / "openfield", "--membership", ensemble / "training-frames.json"]


def reaching(shared, work):
    """Labels of every frame that the truth has a point of, and who was trained on which."""
    ensemble = shared / "reaching-ensemble"
    truth = pd.read_csv(ensemble / "truth.csv")
    xy = truth.pivot(index="frame", columns="bodypart", values=["x", "y"])
    table = pd.DataFrame({("truth", part, axis): xy[axis, part] for part in PARTS for axis in "xy"})
    table.columns = pd.MultiIndex.from_tuples(table.columns, names=["scorer", "bodyparts", "coords"])
    table = table.dropna(how="all")
    picture = "labeled-data/reachingvideo1/img{:03d}.png".format
    table.index = [picture(frame) for frame in table.index]
    labels = work / "CollectedData_truth.csv"
    table.to_csv(labels)
    rows = ["member,picture"]
    for k in range(1, 6):
        rows += [f"member-{k},{picture(frame)}" for frame in json.loads((ensemble / f"member-{k}.json").read_text())["frames"]]
    membership = work / "membership.csv"
    membership.write_text("\n".join(rows) + "\n")
    video = shared / "reaching" / "reachingvideo1_halfres_416x374.avi"
    return [ensemble, "--labels", labels, "--membership", membership, "--video", video]


def printed(posse, words, work):
    done = subprocess.run([posse, "evaluate", *words, "--cache", work / "cache"], capture_output=True, text=True)
    if done.returncode not in (0, 4):  # 4: with warnings
        raise SystemExit(done.stderr)
    warnings = [line for line in done.stderr.splitlines() if line.startswith("posse: warning")]
    return "\n".join(warnings + [done.stdout.strip()])


def replaced(page, heading, text):
    """The page with `text` in the first block below the heading that begins so."""
    place = page.index(heading)
    block = re.compile(r"```\n.*?\n```", re.DOTALL).search(page, place)
    return page[: block.start()] + "```\n" + text + "\n```" + page[block.end() :]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posse", type=pathlib.Path)
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for heading, words in [("## Openfield", openfield(options.shared)), ("## Reaching", reaching(options.shared, options.work))]:
        text = printed(options.posse, words, options.work)
        if options.docs is None:
            print(heading, text, "", sep="\n")
        else:
            options.docs.write_text(replaced(options.docs.read_text(), heading, text))


if __name__ == "__main__":
    main()
