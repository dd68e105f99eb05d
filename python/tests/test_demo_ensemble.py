"""posse and dgp_ensembletools on the shipped ensemble, against the command line and against numpy."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import posse
from dgp_ensembletools import datavis, legacy_frame_ranges, models

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
VIDEO = DEMO / "video" / "openarena.mp4"
MEMBERS = [DEMO / "member-1", DEMO / "member-2"]


@pytest.fixture(scope="module")
def ensemble() -> posse.Ensemble:
    return posse.Ensemble.open(MEMBERS)


@pytest.fixture(scope="module")
def old_ensemble(tmp_path_factory: pytest.TempPathFactory) -> models.Ensemble:
    top = tmp_path_factory.mktemp("top")
    for i, member in enumerate(MEMBERS):
        shutil.copytree(member, top / str(i))
        shutil.copyfile(VIDEO, top / str(i) / "videos" / VIDEO.name)
    warnings.simplefilter("ignore", UserWarning)  # the demo has no snapshot of the default name
    return models.Ensemble(topdir=top, modeldirs=["0", "1"], ext="mp4", memory=top / "cache")


def mean_pose_in_numpy(maps: list[np.ndarray], stride: float) -> tuple[np.ndarray, np.ndarray]:
    p = np.mean([1 / (1 + np.exp(-m.astype(float))) for m in maps], axis=0)
    mass = p / (1 - p)
    mass /= mass.sum(axis=(1, 2), keepdims=True)
    y, x = np.indices(mass.shape[1:3])
    centre = lambda grid: (mass * grid[None, :, :, None]).sum(axis=(1, 2)) * stride + stride / 2  # noqa: E731
    return centre(x), centre(y)


def test_consensus_equals_the_command_lines(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    result = ensemble.run(VIDEO, frames=range(5, 9))
    command = [os.environ["POSSE_PROGRAM"], "-q", "run", VIDEO, "--members", *MEMBERS, "--frames", "5:9"]
    subprocess.run([*command, "--format", "csv", "--out", tmp_path], check=True)
    (table,) = tmp_path.glob("*/*.csv")
    rows = list(csv.reader(table.open()))[3:]
    written = np.array([[float(cell) for cell in row[1:]] for row in rows]).reshape(4, -1, 3)
    assert np.array_equal(written[:, :, :2], result.poses)  # shortest exact decimals: bit for bit
    assert np.array_equal(written[:, :, 2], result.likelihood)


def test_chunks_and_pictures_equal_the_whole_run(ensemble: posse.Ensemble) -> None:
    whole = ensemble.run(VIDEO, frames=range(12))
    chunks = list(ensemble.iterate(VIDEO, frames=range(12), chunk=5))
    assert np.array_equal(np.concatenate([chunk.poses for chunk in chunks]), whole.poses)
    assert np.array_equal(ensemble.predict(posse.Video(VIDEO)[7]).poses[0], whole.poses[7])


def test_leaving_the_iteration_early_stops_the_run(ensemble: posse.Ensemble) -> None:
    for chunk in ensemble.iterate(VIDEO, chunk=4):
        assert len(chunk) >= 4
        break
    assert len(ensemble.run(VIDEO, frames=3)) == 1


@pytest.mark.parametrize("frames", [range(350, 361), "9:3", -1, (5, 2)])
def test_frames_that_are_not_there_are_refused(ensemble: posse.Ensemble, frames: object) -> None:
    with pytest.raises(ValueError, match="frame"):
        ensemble.run(VIDEO, frames=frames)  # type: ignore[arg-type]


def test_errors_are_the_built_in_classes_one_expects(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ensemble.run(tmp_path / "none.mp4")
    with pytest.raises(posse.Error):
        posse.Ensemble.open(tmp_path)
    with pytest.raises(TypeError, match="snapshot"):
        posse.Ensemble.open(MEMBERS, snapshots="newest")
    with pytest.raises(ValueError):
        ensemble.predict(np.zeros((4, 4), dtype=np.uint8)[None])


def test_an_exception_of_the_callback_stops_the_run(ensemble: posse.Ensemble) -> None:
    def refuse(done: int, total: int | None) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        ensemble.run(VIDEO, progress=refuse)


def test_mean_pose_is_the_softmax_centre_of_the_mean_probability(old_ensemble: models.Ensemble) -> None:
    x, y = old_ensemble.get_mean_pose("openarena_labeled.mp4", range(20, 26))
    maps = old_ensemble.get_scoremaps("openarena.mp4", range(20, 26))
    stride = old_ensemble.models[0].get_scoremap("openarena.mp4", range(20, 26), return_cfg=True)[1].stride
    want_x, want_y = mean_pose_in_numpy(maps, stride)
    # 1e-6 cells: kernels are promised to that, and numpy's p / (1 - p) is good to 1e-12
    assert np.allclose(x, want_x, rtol=0, atol=1e-6 * stride)
    assert np.allclose(y, want_y, rtol=0, atol=1e-6 * stride)


@pytest.mark.parametrize(("stop", "rows"), [(4, 3), (20, 19), (24, 24), (32, 32)])
def test_legacy_ranges_give_the_originals_rows(old_ensemble: models.Ensemble, stop: int, rows: int) -> None:
    # At 30 frames/s the original's clips have one row less than asked for, except where frame times round up (24, 32).
    x, _ = old_ensemble.get_mean_pose("openarena.mp4", range(stop))
    with legacy_frame_ranges():
        old_x, _ = old_ensemble.get_mean_pose("openarena.mp4", range(stop))
    assert np.array_equal(old_x, x[:rows])


def test_cached_scoremaps_need_no_network(old_ensemble: models.Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    first = old_ensemble.models[0].get_scoremap("openarena.mp4", range(40, 50))
    monkeypatch.setattr(posse.Ensemble, "scoremaps", None)  # calling it would fail
    assert np.array_equal(old_ensemble.models[0].get_scoremap("openarena.mp4", range(42, 48)), first[2:8])


def test_a_damaged_cache_entry_is_computed_again(old_ensemble: models.Ensemble) -> None:
    model = old_ensemble.models[0]
    first = model.get_scoremap("openarena.mp4", range(64, 68))
    for path in (Path(model.memory) / "scoremaps").rglob("*.npz"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(bytes(content))
    assert np.array_equal(model.get_scoremap("openarena.mp4", range(64, 68)), first)


def test_predict_writes_what_get_poses_reads(old_ensemble: models.Ensemble) -> None:
    model = old_ensemble.models[0]
    before = (model.project_dir / "config.yaml").read_bytes()
    model.predict(VIDEO)
    assert (model.project_dir / "config.yaml").read_bytes() == before
    poses = model.get_poses_raw("openarena_labeled.mp4")
    xx, yy, likes, *_ = model.get_poses_and_heatmap_cache("openarena.mp4", range(0, 3))
    assert poses["x"].shape == (360, 4)
    assert np.array_equal(poses["x"][:3], xx) and np.array_equal(poses["y"][:3], yy)
    assert np.array_equal(poses["likelihoods"][:3], likes)


def test_marker_epsilon_distance_is_summed_over_parts(old_ensemble: models.Ensemble) -> None:
    pose, truth = np.random.default_rng(1).normal(size=(2, 7, 2, 3))
    want = np.sqrt((((pose - truth) ** 2).sum(axis=1)).sum() / 7)
    assert old_ensemble.models[0].marker_epsilon_distance(pose, truth) == pytest.approx(want, rel=1e-14)


def test_data_inclusion_orders_members_by_cost() -> None:
    inclusion = datavis.DataInclusion(
        {"a": {"frame_inds": [5, 2], "performance": 3.0}, "b": {"frame_inds": [2], "performance": 1.0}}
    )
    matrix, frames, members = inclusion.make_sorted_mat()
    assert (matrix.tolist(), frames, members) == ([[True, False], [True, True]], [2, 5], ["b", "a"])


def test_importing_loads_nothing_heavy() -> None:
    code = "import dgp_ensembletools.models, sys; print([m for m in ('pandas', 'matplotlib', 'joblib', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
