#!/usr/bin/env python3
"""Five ResNet-50 snapshots: time to the first result with a warm page cache, and memory.

  load_and_memory.py BIN [--size 640x480] [--threads 2] [--rounds R]

BIN is the folder of posse's programs, build/release/bin. Every round starts a fresh process; the first one, which fills the page cache
and times kernels, does not count. Memory is the process's largest resident set after several full batches on all threads.
"""
import argparse
import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engines"))
import engines as e


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", help="keep networks in this folder, for further calls")
    args = parser.parse_args()
    print(e.machine())
    print("\n| memory | loading, s | first result after, s | weights, MB a member | work memory, MB | largest resident set, MB | "
          "of it neither weights | \n| --- | --- | --- | --- | --- | --- | --- |")
    with e.work_folder(args.work) as folder:
        bench = e.Bench(args.bin, folder, *map(int, args.size.split("x")))
        members = bench.make_members("resnet_50", 5)
        for memory in ("full", "low"):
            found = []
            for _ in range(args.rounds + 1):
                worker = bench.posse(members, args.threads, memory=memory)
                worker.close()
                found.append(worker.ready)
            values = {key: [f[key] for f in found[1:]] for key in found[0]}
            weights, peak = (statistics.median(values[key]) for key in ("weight_bytes", "peak_bytes"))
            print("| %s | %s | %s | %.0f | %.0f | %.0f | %.0f |" % (
                memory, e.spread(values["load_seconds"], "%.2f"), e.spread(values["first_result_seconds"], "%.2f"),
                weights / 5e6, statistics.median(values["workspace_bytes"]) / 1e6, peak / 1e6, (peak - weights) / 1e6))


if __name__ == "__main__":
    main()
