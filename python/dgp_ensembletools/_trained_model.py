"""One member of an ensemble; see :mod:`dgp_ensembletools.models`."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import posse
from dgp_ensembletools._cache import USER_CACHE, ScoremapCache, open_cache
from dgp_ensembletools._clips import VideoClip, frames_in, get_video_clip
from dgp_ensembletools._errors import MissingInput, WrongInput
from dgp_ensembletools._labels import is_label_table, labelled_frames, labelled_parts
from dgp_ensembletools._numerics import Array, Maps, logistic, pair
from dgp_ensembletools._project import (
    PoseConfig,
    predicted_video,
    raw_stem,
    raw_video,
    read_groundtruth,
    read_pose_csv,
    rewrite_project_path,
)
from dgp_ensembletools._passes import Pass
from dgp_ensembletools._progress import ProgressLine
from dgp_ensembletools._ranges import Frames, is_legacy, legacy_frame_ranges
from posse import _core
from posse._memory import check_memory
from posse.result import html_table

__all__ = ["SNAPSHOT", "TrainedModel", "open_networks", "write_prediction"]

class _DefaultName(str):
    """The default of an argument, told apart from the same text given by the caller."""


SNAPSHOT = _DefaultName("snapshot-step2-final--0")


def open_networks(folders: Sequence[Path], snapshot: str, shuffle: int) -> posse.Ensemble:
    """Opens by name; where nobody asked for a snapshot and there is none of the default name, the newest."""
    try:
        return posse.Ensemble.open(folders, snapshot=str(snapshot), shuffle=shuffle, decode="dgp", no_crop=True)
    except posse.MissingError:
        if snapshot is not SNAPSHOT:
            raise
    networks = posse.Ensemble.open(folders, snapshot="newest", shuffle=shuffle, decode="dgp", no_crop=True)
    names = ", ".join(sorted({member.snapshot for member in networks.members}))
    warnings.warn(f"there is no {SNAPSHOT}; the newest snapshot is used: {names}", UserWarning, stacklevel=4)
    return networks


def write_prediction(
    network: posse.Ensemble,
    video: Path,
    folder: Path,
    frame_index: npt.NDArray[np.int64],
    poses: Array,
    likelihood: Array,
) -> None:
    """The original's files of one network: ``<stem>_labeled`` .csv, .h5 and .mp4; poses [frames, bodyparts, 2]."""
    base = folder / f"{video.stem}_labeled"
    for suffix in (".csv", ".h5"):
        _core.write_pose_table(
            base.with_name(base.name + suffix), network.members[0].snapshot, list(network.bodyparts), poses, likelihood
        )
    _core.write_dotted_video(video, base.with_name(base.name + ".mp4"), frame_index, poses, likelihood)


