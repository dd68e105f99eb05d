"""What models' methods compute and compare with, on arrays alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dgp_ensembletools._errors import WrongInput
from dgp_ensembletools._ranges import positions
from posse import _core
from posse._memory import check_memory

__all__ = ["Array", "Maps", "get_mu_fix", "logistic", "make2dgrid_np", "pair"]

Array = npt.NDArray[np.float64]
Maps = npt.NDArray[np.float32]


def make2dgrid_np(ref_c: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Row times width, and column times height, of every cell of a map [height, width]: int [2, height, width]."""
    height, width = ref_c.shape
    rows, columns = np.indices((height, width))
    return np.stack([rows * width, columns * height])


def get_mu_fix(ref_: npt.ArrayLike, smooth: bool = True) -> tuple[Array, Array]:
    """Where a map is: (x, y), each [frames, bodyparts] in cells, of logits [frames, height, width, bodyparts].

    Parameters
    ----------
    ref_ : array
        scoremap_logits.
    smooth : bool
        True: expectation under the softmax over the whole map, without blur (posse._core.softmax_centres). False: the largest
        cell, the first in row-major order.
    """
    logits = np.asarray(ref_)
    if smooth:
        return _core.softmax_centres(logits)
    rows, columns = np.unravel_index(logits.reshape(len(logits), -1, logits.shape[3]).argmax(axis=1), logits.shape[1:3])
    return columns.astype(float), rows.astype(float)


def _select_parts(pose: Array, truth: Array, parts: Any) -> tuple[Array, Array]:
    """Pose and truth [frames, 2, parts] of the selected parts of the pose; by default the truth's first ones."""
    if parts is None:
        parts = np.arange(truth.shape[2])
    parts = positions(parts, "parts")
    if len(parts) and parts.max() >= pose.shape[2]:
        raise WrongInput(f"parts {parts.tolist()}: the pose has {pose.shape[2]} parts, counted from 0")
    if truth.shape[2] == pose.shape[2]:
        truth = truth[:, :, parts]
    elif truth.shape[2] != len(parts):
        raise WrongInput(
            f"the ground truth has {truth.shape[2]} parts; it must have the pose's {pose.shape[2]} or the {len(parts)} selected"
        )
    return pose[:, :, parts], truth


def _select_rows(pose: Array, truth: Array, indices: Any) -> tuple[Array, Array]:
    """The rows to compare: `indices`, or all that both have."""
    rows = min(len(pose), len(truth))
    if indices is None:
        return pose[:rows], truth[:rows]
    indices = positions(indices, "indices")
    if len(indices) and indices.max() >= rows:
        raise WrongInput(
            f"indices {indices.min()} to {indices.max()}: the pose has {len(pose)} frames, the ground truth {len(truth)}"
        )
    return pose[indices], truth[indices]


def pair(pose: Array, truth: Array, indices: Any, parts: Any) -> tuple[Array, Array]:
    """What is compared with what, both [frames, 2, parts]."""
    return _select_rows(*_select_parts(pose, truth, parts), indices)


def logistic(maps: Maps) -> Array:
    """The logistic function of logits, float64."""
    check_memory(8 * maps.size, f"the logistic function of scoremaps of {len(maps)} frames")
    return _core.scoremap(maps)
