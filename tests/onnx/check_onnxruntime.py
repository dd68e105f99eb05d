#!/usr/bin/python3
"""Runs an exported model in ONNX Runtime and compares its outputs with posse's own.

usage: scripts/pypi_env.py onnxruntime tests/onnx/check_onnxruntime.py MANIFEST.json
Exit status: 0 agrees, 1 does not.
"""
import json
import pathlib
import sys

import numpy as np
import onnxruntime


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def relative_to_range(found, expected):
    """The largest difference as a fraction of the expected values' range; NaN if there is one."""
    return float(np.abs(found.astype(np.float64) - expected).max() / np.ptp(expected))


def main(manifest_path):
    folder = pathlib.Path(manifest_path).parent
    manifest = json.loads(pathlib.Path(manifest_path).read_text())
    session = session_of(folder / manifest["model"])
    agrees = True
    for run in manifest["runs"]:
        frames = np.fromfile(folder / run["frames"], manifest["input_type"]).reshape(run["shape"])
        names = [output["name"] for output in run["outputs"]]
        for output, found in zip(run["outputs"], session.run(names, {"frames": frames})):
            expected = np.fromfile(folder / output["file"], np.float32).reshape(output["shape"])
            same_shape = found.shape == expected.shape
            error = relative_to_range(found, expected) if same_shape else float("nan")
            good = error <= manifest["limit"]
            agrees = agrees and good
            said = f"{error:.1e}" if same_shape else f"shape {found.shape} instead of {expected.shape}"
            print(f"{'ok  ' if good else 'FAIL'} onnxruntime {output['name']} {run['shape']}: {said}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