class TrainedModel:
    """A trained model: a DeepLabCut or DeepGraphPose project folder.

    Parameters
    ----------
    projectfolder : path
    ext : str
        Suffix of the videos of interest, as "mp4".
    memory : None, path, joblib.Memory
        Where scoremaps are kept; see :mod:`dgp_ensembletools.models`.

    Attributes
    ----------
    project_dir : Path
    ext : str
    pred_video_files, pred_videos, label_files : list of str
        All names in videos_pred; those of videos with the suffix `ext`; those of csv tables.
    memory
        As given.
    """

    def __init__(self, projectfolder: str | os.PathLike[str], ext: str, memory: Any = USER_CACHE) -> None:
        self.project_dir = Path(projectfolder).absolute()
        if not (self.project_dir / "config.yaml").is_file():
            posse.open_project(self.project_dir)  # says what is wrong with it, unless it is a bare network
        self.ext = ext
        self.memory = memory
        self._prepare()
        self._open_cache_unless_none()
        self.load_videos()

    def _prepare(self) -> None:
        """What is opened when it is first needed; never part of a pickle or a copy."""
        self._opened_cache: ScoremapCache | None = None
        self._networks: dict[tuple[str, bool, int], posse.Ensemble] = {}

    def _open_cache_unless_none(self) -> None:
        """Says at once what is wrong with `memory`; a process-long cache waits until it is needed."""
        if self.memory is not None:
            self._opened_cache = open_cache(self.memory)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_opened_cache", "_networks")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Takes what the original's pickles hold too; the folder need not be there until it is used."""
        vars(self).update(state)
        self.project_dir = Path(self.project_dir)
        self._prepare()

    def __repr__(self) -> str:
        return f"<TrainedModel {self.project_dir} with {len(self.pred_videos)} predicted {self.ext} videos>"

    def _repr_html_(self) -> str:
        """A table for notebooks: one row per video in videos_pred."""
        rows = [(name, "yes" if os.path.splitext(name)[0] + ".csv" in self.label_files else "no") for name in self.pred_videos]
        return html_table(("predicted video", "table beside it"), rows, repr(self).strip("<>"))

    @property
    def _cache(self) -> ScoremapCache:
        if self._opened_cache is None:
            self._opened_cache = open_cache(self.memory)
        return self._opened_cache

    def load_videos(self) -> None:
        """Lists videos_pred again. A missing folder is an empty one."""
        folder = self.project_dir / "videos_pred"
        self.pred_video_files = sorted(n for n in os.listdir(folder) if not n.startswith(".")) if folder.is_dir() else []
        suffix = "." + self.ext.lower().lstrip(".")
        self.pred_videos = [name for name in self.pred_video_files if name.lower().endswith(suffix)]
        self.label_files = [name for name in self.pred_video_files if name.lower().endswith(".csv")]

    def change_project_path(self) -> None:
        """Rewrites config.yaml for the folder's present place. Never called by itself: posse needs no such thing."""
        rewrite_project_path(self.project_dir)

    def _network(self, snapshot: str, shuffle: int) -> posse.Ensemble:
        """The network as an ensemble of one, keypoints by the DeepGraphPose rule."""
        key = (str(snapshot), snapshot is SNAPSHOT, shuffle)
        if key not in self._networks:
            self._networks[key] = open_networks([self.project_dir], snapshot, shuffle)
        return self._networks[key]

    def predict(self, orig_video_path: str | os.PathLike[str], snapshot: str = SNAPSHOT, shuffle: int = 1) -> None:
        """Runs the model over a video. Stands for ``posse.Ensemble.run``.

        Copies the video into the project's ``videos`` and writes ``<stem>_labeled.csv``, ``.h5`` and ``.mp4`` into
        ``videos_pred``. Likelihoods are real ones, and there is one row per frame. Progress goes to stderr.
        """
        video = Path(orig_video_path)
        network = self._network(snapshot, shuffle)
        with ProgressLine(f"processing frames of {video.name}") as progress:
            frame_index, poses, likelihood, odd = Pass(network, [self._cache], video).whole_video(progress)
        for warning in odd:
            warnings.warn(warning, posse.DataWarning, stacklevel=2)
        raw = self.project_dir / "videos" / video.name
        if not (raw.exists() and os.path.samefile(raw, video)):
            raw.parent.mkdir(exist_ok=True)
            partial = raw.with_name(raw.name + ".partial")
            shutil.copyfile(video, partial)
            os.replace(partial, raw)
        write_prediction(network, video, self.project_dir / "videos_pred", frame_index, poses, likelihood)
        self.load_videos()

    def get_poses_raw(self, video_name: str) -> dict[str, Array]:
        """x, y and likelihoods, each [frames, bodyparts], of a video that has been predicted on."""
        name = predicted_video(self.project_dir, self.pred_video_files, video_name)
        table = os.path.splitext(name)[0] + ".csv"
        if table not in self.label_files:
            raise MissingInput(f"{table}: label file must exist in {self.project_dir / 'videos_pred'}")
        return read_pose_csv(self.project_dir / "videos_pred" / table)

    def get_poses_raw_direct(self, trace_file: str | os.PathLike[str]) -> dict[str, Array]:
        """As :meth:`get_poses_raw`, of a csv table anywhere."""
        return read_pose_csv(Path(trace_file))

    def get_poses_array(self, video_name: str) -> Array:
        """Poses [frames, 2, bodyparts] of a video that has been predicted on."""
        poses = self.get_poses_raw(video_name)
        return np.stack([poses["x"], poses["y"]], axis=1)

    def get_poses_array_direct(self, trace_file: str | os.PathLike[str]) -> Array:
        """As :meth:`get_poses_array`, of a csv table anywhere."""
        poses = self.get_poses_raw_direct(trace_file)
        return np.stack([poses["x"], poses["y"]], axis=1)

    def get_video_clip(self, video_name: str, frame_range: Frames | None = None) -> VideoClip:
        """A clip of the labelled video in videos_pred. Stands for :class:`posse.Video`."""
        name = predicted_video(self.project_dir, self.pred_video_files, video_name)
        return get_video_clip(self.project_dir / "videos_pred" / name, frame_range)

    def get_poses_and_heatmap_cache(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> tuple[Array, Array, Array, int, list[str], Maps, PoseConfig]:
        """Poses and scoremaps of some frames. Stands for ``posse.Ensemble.scoremaps``.

        Returns
        -------
        xx, yy, likes : ndarray, [frames, bodyparts]
            In pixels; keypoints by the DeepGraphPose rule.
        nj : int
            Number of bodyparts.
        bodyparts : list of str
        scoremaps : ndarray of float32, [frames, height, width, bodyparts]
            Logits, in the network's precision (the original widened them to float64).
        dlc_cfg : PoseConfig
            Settings, as ``dlc_cfg.stride``.
        """
        return self._poses_and_maps(video_name, frame_range, snapshot, shuffle, cached=True)

    def get_poses_and_heatmap_range(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> tuple[Array, Array, Array, int, list[str], Maps, PoseConfig]:
        """As :meth:`get_poses_and_heatmap_cache`, computed anew. The raw video is used, not its labelled copy."""
        return self._poses_and_maps(video_name, frame_range, snapshot, shuffle, cached=False)

    def get_poses_and_heatmap(
        self, video_name: str, framenb: int, snapshot: str = SNAPSHOT, shuffle: int = 1
    ) -> tuple[Array, Array, Array, int, list[str], Maps, PoseConfig]:
        """As :meth:`get_poses_and_heatmap_range`, of one frame (the original always failed here)."""
        with legacy_frame_ranges(False):
            return self._poses_and_maps(video_name, range(framenb, framenb + 1), snapshot, shuffle, cached=False)

    def _poses_and_maps(
        self, video_name: str, frame_range: Frames, snapshot: str, shuffle: int, cached: bool
    ) -> tuple[Array, Array, Array, int, list[str], Maps, PoseConfig]:
        network = self._network(snapshot, shuffle)
        video = raw_video(self.project_dir, video_name)
        maps = self._maps(network, video, frames_in(video, frame_range), cached)
        member = network.members[0]
        poses, likelihood = _core.decode(maps, network.cell_places(video)[0])
        config = PoseConfig(
            stride=member.stride,
            num_joints=len(member.bodyparts),
            all_joints_names=list(member.bodyparts),
            net_type=member.network,
            locref_stdev=member.locref_stdev,
            project_path=str(self.project_dir),
        )
        return poses[:, :, 0], poses[:, :, 1], likelihood, len(member.bodyparts), list(member.bodyparts), maps, config

    def _maps(self, network: posse.Ensemble, video: Path, frames: list[int], cached: bool) -> Maps:
        """Logits [frames, height, width, bodyparts]; what the cache has is not computed again."""
        work = Pass(network, [self._cache if cached else None], video)
        check_memory(work.bytes_per_frame * len(frames), f"scoremaps of {len(frames)} frames")
        rows: dict[int, list[int]] = {}
        for row, frame in enumerate(frames):
            rows.setdefault(frame, []).append(row)  # the legacy rule may repeat a frame
        maps: Maps | None = None
        for some, (logits,) in work.chunks(frames):
            if maps is None:
                maps = np.empty((len(frames), *logits.shape[1:]), dtype=np.float32)
            for frame, one in zip(some, logits):
                maps[rows.pop(frame)] = one
        if maps is None or rows:
            raise WrongInput(f"{video}: frames {sorted(rows)[:5]} cannot be decoded")
        return maps

    def get_scoremap(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1, return_cfg: bool = False
    ) -> Any:
        """Logits, float32 [frames, height, width, bodyparts]; with `return_cfg` (logits, cfg)."""
        *_, maps, config = self.get_poses_and_heatmap_cache(video_name, frame_range, snapshot, shuffle)
        return (maps, config) if return_cfg else maps

    def get_logistic(
        self, video_name: str, frame_range: Frames, snapshot: str = SNAPSHOT, shuffle: int = 1, return_cfg: bool = False
    ) -> Any:
        """The logistic function of :meth:`get_scoremap`: float64 in [0, 1]."""
        maps, config = self.get_scoremap(video_name, frame_range, snapshot, shuffle, return_cfg=True)
        scoremap = logistic(maps)
        return (scoremap, config) if return_cfg else scoremap

    def get_groundtruth(
        self,
        groundtruth_path: str | os.PathLike[str],
        partperm: Sequence[int] | None = None,
        video_name: str | None = None,
    ) -> Array:
        """True positions [frames, 2, parts]; part k is the file's part ``partperm[k]``.

        From a .mat file with "true_xy" [parts, frames, 2], or a CollectedData table (.csv, .h5): of that, the rows of the
        video (which has to be named where there are several), in the network's order of parts unless `partperm` is given;
        unlabelled frames are NaN.
        """
        by_name = partperm is None and is_label_table(groundtruth_path)
        video = None if video_name is None else raw_stem(video_name)
        truth = read_groundtruth(groundtruth_path, self._bodyparts() if by_name else None, video)
        if partperm is None:
            return truth
        if sorted(partperm) != list(range(truth.shape[2])):
            raise WrongInput(f"partperm {list(partperm)} is no permutation of the {truth.shape[2]} parts")
        return truth[:, :, np.asarray(partperm)]

    def _bodyparts(self) -> list[str]:
        """The network's, without opening it where it is open."""
        opened = next(iter(self._networks.values()), None)
        return list((opened or self._network(SNAPSHOT, 1)).bodyparts)

    def paired_with_labels(
        self, pose: Array, groundtruth_path: str | os.PathLike[str], truth: Array, indices: Any, parts: Any
    ) -> tuple[Array, Array]:
        """:func:`pair`; sparse labels choose the parts and frames that they have, with a warning."""
        if not is_label_table(groundtruth_path):
            return pair(pose, truth, indices, parts)
        if parts is None:
            parts = labelled_parts(truth)
        pose, truth = pair(pose, truth, None, parts)
        if indices is None:
            indices = labelled_frames(truth, len(pose), groundtruth_path)
        return pair(pose, truth, indices, None)

    def _scores_at_truth(
        self,
        groundtruth_path: str | os.PathLike[str],
        video_name: str,
        frame_range: Frames,
        partperm: Sequence[int] | None,
        snapshot: str,
        shuffle: int,
    ) -> tuple[Array, Array]:
        truth = self.get_groundtruth(groundtruth_path, partperm, video_name)
        frames = frames_in(raw_video(self.project_dir, video_name), frame_range)
        if not is_legacy() and frames[-1] >= len(truth):
            raise WrongInput(f"{frame_range}: the ground truth has {len(truth)} frames")
        maps = self.get_scoremap(video_name, frame_range, snapshot, shuffle)
        (places,) = self._network(snapshot, shuffle).cell_places(raw_video(self.project_dir, video_name))
        rows = truth[frame_range[0] : frame_range[-1]] if is_legacy() and isinstance(frame_range, range) else truth[frames]
        return _core.scores_at_points(maps[: len(rows)], np.moveaxis(rows, 1, 2), places)

    def get_groundtruth_confidence(
        self,
        groundtruth_path: str | os.PathLike[str],
        video_name: str,
        frame_range: Frames,
        partperm: Sequence[int] | None = None,
        snapshot: str = SNAPSHOT,
        shuffle: int = 1,
    ) -> Array:
        """[frames, bodyparts]: the scoremap's value in [0, 1] at the cell nearest to the true position; NaN outside."""
        return self._scores_at_truth(groundtruth_path, video_name, frame_range, partperm, snapshot, shuffle)[0]

    def get_groundtruth_probability(
        self,
        groundtruth_path: str | os.PathLike[str],
        video_name: str,
        frame_range: Frames,
        partperm: Sequence[int] | None = None,
        snapshot: str = SNAPSHOT,
        shuffle: int = 1,
    ) -> Array:
        """As :meth:`get_groundtruth_confidence`, divided by the sum over the map."""
        return self._scores_at_truth(groundtruth_path, video_name, frame_range, partperm, snapshot, shuffle)[1]

    def compare_groundtruth_pointwise(
        self,
        labeled_video: str,
        groundtruth_path: str | os.PathLike[str],
        partperm: Sequence[int] | None = None,
        indices: npt.ArrayLike | None = None,
        parts: npt.ArrayLike | None = None,
    ) -> Array:
        """Ground truth minus pose, [frames, 2, parts], over the frames that both have."""
        truth = self.get_groundtruth(groundtruth_path, partperm, labeled_video)
        pose, truth = self.paired_with_labels(
            self.get_poses_array(labeled_video), groundtruth_path, truth, indices, parts
        )
        return truth - pose

    def compare_groundtruth_pointwise_direct(
        self,
        trace_file: str | os.PathLike[str],
        groundtruth_path: str | os.PathLike[str],
        partperm: Sequence[int] | None = None,
        indices: npt.ArrayLike | None = None,
        parts: npt.ArrayLike | None = None,
    ) -> Array:
        """As :meth:`compare_groundtruth_pointwise`, of a csv table anywhere."""
        truth = self.get_groundtruth(groundtruth_path, partperm)
        pose, truth = self.paired_with_labels(
            self.get_poses_array_direct(trace_file), groundtruth_path, truth, indices, parts
        )
        return truth - pose

    def compare_groundtruth(
        self,
        labeled_video: str,
        groundtruth_path: str | os.PathLike[str],
        partperm: Sequence[int] | None = None,
        indices: npt.ArrayLike | None = None,
        parts: npt.ArrayLike | None = None,
    ) -> float:
        """:meth:`marker_epsilon_distance` of the predicted poses, over the frames that both have or `indices`.

        `parts` selects bodyparts of the pose, and of the ground truth unless that holds just those.
        """
        truth = self.get_groundtruth(groundtruth_path, partperm, labeled_video)
        pose, truth = self.paired_with_labels(
            self.get_poses_array(labeled_video), groundtruth_path, truth, indices, parts
        )
        return self.marker_epsilon_distance(pose, truth)

    def compare_groundtruth_direct(
        self,
        trace_file: str | os.PathLike[str],
        groundtruth_path: str | os.PathLike[str],
        partperm: Sequence[int] | None = None,
        indices: npt.ArrayLike | None = None,
        parts: npt.ArrayLike | None = None,
    ) -> float:
        """As :meth:`compare_groundtruth`, of a csv table anywhere."""
        truth = self.get_groundtruth(groundtruth_path, partperm)
        pose, truth = self.paired_with_labels(
            self.get_poses_array_direct(trace_file), groundtruth_path, truth, indices, parts
        )
        return self.marker_epsilon_distance(pose, truth)

    def marker_epsilon_distance(self, pose: npt.ArrayLike, gt: npt.ArrayLike, epsilon: float = 0) -> float:
        """Root of the mean over frames of squared distances summed over parts; arrays [frames, 2, parts].

        It is not divided by the number of parts. Distances below `epsilon` count as 0; a NaN makes it NaN.
        """
        points, truth = np.asarray(pose, dtype=float), np.asarray(gt, dtype=float)
        return _core.summed_rmse(np.moveaxis(points, 1, 2), np.moveaxis(truth, 1, 2), epsilon)
