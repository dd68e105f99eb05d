#!/usr/bin/env python3
"""Memory of `posse evaluate` by members and labelled frames: it must not grow with either beyond what the numbers themselves take.

  memory_over_labels.py BIN MAKE_SNAPSHOT [--members 5,20,50] [--labels 36,360] [--through-time off]

BIN is the folder of posse's programs, build/release/bin. MAKE_SNAPSHOT is a program that writes a TensorFlow snapshot of pseudo-random weights
(--arch NAME --parts N --seed K PREFIX): each member is a project of the demo's with such weights, all different. Labels are those of
every frame or every tenth of the demo's video. Each call has a cache of its own; the largest resident set and the time are printed.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

DEMO = pathlib.Path(__file__).resolve().parents[2] / "data" / "demo"


def make_members(count, make_snapshot, folder):
    for k in range(1, count + 1):
        member = folder / f"member-{k}"
        shutil.copytree(DEMO / "member-1", member)
        (index,) = member.rglob("snapshot-*.index")
        prefix = index.with_suffix("")
        for file in index.parent.glob("snapshot-*"):
            file.unlink()
        subprocess.run([sys.executable, make_snapshot, "--arch", "mobilenet_v2_0.35", "--parts", "4", "--seed", str(k), prefix],
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    return [folder / f"member-{k}" for k in range(1, count + 1)]


def labels_of(count, folder):
    rows = (DEMO / "labels" / "openarena-groundtruth.csv").read_text().splitlines()
    step = (len(rows) - 3) // count
    path = folder / f"CollectedData_{count}.csv"
    path.write_text("\n".join(rows[:3] + rows[3::step]) + "\n")
    return path


def measured(words):
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 4):
        raise SystemExit(f"failed: {' '.join(map(str, words))}")
    return usage.ru_maxrss * 1024 / 1e6, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("make_snapshot", type=pathlib.Path)
    parser.add_argument("--members", default="5,20,50")
    parser.add_argument("--labels", default="36,360")
    parser.add_argument("--through-time", default="on", choices=["on", "off"], help="whether track and smoother are judged too")
    args = parser.parse_args()
    print("| members | labelled frames | largest resident set, MB | seconds |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        counts = [int(text) for text in args.members.split(",")]
        members = make_members(max(counts), args.make_snapshot, root)
        for count in counts:
            for labels in map(int, args.labels.split(",")):
                cache = root / f"cache-{count}-{labels}"
                megabytes, seconds = measured([args.bin / "posse", "evaluate", *members[:count], "--labels", labels_of(labels, root), "--video",
                                               DEMO / "video" / "openarena.mp4", "--labels-unseen", "--cache", cache, "--through-time", args.through_time])  # fmt: skip
                shutil.rmtree(cache)
                print(f"| {count} | {labels} | {megabytes:.0f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
