"""Ensembles of pose networks and what they say of videos."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._chunks import ChunkedRun
from posse._errors import InputError, in_python
from posse._memory import check_memory
from posse._paths import path_of
from posse._progress import Progress, as_callback
from posse.result import DataWarning, Member, PathLike, Result, given, html_table
from posse.tracking import Groups, track_of_run, track_options

__all__ = ["Ensemble", "consecutive_runs", "open_project"]

#: None (all), a number, a range with a positive step, a slice, (start, stop[, step]), or "start:stop:step".
Frames = Union[None, int, range, slice, "tuple[int, int]", "tuple[int, int, int]", str]


#: Arrays of a Result, and the axis of each that counts frames.
_FRAME_AXES = {
    "frame_index": 0,
    "time_seconds": 0,
    "poses": 0,
    "likelihood": 0,
    "spread": 0,
    "map_covariance": 0,
    "num_members": 0,
    "member_poses": 1,
    "member_likelihood": 1,
}


def _positions(frames: object, video: PathLike) -> list[int] | None:
    """Frame numbers that were listed one by one; None for anything that is a range."""
    if isinstance(frames, (int, np.integer)) and frames < 0:
        raise ValueError(f"frames: {frames} is negative")
    if isinstance(frames, (list, np.ndarray)):
        numbers = np.asarray(frames)
        if numbers.ndim == 1 and numbers.dtype == bool:
            count = _core.FrameIterator(path_of(video), None).container_num_frames
            if count is not None and count != len(numbers):
                raise ValueError(
                    f"frames: the mask has {len(numbers)} values, {path_of(video).name} has {count} frames; "
                    "numpy.flatnonzero(mask) gives the numbers of those that are true"
                )
            numbers = np.flatnonzero(numbers)
        if numbers.size == 0:
            raise ValueError("frames: the list holds no frame")
        if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer):
            raise TypeError(f"frames: a list must hold whole numbers, found {numbers.dtype} with {numbers.ndim} axes")
        if numbers.min() < 0:
            raise ValueError(f"frames: {numbers.min()} is negative")
        return [int(number) for number in numbers]
    return None


def consecutive_runs(numbers: Sequence[int]) -> list[range]:
    """Rising numbers as the fewest ranges of consecutive ones."""
    runs: list[range] = []
    for number in numbers:
        if runs and runs[-1].stop == number:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs


class Ensemble:
    """An ensemble of pose networks, opened once and run over many videos and pictures.

    Make one with :meth:`open`. Thread safety: methods may be called from several threads; one runs at a time and the
    others wait, while different ensembles run side by side. The interpreter is free for other threads while networks run,
    and Ctrl-C (KeyboardInterrupt) stops a run after the frames in work.
    """

    def __init__(self, core: _core.Ensemble, opened: tuple[Any, ...] = ()) -> None:
        self._core = core
        self._opened = opened
        self._iteration: ChunkedRun | None = None
        #: The networks, in the order of their results.
        self.members: tuple[Member, ...] = tuple(Member.from_core(info) for info in core.members)
        #: Names of the results' columns.
        self.bodyparts: tuple[str, ...] = tuple(core.bodyparts)

    @classmethod
    def open(
        cls,
        paths: PathLike | Sequence[PathLike],
        *,
        snapshot: str | None = None,
        shuffle: int | None = None,
        training_set_index: int | None = None,
        iteration: int | None = None,
        decode: Literal["auto", "dgp", "dlc", "lp-correct"] | None = None,
        resize: Literal["float", "antialias", "linear", "cubic"] | None = None,
        batch_norm: str | None = None,
        output_stride: int | None = None,
        no_crop: bool | None = None,
        common_bodyparts: bool | None = None,
        bodypart_map: str | None = None,
        skip_broken_members: bool | None = None,
        backend: str | None = None,
        device: str | None = None,
        ort_library: PathLike | None = None,
        precision: Literal["fp32", "tf32", "fp16"] | None = None,
        graphs: Literal["auto", "one", "several"] | None = None,
        threads: int | None = None,
        batch: int | None = None,
        low_memory: bool | None = None,
        members_at_once: int | None = None,
        tune: bool | None = None,
    ) -> Ensemble:
        """Opens members and checks that they fit together.

        Parameters
        ----------
        paths : path or sequence of paths
            Members (project folders, training folders, snapshots), or folders whose direct sub-folders are members.
        snapshot : str, optional
            Of every member: a name, "newest", "best" or an index.
        shuffle, training_set_index, iteration : int, optional
            Which training folder of a project.
        decode : {"auto", "dgp", "dlc", "lp-correct"}, optional
            Keypoints by the DeepGraphPose rule (soft-argmax) or the DeepLabCut rule (argmax and location refinement);
            "lp-correct": as "auto", without the pixel that Lightning Pose is off for downsample_factor 3.
        resize : {"float", "antialias", "linear", "cubic"}, optional
            How frames come to the size of a Lightning Pose network: as the tool's OpenCV reader of videos, as its DALI
            reader, as its single frames, or as its labelled pictures.
        batch_norm : {"auto", "frame", "batch:N", "moving"}, optional
            Statistics of batch norm: of each frame; in MobileNets of N consecutive frames together, as DeepLabCut takes
            them with batch size N; or the stored moving ones.
        output_stride : int, optional
            Of a bare snapshot without pose_cfg.yaml.
        no_crop : bool, optional
            Do not cut frames to the box of config.yaml's ``cropping`` before the network.
        common_bodyparts : bool, optional
            Members with different bodyparts: use those that all have.
        bodypart_map : str, optional
            "old=new,old=new": other names for members' bodyparts.
        skip_broken_members : bool, optional
            Leave out members that cannot be opened, with a warning.
        backend : str, optional
            "cpu", "reference" or "onnxruntime".
        device : str, optional
            "cpu", "cuda", "cuda:N", "tensorrt", "coreml", "mlx", "openvino", "directml" or "webgpu", all but "cpu" through ONNX
            Runtime; "auto": the best that works.
        ort_library : path, optional
            ONNX Runtime's library; without it POSSE_ORT_LIBRARY, else the one that is found.
        precision : {"fp32", "tf32", "fp16"}, optional
            Of networks on a device. Below "fp32", frames of the video must show that every member's keypoints stay where
            they are; else a CapabilityError.
        graphs : {"auto", "one", "several"}, optional
            On a device, one graph for all members or one for each; "auto": the faster one, measured once and kept. Results do not
            depend on it.
        threads, batch : int, optional
            Worker threads, and frames per network call; neither changes results.
        low_memory, tune : bool, optional
            Less memory for weights; timing of kernels.
        members_at_once : int, optional
            Networks in memory together; the others run after them, with the same results. Without it all, or those that half of the memory
            holds.

        An option that is None has the command line's default (``posse run --help``).

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
        options = {
            "snapshot": snapshot,
            "shuffle": shuffle,
            "training_set_index": training_set_index,
            "iteration": iteration,
            "decode": decode,
            "resize": resize,
            "batch_norm": batch_norm,
            "output_stride": output_stride,
            "no_crop": no_crop,
            "common_bodyparts": common_bodyparts,
            "bodypart_map": bodypart_map,
            "skip_broken_members": skip_broken_members,
            "backend": backend,
            "device": device,
            "ort_library": None if ort_library is None else str(path_of(ort_library)),
            "precision": precision,
            "graphs": graphs,
            "threads": threads,
            "batch": batch,
            "low_memory": low_memory,
            "members_at_once": members_at_once,
            "tune": tune,
        }
        several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        core = _core.Ensemble([path_of(path) for path in several], **given(options))
        for warning in core.warnings:
            warnings.warn(warning, DataWarning, stacklevel=2)
        absolute = [path_of(path).absolute() for path in several]
        return cls(core, (absolute, given(options)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and other processes open the same members again; options are kept."""
        return _reopen, self._opened

    @property
    def backend(self) -> str:
        """What computes the networks: "cpu", "reference", or as "onnxruntime cuda fp32"."""
        return self._core.backend

    def __repr__(self) -> str:
        names = ", ".join(member.name for member in self.members)
        return f"<posse.Ensemble of {len(self.members)}: {names}>"

    def _repr_html_(self) -> str:
        """A table for notebooks: one row per member."""
        rows = [(member.name, member.network, member.snapshot, member.rule) for member in self.members]
        return html_table(("member", "network", "snapshot", "keypoints"), rows, f"{len(self.members)} members, {self.backend}")

    def run(
        self,
        video: PathLike,
        *,
        frames: Frames | Sequence[int] = None,
        consensus: str = "auto",
        bbox: PathLike | None = None,
        look_alike: Groups | None = None,
        same_x: Groups | None = None,
        same_y: Groups | None = None,
        same_line: Groups | None = None,
        view_calibration: PathLike | None = None,
        track_smooth: bool | None = None,
        track_lag: int | None = None,
        hide_below: float | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Runs all members over a video, in one pass, and forms their consensus.

        A calibration is used where results are written: ``ensemble.write(video, folder, calibration=...)``, or
        ``result.save(folder, calibration=...)`` of what this gives.

        Parameters
        ----------
        video : path
            A video file, a folder of pictures, or a picture.
        frames : optional
            Which frames: ``range(100, 200)``, ``slice(None, 50)``, ``"100:200:2"``, ``7``; or frame numbers one by one, in any
            order: a list, an array of whole numbers, a mask over the frames. All by default.
        consensus : {"auto", "mean", "median", "track"}
            Of the members' probability maps, or the track through the maps of all frames, which takes no list. "auto" is the
            track for a video with three members or more, and the mean for pictures and lists; the result says which.
        bbox : path, optional
            Boxes that frames are cut to for members of Lightning Pose: a csv with the columns x, y, h, w and a row a frame, or a
            folder that holds VIDEO_bbox.csv. Results are in the whole frame.
        look_alike, same_x, same_y, same_line, view_calibration, track_smooth, track_lag, hide_below
            Of a track, as on the command line (``posse run --help``); groups are text or sequences of names, as
            ``[["paw1", "paw2"], ["ear1", "ear2"]]``. They are refused where no track is made.
        progress : callable or tqdm bar, optional
            Called as ``progress(done, total)``, ten times a second at most; total is None where the video does not say.
            What it raises stops the run and is raised here.

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
        options = track_options(
            {
                "look_alike": look_alike,
                "same_x": same_x,
                "same_y": same_y,
                "same_line": same_line,
                "view_calibration": view_calibration,
                "track_smooth": track_smooth,
                "track_lag": track_lag,
                "hide_below": hide_below,
            }
        )
        self._leave_iteration()
        boxes = "" if bbox is None else str(path_of(bbox))
        listed = _positions(frames, video)
        if listed is None:
            core = self._core.run(path_of(video), frames, consensus, as_callback(progress), None, 0, bbox=boxes, **given(options))
            result = self._result(core, path_of(video))
        else:
            result = self._run_listed(path_of(video), listed, consensus, progress, given(options) | {"bbox": boxes})
        for warning in result.warnings:
            warnings.warn(warning, DataWarning, stacklevel=2)
        return result

    def _run_listed(
        self, video: Path, listed: list[int], consensus: str, progress: Progress | None, options: dict[str, Any]
    ) -> Result:
        """Each frame once, then in the order and as often as it was asked for."""
        if consensus == "track":
            raise ValueError("frames: a track goes through consecutive frames; give a range, not a list")
        consensus = "mean" if consensus == "auto" else consensus
        wanted = sorted(set(listed))
        parts = []
        for run in consecutive_runs(wanted):
            try:
                core = self._core.run(video, run, consensus, as_callback(progress), None, 0, **options)
            except InputError:
                count = _core.FrameIterator(video, None).container_num_frames
                if count is None or run.start < count:
                    raise
                raise ValueError(f"frames: {run.start} is behind the end of {video.name}, which has {count} frames") from None
            parts.append(self._result(core, video))
        found = np.concatenate([part.frame_index for part in parts])
        if len(found) < len(wanted):
            raise ValueError(f"frames: {sorted(set(wanted) - set(found.tolist()))[0]} is behind the end of {video.name}")
        rows = np.searchsorted(found, listed)
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts], axis=axis).take(rows, axis=axis)
            for name, axis in _FRAME_AXES.items()
        }
        said = tuple(dict.fromkeys(warning for part in parts for warning in part.warnings))
        return replace(parts[0], **arrays, warnings=said, _frames=None)

    def iterate(
        self, video: PathLike, *, frames: Frames = None, consensus: str = "mean", chunk: int = 256, bbox: PathLike | None = None
    ) -> Iterator[Result]:
        """As :meth:`run`, its `bbox` too, but yields results of about `chunk` frames while the video runs.

        Networks work ahead by one chunk, so memory does not grow with the video. Leaving the loop early stops the run, and so
        does the next run of this ensemble in the same thread. A track looks ahead and cannot be had in chunks.

        Yields
        ------
        Result
            Of consecutive frames, at least `chunk` of them except at the end.

        Examples
        --------
        >>> ensemble = Ensemble.open("data/demo/member-1")
        >>> for part in ensemble.iterate("data/demo/video/openarena.mp4", frames="0:4", chunk=100):
        ...     print(part.frame_index)
        [0 1 2 3]
        """
        if chunk < 1:
            raise ValueError(f"chunk {chunk}: must be at least 1")
        self._leave_iteration()
        boxes = "" if bbox is None else str(path_of(bbox))
        run = ChunkedRun(
            lambda progress, deliver: self._core.run(path_of(video), frames, consensus, progress, deliver, chunk, bbox=boxes)
        )
        self._iteration = run
        try:
            while (part := run.take()) is not None:
                yield self._result(part, path_of(video))
        finally:
            run.stop()

    def _leave_iteration(self) -> None:
        """Ends an iteration of this thread that is still open, which would keep the networks to itself."""
        if self._iteration is not None:
            self._iteration.leave()
            self._iteration = None

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

        Examples
        --------
        >>> picture = posse.Video("data/demo/video/openarena.mp4")[100]
        >>> Ensemble.open("data/demo/member-1").predict(picture).poses.shape
        (1, 4, 2)
        """
        single = isinstance(images, np.ndarray) and images.ndim == 3
        pictures = [np.asarray(image) for image in ([images] if single else images)]  # type: ignore[union-attr]
        self._leave_iteration()
        return self._result(self._core.predict(pictures, consensus), None)

    def scoremaps(
        self,
        video: PathLike,
        *,
        frames: Frames | Sequence[int] = None,
        progress: Progress | None = None,
        bbox: PathLike | None = None,
    ) -> list[npt.NDArray[np.float32]]:
        """What each member's network says of each frame.

        Parameters
        ----------
        video : path
        frames : optional
            As for :meth:`run`, or a list of frame numbers in any order.
        progress : callable or tqdm bar, optional
        bbox : path, optional
            As for :meth:`run`. The maps are then those of the boxes, and :meth:`cell_places` does not hold for them.

        Returns
        -------
        list of ndarray of float32, [frames, height, width, bodyparts], one per member
            Logits (before the sigmoid), in the network's own precision; bodyparts in the ensemble's order.

        Warns
        -----
        LargeResultWarning
            When more than 2 GiB will be returned, with the number of bytes.

        Raises
        ------
        MemoryError
            When that is more than this machine has free.

        Examples
        --------
        >>> maps = Ensemble.open("data/demo/member-1").scoremaps("data/demo/video/openarena.mp4", frames=[7, 300])
        >>> maps[0].shape, maps[0].dtype
        ((2, 30, 40, 4), dtype('float32'))
        """
        listed = _positions(frames, video)
        self.check_scoremap_bytes(video, frames)
        self._leave_iteration()
        boxes = "" if bbox is None else str(path_of(bbox))
        if listed is None:
            return list(self._core.scoremaps(path_of(video), frames, as_callback(progress), boxes)[1])
        runs = consecutive_runs(sorted(set(listed)))
        parts = [self._core.scoremaps(path_of(video), run, as_callback(progress), boxes)[1] for run in runs]
        rows = np.searchsorted(sorted(set(listed)), listed)
        return [np.concatenate(members)[rows] for members in zip(*parts)]

    def check_scoremap_bytes(self, video: PathLike, frames: Frames | Sequence[int] = None) -> int:
        """Bytes that :meth:`scoremaps` would return; warns and raises as that does. 0 if not known beforehand."""
        listed = _positions(frames, video)
        if listed is None:
            reader = _core.FrameIterator(path_of(video), None)
            start, stop, step = _core.frame_bounds(frames)
            count = reader.container_num_frames
            if count is None:
                return 0
            num_frames = len(range(start, min(count, count if stop is None else stop), step))
        else:
            num_frames = len(listed)
        return check_memory(sum(self.scoremap_bytes(video)) * num_frames, f"scoremaps of {num_frames} frames")

    def cell_places(self, video: PathLike) -> list[tuple[float, float, float, float]]:
        """Where the cells of each member's scoremaps lie in the video's frames.

        Returns
        -------
        list of (float, float, float, float)
            Pixels per cell along columns and along rows, and x and y of the corner of the first cell. Networks that see frames
            resized have cells that are not square.
        """
        reader = _core.FrameIterator(path_of(video), None)
        return [(across, down, x, y) for across, down, x, y in self._core.cell_places(reader.height, reader.width)]

    def scoremap_bytes(self, video: PathLike) -> list[int]:
        """Bytes of one frame's scoremap, for each member."""
        reader = _core.FrameIterator(path_of(video), None)
        return [4 * h * w * parts for h, w, parts in self._core.scoremap_shapes(reader.height, reader.width)]

    def write(
        self,
        video: PathLike,
        folder: PathLike,
        *,
        frames: Frames = None,
        bbox: PathLike | None = None,
        consensus: Literal["auto", "mean", "median", "track"] | None = None,
        look_alike: Groups | None = None,
        same_x: Groups | None = None,
        same_y: Groups | None = None,
        same_line: Groups | None = None,
        view_calibration: PathLike | None = None,
        track_smooth: bool | None = None,
        track_lag: int | None = None,
        hide_below: float | None = None,
        keep_evidence: bool | None = None,
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
        progress: Progress | None = None,
    ) -> list[Path]:
        """Does what ``posse run VIDEO --out FOLDER`` does: tables, run.json, on request a labelled video.

        A run that was stopped goes on where it was; one that is there already is not done again, and results that
        are added to it are made from its journal without running the networks. What could not be written is told by
        a warning and tried again by the same call.

        Parameters
        ----------
        video, folder : path
        frames, bbox, consensus, look_alike, same_x, same_y, same_line, view_calibration, track_smooth, track_lag, hide_below
        keep_evidence
        format, save_members, wide_csv, smooth, labeled_video, calibration, radius, force_calibration, as_member
        video_preds, extras, keep_journal, force
            As on the command line (``posse run --help``); groups of a track as for :meth:`run`.
        progress : callable or tqdm bar, optional

        Returns
        -------
        list of Path
            The files, run.json last.
        """
        options = {
            "frames": frames,
            "bbox": None if bbox is None else str(bbox),
            "consensus": consensus,
            **track_options(
                {
                    "look_alike": look_alike,
                    "same_x": same_x,
                    "same_y": same_y,
                    "same_line": same_line,
                    "view_calibration": view_calibration,
                    "track_smooth": track_smooth,
                    "track_lag": track_lag,
                    "hide_below": hide_below,
                }
            ),
            "keep_evidence": keep_evidence,
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
        self._leave_iteration()
        outcome = self._core.write(path_of(video), path_of(folder), as_callback(progress), **given(options))
        for warning in outcome["warnings"]:
            warnings.warn(in_python(warning), DataWarning, stacklevel=2)
        for name, error in outcome["failed"].items():
            warnings.warn(f"{name} failed, the same call tries it again: {error}", DataWarning, stacklevel=2)
        return [Path(path) for path in outcome["files"]]

    def plan(self, video: PathLike, folder: PathLike, *, measure: bool = False, **options: Any) -> dict[str, Any]:
        """What :meth:`write` would do; as ``posse run --dry-run``, it writes nothing.

        Parameters
        ----------
        video, folder : path
        measure : bool
            Also load the networks and time them on blank frames.
        **options
            As for :meth:`write`.

        Returns
        -------
        dict
            ``files`` of the finished run, ``to_write`` of them, ``num_frames`` (0 if unknown), ``num_resumable``
            frames that an earlier run left, ``consensus`` that is taken and ``why_consensus``, ``finished``,
            ``needs_networks``, ``disk_bytes`` still to be written, ``notes``; with `measure` also ``seconds`` and ``memory_bytes``, else 0.

        Examples
        --------
        >>> ensemble = Ensemble.open("data/demo/member-1")
        >>> ensemble.plan("data/demo/video/openarena.mp4", "posse-results")["needs_networks"]
        True
        """
        if measure:
            self._leave_iteration()
        return dict(self._core.plan(path_of(video), path_of(folder), measure, **given(options)))

    def _result(self, core: _core.FrameResults, video: Path | None) -> Result:
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
            consensus=core.consensus,
            video=video,
            warnings=tuple(in_python(text) for text in core.warnings),
            track=None if (track := core.track) is None else track_of_run(track),
            _frames=core,
            _ensemble=self._core,
        )


def _reopen(paths: list[Path], options: dict[str, Any]) -> Ensemble:
    return Ensemble.open(paths, **options)


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
