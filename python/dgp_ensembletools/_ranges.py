"""Which frames a range means: all of them, or those that the original delivered."""

from __future__ import annotations

import contextvars
import math
from types import TracebackType

from dgp_ensembletools._errors import WrongInput, WrongType

__all__ = ["frames_of", "is_legacy", "legacy_frame_ranges"]

_legacy = contextvars.ContextVar("dgp_ensembletools_legacy_frame_ranges", default=False)


class legacy_frame_ranges:  # noqa: N801 - reads as a verb: "with legacy_frame_ranges():"
    """Frame ranges as the original package took them, for results that must match old ones row by row.

    There, ``range(a, b)`` gave the frames a to b - 2, sometimes b - 1 too (rounding of frame times), ignored a step, and
    repeated the last frame where a video's duration rounds up. Call it to switch, or use it as a context manager, which
    switches back.

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
        self._before = _legacy.set(bool(enabled))

    def __enter__(self) -> legacy_frame_ranges:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _legacy.reset(self._before)


def is_legacy() -> bool:
    """Whether :class:`legacy_frame_ranges` is in force."""
    return _legacy.get()


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


def check_range(frame_range: object) -> range:
    """The range, if it is one that can be used. Raises WrongType or WrongInput."""
    if type(frame_range) is not range:
        raise WrongType(f"frame_range must be a range, as range(100, 200), not {type(frame_range).__name__}")
    if frame_range.step < 1 or frame_range.start < 0 or frame_range.stop < frame_range.start:
        raise WrongInput(f"{frame_range}: frames count upwards from 0, start must not be behind stop")
    if len(frame_range) == 0:
        raise WrongInput(f"{frame_range} holds no frame")
    return frame_range


def frames_of(frame_range: object, fps: float, duration_seconds: float, num_frames: int) -> list[int]:
    """Frames that a range means in a video, each below `num_frames`.

    Raises
    ------
    WrongType, WrongInput
        No range, reversed or empty, or frames beyond the end of the video, naming its number of frames.
    """
    asked = check_range(frame_range)
    if not is_legacy():
        if asked[-1] >= num_frames:
            raise WrongInput(f"{asked}: the video has {num_frames} frames")
        return list(asked)
    stop = min(asked[-1] + 1, math.ceil(fps * rounded_duration(duration_seconds)))
    count = legacy_count(asked[0], stop, fps)
    if count == 0:
        raise WrongInput(f"{asked} holds no frame under legacy_frame_ranges, which leaves out the last one")
    return [min(frame, num_frames - 1) for frame in range(asked[0], asked[0] + count)]
