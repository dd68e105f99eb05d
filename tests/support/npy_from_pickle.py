#!/usr/bin/env python3
"""Writes DeepLabCut's test maps and its detections from them as .npy files.

usage: npy_from_pickle.py FOLDER OUT
FOLDER holds outputs.pickle (scoremap after the sigmoid, locref, part affinity fields of one image) and dets.pickle. OUT gets
scoremap.npy float32 [h, w, bodyparts], locref.npy float32 [h, w, bodyparts, xy] in units of locref_stdev and detections.npy
float64 [n, 4]: bodypart, x, y, confidence.

Only what numpy arrays are pickled with is let through: a pickle could otherwise run any code.
"""
import pickle
import sys
from pathlib import Path

import numpy as np

ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return super().find_class(module, name)


def load(path):
    with open(path, "rb") as file:
        return ArrayUnpickler(file).load()


def main():
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    scoremap, locref, _ = load(source / "outputs.pickle")
    detections = load(source / "dets.pickle")[0]
    rows = [
        (bodypart, *point, confidence)
        for bodypart, points in enumerate(detections["coordinates"][0])
        for point, confidence in zip(np.reshape(points, (-1, 2)), np.ravel(detections["confidence"][bodypart]))
    ]
    _, height, width, bodyparts = scoremap.shape
    np.save(target / "scoremap.npy", np.ascontiguousarray(scoremap[0]))
    np.save(target / "locref.npy", np.ascontiguousarray(locref.reshape(height, width, bodyparts, 2)))
    np.save(target / "detections.npy", np.array(rows, np.float64))


if __name__ == "__main__":
    main()
