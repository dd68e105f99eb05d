"""Finished results as a page to look at, and as figures for papers."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from posse import _core
from posse._paths import path_of
from posse._progress import Progress, as_callback
from posse.result import PathLike, given

__all__ = ["Figure", "plot", "report"]


class Figure(str):
    """A figure as SVG text, which notebooks draw."""

    def _repr_svg_(self) -> str:
        return str(self)


def report(
    results: PathLike | Sequence[PathLike],
    out: PathLike | None = None,
    *,
    force: bool = False,
    evaluation: PathLike | None = None,
    study: PathLike | None = None,
    suggestions: PathLike | None = None,
    videos: PathLike | Sequence[PathLike] | None = None,
    pictures: bool | None = None,
    mixed: bool | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Writes finished results as one HTML file; as ``posse report``.

    Parameters
    ----------
    results : path or sequence of paths
        Folders that ``posse run`` or :meth:`posse.Ensemble.write` wrote for videos, or a folder that holds them.
    out : path, optional
        The file; without it nothing is written, and the dict says what it would hold.
    force : bool
        Replace the file if it exists.
    evaluation, study, suggestions : path, optional
        What ``posse evaluate --json`` printed, study.json of ``posse study``, posse-suggestions.json of ``posse suggest``.
    videos : path or sequence of paths, optional
        Where to look for videos that were moved.
    pictures : bool, optional
        Frames of the videos as pictures, by default.
    mixed : bool, optional
        Accept results of different members or consensus.
    progress : callable or tqdm bar, optional

    Returns
    -------
    dict
        What the report holds: ``videos`` with bodyparts and peaks of disagreement, ``parts``, ``warnings``.
    """
    several = [results] if isinstance(results, (str, os.PathLike)) else list(results)
    folders = [videos] if isinstance(videos, (str, os.PathLike)) else videos
    options = {
        "evaluation": None if evaluation is None else path_of(evaluation),
        "study": None if study is None else path_of(study),
        "suggestions": None if suggestions is None else path_of(suggestions),
        "videos": None if folders is None else [path_of(folder) for folder in folders],
        "pictures": pictures,
        "mixed": mixed,
    }
    target = None if out is None else path_of(out)
    contents: dict[str, Any] = json.loads(_core.report([path_of(path) for path in several], target, force, as_callback(progress), **given(options)))
    return contents


def plot(input: PathLike, out: PathLike | None = None, *, force: bool = False, progress: Progress | None = None, **options: Any) -> Figure | Path:  # noqa: A002 - the command line's word
    """Draws one figure of finished results, an evaluation or a study; as ``posse plot``.

    Parameters
    ----------
    input : path
        Results of one video, the JSON of ``posse evaluate``, or study.json.
    out : path, optional
        A file that ends in .svg or .png.
    force : bool
        Replace the file if it exists.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse plot --help``), with underscores: ``kind="reliability"``, ``bodypart="snout"``, ``frames="0:500"``,
        ``width_mm=85`` ...

    Returns
    -------
    Figure or Path
        The figure as SVG, which notebooks draw; with ``out`` the file.
    """
    svg = _core.plot(path_of(input), None if out is None else path_of(out), force, as_callback(progress), **options)
    return Figure(svg) if out is None else Path(out)
