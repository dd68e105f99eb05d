#!/usr/bin/env python3
"""Time per member of ensembles of 1, 2, 4 and 8 networks, in turn.

  members.py BIN [--net resnet_50] [--size 464x384] [--threads 1] [--rounds R]

BIN is the folder of posse's programs, build/release/bin. Weights are made up, each member's its own.
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
    parser.add_argument("--net", default="resnet_50")
    parser.add_argument("--size", default="464x384")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", help="keep networks in this folder, for further calls")
    args = parser.parse_args()
    print(e.machine())
    counts = [1, 2, 4, 8]
    with e.work_folder(args.work) as folder:
        bench = e.Bench(args.bin, folder, *map(int, args.size.split("x")))
        members = bench.make_members(args.net, max(counts))
        found = {count: bench.posse(members[:count], args.threads) for count in counts}
        batch = args.threads * found[1].ready["batch"]
        times = e.take_turns(found, args.rounds, {count: batch * max(1, 2 // count) for count in counts})
        for worker in found.values():
            worker.close()
    print("\n%s, %s, %d thread(s)\n" % (args.net, args.size, args.threads))
    print("| members | ms per frame and member | over one member |\n| --- | --- | --- |")
    per_member = {count: [t / count for t in times[count]] for count in counts}
    for count in counts:
        print("| %d | %s | %s |" % (count, e.spread(per_member[count], "%.2f"),
                                    e.spread(e.ratios(per_member, count, 1), "%.3f")))
    medians = [statistics.median(values) for values in per_member.values()]
    print("\nlargest over smallest median: %.3f" % (max(medians) / min(medians)))


if __name__ == "__main__":
    main()
