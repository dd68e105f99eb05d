"""A typical analysis runs every network over every frame once, with and without a lasting cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import posse
from conftest import copy_member
from dgp_ensembletools import _cache, models
from dgp_ensembletools._passes import Pass

NAME = "openarena.mp4"
FRAMES = range(5, 15)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """(member, frame) in the order in which networks were run."""
    done: list[tuple[str, int]] = []
    whole, some = Pass.whole_video, Pass._compute

    def counted_whole(self: Pass, progress: Any) -> Any:
        result = whole(self, progress)
        done.extend((m.fingerprint, int(frame)) for m in self.networks.members for frame in result[0])
        return result

    def counted(self: Pass, run: range, found: Any, keep: bool) -> None:
        done.extend((m.fingerprint, frame) for m in self.networks.members for frame in run)
        some(self, run, found, keep)

    monkeypatch.setattr(Pass, "whole_video", counted_whole)
    monkeypatch.setattr(Pass, "_compute", counted)
    monkeypatch.setattr(posse.Ensemble, "run", None)
    monkeypatch.setattr(posse.Ensemble, "scoremaps", None)
    return done


def ensemble_in(folder: Path, memory: object) -> models.Ensemble:
    for number in (1, 2):
        copy_member(number, folder / str(number))
    return models.Ensemble(folder, ["1", "2"], "mp4", memory=memory)


def truth_in(folder: Path) -> Path:
    from scipy.io import savemat

    path = folder / "truth.mat"
    savemat(path, {"true_xy": np.full((4, 15, 2), 100.0)})
    return path


@pytest.mark.parametrize("lasting", [True, False])
def test_scoremaps_consensus_and_truth_cost_one_pass(
    tmp_path: Path, work: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, lasting: bool
) -> None:
    pytest.importorskip("scipy")
    monkeypatch.setattr(_cache, "_process_caches", _cache._ProcessCaches())
    ensemble = ensemble_in(tmp_path, tmp_path / "cache" if lasting else None)
    truth = truth_in(tmp_path)
    ensemble.get_mean_pose(NAME, FRAMES)
    ensemble.get_median_pose(NAME, FRAMES)
    ensemble.get_scoremaps(NAME, FRAMES)
    ensemble.get_mean_scoremap(NAME, range(8, 12))
    ensemble.models[1].get_logistic(NAME, range(5, 9))
    ensemble.models[0].get_groundtruth_confidence(truth, NAME, FRAMES)
    assert len(work) == len(set(work)) == 2 * len(FRAMES)


def test_predicting_first_leaves_nothing_to_compute(tmp_path: Path, work: list[tuple[str, int]]) -> None:
    ensemble = ensemble_in(tmp_path, tmp_path / "cache")
    for model in ensemble.models.values():
        model.predict(model.project_dir / "videos" / NAME)
    predicted = len(work)
    ensemble.get_mean_pose(NAME, FRAMES)
    ensemble.get_scoremaps(NAME, range(300, 310))
    assert predicted == len(set(work)) == len(work) == 2 * 360


def test_a_long_video_does_not_push_itself_out_of_the_cache(
    tmp_path: Path, work: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSSE_CACHE_BYTES", str(2 * 30 * 40 * 4 * 4 * 6))  # six frames of both members
    monkeypatch.setattr(_cache, "_process_caches", _cache._ProcessCaches())
    ensemble = ensemble_in(tmp_path, None)
    ensemble.get_mean_pose(NAME, range(3))
    ensemble.get_mean_pose(NAME, range(100, 120))  # more than can be kept: nothing of it is
    del work[:]
    ensemble.get_median_scoremap(NAME, range(3))
    assert work == []


def test_poses_from_kept_scoremaps_are_those_of_a_run(tmp_path: Path) -> None:
    ensemble = ensemble_in(tmp_path, tmp_path / "cache")
    ensemble.get_scoremaps(NAME, FRAMES)
    network = posse.Ensemble.open([tmp_path / "1", tmp_path / "2"], decode="dgp")
    for method in ("mean", "median"):
        x, y = getattr(ensemble, f"get_{method}_pose")(NAME, FRAMES)
        run = network.run(tmp_path / "1" / "videos" / NAME, frames=FRAMES, consensus=method)
        assert np.array_equal(np.stack([x, y], axis=2), run.poses)  # the same arithmetic on the same maps
