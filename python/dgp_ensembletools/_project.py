"""What lies where in a project folder: raw videos, predicted videos, tables."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dgp_ensembletools._errors import MissingInput, WrongInput
from dgp_ensembletools._labels import is_label_table, read_labels

__all__ = ["PoseConfig", "predicted_video", "raw_stem", "raw_video", "read_groundtruth", "read_pose_csv", "rewrite_project_path"]

_VIDEO_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm"}


class PoseConfig(dict[str, Any]):
    """Settings of a network, as ``cfg["stride"]`` and as ``cfg.stride``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def _stem_and_suffix(name: str) -> tuple[str, str]:
    """The raw video's stem, and the suffix if it is a video's, of a raw or labelled video's name."""
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in _VIDEO_SUFFIXES:
        stem, suffix = name, ""
    position = stem.rfind("_labeled")
    return (stem if position < 0 else stem[:position]), suffix.lower()


def raw_stem(video_name: str | os.PathLike[str]) -> str:
    """The stem of the raw video, for its own name or that of its labelled copy."""
    return _stem_and_suffix(Path(video_name).name)[0]


def raw_video(project: Path, video_name: str) -> Path:
    """The video that networks are run on, for its own name (with or without suffix) or that of its labelled copy.

    Where several raw videos have one stem, the suffix that was given decides; without it nobody knows which is meant.
    """
    given = Path(video_name)
    stem, suffix = _stem_and_suffix(given.name)
    folders = [project / "videos", project / "videos_dgp"]
    for name in (given.name, stem):
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
    found: dict[str, Path] = {}  # by name: the same one in the second folder is the same video
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if not path.name.startswith(".") and path.stem == stem and path.suffix.lower() in _VIDEO_SUFFIXES:
                found.setdefault(path.name, path)
    fitting = [path for path in found.values() if path.suffix.lower() == suffix] or list(found.values())
    if len(fitting) > 1:
        names = ", ".join(path.name for path in fitting)
        raise WrongInput(f"{video_name}: several raw videos have its stem ({names}); name the one that is meant with its suffix")
    if fitting:
        return fitting[0]
    if given.is_file() and "_labeled" not in given.stem:
        return given
    raise MissingInput(f"{video_name}: its raw video {stem}.* is in neither {folders[0]} nor {folders[1]}")


def predicted_video(project: Path, files: list[str], video_name: str) -> str:
    """The name in videos_pred, for that name or the raw video's."""
    name = os.path.basename(video_name)
    for candidate in (name, f"{os.path.splitext(name)[0]}_labeled.mp4", f"{name}_labeled.mp4"):
        if candidate in files:
            return candidate
    raise MissingInput(f"{name}: video must have been predicted on; it is not in {project / 'videos_pred'}")


def _csv_rows(path: Path) -> list[list[str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.reader(file) if row]


def _numbers(path: Path, rows: list[list[str]], index_columns: int) -> npt.NDArray[np.float64]:
    """The cells below three header rows; empty ones are NaN."""
    try:
        return np.array([[float(cell) if cell else np.nan for cell in row[index_columns:]] for row in rows[3:]], dtype=float)
    except ValueError as error:
        raise WrongInput(f"{path} is no table of numbers below three header rows: {error}") from error


def read_pose_csv(path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """x, y and likelihoods, each [frames, bodyparts], of a table with three header rows."""
    rows = _csv_rows(path)
    columns = len(rows[0]) - 1 if rows else 0
    if len(rows) < 3 or columns % 3 != 0:
        raise WrongInput(f"{path} is no pose table: three header rows, then x, y, likelihood for every bodypart")
    values = _numbers(path, rows, 1).reshape(-1, columns)
    return {"x": values[:, 0::3], "y": values[:, 1::3], "likelihoods": values[:, 2::3]}


def read_groundtruth(
    path: str | os.PathLike[str], bodyparts: Sequence[str] | None = None, video: str | None = None
) -> npt.NDArray[np.float64]:
    """True positions [frames, 2, parts] from a .mat file's "true_xy" [parts, frames, 2], or a label table (read_labels)."""
    if is_label_table(path):
        return read_labels(path, bodyparts, video)
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ImportError("ground truth in .mat files needs scipy (Debian: python3-scipy)") from error
    contents = loadmat(path)
    if "true_xy" not in contents:
        raise WrongInput(f"{path}: has no array true_xy; it has {', '.join(k for k in contents if k[0] != '_')}")
    truth = np.asarray(contents["true_xy"], dtype=float)
    if truth.ndim != 3 or truth.shape[2] != 2:
        raise WrongInput(f"{path}: true_xy is {truth.shape}, expected (parts, frames, 2)")
    return np.moveaxis(truth, 0, -1)


def rewrite_project_path(project: Path) -> None:
    """Writes the folder's own place into its config.yaml, and the videos' places below it."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("change_project_path() needs PyYAML (Debian: python3-yaml)") from error
    path = project / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    old = os.path.join(str(config.get("project_path", "")), "")
    videos = config.get("video_sets") or {}
    config["video_sets"] = {str(project / str(video).split(old)[-1]): crop for video, crop in videos.items()}
    config["project_path"] = str(project)
    temporary = path.with_suffix(".yaml.partial")
    temporary.write_text(yaml.dump(config), encoding="utf-8")
    os.replace(temporary, path)
