#!/usr/bin/env python3
"""One network on one thread at batch 1 in posse and in other programs, in turn, as a markdown table.

  one_network.py BIN [--net resnet_50|mobilenet_v2_0.35] [--sizes 464x384 640x480] [--rounds R] [--frames K]

BIN is the folder of posse's programs, build/release/bin. The network has made-up weights; every other engine runs the file that
`posse export` writes (PyTorch: the same layers and weights), so its logits are compared with posse's first. Engines stay loaded and
take turns, R rounds of K frames each; cells are medians of the rounds with their range, ratios are formed round by round.
MobileNetV2 runs in per-frame statistics mode. Engines that are not installed are left out: ONNX Runtime (from PyPI
by scripts/pypi_env.py), PyTorch (python3-torch and python3-onnx), OpenCV DNN (python3-opencv), and for ResNets DeepLabCut 2.3 on
TensorFlow, which reads the snapshot itself (POSSE_SLOW_TESTS=1 scripts/pypi_env.py deeplabcut-tensorflow installs it).
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engines"))
import engines as e


def start(bench, member, net):
    found = {"posse": bench.posse([member], 1, batch=1)}
    if not e.has_python("onnx"):
        raise SystemExit("python3-onnx is not installed")
    model = bench.export(member)
    if e.has_onnxruntime():
        found["ONNX Runtime"] = e.Worker(1, bench.onnxruntime_words([model], 1))
    if e.has_python("torch"):
        found["PyTorch, frozen"] = e.Worker(1, bench.torch_words("frozen", [model], 1))
    if e.has_python("cv2"):
        found["OpenCV DNN"] = e.Worker(1, bench.opencv_words([model], 1))
    if net.startswith("resnet") and e.has_tensorflow():
        found["DeepLabCut 2.3, TensorFlow"] = e.Worker(1, bench.tensorflow_words(member, net, 1))
    return found


def logits_of(worker, folder):
    import array
    path = os.path.join(folder, "logits")
    worker.ask("logits " + path)
    values = array.array("f")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    return values


def differences(found, folder):
    """Largest difference from posse's logits as a fraction of their range."""
    ours = logits_of(found["posse"], folder)
    span = max(ours) - min(ours)
    return {name: max(abs(a - b) for a, b in zip(ours, logits_of(worker, folder))) / span
            for name, worker in found.items() if name != "posse"}


def compare(bench, member, net, rounds, frames):
    found = start(bench, member, net)
    apart = differences(found, bench.folder)
    peaks = [found["posse"].ask("peak")]
    times = e.take_turns(found, rounds, frames)
    peaks.append(found["posse"].ask("peak"))
    peak, gflop = max(p["gflops"] for p in peaks), found["posse"].ready["gflop"]
    print("\n%s, %s, batch 1: %.1f GFLOP; FMA peak %.0f GFLOP/s (%s)\n" % (
        os.path.basename(os.path.dirname(member)), "x".join(bench.size), gflop, peak, peaks[0]["instructions"]))
    print("| engine | ms per frame | GFLOP/s, direct form | of the peak | posse is faster by | logits differ by |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, values in times.items():
        rates = [1e3 * gflop / value for value in values]
        print("| %s | %s | %s | %s | %s | %s |" % (
            name, e.spread(values), e.spread(rates, "%.0f"), e.spread([r / peak for r in rates], "%.2f"),
            "" if name == "posse" else e.spread(e.ratios(times, name, "posse"), "%.2f"),
            "" if name == "posse" else "%.0e of the range" % apart[name]))
    for worker in found.values():
        worker.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--net", default="resnet_50")
    parser.add_argument("--sizes", nargs="+", default=["464x384", "640x480"])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--work", help="keep networks in this folder, for further calls")
    args = parser.parse_args()
    print(e.machine())
    with e.work_folder(args.work) as folder:
        for size in args.sizes:
            bench = e.Bench(args.bin, folder, *map(int, size.split("x")))
            compare(bench, bench.make_members(args.net, 1)[0], args.net, args.rounds, args.frames)


if __name__ == "__main__":
    main()
