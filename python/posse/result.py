"""What an ensemble says of a video, and which networks it is made of."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._paths import PathLike, path_of

if TYPE_CHECKING:
    import pandas

    from posse.tracking import Track

__all__ = ["DataWarning", "Member", "PathLike", "Result", "given"]


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Options that are not None; the others are left to the library's defaults."""
    return {name: value for name, value in options.items() if value is not None}


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table as HTML, every text escaped."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><caption>{html.escape(caption)}</caption>{line(heads, 'th')}{body}</table>"


def pyplot_module(what: str) -> Any:
    """matplotlib.pyplot, or an error that says how to have it."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(f"{what} needs matplotlib (Debian: python3-matplotlib); posse.plot() draws without it") from error
    return pyplot


def _median(values: npt.NDArray[np.float64], form: str) -> str:
    finite = values[np.isfinite(values)]
    return format(float(np.median(finite)), form) if len(finite) else ""


class DataWarning(UserWarning):
    """Something is odd about the data: damaged frames, a count that differs, a video that breaks off."""


@dataclass(frozen=True)
class Member:
    """One trained network of an ensemble.

    Attributes
    ----------
    name : str
        Short and unique in the ensemble.
    path : Path
        As it was named when opening.
    project_folder : Path or None
        None for a bare training folder or snapshot.
    snapshot : str
        Name of the snapshot in use, as "snapshot-step2-final--0".
    scorer : str
        Who the network is called in tables.
    bodyparts : tuple of str
        In the order of the network's channels.
    network : str
        As "resnet_50".
    rule : str
        How its keypoints are read: "dgp" (soft-argmax) or "dlc" (largest cell and its location refinement).
    stride : float
        Pixels per scoremap cell.
    locref_stdev : float
        Pixels per unit of location refinement.
    crop : tuple of int, or None
        x1, x2, y1, y2 of the box that frames are cut to before this network (config.yaml's `cropping`); its
        scoremaps begin at (x1, y1), poses are in whole frames.
    fingerprint : str
        Equal for networks that give equal scoremaps.
    warnings : tuple of str
        What was odd in the folder, and how it was taken.
    """

    name: str
    path: Path
    project_folder: Path | None
    snapshot: str
    scorer: str
    bodyparts: tuple[str, ...]
    network: str
    rule: str
    stride: float
    locref_stdev: float
    fingerprint: str
    crop: tuple[int, int, int, int] | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_core(cls, info: dict[str, Any]) -> Member:
        folder = str(info["project_folder"])
        fields = dict(info)
        fields["path"] = Path(info["path"])
        fields["project_folder"] = Path(folder) if folder not in ("", ".") else None
        fields["bodyparts"] = tuple(info["bodyparts"])
        fields["warnings"] = tuple(info["warnings"])
        return cls(**fields)


@dataclass(frozen=True, repr=False)
class Result:
    """Consensus poses of consecutive frames, how sure they are, and the members they were made from.

    Attributes
    ----------
    bodyparts : tuple of str
        Column names, in the order of the first member's config.
    frame_index : ndarray of int64, [frames]
        Frames of the video, counted from 0.
    time_seconds : ndarray, [frames]
        Presentation times; NaN where the video has none.
    poses : ndarray, [frames, bodyparts, 2]
        Consensus (x, y) in pixels; NaN where missing.
    likelihood : ndarray, [frames, bodyparts]
        Consensus probability at the keypoint, in [0, 1]; a score, not the chance of being right.
    spread : ndarray, [frames, bodyparts, 2]
        Standard deviation of the members' keypoints along x and y, in pixels.
    map_covariance : ndarray, [frames, bodyparts, 2, 2]
        Covariance of the consensus map in square pixels: how wide the map is, not how far members disagree.
    num_members : ndarray of int32, [frames, bodyparts]
        Members that took part.
    member_poses : ndarray, [members, frames, bodyparts, 2]
        Each member's own keypoints in pixels.
    member_likelihood : ndarray, [members, frames, bodyparts]
        Their likelihoods.
    members : tuple of Member
    consensus : str
        "mean", "median" or "track": what was taken.
    video : Path or None
        None for pictures.
    warnings : tuple of str
        What was odd about the data and the track, in full sentences.
    track : Track, or None
        With consensus "track" what the track states: ``track.chance``, ``chance_seen`` and ``seen`` [frames, bodyparts], ``covariance``
        [frames, bodyparts, 3] (xx, xy, yy in square pixels), ``second_place``, ``groups``, ``report``; the same as in the files of a run.
    """

    bodyparts: tuple[str, ...]
    frame_index: npt.NDArray[np.int64]
    time_seconds: npt.NDArray[np.float64]
    poses: npt.NDArray[np.float64]
    likelihood: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    map_covariance: npt.NDArray[np.float64]
    num_members: npt.NDArray[np.int32]
    member_poses: npt.NDArray[np.float64]
    member_likelihood: npt.NDArray[np.float64]
    members: tuple[Member, ...]
    consensus: str
    video: Path | None = None
    warnings: tuple[str, ...] = ()
    track: Track | None = None
    _frames: _core.FrameResults | None = field(default=None, repr=False, compare=False)
    _ensemble: _core.Ensemble | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.frame_index)

    def __repr__(self) -> str:
        video = f" of {self.video.name}" if self.video is not None else ""
        return f"<posse.Result{video}: {len(self)} frames, {', '.join(self.bodyparts)}; {self.consensus} of {len(self.members)}>"

    def _repr_html_(self) -> str:
        """A table for notebooks: one row per bodypart."""
        rows = [
            (
                name,
                f"{np.isfinite(self.poses[:, part, 0]).mean():.1%}" if len(self) else "",
                _median(self.likelihood[:, part], ".3f"),
                _median(np.linalg.norm(self.spread[:, part], axis=1), ".2f"),
            )
            for part, name in enumerate(self.bodyparts)
        ]
        heads = ("bodypart", "frames placed", "median likelihood", "median spread (px)")
        return html_table(heads, rows, repr(self).strip("<>"))

    def plot(self, bodyparts: Sequence[str] | None = None) -> Any:
        """Draws x and y of bodyparts over the frames: members faint, consensus, two standard deviations of the members.

        Parameters
        ----------
        bodyparts : sequence of str, optional
            All by default.

        Returns
        -------
        matplotlib.figure.Figure
            A row for every bodypart.

        Raises
        ------
        ImportError
            matplotlib is not installed; :meth:`save` and :func:`posse.plot` draw without it.
        """
        pyplot = pyplot_module("result.plot()")
        names = list(self.bodyparts if bodyparts is None else bodyparts)
        unknown = [name for name in names if name not in self.bodyparts]
        if unknown:
            raise ValueError(f"no bodypart {unknown[0]!r}; there are: {', '.join(self.bodyparts)}")
        figure, axes = pyplot.subplots(len(names), 2, sharex=True, squeeze=False, figsize=(11, 2.2 * len(names)))
        for row, name in zip(axes, names):
            part = self.bodyparts.index(name)
            for axis, letter in enumerate("xy"):
                value, two_sigmas = self.poses[:, part, axis], 2 * self.spread[:, part, axis]
                row[axis].plot(self.frame_index, self.member_poses[:, :, part, axis].T, color="#8A8F98", linewidth=0.6, alpha=0.6)
                row[axis].fill_between(self.frame_index, value - two_sigmas, value + two_sigmas, color="#D55E00", alpha=0.25, linewidth=0)
                row[axis].plot(self.frame_index, value, color="#0072B2", linewidth=1.4)
                row[axis].set_ylabel(f"{name} {letter} (px)")
        for cell in axes[-1]:
            cell.set_xlabel("frame")
        figure.tight_layout()
        return figure

    def __getstate__(self) -> dict[str, Any]:
        """Arrays and names; a copy or pickle cannot :meth:`save`, which needs the networks."""
        return {**vars(self), "_frames": None, "_ensemble": None}

    def to_dataframe(self) -> pandas.DataFrame:
        """The consensus as a pandas table in DeepLabCut's layout.

        Returns
        -------
        pandas.DataFrame
            Rows by frame; columns with the levels scorer, bodyparts, coords (x, y, likelihood).
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_dataframe() needs pandas (Debian: python3-pandas)") from error
        scorer = self._ensemble.scorer(self.consensus) if self._ensemble else "posse"
        columns = pandas.MultiIndex.from_product(
            [[scorer], self.bodyparts, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"]
        )
        values = np.concatenate([self.poses, self.likelihood[:, :, None]], axis=2)
        return pandas.DataFrame(values.reshape(len(self), -1), index=self.frame_index, columns=columns)

    def save(
        self,
        folder: PathLike,
        *,
        format: Literal["h5", "csv", "both"] | None = None,  # noqa: A002 - the command line's word
        save_members: bool | None = None,
        wide_csv: bool | None = None,
        smooth: Literal["off", "kalman", "causal"] | None = None,
        labeled_video: bool | None = None,
        calibration: PathLike | None = None,
        radius: float | None = None,
        force_calibration: bool | None = None,
        as_member: str | None = None,
        video_preds: bool | None = None,
        extras: PathLike | None = None,
        keep_journal: bool | None = None,
        force: bool | None = None,
    ) -> list[Path]:
        """Writes the files that ``posse run VIDEO --out FOLDER`` writes, without running the networks again.

        Parameters
        ----------
        folder : path
            Gets a folder named after the video.
        format, save_members, wide_csv, smooth, labeled_video, calibration, radius, force_calibration, as_member
        video_preds, extras, keep_journal, force
            As on the command line (``posse run --help``).

        Returns
        -------
        list of Path
            The files, run.json last.

        Raises
        ------
        InputError
            The folder holds the results of another run and `force` is not set.
        """
        if self._ensemble is None or self._frames is None or self.video is None:
            raise ValueError("only the result of a run over a video can be saved; a copied or unpickled one cannot: run again")
        options = {
            "format": format,
            "save_members": save_members,
            "wide_csv": wide_csv,
            "smooth": smooth,
            "labeled_video": labeled_video,
            "calibration": None if calibration is None else str(calibration),
            "radius": radius,
            "force_calibration": force_calibration,
            "as_member": as_member,
            "video_preds": video_preds,
            "extras": None if extras is None else str(extras),
            "keep_journal": keep_journal,
            "force": force,
        }
        return [Path(path) for path in self._ensemble.save(self._frames, self.video, path_of(folder), **given(options))]
