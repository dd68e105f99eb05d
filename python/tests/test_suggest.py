"""posse.suggest on results of the demo."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import posse
from conftest import DEMO, VIDEO

pandas = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three members over the first 120 frames."""
    folder = tmp_path_factory.mktemp("suggest")
    ensemble = posse.Ensemble.open([DEMO / f"member-{k}" for k in (1, 2, 3)], tune=False)
    ensemble.write(VIDEO, folder, frames=range(120))
    return folder / "openarena"


def test_gives_a_data_frame_of_frames(results: Path, tmp_path: Path) -> None:
    frames = posse.suggest(results, 5, out=tmp_path / "out")
    assert list(frames.why.value_counts().sort_index().items()) == [("audit", 1), ("disagreement", 4)]
    assert frames.frame.is_monotonic_increasing and frames.frame.between(0, 119).all()
    assert np.isclose(frames.inclusion_probability.dropna(), 1 / 120).all()
    written = json.loads((tmp_path / "out" / "posse-suggestions.json").read_text())
    assert [frame["frame"] for frame in written["frames"]] == list(frames.frame)
    again = posse.suggest([results], 5, out=tmp_path / "out")
    pandas.testing.assert_frame_equal(frames, again)
    pandas.testing.assert_frame_equal(frames, posse.suggest(results, 5))


def test_options_are_those_of_the_command_line(results: Path, tmp_path: Path) -> None:
    drawn = posse.suggest(results, 4, strategy="random", seed=3)
    assert set(drawn.why) == {"audit"}
    assert drawn.attrs["report"]["audit"] == {"population": 120, "frames": 4}
    with pytest.raises(TypeError, match="apart"):
        posse.suggest(results, 4, appart=1.0)
    with pytest.raises(posse.InputError, match="audit"):
        posse.suggest(results, 4, audit=2)
    with pytest.raises(FileNotFoundError):
        posse.suggest(tmp_path / "nothing")


def test_writes_into_a_project(results: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "config.yaml").write_text("Task: t\ndate: Jan1\nscorer: me\nTrainingFraction: [0.9]\nbodyparts: [snout, leftear, rightear, tailbase]\n")
    planned = posse.suggest(results, 3, write_to=project, dry_run=True)
    assert not (project / "labeled-data").exists()
    frames = posse.suggest(results, 3, write_to=project)
    assert list(frames.frame) == list(planned.frame)
    names = sorted(path.name for path in (project / "labeled-data" / "openarena").glob("*.png"))
    assert names == [f"img{frame:03d}.png" for frame in frames.frame]
