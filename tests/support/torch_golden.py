#!/usr/bin/python3
"""Rebuilds one network of the PyTorch goldens for a test: its snapshot from the rule, its stored outputs as .npy files.

Usage: torch_golden.py GOLDENS NAME SNAPSHOT OUTPUTS   (needs NumPy)
"""

import pathlib
import subprocess
import sys

import numpy as np

goldens, name, snapshot, outputs = (pathlib.Path(argument) for argument in sys.argv[1:])
snapshot.parent.mkdir(parents=True, exist_ok=True)
subprocess.run([sys.executable, goldens / "make_torch_snapshot.py", goldens / name, snapshot], check=True, stdout=subprocess.DEVNULL)
outputs.mkdir(parents=True, exist_ok=True)
stored = goldens / name / "outputs.npz"
if stored.exists():
    with np.load(stored) as arrays:
        for key in arrays.files:
            np.save(outputs / f"{key}.npy", np.ascontiguousarray(arrays[key], dtype=np.float32))
