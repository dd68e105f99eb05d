"""Which frames a range means: all of them, or those that the original delivered."""

from __future__ import annotations

import math
import os
import warnings
from types import TracebackType
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from dgp_ensembletools._errors import WrongInput, WrongType
from dgp_ensembletools._range_rule import own_rule, rule_in_force, rule_of_process

__all__ = ["Frames", "check_frames", "frames_of", "is_legacy", "legacy_frame_ranges", "positions"]

#: A range, or frame numbers one by one: a list, an array, or a mask over the frames.
Frames = Union[range, "list[int]", "npt.NDArray[Any]"]

class legacy_frame_ranges:  # noqa: N801 - reads as a verb: "with legacy_frame_ranges():"
    """Frame ranges as the original package took them, for results that must match old ones row by row.

    There, ``range(a, b)`` gave the frames a to b - 2, sometimes b - 1 too (rounding of frame times), ignored a step, and
    repeated the last frame where a video's duration rounds up. Call it to switch, or use it as a context manager, which
    switches back. Threads and worker processes (``multiprocessing``,
    ``concurrent.futures``, joblib) follow the process that started them, for as long as its block lasts; one that sets its own
    rule keeps that. Other programs, and workers on other machines, do not: use it in the function that they call.

    Parameters
    ----------
    enabled : bool
        False switches to half-open, complete ranges, which is the state at the start.

    Examples
    --------
    >>> with legacy_frame_ranges():
    ...     frames_of(range(0, 4), fps=30.0, duration_seconds=12.0, num_frames=360)
    [0, 1, 2]
    >>> frames_of(range(0, 4), fps=30.0, duration_seconds=12.0, num_frames=360)
    [0, 1, 2, 3]
    """

    def __init__(self, enabled: bool = True) -> None:
        self._enabled = bool(enabled)
        self._token = own_rule.set((os.getpid(), self._enabled))
        with rule_of_process.changing() as rule:
            self._called_before = rule.called
            rule.called = self._enabled

    def __enter__(self) -> legacy_frame_ranges:
        with rule_of_process.changing() as rule:
            rule.called = self._called_before
            rule.blocks.append((self, self._enabled))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with rule_of_process.changing() as rule:
            rule.blocks = [block for block in rule.blocks if block[0] is not self]
        own_rule.reset(self._token)


def is_legacy() -> bool:
    """Whether :class:`legacy_frame_ranges` is in force."""
    return rule_in_force()


def rounded_duration(duration_seconds: float) -> float:
    """As ffmpeg prints it: to a hundredth of a second, halves upwards."""
    return math.floor(duration_seconds * 100 + 0.5) / 100


def legacy_count(first: int, stop: int, fps: float) -> int:
    """Number of frames that the original's clip from first/fps to (stop - 1)/fps yields.

    The clip yields one frame per element of ``numpy.arange(0, end - start, 1 / fps)``, whose length is computed in
    floating point; hence the extra frame now and then.
    """
    start_time, end_time = first / fps, (stop - 1) / fps
    return max(math.ceil((end_time - start_time) / (1 / fps)), 0)


def check_frames(frames: object) -> range | list[int]:
    """The range, or the frame numbers of a list, array or mask, if they can be used. Raises WrongType or WrongInput."""
    if type(frames) is range:
        if frames.step < 1 or frames.start < 0 or frames.stop < frames.start:
            raise WrongInput(f"frame_range={frames}: frames count upwards from 0, start must not be behind stop")
        if len(frames) == 0:
            raise WrongInput(f"frame_range={frames} holds no frame")
        return frames
    if not isinstance(frames, (list, np.ndarray)):
        raise WrongType(
            "frame_range must be a range, as range(100, 200), or a list, array or mask of frame numbers, "
            f"not {type(frames).__name__}"
        )
    numbers = positions(frames, "frame_range")
    if len(numbers) == 0:
        raise WrongInput("frame_range holds no frame")
    return [int(number) for number in numbers]


def positions(values: object, name: str) -> npt.NDArray[np.int64]:
    """Positions counted from 0, from a list, array or mask; `name` is the argument's, for messages."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype != bool and not np.issubdtype(array.dtype, np.integer)):
        raise WrongType(f"{name} must be a list, array or mask of whole numbers with one axis, not {array.dtype} {array.shape}")
    if array.dtype == bool:
        return np.flatnonzero(array)
    if array.size and array.min() < 0:
        raise WrongInput(f"{name} holds {array.min()}: positions count upwards from 0")
    return array.astype(np.int64)


def clamped(asked: range, num_frames: int) -> range:
    """The frames of the range that the video has; warns where that is not all of them."""
    if asked[0] >= num_frames:
        raise WrongInput(f"{asked}: the video has {num_frames} frames")
    kept = range(asked.start, min(asked.stop, num_frames), asked.step)
    if len(kept) < len(asked):
        warnings.warn(
            f"{asked}: the video has {num_frames} frames, so the frames up to {kept[-1]} are used; "
            "legacy_frame_ranges() gives the rows of the original",
            UserWarning,
            stacklevel=5,
        )
    return kept


def frames_of(frame_range: Frames, fps: float, duration_seconds: float, num_frames: int) -> list[int]:
    """Frames that a range means in a video, each below `num_frames`.

    A range that goes beyond the end of the video ends there, as it did in the original, with a warning. Frame numbers that are
    listed one by one are taken as they are, whatever :class:`legacy_frame_ranges` says.

    Raises
    ------
    WrongType, WrongInput
        No range, reversed or empty, or wholly behind the end of the video, naming its number of frames.
    """
    asked = check_frames(frame_range)
    if not isinstance(asked, range):
        if max(asked) >= num_frames:
            raise WrongInput(f"frame_range holds frame {max(asked)}: the video has {num_frames} frames")
        return asked
    if not is_legacy():
        return list(clamped(asked, num_frames))
    stop = min(asked[-1] + 1, math.ceil(fps * rounded_duration(duration_seconds)))
    count = legacy_count(asked[0], stop, fps)
    if count == 0:
        raise WrongInput(f"{asked} holds no frame under legacy_frame_ranges, which leaves out the last one")
    return [min(frame, num_frames - 1) for frame in range(asked[0], asked[0] + count)]
