"""Tables that the original programs wrote: DeepLabCut 2.3.11, DeepGraphPose's decoder, dgp_ensembletools.

The files come from outside the repository (POSSE_SHARED_DATA, else ../shared/data); without them the tests are skipped.
Both sides compute in float32 with other orders of summation. Expected of another implementation: 0.002 px and 0.0003 in
likelihood for the small demo networks, 0.02 px and 0.001 for the openfield ones. Where the two highest cells of a map are
equal within float32 noise, either may be chosen: such points are named, and their likelihoods have to agree.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import DEMO, ROOT, VIDEO

import posse
from posse import _core

SHARED = Path(os.environ.get("POSSE_SHARED_DATA") or ROOT.parent / "shared" / "data")
ORIGINALS = SHARED / "originals"
OPENFIELD = SHARED / "openfield" / "videos" / "m3v1mp4.mp4"
pytestmark = pytest.mark.skipif(not ORIGINALS.is_dir(), reason="no data of the original programs")


def table(name: str) -> np.ndarray:
    """[frames, parts, (x, y, likelihood)]"""
    values = np.loadtxt(ORIGINALS / name, delimiter=",", skiprows=3)[:, 1:]
    return values.reshape(len(values), -1, 3)


def assert_same(result: posse.Result, original: np.ndarray, pixels: float, likelihood: float,
                near_ties: Sequence[tuple[int, int]] = ()) -> None:
    """near_ties: (frame, part) that may lie a cell or more away."""
    distance = np.linalg.norm(result.member_poses[0] - original[..., :2], axis=2)
    off = np.abs(result.member_likelihood[0] - original[..., 2])
    for frame, part in near_ties:
        distance[result.frame_index == frame, part] = 0
        assert off[result.frame_index == frame, part].max(initial=0) <= likelihood  # both cells are as likely
    assert distance.max() <= pixels, np.argwhere(distance > pixels)
    assert off.max() <= likelihood


def run_member(folder: Path, video: Path, frames: range | None = None, **options: object) -> posse.Result:
    return posse.Ensemble.open(folder, decode="dlc", **options).run(video, frames=frames)


@pytest.mark.parametrize("member", [1, 3, 4])
def test_deeplabcuts_table_of_the_demo(member: int) -> None:
    original = table(f"dlc-2.3.11-demo-member-{member}-batch1.csv.gz")
    assert_same(run_member(DEMO / f"member-{member}", VIDEO), original, 0.002, 0.0003)


@pytest.mark.parametrize(("member", "which"), [(1, "batch1"), (1, "batch1-numpy"), (2, "batch1"), (3, "batch1")])
def test_deeplabcuts_table_of_a_real_recording(member: int, which: str) -> None:
    original = table(f"dlc-2.3.11-openfield-member-{member}-frames-0-300-{which}.csv.gz")
    frames = range(5, 300, 6)  # the frame that differs most, 0.0155 px, among them
    result = run_member(SHARED / "openfield-ensemble" / f"member-{member}", OPENFIELD, frames)
    assert_same(result, original[5::6], 0.016, 0.001)


# TensorFlow sums a batch norm's statistics in float32: measured on maps of 240 x 320, its mean is off by 3e-6 standard
# deviations for one frame and 2.6e-5 for eight, its variance by 8e-6 and 1e-4 (tensorflow-cpu 2.12.1). So tables of batches
# of eight have more noise than those of one: 99.9 % of the points are within 0.013 px (demo) and 99.5 % within 0.064
# (openfield). posse's backends agree with each other within 0.0003 px there.
def test_deeplabcuts_table_of_batches_of_eight() -> None:
    original = table("dlc-2.3.11-demo-member-1-batch8.csv.gz")
    result = run_member(DEMO / "member-1", VIDEO, batch_norm="batch:8")
    assert_same(result, original, 0.015, 0.002, near_ties=[(64, 1)])
    alone = run_member(DEMO / "member-1", VIDEO)
    far = np.linalg.norm(alone.member_poses[0] - original[..., :2], axis=2) > 1
    assert far.mean() > 0.25  # what the option is for


def test_deeplabcuts_table_of_batches_of_eight_whose_last_is_short() -> None:
    original = table("dlc-2.3.11-openfield-member-1-frames-0-300-batch8.csv.gz")
    result = run_member(SHARED / "openfield-ensemble" / "member-1", OPENFIELD, range(300), batch_norm="batch:8")
    assert_same(result, original, 0.075, 0.005, near_ties=[(49, 2), (66, 2), (68, 2), (82, 3), (205, 2)])


def hdf5_layout(path: Path) -> dict[str, object]:
    """Names, shapes, types and attributes of the table itself, without the index that pandas adds."""
    found: dict[str, object] = {}

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if name.startswith("df_with_missing") and "_i_table" not in name:
            found[name] = (getattr(item, "shape", None), str(getattr(item, "dtype", None)), sorted(item.attrs))

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_deeplabcuts_own_h5_has_the_layout_of_ours(tmp_path: Path) -> None:
    original = ORIGINALS / "dlc-2.3.11-openarenaDLC_mobnet_35_openarenaNov22shuffle1_5000.h5"
    ensemble = posse.Ensemble.open(DEMO / "member-1", decode="dlc")
    files = ensemble.write(VIDEO, tmp_path / "out", save_members=True)
    (ours,) = (path for path in files if path.name == original.name.removeprefix("dlc-2.3.11-"))
    assert hdf5_layout(ours) == hdf5_layout(original)
    theirs, own = pd.read_hdf(original), pd.read_hdf(ours)
    pd.testing.assert_frame_equal(own, theirs, rtol=0, atol=0.002)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_deepgraphposes_decoder(number: int) -> None:
    data = np.load(ORIGINALS / "deepgraphpose-decoder.npz")
    poses, likelihood = _core.decode(data[f"maps{number}"], 8, rule="dgp")
    # The original sums up to 4,800 cells in float32: 1e-5 of a position of 608 px is 0.006.
    np.testing.assert_allclose(poses[..., 0], data[f"x{number}"], atol=5e-3)
    np.testing.assert_allclose(poses[..., 1], data[f"y{number}"], atol=5e-3)
    np.testing.assert_allclose(likelihood, data[f"likelihood{number}"], atol=1e-6)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_dgp_ensembletools_consensus(method: str) -> None:
    data = np.load(ORIGINALS / "dgp-ensembletools-consensus.npz")
    maps = [data[f"scoremap_{k}"].astype(np.float32) for k in range(1, 6)]
    compared = 0
    for count in range(1, 6):
        if f"{method}_pose_{count}" not in data:
            continue
        poses, _ = _core.consensus_keypoints(maps[:count], [8.0] * count, method)
        want = np.moveaxis(data[f"{method}_pose_{count}"], 0, -1)
        np.testing.assert_allclose(poses, want, atol=1e-3)
        compared += 1
    assert compared > 0


@pytest.mark.parametrize(("method", "count"), [("mean", 5), ("median", 4)])
def test_dgp_ensembletools_scoremap(method: str, count: int) -> None:
    data = np.load(ORIGINALS / "dgp-ensembletools-consensus.npz")
    maps = [data[f"scoremap_{k}"].astype(np.float32) for k in range(1, count + 1)]
    got = _core.consensus_scoremap(maps, [8.0] * count, method)
    want = data[f"{method}_scoremap_{count}"]
    finite = np.isfinite(want)  # the original overflows where members are sure
    np.testing.assert_allclose(got[finite], want[finite], atol=1e-4)
