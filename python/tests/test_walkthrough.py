"""The original's walk-through, and the example that follows it, as a user runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, ROOT, VIDEO, copy_member

from dgp_ensembletools import models


def test_the_readme_of_the_original_runs_as_written(tmp_path: Path) -> None:
    for number in (2, 4):
        (copy_member(number, tmp_path / f"model{number}") / "videos" / VIDEO.name).unlink()
    shutil.copyfile(VIDEO, tmp_path / "video.mp4")
    start, end = 100, 110

    ensemble = models.Ensemble(topdir=str(tmp_path), modeldirs=["model2", "model4"], ext="mp4", memory=None)
    [model.predict(str(tmp_path / "video.mp4")) for model in ensemble.models.values()]
    ref_x, ref_y = ensemble.get_mean_pose("video.mp4", range(start, end))

    assert isinstance(ref_x, np.ndarray) and ref_x.shape == ref_y.shape == (end - start, 4)
    labeled = ensemble.get_mean_pose("video_labeled.mp4", range(start, end))
    assert np.array_equal(labeled[0], ref_x) and np.array_equal(labeled[1], ref_y)
    golden = [
        np.genfromtxt(DEMO / "golden" / f"member-{n}.csv", delimiter=",", names=True)["snout_dgp_x"][start:end]
        for n in (2, 4)
    ]
    got = [poses[start:end, 0, 0] for poses in ensemble.get_poses("video_labeled.mp4").values()]
    np.testing.assert_allclose(got, golden, rtol=0, atol=0.01)  # float32 of another implementation


def test_the_example_runs_and_draws(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, ROOT / "examples" / "ensemble_walkthrough.py", tmp_path]
    lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    errors = {line.split()[0]: float(line.split()[1]) for line in lines[:6]}
    # Per-point RMSE of the shipped soft-argmax table times the root of four parts.
    for number, rmse in zip(range(1, 6), (30.00, 15.16, 22.97, 9.29, 11.90)):
        assert errors[f"member-{number}"] == pytest.approx(2 * rmse, abs=0.02)
    assert errors["consensus"] == pytest.approx(2 * 13.16, abs=0.02)
    assert Path(lines[-1]).stat().st_size > 50_000
