"""The track through maps in memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._errors import InputError
from posse._paths import PathLike, path_of
from posse.result import DataWarning

__all__ = ["EpipolarLine", "Track", "track"]


@dataclass(frozen=True)
class EpipolarLine:
    """What was found of two views that show the same bodyparts."""

    views: tuple[int, int]  #: their numbers, from 0
    bodyparts: tuple[tuple[int, int], ...]  #: in the first view, in the second
    equation: tuple[float, ...] | None  #: a, b, c, d, e of a x + b y + c x' + d y' + e = 0 px; None if calibrated or not found
    spread: float  #: standard deviation of the views from it in px, over frames in which both are sure; NaN without any
    num_points: int  #: in those frames
    why_not: str  #: why the views are not held to it; "" if they are


@dataclass(frozen=True)
class Track:
    """What :func:`track` gives. Positions are pixels; missing is NaN."""

    poses: npt.NDArray[np.float64]  #: [frames, bodyparts, xy]
    likelihood: npt.NDArray[np.float64]  #: [frames, bodyparts] mean of the members' probability there
    covariance: npt.NDArray[np.float64]  #: [frames, bodyparts, xx xy yy] of the position
    seen: npt.NDArray[np.bool_]  #: [frames, bodyparts] by the likeliest path
    chance_seen: npt.NDArray[np.float64]  #: [frames, bodyparts]
    chance: npt.NDArray[np.float64]  #: [frames, bodyparts] of lying within three cells of the position
    second_place: npt.NDArray[np.float64]  #: [frames, bodyparts, x y chance] the likeliest place further away
    groups: tuple[tuple[int, ...], ...]  #: bodyparts that were tracked together
    epipolar_lines: tuple[EpipolarLine, ...] = ()  #: one for each two views of `same_line`


def track_of(found: dict[str, Any]) -> Track:
    """The track from what the compiled part gives."""
    fields = dict(found)
    fields["groups"] = tuple(tuple(group) for group in found["groups"])
    fields["epipolar_lines"] = tuple(EpipolarLine(**line) for line in found["epipolar_lines"])
    return Track(**fields)


def _text_of(groups: Sequence[Sequence[int | None]] | None) -> str:
    """Groups of numbers as the command line has groups of names."""
    return ";".join(",".join("" if part is None else str(int(part)) for part in group) for group in groups or ())


def track(
    maps: Sequence[npt.ArrayLike],
    *,
    locref: Sequence[npt.ArrayLike] | None = None,
    stride: float | Sequence[float] = 8,
    look_alike: Sequence[Sequence[int]] | None = None,
    same_x: Sequence[Sequence[int]] | None = None,
    same_y: Sequence[Sequence[int]] | None = None,
    same_line: Sequence[Sequence[int | None]] | None = None,
    view_calibration: PathLike | None = None,
    frame_index: npt.ArrayLike | None = None,
    smooth: bool = True,
    lag: int = 64,
) -> Track:
    """Tracks all bodyparts through the maps of all members.

    Parameters
    ----------
    maps : sequence of arrays
        One for each member: logits [frames, height, width, bodyparts], before the sigmoid.
    locref : sequence of arrays, optional
        One for each member: [frames, height, width, bodyparts, xy] in pixels, as ``posse scoremap`` writes them. Without it
        members vote with the expectation of their softmax around their largest cell.
    stride : float or one for each member
        Pixels per cell.
    look_alike : sequence of groups, optional
        Bodyparts, as numbers, of which no two can be at one place; found from the maps by default, ``[]`` for none.
    same_x, same_y : sequence of groups, optional
        Bodyparts, as numbers, that are one seen from several sides, by mirrors that show it at the same x, or y.
    same_line : sequence of groups, optional
        Likewise for mirrors and cameras that lie anyhow: one lies on the other's epipolar line, which is found from frames in
        which all members are sure. The views are named in one order; None for one that does not show the bodypart.
    view_calibration : path, optional
        A file with the geometry of the views of ``same_line``, as for ``posse run --view-calibration``.
    frame_index : optional
        [frames] numbers of the frames in their video, rising; 0, 1, 2 ... by default. Steps may be longer where frames lie
        further apart.
    smooth : bool
        Smooth the members' keypoints at the track.
    lag : int
        Frames that are looked ahead; 0 looks at the past alone.

    Returns
    -------
    Track

    Examples
    --------
    >>> maps = np.full((2, 3, 20, 30, 1), -9.0)  # two members, three frames
    >>> maps[:, :, 5, 7, 0] = 5
    >>> posse.track(maps, stride=8).poses[0, 0]
    array([60., 44.])
    """
    members = [np.ascontiguousarray(m, np.float32) for m in maps]
    for number, member in enumerate(members):
        if member.ndim != 4:
            raise InputError(f"maps of member {number}: {member.ndim} axes, 4 are wanted: frames, height, width, bodyparts")
    refinement = [] if locref is None else [np.ascontiguousarray(r, np.float32) for r in locref]
    if locref is not None and len(refinement) != len(members):
        raise InputError(f"locref of {len(refinement)} members for maps of {len(members)}")
    strides = [float(s) for s in np.broadcast_to(np.asarray(stride, float), len(members))]
    num_frames = len(members[0]) if members else 0
    index = np.arange(num_frames) if frame_index is None else np.asarray(frame_index)
    if len(index) != num_frames:
        raise InputError(f"frame_index has {len(index)} numbers, the maps have {num_frames} frames")
    groups = None if look_alike is None else [[int(part) for part in group] for group in look_alike]
    axes = _text_of(same_x), _text_of(same_y)
    calibration = None if view_calibration is None else path_of(view_calibration)
    elapsed = [float(d) for d in np.diff(index)]
    found = _core.track(
        members, refinement, strides, groups, elapsed, smooth, lag, *axes, _text_of(same_line), calibration
    )
    for text in found.pop("warnings"):
        warnings.warn(text, DataWarning, stacklevel=2)
    return track_of(found)
