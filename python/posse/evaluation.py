"""Errors and uncertainty against hand labels, and calibration on them."""

from __future__ import annotations

import csv
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
from posse.ensemble import Ensemble
from posse.poses import Poses
from posse.result import PathLike, html_table, pyplot_module

if TYPE_CHECKING:
    import pandas

__all__ = ["Evaluation", "calibrate", "evaluate"]

#: Labels on disk, or in memory: a data frame in DeepLabCut's layout (rows are pictures, columns scorer, bodyparts, coords), poses, or an
#: array [pictures, bodyparts, 2] with the keywords ``bodyparts`` and ``frame_index``.
Labels = Union[PathLike, "pandas.DataFrame", Poses, npt.ArrayLike]

#: Networks or tables on disk, an ensemble, or a member's poses of one video in memory: data frames in DeepLabCut's layout (rows are
#: frames), :class:`posse.Poses`, or arrays [frames, bodyparts, 2 or 3] with the keyword ``bodyparts``, frames counted from 0.
StudyMembers = Union[PathLike, Ensemble, Sequence[PathLike], Sequence["pandas.DataFrame"], Sequence[Poses], npt.ArrayLike]


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

    def __repr__(self) -> str:
        return f"<posse.Evaluation: {len(self.pictures)} pictures, {', '.join(self.bodyparts)}; {len(self.members)} members>"

    def _repr_html_(self) -> str:
        """A table for notebooks: a row for every member and consensus, all bodyparts together."""
        rows = []
        for table in self.report["errors"]:
            one = table["bodyparts"][-1]
            low, high = ("" if value is None else f"{value:.2f}" for value in one["rmse_interval"])
            values = ["" if one[key] is None else f"{one[key]:.2f}" for key in ("rmse", "median", "p95")]
            rows.append((table["name"], str(one["points"]), values[0], f"{low} to {high}", *values[1:]))
        heads = ("name", "points", "RMSE (px)", "95 % interval", "median (px)", "95th percentile (px)")
        return html_table(heads, rows, repr(self).strip("<>"))

    def plot(self) -> Any:
        """Draws the errors with their intervals, and the reliability of the stated regions.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            matplotlib is not installed; :func:`posse.plot` draws without it.
        """
        figure, (left, right) = pyplot_module("evaluation.plot()").subplots(1, 2, figsize=(11, 4))
        for place, table in enumerate(self.report["errors"]):
            one = table["bodyparts"][-1]
            colour = "#1A1A1A" if table["member"] else "#0072B2"
            if None not in one["rmse_interval"]:
                left.plot(one["rmse_interval"], [place, place], color=colour)
            if one["rmse"] is not None:
                left.plot([one["rmse"]], [place], marker="o" if table["member"] else "s", color=colour)
        left.set_yticks(range(len(self.report["errors"])), [table["name"] for table in self.report["errors"]])
        left.invert_yaxis()
        left.set_xlabel("RMSE (px), 95 % interval")
        right.plot([0, 1], [0, 1], color="#8A8F98", linestyle="--")
        for summary, marker in zip(self.report["uncertainty"], "os^vDPX*" * len(self.report["uncertainty"])):
            said, found = ([one[key] for one in summary["coverage"]] for key in ("region", "share"))
            right.plot(said, found, marker=marker, label=f"{summary['method']} {summary['uncertainty']}")
        right.set_xlabel("share that regions are said to hold")
        right.set_ylabel("share found")
        if self.report["uncertainty"]:
            right.legend(fontsize="small")
        figure.tight_layout()
        return figure

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


def _is_frame(data: Any) -> bool:
    return hasattr(data, "to_csv") and hasattr(data, "columns")


def _values_of(array: Any, what: str, bodyparts: Sequence[str] | None) -> npt.NDArray[np.float64]:
    """[rows, bodyparts, 2 or 3] of an array that has to have names for its bodyparts."""
    values = np.asarray(array, dtype=np.float64)
    if values.ndim != 3 or values.shape[2] not in (2, 3):
        raise ValueError(f"{what} has the shape {values.shape}, must be [rows, bodyparts, 2 or 3]")
    if bodyparts is None:
        raise ValueError(f"{what} is an array without names: bodyparts=[...] gives them")
    if len(bodyparts) != values.shape[1]:
        raise ValueError(f"{what} has {values.shape[1]} bodyparts, bodyparts= names {len(bodyparts)}")
    return values


