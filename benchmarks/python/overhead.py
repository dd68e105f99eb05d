#!/usr/bin/env python3
"""overhead.py PROGRAM VIDEO MEMBERS...: what running an ensemble from Python costs beside the command line.

Both run the same frames of a video, in turn, each time as a fresh process that opens the networks, runs them, and writes the same
files; the times are wall times of the whole process. Prints each time and the ratio of the medians.

--memory N instead runs a video of N frames (pictures made here are repeated) and prints the memory on the way.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUN = """
import sys, posse
ensemble = posse.Ensemble.open(sys.argv[4:])
ensemble.run(sys.argv[1], frames="0:" + sys.argv[2], consensus="mean").save(sys.argv[3], format="h5")
"""


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(program: str, video: str, members: list[str], frames: int, rounds: int) -> None:
    times: dict[str, list[float]] = {"program": [], "python": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as out:
            command = [program, "-q", "run", video, "--members", *members, "--frames", f"0:{frames}", "--out", out, "--consensus", "mean"]
            times["program"].append(seconds(command))
        with tempfile.TemporaryDirectory() as out:
            times["python"].append(seconds([sys.executable, "-c", RUN, video, str(frames), out, *members]))
        print(f"program {times['program'][-1]:.3f} s   python {times['python'][-1]:.3f} s", flush=True)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{frames} frames, median of {rounds}: ratio python / program {medians['python'] / medians['program']:.3f}")


def memory(video: str, members: list[str], frames: int) -> None:
    """Runs over `frames` frames by way of a file that shows the video again and again."""
    import posse

    ensemble = posse.Ensemble.open(members)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        copies = -(-frames // len(posse.Video(video)))
        (Path(folder) / "list.txt").write_text(f"file '{Path(video).resolve()}'\n" * copies)
        command = ["ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", f"{folder}/list.txt", "-c", "copy", path]
        subprocess.run(command, check=True)

        def told(done: int, total: int | None) -> None:
            if done >= told.next:  # type: ignore[attr-defined]
                told.next += max(1, frames // 10)  # type: ignore[attr-defined]
                now = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
                print(f"{done:7} frames: {now / 2**20:.0f} MiB", flush=True)

        told.next = 1  # type: ignore[attr-defined]
        result = ensemble.run(path, frames=(0, frames), consensus="mean", progress=told)
        array_bytes = sum(v.nbytes for v in vars(result).values() if hasattr(v, "nbytes"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f"result of {len(result)} frames: {array_bytes / 2**20:.1f} MiB of arrays; peak {peak / 2**20:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("video")
    parser.add_argument("members", nargs="+")
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, metavar="N")
    arguments = parser.parse_args()
    if arguments.memory:
        memory(arguments.video, arguments.members, arguments.memory)
    else:
        compare(arguments.program, arguments.video, arguments.members, arguments.frames, arguments.rounds)


if __name__ == "__main__":
    main()
