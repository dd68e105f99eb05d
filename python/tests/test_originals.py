"""Tables that the original programs wrote: DeepLabCut 2.3.11, DeepGraphPose's decoder, dgp_ensembletools.

The files come from outside the repository (POSSE_SHARED_DATA, else ../shared/data); without them the tests are skipped.
Both sides compute in float32 with other orders of summation. Expected of another implementation: 0.002 px and 0.0003 in
likelihood for the small demo networks, 0.02 px and 0.001 for the openfield ones. Where the two highest cells of a map are
equal within float32 noise, either may be chosen (seen once in 9,520 points, 0.98 px): one such point is allowed in all.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, ROOT, VIDEO

import posse
from posse import _core

SHARED = Path(os.environ.get("POSSE_SHARED_DATA") or ROOT.parent / "shared" / "data")
ORIGINALS = SHARED / "originals"
OPENFIELD = SHARED / "openfield" / "videos" / "m3v1mp4.mp4"
NEAR_TIES: list[str] = []

pytestmark = pytest.mark.skipif(not ORIGINALS.is_dir(), reason="no data of the original programs")


def table(name: str) -> np.ndarray:
    """[frames, parts, (x, y, likelihood)]"""
    values = np.loadtxt(ORIGINALS / name, delimiter=",", skiprows=3)[:, 1:]
    return values.reshape(len(values), -1, 3)


def assert_same(result: posse.Result, original: np.ndarray, pixels: float, likelihood: float) -> None:
    distance = np.linalg.norm(result.member_poses[0] - original[..., :2], axis=2)
    far = np.argwhere(distance > pixels)
    NEAR_TIES.extend(f"frame {result.frame_index[t]}, part {j}: {distance[t, j]:.3f} px" for t, j in far)
    assert len(NEAR_TIES) <= 1, NEAR_TIES
    assert distance.max() < 8, NEAR_TIES  # one cell
    close = distance <= pixels
    assert np.abs(result.member_likelihood[0] - original[..., 2])[close].max() <= likelihood


@pytest.mark.parametrize("member", [1, 3, 4])
def test_deeplabcuts_table_of_the_demo(member: int) -> None:
    original = table(f"dlc-2.3.11-demo-member-{member}-batch1.csv.gz")
    result = posse.Ensemble.open(DEMO / f"member-{member}", decode="dlc").run(VIDEO)
    assert_same(result, original, 0.002, 0.0003)


@pytest.mark.parametrize("member", [1, 2, 3])
def test_deeplabcuts_table_of_a_real_recording(member: int) -> None:
    original = table(f"dlc-2.3.11-openfield-member-{member}-frames-0-300-batch1.csv.gz")
    ensemble = posse.Ensemble.open(SHARED / "openfield-ensemble" / f"member-{member}", decode="dlc")
    result = ensemble.run(OPENFIELD, frames=range(0, 300, 30))
    assert_same(result, original[::30], 0.02, 0.001)


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
