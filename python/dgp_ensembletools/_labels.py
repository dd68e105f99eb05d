"""Hand labels as ground truth: CollectedData tables, rows by video and columns by bodypart."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dgp_ensembletools._errors import WrongInput
from posse import _core

__all__ = ["is_label_table", "labelled_frames", "labelled_parts", "read_labels"]


def is_label_table(path: str | os.PathLike[str]) -> bool:
    """True for the suffixes of label tables; ground truth of the original is in .mat files."""
    return str(path).lower().endswith((".csv", ".h5"))


def _video_of(image: str) -> str:
    """The folder of "labeled-data/<video>/img012.png": the video's stem; "" without a folder."""
    parts = image.split("/")
    return parts[-2] if len(parts) > 1 else ""


def _frame_of(image: str, path: object) -> int:
    """The last number in the picture's name: 12 of "img012.png", of "cam1_frame_012.png" and of "img012_v2.png" the 2."""
    numbers = re.findall(r"\d+", Path(image.split("/")[-1]).stem)
    if not numbers:
        raise WrongInput(f"{path}: {image} does not name a frame, as labeled-data/video/img012.png does")
    return int(numbers[-1])


def _rows_of_video(images: Sequence[str], video: str | None, path: object) -> list[int]:
    names = sorted({_video_of(image) for image in images})
    if video is None:
        if len(names) > 1:
            raise WrongInput(f"{path}: holds labels of several videos ({', '.join(names)}), and it is not said which is meant")
        return list(range(len(images)))
    rows = [row for row, image in enumerate(images) if _video_of(image) in (video, "")]
    if not rows:
        raise WrongInput(f"{path}: holds labels of {', '.join(names)}, none of {video}")
    return rows


def read_labels(
    path: str | os.PathLike[str], bodyparts: Sequence[str] | None = None, video: str | None = None
) -> npt.NDArray[np.float64]:
    """True positions [frames, 2, parts] up to the last labelled frame of one video; what is not labelled is NaN.

    Parameters
    ----------
    path : path
        CollectedData as .csv or .h5.
    bodyparts : sequence of str, optional
        Wanted parts in order, found by name; NaN for one that the table lacks. Default: the table's, in its order.
    video : str, optional
        Stem of the video. Default: the only one in the table.
    """
    names, images, points = _core.read_labels(Path(path))
    if not images:
        raise WrongInput(f"{path} is no label table: three header rows, then one row for every labelled frame")
    rows = _rows_of_video(images, video, path)
    wanted = list(names if bodyparts is None else bodyparts)
    known = [part for part in wanted if part in names]
    if not known:
        raise WrongInput(f"{path}: labels {', '.join(names)}; the network has {', '.join(wanted)}")
    frames = [_frame_of(images[row], path) for row in rows]
    truth = np.full((max(frames) + 1, 2, len(wanted)), np.nan)
    for part in known:
        truth[frames, :, wanted.index(part)] = points[rows, names.index(part)]
    return truth


def labelled_parts(truth: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Positions of the parts that are labelled at all."""
    return np.flatnonzero(np.isfinite(truth).any(axis=(0, 1)))


def labelled_frames(truth: npt.NDArray[np.float64], num_frames: int, path: object) -> npt.NDArray[np.int64]:
    """Frames below `num_frames` in which every part of `truth` is labelled; says so where that is not all of them."""
    complete = np.flatnonzero(np.isfinite(truth[:num_frames]).all(axis=(1, 2)))
    if len(complete) == 0:
        raise WrongInput(f"{path}: no frame has labels of every part that is compared; choose parts with `parts`")
    if len(complete) < num_frames:
        warnings.warn(
            f"{path}: {len(complete)} of {num_frames} frames have labels of every part; those are compared", UserWarning, stacklevel=4
        )
    return complete
