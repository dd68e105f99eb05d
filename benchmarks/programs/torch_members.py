#!/usr/bin/python3
"""Networks of DeepLabCut 3 and Lightning Pose on one thread in posse, ONNX Runtime and PyTorch, in turn, as a markdown table.

  torch_members.py BIN MEMBER... [--size 640x480] [--batch B] [--rounds R] [--frames K] [--quickest]
                   [--torch-python PYTHON] [--processor-time]

BIN is the folder of posse's programs, build/release/bin. MEMBER is a training folder of DeepLabCut 3 (resnet_50 with GroupNorm) or a model
folder of Lightning Pose (resnet50), with one snapshot. ONNX Runtime (from PyPI by scripts/pypi_env.py) runs the file that `posse export`
writes, and its maps are compared with posse's first. PyTorch runs torchvision's network with the snapshot's weights, traced, frozen,
channels-last, in the interpreter given or in that of scripts/pypi_env.py deeplabcut (with POSSE_SLOW_TESTS set), and the highest cells of its
maps are compared. Preparation of the frame is inside for all, location refinement for none. All engines get the same number of frames per call: 1, that of
--batch, or with --batch 0 what posse chooses by itself for this member and frames of this size, as `posse run` does. Engines stay loaded and
take turns; cells are medians of the rounds with their range, ratios are formed round by round. --quickest adds the quickest round of each and
their ratio. --processor-time counts what each process had of the processor (in steps of 10
ms a round) instead of the clock's time, where others run on the machine too.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engines"))
import engines as e
import numpy as np


def maps_of(worker, folder, bodyparts):
    path = os.path.join(folder, "logits")
    worker.ask("logits " + path)
    return np.fromfile(path, np.float32).reshape(-1, bodyparts)


def num_bodyparts(bench, member):
    import json
    return len(json.loads(e.output([bench.bin + "/posse", "info", member, "--json"]))["members"][0]["bodyparts"])


def start(bench, member, torch_python, batch):
    found = {"posse": bench.posse([member], 1, batch=batch)}
    batch = found["posse"].ready["batch"]
    if e.has_onnxruntime():
        found["ONNX Runtime"] = e.Worker(1, bench.onnxruntime_words([bench.export(member)], 1, batch))
    if torch_python:
        words = [*torch_python, e.HERE + "/snapshot_worker.py", bench.frame, *bench.size, batch, member]
        found["PyTorch, frozen"] = e.Worker(1, words)
    return found


def agreement(name, ours, theirs):
    if name == "ONNX Runtime":
        return "maps differ by %.0e of the range" % (np.abs(ours - theirs).max() / np.ptp(ours))
    return "highest cells the same: %d of %d" % ((ours.argmax(axis=0) == theirs.argmax(axis=0)).sum(), ours.shape[1])


def compare(bench, member, torch_python, given):
    found = start(bench, member, torch_python, given.batch)
    batch = found["posse"].ready["batch"]
    bodyparts = num_bodyparts(bench, member)
    maps = {name: maps_of(worker, bench.folder, bodyparts) for name, worker in found.items()}
    peaks = [found["posse"].ask("peak")]
    timed = {name: e.ProcessorTime(worker) for name, worker in found.items()} if given.processor_time else found
    frames = max(given.frames, round(20 * given.frames / found["posse"].ready["gflop"]))  # small networks more often
    frames = -(-frames // batch) * batch
    times = e.take_turns(timed, given.rounds, frames)
    peaks.append(found["posse"].ask("peak"))
    peak, gflop = max(p["gflops"] for p in peaks), found["posse"].ready["gflop"]
    print("\n%s, frames of %s, %d a call: %.1f GFLOP; FMA peak %.0f GFLOP/s\n"
          % (os.path.basename(member), "x".join(bench.size), batch, gflop, peak))
    print("| engine | ms per frame | of the peak | posse is faster by | agreement |")
    print("| --- | --- | --- | --- | --- |")
    for name, values in times.items():
        of_peak = e.spread([1e3 * gflop / value / peak for value in values], "%.2f")
        is_posse = name == "posse"
        print("| %s | %s | %s | %s | %s |" % (name, e.spread(values), of_peak, "" if is_posse else e.spread(e.ratios(times, name, "posse"), "%.2f"),
                                              "" if is_posse else agreement(name, maps["posse"], maps[name])))
    if given.quickest:
        least = {name: min(values) for name, values in times.items()}
        print("\nQuickest round: " + ", ".join("%s %.1f ms%s" % (name, value, "" if name == "posse" else " (%.2f)" % (value / least["posse"]))
                                               for name, value in least.items()))
    for worker in found.values():
        worker.close()


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("bin")
    words.add_argument("members", nargs="+")
    words.add_argument("--size", default="640x480")
    words.add_argument("--batch", type=int, default=1)
    words.add_argument("--quickest", action="store_true")
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument("--frames", type=int, default=3)
    words.add_argument("--torch-python")
    words.add_argument("--processor-time", action="store_true")
    given = words.parse_args()
    torch_python = [given.torch_python] if given.torch_python else [e.PYPI, "deeplabcut"]
    if not e.answers([*torch_python, "-c", "import torch, torchvision"]):
        torch_python = []
    print(e.machine(), "; load before:", "%.1f" % os.getloadavg()[0], sep="")
    with e.work_folder(None) as folder:
        bench = e.Bench(os.path.abspath(given.bin), folder, *map(int, given.size.split("x")))
        for member in given.members:
            compare(bench, os.path.abspath(member), torch_python, given)
    print("\nload after: %.1f" % os.getloadavg()[0])


main()
