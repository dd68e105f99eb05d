"""Pose tables that posse writes, read the way the tools around DeepLabCut read them.

usage: check_pose_tables.py POSSE. Exit status 77 (skipped) without pandas and PyTables.
"""

import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import pandas as pd
    import tables  # noqa: F401  (pandas needs it)
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)


def made(names, frames):
    """A table whose first frame has no point at all."""
    columns = pd.MultiIndex.from_product(
        [["DLC_posse"], names, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"]
    )
    values = np.random.default_rng(1).uniform(0, 1, (frames, len(names), 3))
    values[:, :, :2] *= 640
    values[0, :, :2] = np.nan
    values[0, :, 2] = 0
    return pd.DataFrame(values.reshape(frames, -1), columns=columns)


def check(posse, folder, names, frames=20):
    truth = made(names, frames)
    csv, h5, back = folder / "v.csv", folder / "v.h5", folder / "back.csv"
    truth.to_csv(csv)
    for source, target in ((csv, h5), (h5, back)):
        subprocess.run([posse, "convert", "--force", source, target], check=True, stdout=subprocess.DEVNULL)
    assert back.read_bytes() == csv.read_bytes(), "csv differs from what pandas writes"
    without_key, with_key = pd.read_hdf(h5), pd.read_hdf(h5, "df_with_missing")
    pd.testing.assert_frame_equal(without_key, with_key)
    pd.testing.assert_frame_equal(without_key, truth, check_exact=True)
    assert without_key.index.tolist() == list(range(frames)) and without_key.index.name is None
    assert set(map(str, without_key.dtypes)) == {"float64"}
    pd.testing.assert_frame_equal(pd.read_hdf(h5, where="index > 3"), truth[truth.index > 3])
    named = folder / "named.h5"
    subprocess.run([posse, "convert", "--force", "--key", "consensus", h5, named], check=True, stdout=subprocess.DEVNULL)
    pd.testing.assert_frame_equal(pd.read_hdf(named, "consensus"), truth, check_exact=True)
    pd.testing.assert_frame_equal(pd.read_hdf(named), truth, check_exact=True)

    read = pd.read_csv(back, header=[0, 1, 2], index_col=0, float_precision="round_trip")
    pd.testing.assert_frame_equal(read, truth, check_exact=True, check_names=False)
    points = without_key.to_numpy().reshape(frames, -1, 3)  # keypoint-moseq, movement
    assert np.isfinite(points[..., 2]).all() and (points[..., 2] >= 0).all() and (points[..., 2] <= 1).all()
    classic = pd.read_csv(back, skiprows=3, header=None).drop(columns=0)  # VAME
    assert classic.shape == (frames, 3 * len(names))
    plain = pd.read_csv(back, low_memory=False)  # B-SOiD: header rows 2 and 3 are data
    assert len(plain) == frames + 2
    first = without_key.columns.get_level_values(0)[0]  # Anipose
    assert without_key.loc[:, first]["nose" if "nose" in names else names[0]]["likelihood"].notna().all()


def check_too_wide(posse, folder):
    """More names than pandas' HDF5 layout holds: refused with the way out, and no half a file."""
    wide = folder / "wide.csv"
    made([f"bodypart{i}" for i in range(1500)], 2).to_csv(wide)
    done = subprocess.run([posse, "convert", wide, folder / "wide.h5"], capture_output=True, text=True)
    assert done.returncode != 0 and "4500 columns" in done.stderr and "csv" in done.stderr, done
    assert not list(folder.glob("*wide.h5*")), list(folder.iterdir())


def main():
    posse = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check(posse, folder, ["nose", "tail base", "left.ear-1", "Schwänzchen", "尾", "back\\slash"])
        check(posse, folder, [f"bodypart{i}" for i in range(200)])
        check(posse, folder, [f"bodypart{i}" for i in range(540)])
        check_too_wide(posse, folder)


if __name__ == "__main__":
    main()
