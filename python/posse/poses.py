"""Poses in memory: what the jobs of posse.tables take and give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from posse._errors import in_python
from posse.result import PathLike, Result
from posse.tracking import Track

__all__ = ["ConsensusPoses", "Poses", "SmoothedPoses", "SmoothedPupil", "SmoothedViews"]

_Floats = npt.NDArray[np.float64]


def told(job: dict[str, Any]) -> dict[str, Any]:
    """Fields of a result that every job of the compiled part gives."""
    return {"files": tuple(Path(file) for file in job["files"]), "warnings": tuple(in_python(text) for text in job["warnings"])}


@dataclass(frozen=True)
class Poses:
    """One network's poses of one video.

    Attributes
    ----------
    bodyparts : sequence of str
        Column names; members are matched by them.
    poses : array, [frames, bodyparts, 2]
        (x, y) in pixels; NaN where missing.
    likelihood : array, [frames, bodyparts], optional
        In [0, 1]; NaN where unknown. All unknown by default.
    frame_index : array of int, [frames], optional
        Rising frame numbers; rows counted from 0 by default. A gap is a stretch without predictions.
    """

    bodyparts: Sequence[str]
    poses: npt.ArrayLike
    likelihood: npt.ArrayLike | None = None
    frame_index: npt.ArrayLike | None = None

    def _for_core(self, name: str, camera: str) -> tuple[Any, ...]:
        poses = np.asarray(self.poses, dtype=np.float64)
        shape = poses.shape[:2]
        likelihood = np.full(shape, np.nan) if self.likelihood is None else np.asarray(self.likelihood, dtype=np.float64)
        frames = np.arange(shape[0] if shape else 0) if self.frame_index is None else np.asarray(self.frame_index)
        return name, camera, list(self.bodyparts), frames.astype(np.int64), poses, likelihood


#: Tables and folders that hold them, poses in memory, or the members of a run's result.
Members = Union[PathLike, Sequence[PathLike], Sequence[Poses], Result]


@dataclass(frozen=True)
class SmoothedPoses:
    """Smoothed tracks of one camera with their uncertainty.

    Attributes
    ----------
    bodyparts : tuple of str
    frame_index : ndarray of int64, [frames]
    poses : ndarray, [frames, bodyparts, 2]
        Smoothed (x, y) in pixels; NaN for a bodypart that no member ever found.
    likelihood : ndarray, [frames, bodyparts]
        Mean of the members'.
    posterior_variance : ndarray, [frames, bodyparts, 2]
        Of the smoothed position, in square pixels.
    ensemble_position, ensemble_variance : ndarray, [frames, bodyparts, 2]
        Median or mean of the members, and the variance the filter took.
    s : ndarray, [bodyparts]
        Process variance; NaN for a bodypart never found; empty for a pupil.
    tuned : ndarray of bool, [bodyparts]
        Whether s was chosen by likelihood.
    calibrated : bool
        False for a single member: its variances are 1 / likelihood.
    files : tuple of Path
        What was written, the record last.
    warnings : tuple of str
        What was odd about the data.
    """

    bodyparts: tuple[str, ...]
    frame_index: npt.NDArray[np.int64]
    poses: _Floats
    likelihood: _Floats
    posterior_variance: _Floats
    ensemble_position: _Floats
    ensemble_variance: _Floats
    s: _Floats
    tuned: npt.NDArray[np.bool_]
    calibrated: bool
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def _from_core(cls, made: dict[str, Any], job: dict[str, Any] | None = None) -> SmoothedPoses:
        fields = dict(made)
        own = {"files": fields.pop("files", ()), "warnings": fields.pop("warnings", ())}
        fields["bodyparts"] = tuple(made["bodyparts"])
        return cls(**fields, **(own if job is None else told(job)))


@dataclass(frozen=True)
class SmoothedViews:
    """Smoothed tracks of several cameras.

    Attributes
    ----------
    views : dict of str to SmoothedPoses
        By camera.
    points, point_variances : ndarray, [frames, bodyparts, 3], or None
        Points in space in the calibration's unit, and their variances; None without a calibration.
    files : tuple of Path
    warnings : tuple of str
    """

    views: dict[str, SmoothedPoses]
    points: _Floats | None = None
    point_variances: _Floats | None = None
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SmoothedPupil:
    """A pupil as a circle, and its four points on it.

    Attributes
    ----------
    tracks : SmoothedPoses
        Top, bottom, right and left.
    diameter, diameter_variance : ndarray, [frames]
    centre, centre_variance : ndarray, [frames, 2]
    diameter_s, centre_s : float
        Share that stays from frame to frame.
    files : tuple of Path
    warnings : tuple of str
    """

    tracks: SmoothedPoses
    diameter: _Floats
    diameter_variance: _Floats
    centre: _Floats
    centre_variance: _Floats
    diameter_s: float
    centre_s: float
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConsensusPoses:
    """Consensus of the members' keypoints.

    Attributes
    ----------
    bodyparts : tuple of str
    frame_index : ndarray of int64, [frames]
    poses : ndarray, [frames, bodyparts, 2]
    likelihood : ndarray, [frames, bodyparts]
    spread : ndarray, [frames, bodyparts, 2]
        Standard deviation of the members along x and y, in pixels.
    covariance : ndarray, [frames, bodyparts, 2, 2]
        Of the members' keypoints, in square pixels.
    num_members, num_agreeing : ndarray of int32, [frames, bodyparts]
        Members that found it, and those within the agreement radius.
    files : tuple of Path
    warnings : tuple of str
    track : Track, or None
        With ``method="track"`` what the track says of itself: chances, covariance, second places, groups.
    """

    bodyparts: tuple[str, ...]
    frame_index: npt.NDArray[np.int64]
    poses: _Floats
    likelihood: _Floats
    spread: _Floats
    covariance: _Floats
    num_members: npt.NDArray[np.int32]
    num_agreeing: npt.NDArray[np.int32]
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    track: Track | None = None
