#!/usr/bin/env python3
"""posse report on made results of a long video with many members: file size, time and memory.

Usage: two_hours.py POSSE RESULTS [--members 50] [--frames 216000] [--bodyparts 6]

RESULTS is the folder of a run of one video (posse run ... --save-members), whose run.json is the pattern. Made are a consensus table with its
arrays and one table a member, random walks with known seeds; the video is not there. Prints a line of JSON.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
import pandas as pd


def table(path, scorer, parts, xy, likelihood):
    values = np.concatenate([xy, likelihood[..., None]], axis=2).reshape(len(xy), -1)
    columns = pd.MultiIndex.from_product([[scorer], parts, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"])
    pd.DataFrame(values, columns=columns).to_hdf(path, key="df_with_missing", mode="w", format="fixed")


def make(pattern, folder, members, frames, bodyparts):
    random = np.random.default_rng(1)
    parts = [f"part{k}" for k in range(bodyparts)]
    record = json.loads((pattern / "run.json").read_text())
    centre = 300 + np.cumsum(random.normal(0, 0.5, (frames, bodyparts, 2)), axis=0)
    centre = 50 + np.abs((centre - 50) % 1000 - 500)
    spread = 1 + 20 * (random.random((frames, bodyparts, 1)) < 0.001)
    likelihood = np.full((frames, bodyparts), 0.9)
    out = folder / "long" / "long"
    record.update(bodyparts=parts, files=["long_members.h5"])
    record["video"]["path"] = "/nowhere/long.mp4"
    one = record["members"][0]
    record["members"] = []
    (folder / "long-extras").mkdir(parents=True)
    out.mkdir(parents=True)
    sums, squares = np.zeros((frames, bodyparts, 2)), np.zeros((frames, bodyparts, 2))
    for m in range(members):
        name = f"member-{m + 1}"
        off = spread * random.normal(0, 1, centre.shape)
        sums += off
        squares += off**2
        target = folder / "long-extras" / "members" / name
        target.mkdir(parents=True)
        table(target / f"longDLC_{name}.h5", f"DLC_{name}", parts, centre + off, likelihood)
        record["files"].append(os.path.relpath(target / f"longDLC_{name}.h5", out))
        record["members"].append({**one, "name": name, "bodyparts": parts})
    table(out / "long_members.h5", "DLC_posse", parts, centre + sums / members, likelihood)
    with h5py.File(out / "long_members.h5", "a") as file:
        file["posse/members_std"] = np.sqrt(np.maximum(0, squares / members - (sums / members) ** 2))
        file["posse/time_seconds"] = np.arange(frames) / 30
    for key in record:
        if isinstance(record[key], dict) and "frames" in record[key] and isinstance(record[key]["frames"], int):
            record[key]["frames"] = frames
    if isinstance(record.get("frames"), int):
        record["frames"] = frames
    record.pop("track", None)
    (out / "run.json").write_text(json.dumps(record))
    return out


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("posse")
    words.add_argument("results", type=pathlib.Path)
    words.add_argument("--members", type=int, default=50)
    words.add_argument("--frames", type=int, default=216000)
    words.add_argument("--bodyparts", type=int, default=6)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as holder:
        folder = pathlib.Path(holder)
        out = make(given.results, folder, given.members, given.frames, given.bodyparts)
        start = time.monotonic()
        timed = subprocess.run(["/usr/bin/time", "-f", "%M", given.posse, "report", out, "-o", folder / "report.html", "--quiet"],
                               capture_output=True, text=True)
        seconds = time.monotonic() - start
        if timed.returncode not in (0, 4):
            sys.exit(timed.stderr)
        print(json.dumps({"members": given.members, "frames": given.frames, "bodyparts": given.bodyparts, "seconds": round(seconds, 1),
                          "memory_mb": int(timed.stderr.split()[-1]) // 1024, "file_mb": round((folder / "report.html").stat().st_size / 1e6, 2)}))
        if keep := os.environ.get("POSSE_KEEP_REPORT"):
            pathlib.Path(keep).write_bytes((folder / "report.html").read_bytes())


if __name__ == "__main__":
    main()
