"""`posse smooth` beside the Ensemble Kalman Smoother itself, on made tables; run by scripts/pypi_env.py eks.

usage: check_eks.py POSSE
Exit status: 0 the two agree; 1 they do not.

eks works in single precision, and its sums run over a thousand frames: a position of 200 px is known to 1e-5 px, and the
smoother averages such errors rather than adding them. 1e-3 px leaves a hundred of them; a wrong variance, a frame too many or another
average is off by a tenth of a pixel and more. Variances are compared relatively, to 1e-3, for the same reason.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

from made_tables import NAMES, write_members

NUM_FRAMES = 1000
EKS = pathlib.Path(sys.executable).with_name("eks")


def columns(path):
    frame = pd.read_csv(path, header=[0, 1, 2], index_col=0)
    return {(c[-2], c[-1]): frame[c].to_numpy() for c in frame.columns}


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])


def both(posse, folder, tables, name, ours, theirs):
    """The wide tables of both programs."""
    run(posse, "--quiet", "smooth", "single", tables, "--out", folder / f"{name}.h5", "--wide-csv", folder / f"{name}.csv", *ours)
    out = folder / f"eks-{name}"
    run(EKS, "singlecam", "--input-dir", tables, "--save-dir", out, *theirs)
    return columns(folder / f"{name}.csv"), columns(out / "eks_singlecam.csv")


def apart(ours, theirs):
    """(largest distance of positions in pixels, largest relative difference of posterior variances)"""
    assert set(theirs) <= set(ours), set(theirs) - set(ours)
    positions = max(np.abs(ours[name, axis] - theirs[name, axis]).max() for name in NAMES for axis in "xy")
    keys = [(name, f"{axis}_posterior_var") for name in NAMES for axis in "xy"]
    return positions, max(np.abs(ours[key] / theirs[key] - 1).max() for key in keys)


def main(posse):
    with tempfile.TemporaryDirectory() as holder:
        folder = pathlib.Path(holder)
        tables = folder / "tables"
        write_members(tables, NUM_FRAMES)
        bad = []
        for s in ("0.5", "10"):
            position, variance = apart(*both(posse, folder, tables, f"s{s}", ["--s", s], ["--s", s]))
            print(f"s = {s}: positions {position:.1e} px apart, variances {variance:.1e} relative")
            if not (position < 1e-3 and variance < 1e-3):
                bad.append(s)
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
