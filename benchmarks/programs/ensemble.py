#!/usr/bin/env python3
"""Five ResNet-50 members on two threads in posse and in other programs, in turn, as a markdown table.

  ensemble.py BIN [--size 464x384] [--members 5] [--threads 2] [--rounds R] [--torch] [--work FOLDER]

BIN is the folder of posse's programs, build/release/bin. posse chooses its own batch. ONNX Runtime runs in each of the ways its users
have, of which the best counts: all threads inside a network and one session after another; a process per thread, each with all
members and its share of the frames. PyTorch (frozen) likewise with --torch. See one_network.py.
"""
import argparse
import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engines"))
import engines as e


def start(bench, members, threads, torch):
    models = [bench.export(member) for member in members]
    found = {"posse, %d threads" % threads: bench.posse(members, threads), "posse, 1 thread": bench.posse(members, 1)}
    if e.has_onnxruntime():
        found["ONNX Runtime, threads inside"] = e.Worker(threads, bench.onnxruntime_words(models, threads))
        found["ONNX Runtime, process per thread"] = e.Pair(threads, bench.onnxruntime_words(models, 1))
    if torch and e.has_python("torch"):
        found["PyTorch frozen, threads inside"] = e.Worker(threads, bench.torch_words("frozen", models, threads))
        found["PyTorch frozen, process per thread"] = e.Pair(threads, bench.torch_words("frozen", models, 1))
    return found


def best(times, engine):
    return min((name for name in times if name.startswith(engine)), key=lambda name: statistics.median(times[name]), default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--size", default="464x384")
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", action="store_true", help="PyTorch too, which takes minutes to start")
    parser.add_argument("--work", help="keep networks in this folder, for further calls")
    args = parser.parse_args()
    print(e.machine())
    with e.work_folder(args.work) as folder:
        bench = e.Bench(args.bin, folder, *map(int, args.size.split("x")))
        found = start(bench, bench.make_members("resnet_50", args.members), args.threads, args.torch)
        ours, alone = list(found)[:2]
        batch = found[ours].ready["batch"]
        frames = {name: 2 for name in found} | {ours: batch * args.threads, alone: batch}
        times = e.take_turns(found, args.rounds, frames)
        for worker in found.values():
            worker.close()
    print("\n%d x ResNet-50, %s, %d threads; posse's batch %d\n" % (args.members, args.size, args.threads, batch))
    print("| engine | ms per frame, all members | posse is faster by |\n| --- | --- | --- |")
    for name, values in times.items():
        print("| %s | %s | %s |" % (name, e.spread(values), "" if name == ours else e.spread(e.ratios(times, name, ours), "%.2f")))
    for engine in ("ONNX Runtime", "PyTorch"):
        name = best(times, engine)
        if name:
            print("\nbest of %s: %s; posse is %s times as fast" % (engine, name, e.spread(e.ratios(times, name, ours), "%.2f")))


if __name__ == "__main__":
    main()
