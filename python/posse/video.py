"""Videos frame by frame, exactly as the networks see them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._paths import path_of

__all__ = ["Video"]


class Video:
    """A video file or a folder of pictures.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    path : Path
    width, height : int
        Pixels, after rotation.
    fps : float
        Frames per second; 0 for a folder of pictures.
    duration_seconds : float
        As the container says.

    Examples
    --------
    >>> video = Video("data/demo/video/openarena.mp4")
    >>> video.width, video.height, len(video)
    (320, 240, 360)
    >>> video[100].shape
    (240, 320, 3)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path_of(path)
        reader = _core.FrameIterator(self.path, None)
        self.width: int = reader.width
        self.height: int = reader.height
        self.fps: float = reader.fps
        self.duration_seconds: float = reader.duration_seconds
        self._num_frames: int | None = reader.container_num_frames
        self._reader: Iterator[tuple[int, float, npt.NDArray[np.uint8]]] | None = None
        self._next_index = -1

    def __len__(self) -> int:
        """Number of frames; the video is decoded once if its container does not say."""
        if self._num_frames is None:
            self._num_frames = sum(1 for _ in _core.FrameIterator(self.path, None))
        return self._num_frames

    def __getitem__(self, frame_index: int) -> npt.NDArray[np.uint8]:
        """RGB picture [height, width, 3] of one frame; consecutive frames are read on without seeking."""
        if frame_index < 0:
            raise IndexError(f"frame {frame_index} of {self.path}: frames count from 0")
        if self._reader is None or self._next_index != frame_index:
            self._reader = _core.FrameIterator(self.path, (frame_index, 1 << 62))
        try:
            index, _, picture = next(self._reader)
        except StopIteration:
            self._reader = None
            raise IndexError(f"frame {frame_index} of {self.path}: it has {len(self)} frames") from None
        self._next_index = index + 1
        if index != frame_index:
            raise IndexError(f"frame {frame_index} of {self.path} cannot be decoded")
        return picture

    def frames(self, frames: object = None) -> Iterator[npt.NDArray[np.uint8]]:
        """RGB pictures of the frames asked for, in order."""
        return (picture for _, _, picture in _core.FrameIterator(self.path, frames))
