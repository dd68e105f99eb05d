"""The track through maps in memory."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._errors import InputError, in_python
from posse._paths import PathLike, path_of
from posse.result import DataWarning

__all__ = ["EpipolarLine", "Groups", "Track", "track"]

#: Groups of bodyparts by name: text as on the command line ("paw1,paw2;ear1,ear2", "none", "auto"), or sequences of names; None in
#: a group of `same_line` is a view that does not show the bodypart.
Groups = Union[str, "Sequence[Sequence[str | None]]"]


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
    """What a track states: of :func:`track`, of a run (``Result.track``), of tables (``ConsensusPoses.track``).

    Positions are pixels, chances in [0, 1]. Where no member votes, positions and covariance are NaN and the likelihood is 0; a
    bodypart that is hidden by ``hide_below`` has NaN for its position alone.
    """

    poses: npt.NDArray[np.float64]  #: [frames, bodyparts, xy]
    likelihood: npt.NDArray[np.float64]  #: [frames, bodyparts] mean of the members' probability there
    covariance: npt.NDArray[np.float64]  #: [frames, bodyparts, xx xy yy] of the position, in square pixels
    seen: npt.NDArray[np.bool_]  #: [frames, bodyparts] by the likeliest path
    chance_seen: npt.NDArray[np.float64]  #: [frames, bodyparts]
    chance: npt.NDArray[np.float64]  #: [frames, bodyparts] of lying within three cells of the position
    #: [frames, bodyparts, x y chance] the likeliest place further away; NaN, NaN, 0 where none has more than 5 %
    second_place: npt.NDArray[np.float64]
    groups: tuple[tuple[int, ...], ...]  #: bodyparts, as numbers, that were tracked together
    epipolar_lines: tuple[EpipolarLine, ...] = ()  #: one for each two views of `same_line`
    #: what was counted of each bodypart, groups and lines: ``track`` in a run.json (docs/results.md)
    report: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()  #: what is odd about the track, in full sentences


def track_of(found: dict[str, Any]) -> Track:
    """The track from what the compiled part gives."""
    fields = dict(found)
    fields["groups"] = tuple(tuple(group) for group in found["groups"])
    fields["epipolar_lines"] = tuple(EpipolarLine(**line) for line in found["epipolar_lines"])
    fields["report"] = json.loads(found["report"])
    fields["warnings"] = tuple(in_python(text) for text in found["warnings"])
    return Track(**fields)


def track_of_run(found: dict[str, Any]) -> Track:
    """The track of a run, whose groups and lines are in its report by name."""
    fields = dict(found)
    report = json.loads(fields.pop("report"))
    number = {name: part for part, name in enumerate(fields.pop("names"))}
    lines = [
        EpipolarLine(
            views=(line["views"][0] - 1, line["views"][1] - 1),
            bodyparts=tuple((number[a], number[b]) for a, b in (pair.split(",") for pair in line["bodyparts"].split(";"))),
            equation=tuple(line["equation"]) if "equation" in line else None,
            spread=line.get("spread_px", np.nan),
            num_points=line["points"],
            why_not=line.get("why_not", ""),
        )
        for line in report.get("epipolar_lines", [])
    ]
    groups = tuple(tuple(number[name] for name in group.split(",")) for group in report["groups"])
    fields["warnings"] = tuple(in_python(text) for text in fields["warnings"])
    return Track(**fields, groups=groups, epipolar_lines=tuple(lines), report=report)


def _groups_of(option: str, groups: object, what: str) -> list[list[Any]]:
    """Groups of bodyparts as lists. @param what  a bodypart is here"""
    example = "[[0, 1], [2, 3]]" if what == "a number" else "[['paw1', 'paw2'], ['ear1', 'ear2']]"
    if isinstance(groups, str) or not isinstance(groups, Iterable):
        raise TypeError(f"{option}: {groups!r} is no sequence of groups; a bodypart is {what}, as {example}")
    found = []
    for number, group in enumerate(groups):
        if isinstance(group, str) or not isinstance(group, Iterable):
            raise TypeError(f"{option}: group {number} is {group!r}, not a sequence of bodyparts; write groups as {example}")
        found.append(list(group))
        if not found[-1]:
            raise InputError(f"{option}: group {number} is empty; leave it out, [] alone stands for no group")
    return found


def _numbers_of(option: str, groups: object, may_be_none: bool = False) -> list[list[Any]]:
    found = _groups_of(option, groups, "a number")
    for number, group in enumerate(found):
        for part in group:
            if not (isinstance(part, (int, np.integer)) and not isinstance(part, bool)) and not (part is None and may_be_none):
                raise TypeError(f"{option}: group {number} holds {part!r}; bodyparts are whole numbers here, as in [[0, 1], [2, 3]]")
    return [[None if part is None else int(part) for part in group] for group in found]


def _text_of(option: str, groups: object, may_be_none: bool = False) -> str:
    """Groups of numbers as the command line has groups of names."""
    if groups is None:
        return ""
    return ";".join(
        ",".join("" if part is None else str(part) for part in group) for group in _numbers_of(option, groups, may_be_none)
    )


def groups_text(option: str, groups: object) -> str | None:
    """Groups of names, as text or as sequences of names, as the command line has them; None is None."""
    if groups is None:
        return None
    if isinstance(groups, str):
        if not groups.strip():
            raise InputError(f"{option}: an empty text; leave the option out, or name bodyparts as 'paw1,paw2;ear1,ear2'")
        return groups
    found = _groups_of(option, groups, "a name")
    may_be_none = option == "same_line"
    for number, group in enumerate(found):
        for part in group:
            if not isinstance(part, str) and not (part is None and may_be_none):
                raise TypeError(f"{option}: group {number} holds {part!r}; bodyparts are names here, as in [['paw1', 'paw2']]")
    if not found:
        return "none" if option == "look_alike" else None
    return ";".join(",".join(part or "" for part in group) for group in found)


def track_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a track as the compiled part takes them."""
    made = dict(options)
    for name in ("look_alike", "same_x", "same_y", "same_line"):
        made[name] = groups_text(name, options[name])
    calibration = options["view_calibration"]
    made["view_calibration"] = None if calibration is None else path_of(calibration)
    return made


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

    Warns
    -----
    DataWarning
        What ``posse run`` warns of: fewer than three members, no look-ahead, frames that are no video, jumps that pile up, members
        that most say otherwise, views that do not fit; the result's ``warnings`` hold the same.

    Raises
    ------
    TypeError
        Groups that are no sequences of numbers.
    InputError
        Maps, numbers or groups that do not fit together.

    Examples
    --------
    >>> maps = np.full((3, 4, 20, 30, 1), -9.0)  # three members, four frames
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
    groups = None if look_alike is None else _numbers_of("look_alike", look_alike)
    axes = _text_of("same_x", same_x), _text_of("same_y", same_y)
    calibration = None if view_calibration is None else path_of(view_calibration)
    elapsed = [float(d) for d in np.diff(index)]
    falls = [row for row, step in enumerate(elapsed, start=1) if not step > 0]
    if falls:
        raise InputError(
            f"frame_index: {index[falls[0]]} of row {falls[0]} does not rise; the row before has {index[falls[0] - 1]}; "
            "sort rows and maps by frame (numpy.argsort), and leave repeated rows out"
        )
    lines = _text_of("same_line", same_line, may_be_none=True)
    made = track_of(_core.track(members, refinement, strides, groups, elapsed, smooth, lag, *axes, lines, calibration))
    told = tuple(text.replace("track_lag", "lag") for text in made.warnings)
    for text in told:
        warnings.warn(text, DataWarning, stacklevel=2)
    return replace(made, warnings=told)
