"""Clips that answer what scripts ask of a moviepy clip, decoded frame-exactly by posse."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from dgp_ensembletools._ranges import Frames, check_frames, frames_of, is_legacy, legacy_count
from posse import Video

__all__ = ["VideoClip", "frames_in", "get_video_clip"]

#: The original's allowance for rounding when it turns a time into a frame.
_TIME_SLACK = 1e-5


class VideoClip:
    """Consecutive or regularly spaced frames of a video.

    Attributes
    ----------
    fps : float
    duration : float
        Seconds.
    size : tuple of int
        (width, height) in pixels; also as ``w`` and ``h``.
    filename : str
    """

    def __init__(self, video: Video, frames: Sequence[int], duration: float) -> None:
        self._video = video
        self._frames = frames
        self.fps: float = video.fps
        self.duration = duration
        self.size = (video.width, video.height)
        self.w, self.h = self.size
        self.filename = str(video.path)

    def __len__(self) -> int:
        return len(self._frames)

    def get_frame(self, t: float) -> npt.NDArray[np.uint8]:
        """Picture [height, width, 3] at `t` seconds from the clip's start; the last one beyond its end."""
        position = min(max(int(self.fps * t + _TIME_SLACK), 0), len(self._frames) - 1)
        return self._video[self._frames[position]]

    def iter_frames(
        self, fps: float | None = None, with_times: bool = False, logger: Any = None, dtype: Any = None
    ) -> Iterator[Any]:
        """Pictures in order, each once; at another rate when `fps` is given."""
        del logger  # moviepy's progress bars
        rate = self.fps if fps is None else fps
        count = len(self._frames) if fps is None else math.ceil(self.duration * rate - _TIME_SLACK)
        for position in range(count):
            time = position / rate
            picture = self._video[self._frames[position]] if fps is None else self.get_frame(time)
            if dtype is not None:
                picture = picture.astype(dtype)
            yield (time, picture) if with_times else picture

    def subclip(self, t_start: float = 0, t_end: float | None = None) -> VideoClip:
        """From `t_start` to before `t_end`, in seconds of this clip; negative times count from its end."""
        start = t_start + self.duration if t_start < 0 else t_start
        end = self.duration if t_end is None else (t_end + self.duration if t_end < 0 else t_end)
        first = min(int(self.fps * start + _TIME_SLACK), len(self._frames))
        stop = min(math.ceil(self.fps * end - _TIME_SLACK), len(self._frames))
        if stop <= first:
            raise ValueError(f"subclip({t_start}, {t_end}) of a clip of {self.duration} seconds holds no frame")
        return VideoClip(self._video, self._frames[first:stop], end - start)

    def close(self) -> None:
        """Nothing stays open; here for scripts that call it."""

    def __enter__(self) -> VideoClip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def get_video_clip(video_path: str | os.PathLike[str], frame_range: Frames | None = None) -> VideoClip:
    """A clip of a video file, whole or of the frames in `frame_range`. Stands for :class:`posse.Video`.

    Half-open and complete; under :func:`dgp_ensembletools.legacy_frame_ranges` the last frame is left out.
    """
    video = Video(Path(video_path))
    if frame_range is None:
        return VideoClip(video, range(len(video)), len(video) / video.fps if video.fps else video.duration_seconds)
    asked = check_frames(frame_range)
    if is_legacy() and isinstance(asked, range):
        first, count = asked[0], legacy_count(asked[0], asked[-1] + 1, video.fps)
        frames = range(first, min(first + count, len(video)))
        return VideoClip(video, frames, (asked[-1] - asked[0]) / video.fps)
    kept = frames_of(asked, video.fps, video.duration_seconds, len(video))
    return VideoClip(video, kept, len(kept) / video.fps)


def frames_in(video: Path, frame_range: Frames) -> list[int]:
    """Frame numbers of a range, list or mask over a video, as the range rules in force have them."""
    clip = Video(video)
    return frames_of(frame_range, clip.fps, clip.duration_seconds, len(clip))
