"""The original package's arithmetic, written down again in numpy float64 from its description: what results are held against.

Nothing here calls posse.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def logistic(logits: npt.ArrayLike) -> Array:
    exp = np.exp(np.asarray(logits, dtype=float))
    return exp / (exp + 1)


def logit(p: Array) -> Array:
    return np.log(p) - np.log(1 - p)


def consensus_logits(members: list[npt.NDArray[np.float32]], method: str) -> Array:
    """Logit of the members' mean or median probability, cell by cell."""
    p = np.stack([logistic(member) for member in members])
    return logit(p.mean(axis=0) if method == "mean" else np.median(p, axis=0))


def softmax_mass(logits: Array) -> Array:
    """Softmax over height and width of [frames, height, width, parts]."""
    exp = np.exp(logits - logits.max(axis=(1, 2), keepdims=True))
    return exp / exp.sum(axis=(1, 2), keepdims=True)


def centre(mass: Array) -> tuple[Array, Array]:
    """(column, row) expectation, each [frames, parts], in cells."""
    height, width = mass.shape[1:3]
    x = np.einsum("nhwj,w->nj", mass, np.arange(width))
    y = np.einsum("nhwj,h->nj", mass, np.arange(height))
    return x, y


def consensus_pose(members: list[npt.NDArray[np.float32]], method: str, stride: float) -> tuple[Array, Array]:
    """Pixels: the centre of the softmax of the consensus, without blur."""
    x, y = centre(softmax_mass(consensus_logits(members, method)))
    return x * stride + stride / 2, y * stride + stride / 2


def blurred_mass(logits: npt.NDArray[np.float32]) -> Array:
    """DeepGraphPose's Q: softmax, 3 x 3 Gaussian of one cell with zeros around, normalised again."""
    mass = softmax_mass(np.asarray(logits, dtype=float))
    weights = np.exp(-0.5 * np.array([-1.0, 0.0, 1.0]) ** 2)
    weights /= weights.sum()
    padded = np.pad(mass, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = mass.shape[1:3]
    blurred = np.zeros_like(mass)
    for i in range(3):
        for j in range(3):
            blurred += weights[i] * weights[j] * padded[:, i : i + height, j : j + width]
    return blurred / blurred.sum(axis=(1, 2), keepdims=True)


def member_pose(logits: npt.NDArray[np.float32], stride: float) -> tuple[Array, Array, Array]:
    """(x, y, likelihood) of one member by the DeepGraphPose rule, each [frames, parts]."""
    columns, rows = centre(blurred_mass(logits))
    p = logistic(logits)
    likelihood = np.empty_like(columns)
    for n, j in np.ndindex(columns.shape):
        r, c = rows[n, j], columns[n, j]
        window = p[n, int(np.floor(r)) : int(np.ceil(r)) + 1, int(np.floor(c)) : int(np.ceil(c)) + 1, j]
        likelihood[n, j] = window.max()
    return columns * stride + stride / 2, rows * stride + stride / 2, likelihood


def clip_frames(first: int, last: int, fps: float) -> list[int]:
    """Frames that moviepy's subclip(first / fps, last / fps).iter_frames() of the original gives."""
    start, end = first / fps, last / fps
    times = np.arange(0, end - start, 1.0 / fps)
    return [int(fps * (start + t) + 0.00001) for t in times]


def rmse(pose: Array, truth: Array) -> float:
    """Arrays [time, 2, parts]: root of the mean over time of squared distances summed over parts."""
    return float(np.sqrt(((pose - truth) ** 2).sum() / len(pose)))


def truth_cells(truth: Array, stride: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(rows, columns) [time, parts] of the cells nearest to truth [time, 2, parts]."""
    cells = np.round((truth - 0.5 * stride) / stride).astype(int)
    return cells[:, 1], cells[:, 0]
