"""Runs over many machines that share a directory; as ``posse plan``, ``work``, ``finish``, ``status`` and ``submit``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from posse import _core
from posse._paths import PathLike, path_of
from posse._program import program
from posse._progress import Progress, as_callback

__all__ = ["finish", "plan", "status", "submit", "work"]


def _paths(names: PathLike | Iterable[PathLike]) -> list[Any]:
    return [path_of(names)] if isinstance(names, (str, os.PathLike)) else [path_of(name) for name in names]


def plan(
    run: PathLike,
    videos: PathLike | Iterable[PathLike],
    members: PathLike | Iterable[PathLike],
    *,
    progress: Progress | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Writes what is to be done into the directory ``run``, which all machines see; as ``posse plan``.

    ``options`` are those of ``posse plan``, ``--unit-frames`` being ``unit_frames``: where results go, the size of units, and all options of
    :meth:`posse.Ensemble.open` and :meth:`posse.Ensemble.write`. The same inputs give the same file.

    Returns
    -------
    dict
        ``videos``, ``members``, ``units`` and ``tasks``, the numbers of each; ``unit_frames``; ``warnings``.

    Raises
    ------
    InputError
        Another plan is there, and ``replan`` is not set; two videos have one name; an option is wrong.
    """
    return _core.plan(path_of(run), _paths(videos), _paths(members), as_callback(progress), **options)


def work(run: PathLike, *, progress: Progress | None = None, **options: Any) -> dict[str, Any]:
    """Does units of a planned run that nobody else does, until all are done; as ``posse work``.

    Any number of workers may do so at the same time, here and on other machines. ``options`` are ``task`` (the number of a task as text, or
    ``"auto"``), ``map`` (a list of ``"OLD=NEW"``), ``threads``, ``batch``, ``low_memory`` and
    ``members_at_once``.

    Returns
    -------
    dict
        ``units_done``, ``units_skipped`` (done already), ``units_failed``, ``frames`` (computed), ``units`` (a line for each that was done
        or failed), ``machine_error`` (why this machine cannot go on; empty: it could), ``warnings``.
    """
    return _core.work(path_of(run), as_callback(progress), **options)


def finish(run: PathLike, *, progress: Progress | None = None, **options: Any) -> dict[str, Any]:
    """Writes the results of every video whose units are all there; as ``posse finish``. Options are ``map`` and
    ``remove_others``.

    Returns
    -------
    dict
        ``units_missing``, a number, and ``videos``: for each its ``id``, ``video``, ``folder`` (of the results), ``status`` (``"written"``,
        ``"there"`` already, ``"incomplete"`` or ``"failed"``), ``frames``, and lists of texts: ``missing``, ``failures``, ``warnings``.
    """
    return _core.finish(path_of(run), as_callback(progress), **options)


def status(run: PathLike) -> dict[str, Any]:
    """How far a planned run is, as ``posse status --json`` says; changes nothing."""
    return dict(json.loads(_core.status(path_of(run))))


def submit(run: PathLike, **options: Any) -> dict[str, Any]:
    """Submits what is missing of a planned run to Slurm, and the finish behind it; as ``posse submit``.

    ``options`` are those of ``posse submit``: ``cpus``, ``memory``, ``time``, ``gres``, ``partition``, ``account``, ``extra``, ``site``,
    ``max_array``, ``retry``, ``map``, and ``print``, which writes the scripts and submits nothing. The program named in the scripts is
    the one that was installed with the package.

    Returns
    -------
    dict
        ``tasks`` with missing units, ``commands``, ``jobs`` (numbers of the job arrays; empty if only printed), ``finish`` (of the job).
    """
    return _core.submit(path_of(run), program(), **options)
