"""Which frames of finished results to label next."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posse import _core
from posse._paths import path_of
from posse._progress import Progress, as_callback
from posse.result import PathLike, given

if TYPE_CHECKING:
    import pandas

__all__ = ["suggest"]

_COLUMNS = ["video", "frame", "seconds", "why", "doubt", "bodypart", "inclusion_probability", "file"]


def _paths_of(paths: PathLike | Sequence[PathLike]) -> list[Path]:
    if isinstance(paths, (str, os.PathLike)):
        return [path_of(paths)]
    return [path_of(path) for path in paths]


def suggest(
    results: PathLike | Sequence[PathLike],
    count: int = 20,
    *,
    out: PathLike | None = None,
    write_to: PathLike | None = None,
    force: bool = False,
    dry_run: bool = False,
    videos: PathLike | Sequence[PathLike] | None = None,
    labels: PathLike | None = None,
    calibration: PathLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> pandas.DataFrame:
    """Names the frames of finished results that are most worth labelling; as ``posse suggest``.

    Parameters
    ----------
    results : path or sequence of paths
        Folders that ``posse run`` or :meth:`posse.Ensemble.write` wrote for videos, or a folder that holds them.
    count : int
        Frames in all, audit frames counted.
    out : path, optional
        Folder for posse-suggestions.json, suggestions.csv and suggestions.png; none are written without it.
    write_to : path, optional
        A project of DeepLabCut or Lightning Pose that the frames' pictures and predictions are written into.
    force : bool
        Replace the files of other suggestions in ``out``.
    dry_run : bool
        Choose and write nothing.
    videos : path or sequence of paths, optional
        Folders in which videos are looked for that are not where they were run.
    labels : path, optional
        What is labelled already, as for :func:`posse.evaluate`; without it that of the project ``write_to``.
    calibration : path, optional
        A calibration.json; frames are scored by its uncertainty.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse suggest --help``), with underscores: ``strategy="typical"``, ``audit=0``, ``apart=1.0``,
        ``per_animal="^(m[0-9]+)"``, ``seed=2``.

    Returns
    -------
    pandas.DataFrame
        A row for each frame, by video and frame: ``video`` (its name), ``frame``, ``seconds``, ``why`` ("disagreement", "typical" or
        "audit"), ``doubt`` (pixels, mean over bodyparts), ``bodypart`` (of which least is known), ``inclusion_probability`` (of audit
        frames, else NaN), ``file`` (of the video). ``attrs["report"]`` is all of posse-suggestions.json. Of a call that was made before
        with the same ``out`` it is what that call wrote.

    Raises
    ------
    InputError
        Results of different members, consensus or bodyparts, or without the members' points.

    Examples
    --------
    >>> frames = posse.suggest("posse-results", 40, labels="project")  # doctest: +SKIP
    >>> frames[frames.why != "audit"].groupby("video").frame.apply(list)  # doctest: +SKIP
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("suggest() gives a data frame, which needs pandas (Debian: python3-pandas)") from error
    chosen = {
        "videos": None if videos is None else _paths_of(videos),
        "labels": None if labels is None else path_of(labels),
        "calibration": None if calibration is None else path_of(calibration),
    }
    folder = None if out is None else path_of(out)
    project = None if write_to is None else path_of(write_to)
    made = _core.suggest(
        _paths_of(results), folder, project, force, dry_run, as_callback(progress), count=count, **given(chosen), **options
    )
    report = json.loads(made["report"] or Path(made["files"][-1]).read_text(encoding="utf-8"))
    files = {video["stem"]: video["video"] for video in report["videos"]}
    rows = [{"inclusion_probability": float("nan"), **frame, "file": files[frame["video"]]} for frame in report["frames"]]
    table = pandas.DataFrame(rows, columns=_COLUMNS)
    table.attrs["report"] = report
    return table
