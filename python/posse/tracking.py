"""The track through maps in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._errors import InputError

__all__ = ["Track", "track"]


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


def track(
    maps: Sequence[npt.ArrayLike],
    *,
    locref: Sequence[npt.ArrayLike] | None = None,
    stride: float | Sequence[float] = 8,
    look_alike: Sequence[Sequence[int]] | None = None,
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
    found = _core.track(members, refinement, strides, groups, [float(d) for d in np.diff(index)], smooth, lag)
    found["groups"] = tuple(tuple(group) for group in found["groups"])
    return Track(**found)
