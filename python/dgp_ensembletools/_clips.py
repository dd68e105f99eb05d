"""Clips that answer what scripts ask of a moviepy clip, decoded frame-exactly by posse."""

from __future__ import annotations

import base64
import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from dgp_ensembletools._ranges import Frames, check_frames, frames_of, is_legacy, legacy_count
from posse import Video, _core
from posse.result import html_table

__all__ = ["VideoClip", "VideoFileClip", "frames_in", "get_video_clip"]

#: A time as moviepy takes it: seconds, "hh:mm:ss.xx" or a part of it, (minutes, seconds) or (hours, minutes, seconds).
Time = Union[float, str, "tuple[float, ...]"]


def seconds_of(time: Time) -> float:
    """A time in seconds; a text's leading minus counts for all of it."""
    parts: Sequence[float]
    sign = 1.0
    if isinstance(time, str):
        text = time.strip()
        sign = -1.0 if text.startswith("-") else 1.0
        try:
            parts = [float(part.replace(",", ".")) for part in text.lstrip("-").split(":")]
        except ValueError:
            raise ValueError(f"{time!r} is no time: write seconds, or 'hh:mm:ss.xx'") from None
    elif isinstance(time, (tuple, list)):
        parts = time
    else:
        try:
            return float(time)
        except TypeError:
            raise TypeError(f"{time!r} is no time: write seconds, or 'hh:mm:ss.xx'") from None
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"{time!r} is no time: it has {len(parts)} parts, at most hours, minutes and seconds are known")
    return sign * float(sum(part * factor for part, factor in zip(reversed(parts), (1, 60, 3600))))


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

    def __init__(
        self, video: Video, frames: Sequence[int], duration: float, size: tuple[int, int] | None = None
    ) -> None:
        self._video = video
        self._frames = frames
        self.fps: float = video.fps
        self.duration = duration
        self.size = (video.width, video.height) if size is None else size
        self.w, self.h = self.size
        self.filename = str(video.path)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"<VideoClip of {self.filename}: {len(self)} frames, {self.duration:.3f} s, {self.w}x{self.h}>"

    def _repr_html_(self) -> str:
        """A table for notebooks; :meth:`ipython_display` plays the clip."""
        row = (Path(self.filename).name, str(len(self)), f"{self.duration:.3f} s", f"{self.fps:.3f}", f"{self.w}x{self.h}")
        return html_table(("video", "frames", "duration", "frames/s", "size"), [row], "clip; .ipython_display() plays it")

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_video": str(self._video.path)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._video = Video(state["_video"])

    def _picture(self, frame: int) -> npt.NDArray[np.uint8]:
        picture = self._video[frame]
        return picture if self.size == (self._video.width, self._video.height) else _core.resize_image(picture, *self.size)

    def get_frame(self, t: Time) -> npt.NDArray[np.uint8]:
        """Picture [height, width, 3] at the time `t` from the clip's start; the last one beyond its end."""
        position = min(max(int(self.fps * seconds_of(t) + _TIME_SLACK), 0), len(self._frames) - 1)
        return self._picture(self._frames[position])

    def iter_frames(
        self, fps: float | None = None, with_times: bool = False, logger: Any = None, dtype: Any = None
    ) -> Iterator[Any]:
        """Pictures in order, each once; at another rate when `fps` is given."""
        del logger  # moviepy's progress bars
        rate = self.fps if fps is None else fps
        count = len(self._frames) if fps is None else math.ceil(self.duration * rate - _TIME_SLACK)
        for position in range(count):
            time = position / rate
            picture = self._picture(self._frames[position]) if fps is None else self.get_frame(time)
            if dtype is not None:
                picture = picture.astype(dtype)
            yield (time, picture) if with_times else picture

    def subclip(self, t_start: Time = 0, t_end: Time | None = None) -> VideoClip:
        """From `t_start` to before `t_end`, times of this clip; negative ones count from its end.

        As in moviepy a time is a number of seconds, a text as "00:01:02.5", "1:02.5" or "62.5", or a tuple (minutes, seconds)
        or (hours, minutes, seconds).
        """
        start = seconds_of(t_start)
        end = self.duration if t_end is None else seconds_of(t_end)
        start, end = (time + self.duration if time < 0 else time for time in (start, end))
        if start < 0:
            raise ValueError(f"subclip({t_start!r}, {t_end!r}): the clip has only {self.duration} seconds")
        first = min(int(self.fps * start + _TIME_SLACK), len(self._frames))
        stop = min(math.ceil(self.fps * end - _TIME_SLACK), len(self._frames))
        if stop <= first:
            raise ValueError(f"subclip({t_start!r}, {t_end!r}) of a clip of {self.duration} seconds holds no frame")
        return VideoClip(self._video, self._frames[first:stop], end - start, self.size)

    def resize(
        self, newsize: float | tuple[int, int] | None = None, height: int | None = None, width: int | None = None
    ) -> VideoClip:
        """The clip in another size: (width, height), a factor, or one side, the other following."""
        if isinstance(newsize, (int, float)):
            size = (round(self.w * newsize), round(self.h * newsize))
        elif newsize is not None:
            size = (int(newsize[0]), int(newsize[1]))
        elif height is not None and width is None:
            size = (round(self.w * height / self.h), int(height))
        elif width is not None:
            size = (int(width), round(self.h * width / self.w) if height is None else int(height))
        else:
            raise ValueError("resize() wants newsize, height or width")
        if min(size) < 1:
            raise ValueError(f"resize() to {size[0]}x{size[1]} leaves no pixels")
        return VideoClip(self._video, self._frames, self.duration, size)

    def save_frame(self, filename: str | os.PathLike[str], t: Time = 0, withmask: bool = True) -> None:
        """Writes the picture at the time `t` as a .png; `withmask` is moviepy's and has no effect."""
        del withmask
        if Path(filename).suffix.lower() != ".png":
            raise ValueError(f"save_frame({str(filename)!r}): only names ending in .png can be written")
        _core.write_png(self.get_frame(t), Path(filename))

    def write_videofile(self, filename: str | os.PathLike[str], fps: float | None = None, **options: Any) -> None:
        """Writes the clip as H.264 in .mp4, .mov, .mkv or .avi, without sound, under a temporary name until it is complete.

        ``codec="mpeg4"`` is honoured; moviepy's other options (audio, bitrate, preset, logger, verbose, ...) have no effect.
        """
        codec = options.get("codec")
        if codec not in (None, "libx264", "mpeg4"):
            raise ValueError(f"write_videofile(codec={codec!r}): libx264 and mpeg4 can be written")
        rate = self.fps if fps is None else fps
        writer = _core.VideoWriter(Path(filename), self.w, self.h, rate, codec or "libx264")
        for time, picture in self.iter_frames(fps=fps, with_times=True):
            writer.write(picture, time)
        writer.finish()

    def ipython_display(self, **options: Any) -> Any:
        """A player for a notebook, the clip in it; moviepy's options, but for ``width``, have no effect."""
        try:
            from IPython.display import HTML
        except ImportError as error:
            raise ImportError("ipython_display() needs IPython (Debian: python3-ipython)") from error
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mp4"
            self.write_videofile(path)
            data = base64.b64encode(path.read_bytes()).decode()
        width = int(options.get("width", self.w))
        return HTML(f'<video controls width="{width}" src="data:video/mp4;base64,{data}"></video>')

    def close(self) -> None:
        """Nothing stays open; here for scripts that call it."""

    def __enter__(self) -> VideoClip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class VideoFileClip(VideoClip):
    """A whole video file, as moviepy's class of that name; its sound is not read.

    Parameters
    ----------
    filename : path
    **options
        moviepy's; they have no effect.
    """

    def __init__(self, filename: str | os.PathLike[str], **options: Any) -> None:
        del options
        whole = get_video_clip(filename)
        super().__init__(whole._video, whole._frames, whole.duration)


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
