"""The shipped ensemble as the original package would find it: project folders with raw and predicted videos."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import posse
from dgp_ensembletools import models

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
VIDEO = DEMO / "video" / "openarena.mp4"
#: As a user of the original names them: the labelled video in videos_pred.
LABELED = "openarena_labeled.mp4"
FPS = 30.0
NUM_FRAMES = 360


def copy_member(number: int, target: Path) -> Path:
    """A project folder with the raw video in it."""
    shutil.copytree(DEMO / f"member-{number}", target, ignore=shutil.ignore_patterns(".gitkeep"))
    for name in ("videos", "videos_pred"):
        (target / name).mkdir(exist_ok=True)
    shutil.copyfile(VIDEO, target / "videos" / VIDEO.name)
    return target


@pytest.fixture(scope="session")
def short_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 24 frames, for tests to which it does not matter what it shows."""
    folder = tmp_path_factory.mktemp("short")
    files = posse.Ensemble.open(DEMO / "member-1").write(VIDEO, folder, frames=range(24), labeled_video=True)
    (made,) = (path for path in files if path.suffix == ".mp4")
    return made.rename(folder / "short.mp4")


@pytest.fixture(autouse=True)
def default_snapshot_may_be_absent() -> Iterator[None]:
    """The shipped networks have no snapshot of the original's default name; one test looks at the warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="there is no snapshot-step2-final--0")
        yield


@pytest.fixture(scope="session")
def demo_truth() -> np.ndarray:
    """[frames, 2, parts]"""
    values = np.loadtxt(DEMO / "labels" / "openarena-groundtruth.csv", delimiter=",", skiprows=3, usecols=range(1, 9))
    return np.moveaxis(values.reshape(NUM_FRAMES, 4, 2), 2, 1)


@pytest.fixture(scope="session")
def truth_mat(demo_truth: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The truth as the original wants it: true_xy [parts, frames, 2]."""
    path = tmp_path_factory.mktemp("truth") / "truth.mat"
    pytest.importorskip("scipy.io").savemat(path, {"true_xy": np.moveaxis(demo_truth, 2, 0)})
    return path


@pytest.fixture(scope="session")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A top directory with three members, predicted on the video."""
    folder = tmp_path_factory.mktemp("top")
    for number in (1, 2, 4):
        copy_member(number, folder / str(number))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ensemble = models.Ensemble(topdir=folder, modeldirs=["1", "2", "4"], ext="mp4", memory=None)
        for model in ensemble.models.values():
            model.predict(VIDEO)
    return folder


@pytest.fixture(scope="session")
def old(top: Path) -> models.Ensemble:
    """The three members through the old interface."""
    return models.Ensemble(topdir=top, modeldirs=["1", "2", "4"], ext="mp4", memory=top / "cache")


@pytest.fixture(scope="session")
def ensemble() -> posse.Ensemble:
    """Two members through the new interface."""
    return posse.Ensemble.open([DEMO / "member-1", DEMO / "member-2"])


@pytest.fixture(scope="session")
def program() -> str:
    """The command line."""
    if "POSSE_PROGRAM" not in os.environ:
        pytest.skip("POSSE_PROGRAM does not name the program")
    return os.environ["POSSE_PROGRAM"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Data that is not in the repository."""
    folder = Path(os.environ.get("POSSE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "openfield-ensemble").is_dir():
        pytest.skip(f"{folder} is not there; POSSE_SHARED_DATA names another place")
    return folder
