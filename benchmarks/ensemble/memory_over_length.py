#!/usr/bin/env python3
"""Memory of a whole `posse run` over a video and over the same video looped: it must not grow with the video's length.

  memory_over_length.py BIN [--video VIDEO] [--members FOLDER] [--times 1,4,8] [--rounds R] [--consensus track] [--scale W:H]

BIN is the folder of posse's programs, build/release/bin; video and members are the demo's if not said. Needs the program ffmpeg. Each round
runs the networks, and then makes the results again from the journal alone (--force); the largest resident set of either is printed. A track
is smoothed in pieces of 10,000 frames: memory grows up to that length. Small pictures (--scale 80:60) get there in seconds.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engines"))
import engines as e

DEMO = pathlib.Path(__file__).resolve().parents[2] / "data" / "demo"


def loop(video, times, scale, target):
    codec = ["-vf", f"scale={scale}", "-c:v", "libx264", "-crf", "23", "-pix_fmt", "yuv420p"] if scale else ["-c", "copy"]
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-v", "error", "-stream_loop", str(times - 1), "-i", video, "-an", *codec, target],
                   check=True)  # fmt: skip


def largest_resident_set(words):
    """MB of a program that ends well, perhaps with warnings; and what it printed."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 4):
            raise SystemExit(f"exit code {code}: {' '.join(map(str, words))}")
        out.seek(0)
        return usage.ru_maxrss * 1024 / 1e6, json.loads(out.read())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--video", type=pathlib.Path, default=DEMO / "video" / "openarena.mp4")
    parser.add_argument("--members", type=pathlib.Path, default=DEMO)
    parser.add_argument("--times", default="1,4,8")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--consensus", default="track")
    parser.add_argument("--scale", help="make the pictures so large first, as 80:60")
    args = parser.parse_args()
    print(e.machine())
    print("\n| frames | whole run, MB | results from the journal alone, MB | journal, MB |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for times in map(int, args.times.split(",")):
            video = pathlib.Path(folder) / f"times-{times}{args.video.suffix}"
            loop(args.video, times, args.scale, video)
            whole, again = [], []
            for number in range(args.rounds):
                out = pathlib.Path(folder) / f"out-{times}-{number}"
                words = [args.bin / "posse", "run", video, "--members", args.members, "--out", out, "--consensus", args.consensus, "--json"]
                whole.append(largest_resident_set(words)[0])
                memory, (done,) = largest_resident_set([*words, "--force"])
                if done["frames_resumed"] != done["frames"]:
                    raise SystemExit(f"the networks ran again: {done}")
                again.append(memory)
            journal = (out / video.stem / ".posse-journal").stat().st_size / 1e6
            print(f"| {done['frames']} | {e.spread(whole, '%.1f')} | {e.spread(again, '%.1f')} | {journal:.2f} |", flush=True)


if __name__ == "__main__":
    main()