def _write_table(path: Path, rows: Sequence[Any], bodyparts: Sequence[str], values: npt.NDArray[np.float64]) -> None:
    """A table in DeepLabCut's layout; NaN is empty."""
    coords = ["x", "y", "likelihood"][: values.shape[2]]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["scorer", *["array"] * (len(bodyparts) * len(coords))])
        writer.writerow(["bodyparts", *[part for part in bodyparts for _ in coords]])
        writer.writerow(["coords", *coords * len(bodyparts)])
        for row, points in zip(rows, values):
            writer.writerow([row, *["" if np.isnan(value) else repr(float(value)) for value in points.ravel()]])


def _frame_numbers(frame_index: Any, what: str, count: int) -> list[int]:
    numbers = [int(number) for number in np.asarray(frame_index).ravel()]
    if len(numbers) != count:
        raise ValueError(f"{what} has {count} rows, frame_index has {len(numbers)} numbers")
    return numbers


def _write_member(path: Path, member: Any, bodyparts: Sequence[str] | None) -> None:
    if _is_frame(member):
        member.to_csv(path)
        return
    if isinstance(member, Poses):
        values = np.asarray(member.poses, dtype=np.float64)
        if member.likelihood is not None:
            values = np.concatenate([values, np.asarray(member.likelihood, dtype=np.float64)[..., None]], axis=2)
        rows = range(len(values)) if member.frame_index is None else member.frame_index
        values = _values_of(values, path.stem, member.bodyparts)
        _write_table(path, _frame_numbers(rows, path.stem, len(values)), member.bodyparts, values)
        return
    values = _values_of(member, path.stem, bodyparts)
    _write_table(path, range(len(values)), bodyparts or (), values)


class _Files:
    """Paths for members and labels that may lie in memory."""

    def __init__(
        self, members: StudyMembers, labels: Labels, pictures: PathLike | None, bodyparts: Sequence[str] | None, frame_index: Any, video: Any
    ) -> None:
        self._members, self._labels, self._pictures = members, labels, pictures
        self._bodyparts, self._frame_index, self._video = bodyparts, frame_index, video
        self.options: dict[str, Any] = {}  # of an ensemble

    def __enter__(self) -> tuple[list[Path], Path]:
        self._folder = tempfile.TemporaryDirectory()
        try:
            return self._member_paths(), self._label_path()
        except BaseException:
            self._folder.cleanup()
            raise

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def _member_paths(self) -> list[Path]:
        members: Any = self._members
        if isinstance(members, Ensemble):
            opened, self.options = members._opened
            return list(opened)
        if isinstance(members, (str, os.PathLike)):
            return [path_of(members)]
        several = [members] if _is_frame(members) or isinstance(members, Poses) else list(members)
        in_memory = [not isinstance(member, (str, os.PathLike)) for member in several]
        if any(in_memory) and not all(in_memory):
            raise TypeError("members are paths or in memory, not some of each")
        paths: list[Path] = []
        for number, member in enumerate(several):
            if isinstance(member, (str, os.PathLike)):
                paths.append(path_of(member))
                continue
            paths.append(Path(self._folder.name) / f"member {number}.csv")
            _write_member(paths[-1], member, self._bodyparts)
        return paths

    def _label_path(self) -> Path:
        labels: Any = self._labels
        if isinstance(labels, (str, os.PathLike)):
            return path_of(labels)
        path = Path(self._folder.name) / "CollectedData_labels.csv"
        if _is_frame(labels):
            frame = labels.copy()
            names = ["/".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in frame.index]
            root = None if self._pictures is None else path_of(self._pictures).absolute()
            frame.index = names if root is None else [str(root / name) for name in names]
            frame.to_csv(path)
            return path
        bodyparts, frame_index = self._bodyparts, self._frame_index
        if isinstance(labels, Poses):
            bodyparts = labels.bodyparts
            frame_index = range(len(np.asarray(labels.poses))) if labels.frame_index is None else labels.frame_index
            labels = labels.poses
        values = _values_of(labels, "labels", bodyparts)[..., :2]
        if frame_index is None:
            raise ValueError("labels is an array: frame_index=[...] gives the frame of the video that each row is")
        rows = [f"img{number:06d}.png" for number in _frame_numbers(frame_index, "labels", len(values))]
        videos = [self._video] if isinstance(self._video, (str, os.PathLike)) else list(self._video or [])
        folder = f"labeled-data/{path_of(videos[0]).stem}/" if len(videos) == 1 else ""
        _write_table(path, [folder + row for row in rows], bodyparts or (), values)
        return path


