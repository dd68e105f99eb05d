"""Results as a page and as figures."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO

import posse


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results")
    ensemble = posse.Ensemble.open([DEMO / f"member-{k}" for k in (1, 2, 3)])
    ensemble.write(DEMO / "video" / "openarena.mp4", out, frames=range(12))
    return out / "openarena"


def test_a_report_is_written_and_said(folder: Path, tmp_path: Path) -> None:
    contents = posse.report(folder, tmp_path / "report.html")
    assert contents["videos"][0]["frames"] == 12
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(posse.InputError, match="exists already"):
        posse.report(folder, tmp_path / "report.html")


def test_a_plot_is_svg_that_notebooks_draw(folder: Path, tmp_path: Path) -> None:
    figure = posse.plot(folder, bodypart="snout", width_mm=85)
    assert isinstance(figure, posse.Figure)
    assert 'width="85mm"' in figure._repr_svg_()
    assert posse.plot(folder, tmp_path / "a.png", kind="disagreement") == tmp_path / "a.png"


def test_a_result_draws_its_numbers() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ensemble = posse.Ensemble.open([DEMO / "member-1", DEMO / "member-2"])
    result = ensemble.run(DEMO / "video" / "openarena.mp4", frames=range(4))
    figure = result.plot(["tailbase"])
    np.testing.assert_array_equal(figure.axes[1].lines[-1].get_ydata(), result.poses[:, 3, 1])
    with pytest.raises(ValueError, match="no bodypart 'nose'"):
        result.plot(["nose"])


def test_without_matplotlib_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    truth = np.zeros((30, 1, 2))
    judged = posse.evaluate(
        [truth + shift for shift in ([1, 0], [0, 1], [-1, 0])], truth, bodyparts=["nose"], frame_index=range(30), labels_unseen=True
    )
    assert "<td>member 0</td>" in judged._repr_html_()
    with pytest.raises(ImportError, match="python3-matplotlib"):
        judged.plot()
