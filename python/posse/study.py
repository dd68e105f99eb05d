"""Experiments with many networks: which training frames help, which members fail; as ``posse study``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._paths import path_of
from posse._progress import Progress, as_callback
from posse.result import PathLike

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Components",
    "Influence",
    "Study",
    "chance_of_outlier",
    "draw_frames",
    "glass_delta",
    "inclusion_matrix",
    "influence",
    "networks_needed",
    "principal_components",
    "run",
]

_Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """What :func:`run` gives.

    Attributes
    ----------
    report : dict
        Everything, as ``posse study --json`` prints it.
    text : str
        The tables for people.
    """

    report: Mapping[str, Any]
    text: str

    def table(self, name: str) -> pandas.DataFrame:
        """One of ``report["tables"]`` as a data frame: "members", "consensus", "influence_error" ..."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("data frames need pandas (Debian: python3-pandas)") from error
        frame = pandas.DataFrame(self.report["tables"][name])
        empty = [column for column in frame if frame[column].isna().all()]
        return cast("pandas.DataFrame", frame.astype({column: float for column in empty}))

    def matrix(self, name: str) -> _Array:
        """One of ``report["matrices"]``, [layers, rows, columns]; names along the axes are beside its values in the report."""
        return np.array(self.report["matrices"][name]["values"], dtype=np.float64)


def run(
    manifest: PathLike, labels: PathLike | Sequence[PathLike] = (), *, progress: Progress | None = None, **options: Any
) -> Study:
    """Does the studies of a manifest; as ``posse study``.

    Parameters
    ----------
    manifest : path
        A csv or yaml with the columns member, seed, frames, group, trained_on.
    labels : path or sequence of paths
        The truth.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse study --help``), with underscores: ``only=["members"]``, ``legacy=True``, ``video="clip.mp4"`` ...
    """
    paths = [labels] if isinstance(labels, (str, os.PathLike)) else list(labels)
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("video", "only", "pilot"):
        if isinstance(given.get(name), (str, os.PathLike)):
            given[name] = [given[name]]
    if "video" in given:
        given["video"] = [path_of(video) for video in given["video"]]
    report, text = _core.study(path_of(manifest), [path_of(path) for path in paths], as_callback(progress), **given)
    return Study(json.loads(report), text)


def draw_frames(num_frames: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    """`count` of `num_frames` frames, sorted, as numpy's legacy generator chooses without replacement.

    Examples
    --------
    >>> posse.study.draw_frames(58, 5, seed=2).tolist()
    [23, 29, 35, 44, 55]
    """
    return np.array(_core.draw_rows(num_frames, count, seed), dtype=np.int64)


def chance_of_outlier(num_frames: int, num_outliers: int, drawn: int) -> float:
    """Chance that a draw without replacement holds at least one of the outliers."""
    return _core.chance_of_outlier(num_frames, num_outliers, drawn)


def glass_delta(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Absolute difference of the means over the standard deviation (by n) of the first group."""
    return _core.glass_delta(np.ravel(first).tolist(), np.ravel(second).tolist())


def networks_needed(effect: float, ratio: float = 1.0, alpha: float = 0.05, power: float = 0.8) -> float:
    """Size of the first group at which a two-sided t test has this power, the second being `ratio` times as large; not rounded.

    Examples
    --------
    >>> round(posse.study.networks_needed(0.5), 2)
    63.77
    """
    return _core.t_test_size(effect, ratio, alpha, power)


def inclusion_matrix(frames: Sequence[Iterable[int]]) -> tuple[npt.NDArray[np.bool_], list[int]]:
    """Matrix [members, frames] of who was trained on what, and its columns' frames, ascending.

    Examples
    --------
    >>> matrix, columns = posse.study.inclusion_matrix([[7, 3], [3]])
    >>> columns, matrix.tolist()
    ([3, 7], [[True, True], [True, False]])
    """
    own = [set(mine) for mine in frames]
    columns = sorted(set().union(*own))
    return np.array([[frame in mine for frame in columns] for mine in own], dtype=bool).reshape(len(own), len(columns)), columns


@dataclass(frozen=True)
class Influence:
    """Members that were trained on a frame against the others, at every place.

    Attributes
    ----------
    bias, variance, standard_error : ndarray
        Differences (included less the others) of means, variances (by n) and sd / sqrt(n); NaN where a side has no member.
    """

    bias: _Array
    variance: _Array
    standard_error: _Array


def influence(values: npt.ArrayLike, included: npt.ArrayLike, *, strict: bool = False) -> Influence:
    """What training on a frame does to errors or probabilities.

    Parameters
    ----------
    values : array, [members, ...]
        Of each member at every frame and bodypart; NaN where there is none.
    included : array of bool, [members]
    strict : bool
        NaN wherever any member is NaN, as the original scripts have it.
    """
    own = np.asarray(values, dtype=np.float64)
    flat = _core.influence(own.reshape(len(own), -1), np.asarray(included, dtype=bool).tolist(), strict)
    return Influence(*(part.reshape(own.shape[1:]) for part in flat))


@dataclass(frozen=True)
class Components:
    """Principal components of members' errors.

    Attributes
    ----------
    explained_ratio : ndarray, [components]
    scores : ndarray, [members, components]
        The largest of each component is positive.
    directions : ndarray, [components, features]
    origin : ndarray, [components]
        Where a member without errors would lie.
    """

    explained_ratio: _Array
    scores: _Array
    directions: _Array
    origin: _Array


def principal_components(errors: npt.ArrayLike) -> Components:
    """Principal components of `errors` [members, ...], finite, about their mean."""
    own = np.asarray(errors, dtype=np.float64)
    return Components(*_core.principal_components(own.reshape(len(own), -1)))
