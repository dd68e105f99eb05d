"""Errors and uncertainty against hand labels, and calibration on them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, cast

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._paths import path_of
from posse._progress import Progress, as_callback
from posse.result import PathLike

if TYPE_CHECKING:
    import pandas

__all__ = ["Evaluation", "calibrate", "evaluate"]

#: Labels on disk, or a data frame in DeepLabCut's layout: rows are pictures, columns (scorer, bodyparts, coords).
Labels = Union[PathLike, "pandas.DataFrame"]


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("data frames need pandas (Debian: python3-pandas)") from error
    return pandas


@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate` gives.

    Attributes
    ----------
    report : dict
        All numbers, as ``posse evaluate --json`` prints them.
    text : str
        The tables for people.
    pictures, bodyparts, members : tuple of str
        Names along the arrays' axes.
    labels : ndarray, [pictures, bodyparts, xy]
        NaN where not labelled.
    judges : ndarray of bool, [pictures, members]
        The members that judge each picture: those not trained on it.
    member_poses : ndarray, [pictures, members, bodyparts, x y likelihood]
    poses : dict of ndarray, [pictures, bodyparts, x y likelihood]
        Of every consensus: "mean", "median", and "track" and "smoother" where their video is known.
    covariance : dict of ndarray, [pictures, bodyparts, 2, 2]
        What each states, in square pixels; NaN where members are tables.
    """

    report: Mapping[str, Any]
    text: str
    pictures: tuple[str, ...]
    bodyparts: tuple[str, ...]
    members: tuple[str, ...]
    labels: npt.NDArray[np.float64]
    judges: npt.NDArray[np.bool_]
    member_poses: npt.NDArray[np.float64]
    poses: Mapping[str, npt.NDArray[np.float64]]
    covariance: Mapping[str, npt.NDArray[np.float64]]

    def errors(self) -> pandas.DataFrame:
        """A row for every member or method and bodypart ("all" too): points, rmse with its interval, median, p95, missed ..."""
        rows = []
        for table in self.report["errors"]:
            for row in table["bodyparts"]:
                flat = {"name": table["name"], "member": table["member"], **row}
                flat["rmse_low"], flat["rmse_high"] = flat.pop("rmse_interval")
                flat.update({f"pck_{one['radius']:g}": one["share"] for one in flat.pop("pck", None) or []})
                rows.append(flat)
        return cast("pandas.DataFrame", _pandas().DataFrame(rows).set_index(["name", "bodypart"]))

    def uncertainty(self) -> pandas.DataFrame:
        """A row for every stated uncertainty: coverage of its regions and its scores."""
        rows = []
        for summary in self.report["uncertainty"]:
            flat = {key: value for key, value in summary.items() if not isinstance(value, list)}
            flat.update({f"coverage_{one['region']:g}": one["share"] for one in summary["coverage"]})
            rows.append(flat)
        return cast("pandas.DataFrame", _pandas().DataFrame(rows).set_index(["method", "uncertainty"]))

    def suspects(self) -> pandas.DataFrame:
        """Labels that members who agree do not share, the worst first."""
        columns = ["picture", "bodypart", "distance", "stated", "ratio"]
        return cast("pandas.DataFrame", _pandas().DataFrame(self.report["suspects"], columns=columns))


def _evaluation(made: dict[str, Any]) -> Evaluation:
    report = json.loads(made["report"])
    return Evaluation(
        report=report,
        text=made["text"],
        pictures=tuple(picture["name"] for picture in report["pictures"]),
        bodyparts=tuple(report["bodyparts"]),
        members=tuple(report["members"]),
        labels=made["labels"],
        judges=made["judges"],
        member_poses=made["members"],
        poses={name: arrays[0] for name, arrays in made["methods"].items()},
        covariance={name: arrays[1] for name, arrays in made["methods"].items()},
    )


class _LabelFile:
    """A path for labels that may lie in memory."""

    def __init__(self, labels: Labels, pictures: PathLike | None) -> None:
        self._labels, self._pictures = labels, pictures
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Path:
        if isinstance(self._labels, (str, os.PathLike)):
            return path_of(self._labels)
        self._folder = tempfile.TemporaryDirectory()
        frame = self._labels.copy()
        names = ["/".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in frame.index]
        root = None if self._pictures is None else path_of(self._pictures).absolute()
        frame.index = names if root is None else [str(root / name) for name in names]
        path = Path(self._folder.name) / "CollectedData_labels.csv"
        frame.to_csv(path)
        return path

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _given(options: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(given.get("video"), (str, os.PathLike)):
        given["video"] = [given["video"]]
    if "video" in given:
        given["video"] = [path_of(video) for video in given["video"]]
    return given


def _paths(members: PathLike | Sequence[PathLike]) -> list[Path]:
    return [path_of(members)] if isinstance(members, (str, os.PathLike)) else [path_of(member) for member in members]


def evaluate(
    members: PathLike | Sequence[PathLike],
    labels: Labels,
    *,
    pictures: PathLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Evaluation:
    """Judges members and every consensus against hand labels; as ``posse evaluate``.

    Parameters
    ----------
    members : path or sequence of paths
        Trained networks, or a folder that holds them; or their tables of one video, which hold no maps (no covariance, no track).
    labels : path or DataFrame
        A project, a folder or table of labels; or the table in memory, its rows pictures by name.
    pictures : path, optional
        For labels in memory: the folder that the rows' names are relative to.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse evaluate --help``), with underscores: ``membership="trained.csv"``,
        ``video="clip.mp4"``, ``through_time=False``, ``decode="dlc"`` ...

    Returns
    -------
    Evaluation
    """
    with _LabelFile(labels, pictures) as path:
        return _evaluation(_core.evaluate(_paths(members), path, as_callback(progress), **_given(options)))


def calibrate(
    members: PathLike | Sequence[PathLike],
    labels: Labels,
    *,
    out: PathLike | None = None,
    force: bool = False,
    pictures: PathLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Evaluation:
    """Fits the stated uncertainty to hand labels; as ``posse calibrate``.

    What was fitted is ``report["calibration"]``; ``out`` writes it as a file for ``posse run --calibration``. Other parameters are
    those of :func:`evaluate`.
    """
    with _LabelFile(labels, pictures) as path:
        target = None if out is None else path_of(out)
        made = _core.calibrate(_paths(members), path, target, force, as_callback(progress), **_given(options))
    return _evaluation(made)
