#!/usr/bin/env python3
"""`posse smooth` and `posse consensus` on data of our own: the demo's members, and a made rig of two cameras.

usage: check_smoothing_made.py POSSE DEMO_DATA; exits 77 (skipped) without pandas.
The truth is eks_reference.py, a second implementation. Positions hold to 1e-8 px and variances to 1e-9 relative, as against the
goldens of check_smoothing.py.
"""
import csv
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import pandas as pd
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

import eks_reference

NUM_FRAMES = 150
S = 10


def run(posse, *words):
    done = subprocess.run([posse, "--quiet", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.returncode, done.stderr)


def table(values, names):
    """A table of predictions [frames, keypoints, (x, y, likelihood)] as DeepLabCut writes it."""
    columns = pd.MultiIndex.from_product([["net"], names, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"])
    return pd.DataFrame(values.reshape(len(values), -1), columns=columns)


def columns(path):
    frame = pd.read_csv(path, header=[0, 1, 2], index_col=0, float_precision="round_trip")
    return {(c[-2], c[-1]): frame[c].to_numpy() for c in frame.columns}


def assert_close(got, position, variance, name, label):
    for axis, coord in enumerate("xy"):
        assert np.max(np.abs(got[name, coord] - position[:, axis])) < 1e-8, (label, name, coord)
        assert np.max(np.abs(got[name, coord + "_posterior_var"] / variance[:, axis] - 1)) < 1e-9, (label, name, coord)


def demo_members(demo, out):
    """The golden predictions of the demo's five members: (values [members, frames, keypoints, 3], names, files)."""
    values, paths = [], []
    for path in sorted((demo / "golden").glob("member-[0-9].csv")):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:NUM_FRAMES]
        names = [key.removesuffix("_dlc_x") for key in rows[0] if key.endswith("_dlc_x")]
        values.append([[[float(row[f"{name}_dlc_{coord}"]) for coord in ("x", "y", "likelihood")] for name in names]
                       for row in rows])
        paths.append(out / path.name)
        table(np.array(values[-1]), names).to_csv(paths[-1])
    return np.array(values), names, paths


def check_single(posse, demo, out):
    members, names, paths = demo_members(demo, out)
    assert members.shape == (5, NUM_FRAMES, 4, 3)
    run(posse, "smooth", "single", *paths, "--s", S, "--out", out / "single.h5", "--wide-csv", out / "single.csv")
    ours = columns(out / "single.csv")
    positions, variances = eks_reference.summarise(members, True)
    for k, name in enumerate(names):
        mean = positions[:, k].mean(axis=0)
        y = positions[:, k] - mean
        identity = np.eye(2)
        m, p = eks_reference.smooth(y, variances[:, k], lambda m: (m, identity), np.zeros(2), np.diag(y.var(axis=0)), S * identity)
        assert_close(ours, m + mean, np.diagonal(p, axis1=1, axis2=2), name, "single")
    run(posse, "consensus", *paths, "--method", "median", "--out", out / "median.csv")
    median = columns(out / "median.csv")
    for k, name in enumerate(names):
        for axis, coord in enumerate("xy"):
            # one rounding of sums of coordinates
            assert np.max(np.abs(median[name, coord] - np.median(members[:, :, k, axis], axis=0))) < 1e-9, (name, coord)


def check_several(posse, out):
    """Points that wander in space, seen by two cameras along two axes, by three members with errors of their own."""
    random = np.random.default_rng(7)
    names = ["nose", "tail"]
    space = 200 + np.cumsum(random.normal(0, 2, (NUM_FRAMES, 2, 3)), axis=0)
    views = {"top": [[1, 0, 0.2], [0, 1, 0.1]], "side": [[0.9, 0.1, 0], [0.1, 0.2, 1]]}
    summaries = []
    for camera, matrix in views.items():
        seen = space @ np.array(matrix).T
        members = [np.dstack([seen + random.normal(0, 1, seen.shape), random.uniform(0.6, 1, seen.shape[:2])]) for _ in range(3)]
        for m, values in enumerate(members):
            table(values, names).to_csv(out / f"rig{m}.{camera}.csv")
        summaries.append(eks_reference.summarise(np.array(members), True))
    run(posse, "smooth", "multi", *sorted(out.glob("rig*.csv")), "--camera-names", *views, "--s", S, "--out", out / "multi",
        "--wide-csv", out / "wide")
    expected = eks_reference.smooth_linear([p for p, _ in summaries], [v for _, v in summaries], S)
    for c, camera in enumerate(views):
        ours = columns(out / "wide" / f"{camera}.csv")
        for k, name in enumerate(names):
            position, variance = expected[k]
            assert_close(ours, position[:, 2 * c:2 * c + 2], variance[:, 2 * c:2 * c + 2], name, camera)


def mirrored_members(seed, names=("nose", "tail", "paw")):
    """[members, frames, keypoints, (x, y, likelihood)] of points in space in two views of one picture, names "<name>_<view>"."""
    random = np.random.default_rng(seed)
    space = 200 + np.cumsum(random.normal(0, 2, (NUM_FRAMES, len(names), 3)), axis=0)
    seen = np.concatenate([space @ np.array([[1, 0, 0.2], [0, 1, 0.1]]).T, space @ np.array([[0.9, 0.1, 0], [0.1, 0.2, 1]]).T],
                          axis=1)
    members = np.stack([np.dstack([seen + random.normal(0, 1, seen.shape), random.uniform(0.6, 1, seen.shape[:2])])
                        for _ in range(3)])
    return members, [f"{name}_{view}" for view in ("top", "side") for name in names], seen


def write_members(members, names, folder, removed=()):
    folder.mkdir()
    for m, values in enumerate(members):
        table(values, names).drop(index=list(removed)).to_csv(folder / f"net{m}.csv")
    return sorted(folder.glob("*.csv"))


def smooth_words(posse, *words):
    """Warnings of a call that is to succeed, with or without some."""
    done = subprocess.run([posse, "--quiet", *map(str, words)], capture_output=True, text=True)
    assert done.returncode in (0, 4), (words, done.returncode, done.stderr)
    return done.stderr


MIRRORED = ["--camera-names", "top", "side", "--s", S]


def check_mirrored_gaps(posse, out):
    """Frames that a table leaves out count as frames in which nothing is seen."""
    members, names, _ = mirrored_members(3)
    gap = range(60, 90)
    blank = members.copy()
    blank[:, gap, :, :2], blank[:, gap, :, 2] = np.nan, 0
    smooth_words(posse, "smooth", "mirrored", *write_members(members, names, out / "gap", gap), *MIRRORED, "--out", out / "gap.csv")
    smooth_words(posse, "smooth", "mirrored", *write_members(blank, names, out / "blank"), *MIRRORED, "--out", out / "blank.csv")
    whole = pd.read_csv(out / "blank.csv", header=[0, 1, 2], index_col=0, float_precision="round_trip")
    left_out = pd.read_csv(out / "gap.csv", header=[0, 1, 2], index_col=0, float_precision="round_trip")
    # the same filter; sums over the frames in another order
    np.testing.assert_allclose(left_out.to_numpy(), whole.drop(index=[f for f in gap if f not in left_out.index]).to_numpy(),
                               rtol=0, atol=1e-8)


def check_mirrored_hidden(posse, out):
    """A keypoint that one view never shows, and one that no frame shows to both: what was seen is kept, and told."""
    members, names, truth = mirrored_members(5)
    hidden = members.copy()
    hidden[:, :, names.index("tail_side"), :2] = np.nan
    hidden[:, : NUM_FRAMES // 2, names.index("paw_side"), :2] = np.nan
    hidden[:, NUM_FRAMES // 2 :, names.index("paw_top"), :2] = np.nan
    said = smooth_words(posse, "smooth", "mirrored", *write_members(hidden, names, out / "hidden"), *MIRRORED, "--out",
                        out / "hidden.csv")
    assert "tail" in said and "paw" in said, said
    ours = columns(out / "hidden.csv")
    for name, frames in [("nose_top", slice(None)), ("nose_side", slice(None)), ("tail_top", slice(None)),
                         ("paw_top", slice(0, NUM_FRAMES // 2)), ("paw_side", slice(NUM_FRAMES // 2, None))]:
        found = np.stack([ours[name, "x"], ours[name, "y"]], axis=1)[frames]
        # members' errors have a standard deviation of 1
        assert np.abs(found - truth[frames, names.index(name)]).max() < 3, name
    assert np.isnan(ours["tail_side", "x"]).all()


def check_paws(posse, out):
    """Two cameras with clocks of their own: a gap in the frames against the same frames blank, and a paw that one camera never
    shows."""
    random = np.random.default_rng(9)
    folder = out / "paws"
    folder.mkdir()
    names, num = ["paw_l", "paw_r"], NUM_FRAMES
    space = 60 + np.cumsum(random.normal(0, 1, (num, 2, 3)), axis=0)
    left = space @ np.array([[1, 0, 0.2], [0, 1, 0.1]]).T
    right = space @ np.array([[0.9, 0.1, 0], [0.1, 0.2, 1]]).T
    right[..., 0] = 128 - right[..., 0]  # this camera's pictures are mirrored, and its names are the other paw's
    right = right[:, ::-1]
    times = np.arange(num) / 60
    np.save(out / "left.npy", times)
    np.save(out / "right.npy", times)
    clocks = ["--timestamps-left", out / "left.npy", "--timestamps-right", out / "right.npy"]

    def smoothed(kind, gap=(), blank=False, hidden=False):
        folder = out / f"paws-{kind}"
        folder.mkdir()
        noise = np.random.default_rng(10)
        for camera, seen in (("left", left), ("right", right)):
            for m in range(3):
                values = np.dstack([seen + noise.normal(0, 0.5, seen.shape), np.full(seen.shape[:2], 0.9)])
                if blank:
                    values[list(gap), :, :2] = np.nan
                if hidden and camera == "right":
                    values[:, names.index("paw_r"), :2] = np.nan
                frame = table(values, names)
                (frame if blank else frame.drop(index=list(gap))).to_csv(folder / f"cam.{camera}.rng={m}.csv")
        said = smooth_words(posse, "smooth", "paw", folder, *clocks, "--s", S, "--out", out / f"{kind}-tables",
                            "--wide-csv", out / f"{kind}-smoothed")
        return said, {p.stem: columns(p) for p in (out / f"{kind}-smoothed").glob("*.csv")}

    _, gone = smoothed("gone", range(60, 80))
    _, blank = smoothed("blank", range(60, 80), blank=True)
    assert len(gone) == 2 and gone.keys() == blank.keys(), gone.keys()
    for camera, values in gone.items():
        for column, found in values.items():
            want = blank[camera][column]
            if len(found) != len(want):
                want = np.delete(want, range(60, 80))
            np.testing.assert_allclose(found, want, rtol=0, atol=1e-8, err_msg=str((camera, column)))
    said, found = smoothed("hidden", hidden=True)
    assert "paw" in said, said
    (camera,) = [name for name in found if "left" in name]
    for k, name in enumerate(names):
        track = np.stack([found[camera][name, "x"], found[camera][name, "y"]], axis=1)
        assert np.abs(track - left[:, k]).max() < 2, name  # errors of 0.5


def main(posse, demo):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)
        check_single(posse, pathlib.Path(demo), out)
        check_several(posse, out)
        check_mirrored_gaps(posse, out)
        check_mirrored_hidden(posse, out)
        check_paws(posse, out)
    print("single, several cameras, consensus: as the reference")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
