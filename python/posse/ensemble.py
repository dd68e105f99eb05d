"""Ensembles of pose networks and what they say of videos."""

from __future__ import annotations

import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._memory import check_memory

if TYPE_CHECKING:
    import pandas

__all__ = ["DataWarning", "Ensemble", "Member", "Result", "open_project"]

PathLike = Union[str, "os.PathLike[str]"]
#: None (all), a number, a range with a positive step, a slice, (start, stop[, step]), or "start:stop:step".
Frames = Union[None, int, range, slice, "tuple[int, int]", "tuple[int, int, int]", str]
#: Called with the number of frames done and their total, None where the video does not say.
Progress = Callable[[int, "int | None"], object]


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
    warnings: tuple[str, ...] = ()

    @classmethod
    def _from_core(cls, info: dict[str, Any]) -> Member:
        folder = str(info["project_folder"])
        return cls(
            **{
                **info,
                "path": Path(info["path"]),
                "project_folder": Path(folder) if folder not in ("", ".") else None,
                "bodyparts": tuple(info["bodyparts"]),
                "warnings": tuple(info["warnings"]),
            }
        )


@dataclass(frozen=True)
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
        "mean" or "median".
    video : Path or None
        None for pictures.
    warnings : tuple of str
        What was odd about the data, in full sentences.
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
    _core: _core.FrameResults | None = field(default=None, repr=False, compare=False)
    _ensemble: _core.Ensemble | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.frame_index)

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
        scorer = f"DLC_ensemble{len(self.members)}{self.consensus}"
        columns = pandas.MultiIndex.from_product(
            [[scorer], self.bodyparts, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"]
        )
        values = np.concatenate([self.poses, self.likelihood[:, :, None]], axis=2)
        return pandas.DataFrame(values.reshape(len(self), -1), index=self.frame_index, columns=columns)

    def save(self, folder: PathLike, **options: Any) -> list[Path]:
        """Writes the tables of this result, as ``posse run --out FOLDER`` does.

        Parameters
        ----------
        folder : path
            Gets a folder named after the video.
        **options
            ``format`` ("h5", "csv" or "both"), ``save_members``, ``eks_csv``, ``force``: as on the command line.

        Returns
        -------
        list of Path
            The files written.
        """
        if self._ensemble is None or self._core is None or self.video is None:
            raise ValueError("only the result of a run over a video can be saved")
        given = {"consensus": self.consensus, **options}
        return [Path(path) for path in self._ensemble.save(self._core, self.video, Path(folder), **given)]


class Ensemble:
    """An ensemble of pose networks, opened once and run over many videos and pictures.

    Make one with :meth:`open`. Methods may be called from several threads; one runs at a time and the others wait. The
    interpreter is free for other threads while networks run, and Ctrl-C stops a run after the frames in work.
    """

    def __init__(self, core: _core.Ensemble) -> None:
        self._core = core
        #: The networks, in the order of their results.
        self.members: tuple[Member, ...] = tuple(Member._from_core(info) for info in core.members)
        #: Names of the results' columns.
        self.bodyparts: tuple[str, ...] = tuple(core.bodyparts)

    @classmethod
    def open(cls, paths: PathLike | Sequence[PathLike], **options: Any) -> Ensemble:
        """Opens members and checks that they fit together.

        Parameters
        ----------
        paths : path or sequence of paths
            Members (project folders, training folders, snapshots), or folders whose direct sub-folders are members.
        **options
            As on the command line: ``snapshot``, ``shuffle``, ``training_set_index``, ``decode`` ("auto", "dgp",
            "dlc"), ``batch_norm`` ("auto", "frame", "moving"), ``output_stride``, ``common_bodyparts``, ``backend``,
            ``threads``, ``batch``, ``low_memory``, ``tune``.

        Raises
        ------
        MissingError
            A path, network or snapshot is not there.
        InputError
            Members do not fit together, a file is damaged, or an option is wrong.
        CapabilityError
            A network that posse cannot run.

        Examples
        --------
        >>> Ensemble.open("data/demo").bodyparts
        ('snout', 'leftear', 'rightear', 'tailbase')
        """
        several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        return cls(_core.Ensemble([Path(path) for path in several], **options))

    @property
    def backend(self) -> str:
        """What computes the networks: "cpu" or "reference"."""
        return self._core.backend

    def __repr__(self) -> str:
        names = ", ".join(member.name for member in self.members)
        return f"<posse.Ensemble of {len(self.members)}: {names}>"

    def run(
        self,
        video: PathLike,
        *,
        frames: Frames = None,
        consensus: str = "mean",
        progress: Progress | None = None,
    ) -> Result:
        """Runs all members over a video, in one pass, and forms their consensus.

        Parameters
        ----------
        video : path
            A video file, a folder of pictures, or a picture.
        frames : optional
            Which frames: ``range(100, 200)``, ``slice(None, 50)``, ``"100:200:2"``, ``7``; all by default.
        consensus : {"mean", "median"}
            Of the members' probability maps.
        progress : callable, optional
            Called as ``progress(done, total)``, ten times a second at most.

        Returns
        -------
        Result

        Examples
        --------
        >>> ensemble = Ensemble.open(["data/demo/member-1", "data/demo/member-2"])
        >>> result = ensemble.run("data/demo/video/openarena.mp4", frames=range(10, 13))
        >>> result.frame_index
        array([10, 11, 12])
        >>> result.member_poses.shape
        (2, 3, 4, 2)
        """
        core = self._core.run(Path(video), frames, consensus, progress, None, 0)
        result = self._result(core, consensus, Path(video))
        for warning in result.warnings:
            warnings.warn(warning, DataWarning, stacklevel=2)
        return result

    def iterate(
        self, video: PathLike, *, frames: Frames = None, consensus: str = "mean", chunk: int = 256
    ) -> Iterator[Result]:
        """As :meth:`run`, but yields results of about `chunk` frames while the video runs.

        Networks work ahead by one chunk. Leaving the loop early stops the run.
        """
        if chunk < 1:
            raise ValueError(f"chunk {chunk}: must be at least 1")
        ready: queue.Queue[_core.FrameResults | BaseException | None] = queue.Queue(maxsize=1)
        stopped = threading.Event()

        def deliver(results: _core.FrameResults | BaseException | None) -> None:
            while not stopped.is_set():
                try:
                    ready.put(results, timeout=0.1)
                    return
                except queue.Full:
                    continue
            raise _Stopped

        def work() -> None:
            end: BaseException | None = None
            try:
                self._core.run(Path(video), frames, consensus, None, deliver, chunk)
            except _Stopped:
                return
            except BaseException as error:  # handed to the thread that iterates
                end = error
            try:
                deliver(end)
            except _Stopped:
                pass

        worker = threading.Thread(target=work, name="posse-run", daemon=True)
        worker.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield self._result(item, consensus, Path(video))
        finally:
            stopped.set()
            worker.join()

    def predict(self, images: npt.ArrayLike | Sequence[npt.ArrayLike], *, consensus: str = "mean") -> Result:
        """Consensus of single pictures, without files.

        Parameters
        ----------
        images : array of uint8, [height, width, 3] or [frames, height, width, 3], or a sequence of pictures
            RGB; pictures of a sequence may differ in size.
        consensus : {"mean", "median"}

        Returns
        -------
        Result
            Its frame_index counts the pictures.
        """
        single = isinstance(images, np.ndarray) and images.ndim == 3
        pictures = [np.asarray(image) for image in ([images] if single else images)]  # type: ignore[union-attr,list-item]
        return self._result(self._core.predict(pictures, consensus), consensus, None)

    def scoremaps(
        self, video: PathLike, *, frames: Frames = None, progress: Progress | None = None
    ) -> list[npt.NDArray[np.float32]]:
        """What each member's network says of each frame.

        Returns
        -------
        list of ndarray of float32, [frames, height, width, bodyparts], one per member
            Logits (before the sigmoid), in the network's own precision; bodyparts in the ensemble's order.

        Warns
        -----
        ResourceWarning
            When more than 2 GiB will be returned, with the number of bytes.

        Raises
        ------
        MemoryError
            When that is more than this machine has free.
        """
        self.check_scoremap_bytes(video, frames)
        _, maps = self._core.scoremaps(Path(video), frames, progress)
        return list(maps)

    def check_scoremap_bytes(self, video: PathLike, frames: Frames = None) -> int:
        """Bytes that :meth:`scoremaps` would return; warns and raises as that does. 0 if not known beforehand."""
        reader = _core.FrameIterator(Path(video), None)
        start, stop, step = _core.frame_bounds(frames)
        count = reader.container_num_frames
        if count is None:
            return 0
        num_frames = len(range(start, min(count, count if stop is None else stop), step))
        cells = sum(h * w * parts for h, w, parts in self._core.scoremap_shapes(reader.height, reader.width))
        return check_memory(4 * cells * num_frames, f"scoremaps of {num_frames} frames")

    def write(self, video: PathLike, folder: PathLike, *, progress: Progress | None = None, **options: Any) -> list[Path]:
        """Does what ``posse run VIDEO --out FOLDER`` does: tables, run.json, on request a labelled video.

        Parameters
        ----------
        video, folder : path
        progress : callable, optional
        **options
            ``consensus``, ``frames``, ``format``, ``save_members``, ``eks_csv``, ``labeled_video``, ``force``.

        Returns
        -------
        list of Path
            The files, also when they were there already from an equal run.
        """
        outcome = self._core.write(Path(video), Path(folder), progress, **options)
        for warning in outcome["warnings"]:
            warnings.warn(warning, DataWarning, stacklevel=2)
        return [Path(path) for path in outcome["files"]]

    def _result(self, core: _core.FrameResults, consensus: str, video: Path | None) -> Result:
        return Result(
            bodyparts=self.bodyparts,
            frame_index=core.frame_index,
            time_seconds=core.time_seconds,
            poses=core.poses,
            likelihood=core.likelihood,
            spread=core.spread,
            map_covariance=core.map_covariance,
            num_members=core.num_members,
            member_poses=core.member_poses,
            member_likelihood=core.member_likelihood,
            members=self.members,
            consensus=consensus,
            video=video,
            warnings=tuple(core.warnings),
            _core=core,
            _ensemble=self._core,
        )


class _Stopped(Exception):
    """Nobody takes results any more."""


def open_project(path: PathLike, **options: Any) -> Member:
    """What a project folder holds, and which of its networks would be used.

    Parameters
    ----------
    path : path
        A project folder, training folder or snapshot.
    **options
        As for :meth:`Ensemble.open`.

    Examples
    --------
    >>> posse.open_project("data/demo/member-1").network
    'mobilenet_v2_0.35'
    """
    return Ensemble.open([path], **options).members[0]