def _given(options: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(given.get("video"), (str, os.PathLike)):
        given["video"] = [given["video"]]
    if "video" in given:
        given["video"] = [path_of(video) for video in given["video"]]
    return given


def evaluate(
    members: StudyMembers,
    labels: Labels,
    *,
    pictures: PathLike | None = None,
    bodyparts: Sequence[str] | None = None,
    frame_index: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Evaluation:
    """Judges members and every consensus against hand labels; as ``posse evaluate``.

    Parameters
    ----------
    members : path, sequence of paths, Ensemble; sequence of DataFrame, Poses or array
        Trained networks, a folder that holds them, or an open ensemble, whose options are taken; or tables of one video, which hold no
        maps (no covariance, no track): on disk, as data frames in DeepLabCut's layout whose rows are frame numbers, as
        :class:`posse.Poses`, or as arrays [frames, bodyparts, 2 or 3] of x, y (and likelihood) whose frames count from 0.
    labels : path, DataFrame, Poses or array
        A project, a folder or table of labels; or the table in memory, its rows pictures by name; or points [pictures, bodyparts, 2] in
        pixels, NaN where not labelled.
    pictures : path, optional
        For labels in a data frame: the folder that the rows' names are relative to.
    bodyparts : sequence of str, optional
        Names of the bodyparts of arrays, in their order.
    frame_index : array of int, [pictures], optional
        For labels in an array: the frame of the video (of the members' tables) that each row is. Networks need ``video`` as well.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse evaluate --help``), with underscores: ``membership="trained.csv"``,
        ``video="clip.mp4"``, ``through_time=False``, ``decode="dlc"`` ...

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        Arrays without names or frame numbers, or of another shape.

    Examples
    --------
    >>> truth = np.zeros((30, 1, 2))
    >>> members = [truth + shift for shift in ([1, 0], [0, 1], [-1, 0])]
    >>> judged = posse.evaluate(members, truth, bodyparts=["nose"], frame_index=range(30), labels_unseen=True)
    >>> judged.errors().loc[("member 0", "nose"), "rmse"].item()
    1.0
    """
    files = _Files(members, labels, pictures, bodyparts, frame_index, options.get("video"))
    with files as (paths, path):
        return _evaluation(_core.evaluate(paths, path, as_callback(progress), **{**files.options, **_given(options)}))


def calibrate(
    members: StudyMembers,
    labels: Labels,
    *,
    out: PathLike | None = None,
    force: bool = False,
    pictures: PathLike | None = None,
    bodyparts: Sequence[str] | None = None,
    frame_index: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Evaluation:
    """Fits the stated uncertainty to hand labels; as ``posse calibrate``.

    What was fitted is ``report["calibration"]``; ``out`` writes it as a file for ``posse run --calibration``, for
    :meth:`posse.Ensemble.write` and for :meth:`posse.Result.save`, whose tables then hold ``covariance``, ``radius90`` and
    ``likelihood_calibrated`` (:meth:`posse.Ensemble.run` gives arrays, which a calibration does not change). Other parameters are those of
    :func:`evaluate`; a calibration is for networks, not for tables.
    """
    files = _Files(members, labels, pictures, bodyparts, frame_index, options.get("video"))
    with files as (paths, path):
        target = None if out is None else path_of(out)
        made = _core.calibrate(paths, path, target, force, as_callback(progress), **{**files.options, **_given(options)})
    return _evaluation(made)
