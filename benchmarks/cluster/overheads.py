#!/usr/bin/env python3
"""What a run over many machines costs on one: plan, work and finish against posse run; two workers against one; many units.

Usage: overheads.py POSSE [--repeats N] [--videos N] [--hammered N]

Runs the demo's five members over its video of 360 frames. Prints the quickest of the repeats, interleaved, and ratios of times that were taken one after
another. For the finish of many units the video is linked under many names, with the same units.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
VIDEO = DEMO / "video" / "openarena.mp4"


def timed(*words):
    start = time.monotonic()
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def plan(posse, run, *videos, unit="60"):
    return timed(posse, "plan", run, *videos, "--members", DEMO, "--unit-frames", unit)


def one_against_the_other(posse, top, repeats):
    ratios, quickest = [], {}
    for i in range(repeats):
        run = top / f"run{i}"
        seconds = {"posse run": timed(posse, "run", VIDEO, "--members", DEMO, "--out", top / f"one{i}", "--tune", "off"),
                   "plan": plan(posse, run, VIDEO), "work": timed(posse, "work", run), "finish": timed(posse, "finish", run)}
        ratios.append((seconds["work"] + seconds["finish"]) / seconds["posse run"])
        for name, value in seconds.items():
            quickest[name] = min(value, quickest.get(name, value))
    for name, value in quickest.items():
        print(f"{name:<12}{value:8.2f} s")
    print(f"(work + finish) / run: {min(ratios):.3f} to {max(ratios):.3f}, of the quickest "
          f"{(quickest['work'] + quickest['finish']) / quickest['posse run']:.3f}")


def two_workers(posse, top, repeats):
    ratios = []
    for i in range(repeats):
        for name in ("a", "b"):
            plan(posse, top / f"{name}{i}", VIDEO, unit="20")
        one = timed(posse, "work", top / f"a{i}", "--threads", "1")
        start = time.monotonic()
        workers = [subprocess.Popen([posse, "work", str(top / f"b{i}"), "--threads", "1"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for _ in range(2)]
        if any(worker.wait() for worker in workers):
            sys.exit("a worker failed")
        ratios.append(one / (time.monotonic() - start))
    print(f"two workers with a thread each, against one: {min(ratios):.2f} to {max(ratios):.2f} times")


def many_units(posse, top, num_videos):
    videos = top / "videos"
    videos.mkdir()
    shutil.copy(VIDEO, videos / "source")
    for i in range(num_videos):
        os.link(videos / "source", videos / f"v{i:04}.mp4")
    (videos / "source").unlink()
    run = top / "many"
    files = sorted(videos.iterdir())
    print(f"plan of {num_videos} videos: {plan(posse, run, *files, unit='10'):.1f} s")
    first = top / "first"
    plan(posse, first, files[0], unit="10")
    timed(posse, "work", first)
    (units,) = (first / "units").iterdir()
    for video in json.loads((run / "plan.json").read_text())["videos"]:
        shutil.copytree(units, run / "units" / video["id"])
    count = sum(1 for _ in (run / "units").rglob("*.unit"))
    print(f"status of {count} units: {timed(posse, 'status', run):.1f} s")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"finish of {count} units: {timed(posse, 'finish', run):.1f} s")
    print(f"most memory of any child so far: {max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024:.0f} MiB")
    print(f"work where all is done: {timed(posse, 'work', run):.1f} s")


def hammer(posse, top, num_videos, num_workers):
    """Units of one frame: nearly all that a worker does is to look for work."""
    videos = top / "hammered"
    videos.mkdir()
    shutil.copy(VIDEO, top / "source.mp4")
    for i in range(num_videos):
        os.link(top / "source.mp4", videos / f"w{i:03}.mp4")
    run = top / "hammer"
    subprocess.run([posse, "plan", str(run), *map(str, sorted(videos.iterdir())), "--members", str(DEMO / "member-1"),
                    "--unit-frames", "1"], check=True, capture_output=True)
    start = time.monotonic()
    workers = [subprocess.Popen([posse, "work", str(run), "--threads", "1", "--json"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True) for _ in range(num_workers)]
    done = [json.loads(worker.communicate()[0])["units_done"] for worker in workers]
    seconds = time.monotonic() - start
    there = sum(1 for _ in run.rglob("*.unit"))
    planned = len(json.loads((run / "plan.json").read_text())["units"])
    print(f"{num_workers} workers, {planned} units of one frame: {seconds:.0f} s, {there} units there, {sum(done)} computed "
          f"({sum(done) - planned} twice)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("posse")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--hammered", type=int, default=28, help="videos of 360 units each that eight workers share")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="posse-cluster-") as folder:
        top = pathlib.Path(folder)
        one_against_the_other(arguments.posse, top, arguments.repeats)
        two_workers(arguments.posse, top, arguments.repeats)
        many_units(arguments.posse, top, arguments.videos)
        hammer(arguments.posse, top, arguments.hammered, 8)


if __name__ == "__main__":
    main()
