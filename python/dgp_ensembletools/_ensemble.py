"""Several members together; see :mod:`dgp_ensembletools.models`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import posse
from dgp_ensembletools import _figures
from dgp_ensembletools._cache import USER_CACHE
from dgp_ensembletools._clips import VideoClip, frames_in
from dgp_ensembletools._errors import MissingInput, WrongInput
from dgp_ensembletools._numerics import Array, Maps, logistic
from dgp_ensembletools._project import predicted_video, raw_video
from dgp_ensembletools._passes import Pass, consensus_poses
from dgp_ensembletools._ranges import Frames, check_frames, is_legacy
from dgp_ensembletools._trained_model import SNAPSHOT, TrainedModel, open_networks
from posse import _core
from posse._memory import check_memory
from posse.result import html_table

__all__ = ["Ensemble"]


def _same_contents(a: Path, b: Path) -> bool:
    if os.path.samefile(a, b):
        return True
    return a.stat().st_size == b.stat().st_size and _core.sha256_of_file(a) == _core.sha256_of_file(b)


class Ensemble:
    """An ensemble of trained models.

    Parameters
    ----------
    topdir : path
    modeldirs : list of str
        Project folders below `topdir` (an absolute one is taken as it is).
    ext : str
        Suffix of the videos of interest.
    memory : None, path, joblib.Memory
        Where scoremaps are kept; see :mod:`dgp_ensembletools.models`.

    Attributes
    ----------
    topdir, modeldirs
        As given.
    modelpaths : list of str
    models : dict of int to TrainedModel
    ensembledict : dict
        Poses of videos that :meth:`get_poses` has read.
    """

    def __init__(
        self, topdir: str | os.PathLike[str], modeldirs: Sequence[str], ext: str, memory: Any = USER_CACHE
    ) -> None:
        self.topdir = topdir
        self.modeldirs = modeldirs
        self.modelpaths = [os.path.abspath(os.path.join(topdir, folder)) for folder in modeldirs]
        for path in self.modelpaths:
            if not os.path.exists(path):
                raise MissingInput(f"dir {path} does not exist.")
        self.models = {i: TrainedModel(path, ext, memory=memory) for i, path in enumerate(self.modelpaths)}
        self.ensembledict: dict[str, dict[str, Array]] = {}
        self._prepare()

    def _prepare(self) -> None:
        """What is computed when it is first needed; never part of a pickle or a copy."""
        self._stamps: dict[str, list[tuple[int, int]]] = {}
        self._networks: dict[tuple[str, bool, int], posse.Ensemble] = {}
        self._compared: set[str] = set()
        self._consensus: dict[tuple[Any, ...], dict[str, Array]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_stamps", "_networks", "_consensus")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Takes what the original's pickles hold too."""
        vars(self).update(state)
        self._prepare()

    def __repr__(self) -> str:
        return f"<Ensemble of {len(self.models)} models in {self.topdir}: {', '.join(map(str, self.modeldirs))}>"

    def _repr_html_(self) -> str:
        """A table for notebooks: one row per model."""
        rows = [
            (str(i), os.path.basename(str(model.project_dir)), str(len(model.pred_videos)), ", ".join(model.pred_videos))
            for i, model in self.models.items()
        ]
        caption = f"Ensemble of {len(self.models)} models in {self.topdir}"
        return html_table(("model", "project", "predicted videos", "names"), rows, caption)

    def get_video_clip(self, video_name: str, frame_range: Frames | tuple[int, ...], modelindex: int = 0) -> VideoClip:
        """A clip of one model's labelled video; a tuple (first, ..., last) of frames works too, as it did."""
        if isinstance(frame_range, tuple):
            frame_range = range(frame_range[0], frame_range[-1] + 1)
        return self.models[modelindex].get_video_clip(video_name, frame_range)

    def get_poses(self, video_name: str) -> dict[str, Array]:
        """Each model's predicted poses, "run<i>" -> [frames, 2, bodyparts]; read again when a table has changed."""
        stamps = []
        for model in self.models.values():
            name = predicted_video(model.project_dir, model.pred_video_files, video_name)
            table = model.project_dir / "videos_pred" / (os.path.splitext(name)[0] + ".csv")
            status = table.stat() if table.exists() else None
            stamps.append((status.st_mtime_ns, status.st_size) if status else (0, 0))
        if self._stamps.get(video_name) != stamps:
            self.ensembledict[video_name] = {f"run{i}": m.get_poses_array(video_name) for i, m in self.models.items()}
            self._stamps[video_name] = stamps
        return self.ensembledict[video_name]

    def _network(self, snapshot: str, shuffle: int) -> posse.Ensemble:
        key = (str(snapshot), snapshot is SNAPSHOT, shuffle)
        if key not in self._networks:
            self._networks[key] = open_networks([Path(path) for path in self.modelpaths], snapshot, shuffle)
        return self._networks[key]

    def _raw_video(self, video_name: str) -> Path:
        """The first model's copy of the raw video, or the next one's that has it; warns once of copies that differ."""
        missing: MissingInput | None = None
        found: list[Path] = []
        for model in self.models.values():
            try:
                found.append(raw_video(model.project_dir, video_name))
            except MissingInput as error:
                missing = missing or error
        if not found:
            assert missing is not None
            raise missing
        if video_name not in self._compared:
            self._compared.add(video_name)
            for other in found[1:]:
                if not _same_contents(found[0], other):
                    warnings.warn(f"{other} is another video than {found[0]}, which is used for all models", UserWarning, stacklevel=3)
        return found[0]

    def get_scoremaps(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> list[Maps]:
        """Each model's logits, float32 [frames, height, width, bodyparts], bodyparts in the first model's order."""
        video = self._raw_video(video_name)
        frames = frames_in(video, frame_range)
        work = self._pass(video, snapshot, shuffle)
        check_memory(work.bytes_per_frame * len(frames), f"scoremaps of {len(frames)} frames and all models")
        parts = list(work.chunks(frames))
        there = np.concatenate([some for some, _ in parts]) if parts else np.empty(0, dtype=int)
        if not np.isin(frames, there).all():
            raise WrongInput(f"{video}: frames {np.setdiff1d(frames, there)[:5].tolist()} cannot be decoded")
        rows = np.searchsorted(there, frames)  # repeats a row where the legacy rule repeats a frame
        return [np.concatenate(member)[rows] for member in zip(*(maps for _, maps in parts))]

    def _pass(self, video: Path, snapshot: str, shuffle: int) -> Pass:
        return Pass(self._network(snapshot, shuffle), [model._cache for model in self.models.values()], video)

    def get_logistic(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> list[Array]:
        """The logistic function of :meth:`get_scoremaps`: float64 in [0, 1]."""
        return [logistic(maps) for maps in self.get_scoremaps(video_name, frame_range, snapshot, shuffle)]

    def _consensus_scoremap(self, method: str, video_name: str, frame_range: Frames, snapshot: str, shuffle: int) -> Maps:
        maps = self.get_scoremaps(video_name, frame_range, snapshot, shuffle)
        places = self._network(snapshot, shuffle).cell_places(self._raw_video(video_name))
        return _core.consensus_scoremap(maps, places, method)

    def get_median_scoremap(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> Maps:
        """Logits of the median of the models' probabilities, float32 [frames, height, width, bodyparts]; always finite."""
        return self._consensus_scoremap("median", video_name, frame_range, snapshot, shuffle)

    def get_mean_scoremap(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> Maps:
        """Logits of the mean of the models' probabilities, float32 [frames, height, width, bodyparts]; always finite."""
        return self._consensus_scoremap("mean", video_name, frame_range, snapshot, shuffle)

    def _consensus_pose(
        self, method: str, video_name: str, frame_range: Frames, snapshot: str, shuffle: int
    ) -> tuple[Array, Array]:
        """From the models' scoremaps, those in the cache included; both methods at once, and remembered."""
        video = self._raw_video(video_name)
        frames = frames_in(video, frame_range)
        status = video.stat()
        key = (str(snapshot), shuffle, str(video), status.st_mtime_ns, status.st_size, tuple(frames))
        if key not in self._consensus:
            if len(self._consensus) >= 64:
                self._consensus.pop(next(iter(self._consensus)))
            self._consensus[key] = self._consensus_of(video, frames, snapshot, shuffle)
        poses = self._consensus[key][method]
        return poses[:, :, 0].copy(), poses[:, :, 1].copy()

    def _consensus_of(self, video: Path, frames: list[int], snapshot: str, shuffle: int) -> dict[str, Array]:
        """[frames, bodyparts, 2] by method; NaN for frames that cannot be decoded."""
        network = self._network(snapshot, shuffle)
        places = network.cell_places(video)
        poses = {method: np.full((len(frames), len(network.bodyparts), 2), np.nan) for method in ("mean", "median")}
        for some, maps in self._pass(video, snapshot, shuffle).chunks(frames):
            rows = np.flatnonzero(np.isin(frames, some))
            positions = np.searchsorted(some, np.asarray(frames)[rows])
            for method, xy in consensus_poses(maps, places).items():
                poses[method][rows] = xy[positions]
        return poses

    def get_median_pose(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> tuple[Array, Array]:
        """Consensus (x, y), each [frames, bodyparts] in pixels, of the models' median. Stands for ``posse.Ensemble.run``."""
        return self._consensus_pose("median", video_name, frame_range, snapshot, shuffle)

    def get_mean_pose(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> tuple[Array, Array]:
        """Consensus (x, y), each [frames, bodyparts] in pixels, of the models' mean. Stands for ``posse.Ensemble.run``.

        `video_name` is the raw video's name or its labelled copy's. All models run over the frames once; scoremaps that are
        in the cache are not computed again.
        """
        return self._consensus_pose("mean", video_name, frame_range, snapshot, shuffle)

    def make_exampleframe(self, t: int, z: Any, video_name: str, frame_range: Frames) -> Any:
        """Figure of one frame with every model's pose and the consensus.

        `t` is a frame of the video within `frame_range`; `z` is not used. Background and consensus come from the raw video.
        """
        x, y = self.get_mean_pose(video_name, range(t, t + (2 if is_legacy() else 1)))
        return self._example_frame(t, video_name, frame_range, np.stack([x[0], y[0]]), "consensus")

    def make_exampleframe_premedian(self, t: int, z: Any, video_name: str, frame_range: Frames, medpose: Array) -> Any:
        """As :meth:`make_exampleframe` with a consensus [2, bodyparts] that is there already."""
        return self._example_frame(t, video_name, frame_range, np.asarray(medpose), "median")

    def _example_frame(self, t: int, video_name: str, frame_range: Frames, consensus: Array, label: str) -> Any:
        if t not in check_frames(frame_range):
            raise WrongInput(f"frame {t} is not in {frame_range}")
        members = {name: poses[t] for name, poses in self.get_poses(video_name).items()}
        return _figures.draw_example_frame(posse.Video(self._raw_video(video_name))[t], members, consensus, label)

    def compare_groundtruth(
        self,
        videoname: str,
        groundtruthpath: str | os.PathLike[str],
        partperm: Sequence[int] | None = None,
        indices: npt.ArrayLike | None = None,
        parts: npt.ArrayLike | None = None,
    ) -> dict[Any, float]:
        """Each model's :meth:`TrainedModel.compare_groundtruth`, and under "median" that of the *mean* consensus."""
        errors: dict[Any, float] = {
            i: model.compare_groundtruth(videoname, groundtruthpath, partperm, indices=indices, parts=parts)
            for i, model in self.models.items()
        }
        truth = self.models[0].get_groundtruth(groundtruthpath, partperm, videoname)
        num_frames = len(posse.Video(self._raw_video(videoname)))
        x, y = self.get_mean_pose(videoname, range(min(len(truth), num_frames) + is_legacy()))
        pose, truth = self.models[0].paired_with_labels(
            np.stack([x, y], axis=1), groundtruthpath, truth, indices, parts
        )
        errors["median"] = self.models[0].marker_epsilon_distance(pose, truth)
        return errors
