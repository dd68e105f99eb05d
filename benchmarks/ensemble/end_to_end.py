#!/usr/bin/env python3
"""`posse run` with an .h5 table over the time of its networks alone.

  end_to_end.py BIN VIDEO [--members PATH...] [--net resnet_50] [--frames 16 48] [--rounds R] [--threads 2]

BIN is the folder of posse's programs, build/release/bin. The whole program is timed for two numbers of frames, so that the difference
is free of start and loading; the networks alone run on as many frames that lie in memory, in turn with it.
Without --members: five networks of --net with made-up weights.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engines"))
import engines as e


def run_program(args, members, out, frames):
    """Seconds of the whole program."""
    words = e.pinned(args.threads, [args.bin + "/posse", "--quiet", "run", args.video, "--members", *members, "--out", out,
                                    "--frames", "0:%d" % frames, "--decode", "dgp", "--consensus", "mean", "--threads", args.threads,
                                    "--force"])
    start = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode not in (0, 4):
        raise SystemExit(done.stderr)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("video")
    parser.add_argument("--members", nargs="+", default=[])
    parser.add_argument("--net", default="resnet_50")
    parser.add_argument("--frames", type=int, nargs=2, default=[16, 48])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", help="keep networks in this folder, for further calls")
    args = parser.parse_args()
    few, many = args.frames
    print(e.machine())
    with e.work_folder(args.work) as folder:
        out = tempfile.mkdtemp(dir=folder)
        members = args.members or e.Bench(args.bin, folder, 64, 64).make_members(args.net, 5)
        run_program(args, members, out, 1)
        with open(os.path.join(out, os.listdir(out)[0], "run.json")) as file:
            video = json.load(file)["video"]
        bench = e.Bench(args.bin, folder, video["width"], video["height"])
        networks = bench.posse(members, args.threads)
        alone, whole, loading = [], [], []
        for _ in range(args.rounds):
            first = run_program(args, members, out, few)
            alone.append(networks.ms_per_frame(many - few))
            second = run_program(args, members, out, many)
            alone[-1] = (alone[-1] + networks.ms_per_frame(many - few)) / 2
            whole.append(1e3 * (second - first) / (many - few))
            loading.append(first - 1e-3 * few * whole[-1])
        networks.close()
    print("\n%d members, %dx%d, %d threads, frames %d to %d of %s" % (
        networks.ready["members"], video["width"], video["height"], args.threads, few, many,
        os.path.basename(args.video)))
    print("networks alone, frames in memory   %s ms per frame" % e.spread(alone, "%.2f"))
    print("posse run, per further frame       %s ms" % e.spread(whole, "%.2f"))
    print("ratio                              %s" % e.spread([a / b for a, b in zip(whole, alone)], "%.3f"))
    print("posse run, start to first frame    %s s" % e.spread(loading, "%.2f"))


if __name__ == "__main__":
    main()
