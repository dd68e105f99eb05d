#!/usr/bin/python3
"""Runs an exported model in OpenCV's DNN module and compares its outputs with posse's own.

usage: check_opencv.py MANIFEST.json
Exit status: 0 agrees, 1 does not, 77 OpenCV is not there.
"""
import json
import pathlib
import sys

try:
    import cv2
    import numpy as np
except ImportError:
    print("SKIPPED: python3-opencv is not installed")
    sys.exit(77)


def main(manifest_path):
    folder = pathlib.Path(manifest_path).parent
    manifest = json.loads(pathlib.Path(manifest_path).read_text())
    agrees = True
    for run in manifest["runs"]:
        # OpenCV plans its buffers for the first size it sees, so each size gets a network of its own.
        net = cv2.dnn.readNetFromONNX(str(folder / manifest["model"]))
        frames = np.fromfile(folder / run["frames"], manifest["input_type"]).reshape(run["shape"])
        net.setInput(frames.astype(np.float32), "frames")
        found = net.forward([output["name"] for output in run["outputs"]])
        for output, values in zip(run["outputs"], found):
            expected = np.fromfile(folder / output["file"], np.float32).reshape(output["shape"])
            if values.shape != expected.shape:
                print(f"FAIL opencv {output['name']}: shape {values.shape} instead of {expected.shape}")
                agrees = False
                continue
            error = float(np.abs(values - expected).max() / np.ptp(expected))
            good = error <= manifest["limit"]
            agrees = agrees and good
            print(f"{'ok  ' if good else 'FAIL'} opencv {output['name']} {run['shape']}: {error:.1e}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
