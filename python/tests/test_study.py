"""posse.study: arrays against numpy, and the manifest of an experiment made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import posse
from posse import study


def test_influence_is_the_difference_of_numpys_moments() -> None:
    values = np.random.default_rng(1).normal(size=(6, 5, 2))
    included = np.array([1, 1, 0, 1, 0, 0], dtype=bool)
    a, b = values[included], values[~included]
    found = study.influence(values, included)
    np.testing.assert_allclose(found.bias, a.mean(0) - b.mean(0), atol=1e-14)
    np.testing.assert_allclose(found.variance, a.var(0) - b.var(0), atol=1e-14)
    np.testing.assert_allclose(found.standard_error, (a.std(0) - b.std(0)) / np.sqrt(3), atol=1e-14)
    with pytest.raises(posse.Error, match="included"):
        study.influence(values, [True])


def test_components_give_the_errors_back() -> None:
    rows = np.random.default_rng(2).normal(size=(4, 3, 5))
    found = study.principal_components(rows)
    flat = rows.reshape(4, -1)
    np.testing.assert_allclose((found.scores - found.origin) @ found.directions, flat - flat.mean(0) + (flat.mean(0) @ found.directions.T) @ found.directions)
    assert found.explained_ratio.sum() == pytest.approx(1)
    with pytest.raises(posse.Error, match="finite"):
        study.principal_components([[np.nan, 1.0], [2.0, 3.0]])


def test_draws_are_numpys() -> None:
    for seed in (0, 2, 7700):
        np.random.seed(seed)
        assert study.draw_frames(37, 12, seed).tolist() == sorted(np.random.choice(37, 12, replace=False))


def test_run_gives_data_frames_and_arrays(tmp_path: Path) -> None:
    truth = np.random.default_rng(3).uniform(10, 90, (12, 2, 2))
    rows = ["member,trained_on"]
    for m in range(4):
        poses = np.concatenate([truth + m, np.ones((12, 2, 1))], axis=2).reshape(12, -1)
        head = ["scorer" + ",s" * 6, "bodyparts,a,a,a,b,b,b", "coords,x,y,likelihood,x,y,likelihood"]
        lines = [",".join(map(repr, [t, *map(float, row)])) for t, row in enumerate(poses)]
        (tmp_path / f"{m}.csv").write_text("\n".join(head + lines) + "\n")
        rows.append(f"{m}.csv,{1 + m % 2}")
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    labels = tmp_path / "CollectedData_x.csv"
    head = ["scorer" + ",s" * 4, "bodyparts,a,a,b,b", "coords,x,y,x,y"]
    lines = [f"labeled-data/v/img{t:02d}.png," + ",".join(repr(float(v)) for v in row.ravel()) for t, row in enumerate(truth)]
    labels.write_text("\n".join(head + lines) + "\n")
    found = study.run(tmp_path / "m.csv", labels)
    members = found.table("members")
    np.testing.assert_allclose(members["rmse"], np.arange(4) * np.sqrt(2))
    assert found.matrix("influence_error").shape == (2, 2, 12)
    np.testing.assert_allclose(found.matrix("influence_error")[:, 0], -np.sqrt(2))
    assert found.matrix("inclusion").tolist() == [[[1, 0], [0, 1], [1, 0], [0, 1]]]
    assert "Members on test frames" in found.text
