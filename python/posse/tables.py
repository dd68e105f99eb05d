"""Consensus and ensemble Kalman smoothing of poses that are there already: as tables on disk, or as arrays."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from posse import _core
from posse._errors import in_python
from posse._paths import path_of
from posse._progress import Progress, as_callback
from posse.ensemble import Frames
from posse.poses import ConsensusPoses, Members, Poses, SmoothedPoses, SmoothedPupil, SmoothedViews, told
from posse.result import DataWarning, PathLike, Result, given
from posse.tracking import Groups, track_of, track_options

__all__ = [
    "consensus",
    "info",
    "smooth_mirrored",
    "smooth_multi",
    "smooth_paw",
    "smooth_pupil",
    "smooth_single",
]


def _warn(job: dict[str, Any]) -> None:
    for text in job["warnings"]:
        warnings.warn(in_python(text), DataWarning, stacklevel=3)


def _several(members: Members) -> list[Any]:
    if isinstance(members, (str, os.PathLike)):
        return [members]
    if isinstance(members, Result):
        return [
            Poses(members.bodyparts, poses, likelihood, members.frame_index)
            for poses, likelihood in zip(members.member_poses, members.member_likelihood)
        ]
    return list(cast("Iterable[Any]", members))


def _inputs(members: Members, camera: str = "") -> tuple[list[Path], list[tuple[Any, ...]]]:
    """What the compiled part takes: paths, and poses in memory."""
    several = _several(members)
    poses = [each for each in several if isinstance(each, Poses)]
    if poses and len(poses) < len(several):
        raise TypeError("members are tables or Poses, not some of each")
    if poses:
        place = f"{camera} " if camera else ""
        return [], [each._for_core(f"{place}member {number}", camera) for number, each in enumerate(poses)]
    return [path_of(path) for path in several], []


def _inputs_by_camera(members: Members | Mapping[str, Members]) -> tuple[list[Path], list[tuple[Any, ...]]]:
    if not isinstance(members, Mapping):
        return _inputs(members)
    paths: list[Path] = []
    poses: list[tuple[Any, ...]] = []
    for camera, of_camera in members.items():
        more_paths, more_poses = _inputs(of_camera, camera)
        paths += more_paths
        poses += more_poses
    return paths, poses


def _run(job: Any, members: Any, out: PathLike | None, progress: Progress | None, options: dict[str, Any]) -> dict[str, Any]:
    paths, poses = _inputs_by_camera(members)
    made: dict[str, Any] = job(paths, poses, None if out is None else path_of(out), as_callback(progress), **given(options))
    return made


def smooth_single(
    members: Members,
    *,
    out: PathLike | None = None,
    wide_csv: PathLike | None = None,
    force: bool | None = None,
    average: Literal["median", "mean"] | None = None,
    variance: Literal["confidence_weighted_var", "var"] | None = None,
    min_likelihood: float | None = None,
    one_member: bool | None = None,
    s_frames: Frames | list[Frames] = None,
    threads: int | None = None,
    s: float | Sequence[float] | None = None,
    blocks: Sequence[Sequence[int]] | None = None,
    objective: Literal["full", "constant"] | None = None,
    restart_at_ranges: bool | None = None,
    eks_objective: bool | None = None,
    bodypart_list: Sequence[str] | None = None,
    causal: bool | None = None,
    progress: Progress | None = None,
) -> SmoothedPoses:
    """Ensemble Kalman smoothing of one camera's keypoints, each on its own; as ``posse smooth single``.

    Parameters
    ----------
    members : path, sequence of paths, sequence of Poses, or Result
        Tables of the members (or a folder of them), poses in memory, or a run whose members are smoothed.
    out : path, optional
        Table to write (.h5 or .csv), with a record beside it; nothing is written by default.
    wide_csv : path, optional
        Also write the columns of eks here.
    force : bool, optional
        Replace files that exist.
    average, variance, min_likelihood, one_member
        What the members say of a frame, as on the command line (``posse smooth single --help``).
    s : float or sequence of float, optional
        Process variance in square pixels per frame; tuned by default.
    s_frames, blocks, objective, restart_at_ranges, eks_objective
        How s is tuned.
    bodypart_list : sequence of str, optional
        Bodyparts to keep, in this order.
    causal : bool, optional
        Do not look ahead.
    threads : int, optional
        Does not change results.
    progress : callable or tqdm bar, optional
        Called as ``progress(done, total)``; what it raises, and Ctrl-C, stop the work.

    Returns
    -------
    SmoothedPoses

    Examples
    --------
    >>> import numpy as np
    >>> track = np.stack([np.linspace(0, 9, 10), np.zeros(10)], axis=1)[:, None]
    >>> members = [posse.Poses(["nose"], track + shift, np.ones((10, 1))) for shift in (-1, 0, 1)]
    >>> posse.smooth_single(members, s=10).poses.shape
    (10, 1, 2)
    """
    options = {
        "wide_csv": wide_csv,
        "force": force,
        "average": average,
        "variance": variance,
        "min_likelihood": min_likelihood,
        "one_member": one_member,
        "s_frames": s_frames,
        "threads": threads,
        "s": s,
        "blocks": blocks,
        "objective": objective,
        "restart_at_ranges": restart_at_ranges,
        "eks_objective": eks_objective,
        "bodypart_list": bodypart_list,
        "causal": causal,
    }
    made = _run(_core.smooth_single, members, out, progress, options)
    _warn(made)
    return SmoothedPoses._from_core(made, made)


def smooth_multi(
    members: Members | Mapping[str, Members],
    *,
    out: PathLike | None = None,
    camera_names: Sequence[str] | None = None,
    calibration: PathLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SmoothedViews:
    """Smooths keypoints that several cameras see, in the subspace their views share; as ``posse smooth multi``.

    Parameters
    ----------
    members : mapping of camera to sequence of Poses, or paths
        Files belong to the camera whose name is part of theirs.
    out : path, optional
        Folder for a table per camera, points_3d.csv with a calibration, and run.json.
    camera_names : sequence of str, optional
        By default the mapping's keys, or the calibration's names.
    calibration : path, optional
        Anipose calibration (.toml): smooth in space.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse smooth multi --help``): ``s``, ``n_latent``, ``quantile_keep_pca``,
        ``no_inflate_vars``, ``triangulation`` ...

    Returns
    -------
    SmoothedViews

    Examples
    --------
    >>> import numpy as np
    >>> walk = np.cumsum(np.random.default_rng(1).normal(size=(30, 2, 2)), axis=0)
    >>> seen = [posse.Poses(["nose", "tail"], walk + shift, np.ones((30, 2))) for shift in (-1, 1)]
    >>> list(posse.smooth_multi({"top": seen, "side": seen}, s=10).views)
    ['top', 'side']
    """
    if camera_names is None and calibration is None and isinstance(members, Mapping):
        camera_names = list(members)
    options = {**options, "camera_names": camera_names, "calibration": calibration}
    made = _run(_core.smooth_multi, members, out, progress, options)
    _warn(made)
    return SmoothedViews(_views(made), made.get("points"), made.get("point_variances"), **told(made))


def _views(made: dict[str, Any]) -> dict[str, SmoothedPoses]:
    return {camera: SmoothedPoses._from_core(view) for camera, view in made["views"].items()}


def smooth_mirrored(
    members: Members,
    *,
    camera_names: Sequence[str],
    out: PathLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SmoothedPoses:
    """Smooths several views in one picture, bodyparts ``<name>_<view>``; as ``posse smooth mirrored``.

    Parameters
    ----------
    members : path, sequence of paths, sequence of Poses, or Result
    camera_names : sequence of str
        The views, as they end the bodyparts' names.
    out : path, optional
        Table to write, .h5 or .csv.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse smooth mirrored --help``).

    Returns
    -------
    SmoothedPoses

    Examples
    --------
    >>> import numpy as np
    >>> walk = np.cumsum(np.random.default_rng(1).normal(size=(30, 2, 2)), axis=0)
    >>> seen = [posse.Poses(["paw_top", "paw_side"], walk + shift, np.ones((30, 2))) for shift in (-1, 1)]
    >>> posse.smooth_mirrored(seen, camera_names=["top", "side"], s=10).bodyparts
    ('paw_top', 'paw_side')
    """
    made = _run(_core.smooth_mirrored, members, out, progress, {**options, "camera_names": list(camera_names)})
    _warn(made)
    return SmoothedPoses._from_core(made, made)


def smooth_pupil(
    members: Members,
    *,
    out: PathLike | None = None,
    circle: PathLike | None = None,
    diameter_s: float | None = None,
    com_s: float | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SmoothedPupil:
    """Smooths four points around a pupil as one circle; as ``posse smooth pupil``.

    Parameters
    ----------
    members : path, sequence of paths, sequence of Poses, or Result
        With the bodyparts pupil_top_r, pupil_bottom_r, pupil_right_r and pupil_left_r.
    out : path, optional
        Table to write, .h5 or .csv.
    circle : path, optional
        Also write centre and diameter here (.csv).
    diameter_s, com_s : float, optional
        In (0, 1), close to 1 is smoother; tuned by default.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse smooth pupil --help``).

    Returns
    -------
    SmoothedPupil

    Examples
    --------
    >>> import numpy as np
    >>> marks = np.array([[50, 40], [50, 60], [60, 50], [40, 50]])[None] + np.zeros((20, 1, 1))
    >>> names = ["pupil_top_r", "pupil_bottom_r", "pupil_right_r", "pupil_left_r"]
    >>> seen = [posse.Poses(names, marks + 0.1 * shift, np.ones((20, 4))) for shift in (-1, 0, 1)]
    >>> posse.smooth_pupil(seen, diameter_s=0.99, com_s=0.99).centre.shape
    (20, 2)
    """
    made = _run(
        _core.smooth_pupil, members, out, progress, {**options, "circle": circle, "diameter_s": diameter_s, "com_s": com_s}
    )
    _warn(made)
    state, variance = made["circle"], made["circle_variance"]
    return SmoothedPupil(
        SmoothedPoses._from_core(made["tracks"]),
        diameter=state[:, 0],
        diameter_variance=variance[:, 0],
        centre=state[:, 1:],
        centre_variance=variance[:, 1:],
        diameter_s=made["diameter_s"],
        centre_s=made["centre_s"],
        **told(made),
    )


def smooth_paw(
    members: Members | Mapping[str, Members],
    *,
    out: PathLike | None = None,
    timestamps_left: PathLike | npt.ArrayLike | None = None,
    timestamps_right: PathLike | npt.ArrayLike | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SmoothedViews:
    """Smooths two paws seen by two cameras with clocks of their own; as ``posse smooth paw``.

    Parameters
    ----------
    members : mapping of "left" and "right" to sequences of Poses, or paths
        With the bodyparts paw_l and paw_r.
    out : path, optional
        Folder for left.h5, right.h5 and run.json.
    timestamps_left, timestamps_right : path or array, [frames], optional
        Times of the cameras' frames; by default the .npy files in the folder given.
    progress : callable or tqdm bar, optional
    **options
        As on the command line (``posse smooth paw --help``).

    Returns
    -------
    SmoothedViews
        "left" and "right", on the left camera's frames.

    Examples
    --------
    >>> import numpy as np
    >>> walk = np.cumsum(np.random.default_rng(1).normal(size=(40, 2, 2)), axis=0) + 60
    >>> seen = [posse.Poses(["paw_l", "paw_r"], walk + shift, np.ones((40, 2))) for shift in (-1, 1)]
    >>> times = np.arange(40) / 60
    >>> sides = {"left": seen, "right": seen}
    >>> posse.smooth_paw(sides, timestamps_left=times, timestamps_right=times, s=10).views["left"].poses.shape
    (40, 2, 2)
    """
    times: dict[str, list[float]] = {}
    for side, given_times in (("left", timestamps_left), ("right", timestamps_right)):
        is_file = isinstance(given_times, (str, os.PathLike))
        options[f"timestamps_{side}"] = given_times if is_file else None
        times[side] = [] if given_times is None or is_file else np.asarray(given_times, dtype=np.float64).tolist()
    paths, poses = _inputs_by_camera(members)
    target = None if out is None else path_of(out)
    made = _core.smooth_paw(paths, poses, target, times["left"], times["right"], as_callback(progress), **given(options))
    _warn(made)
    return SmoothedViews(_views(made), **told(made))


def consensus(
    members: Members,
    *,
    out: PathLike | None = None,
    method: str | None = None,
    min_likelihood: float | None = None,
    min_members: int | None = None,
    trim: float | None = None,
    agreement_radius: float | None = None,
    look_alike: Groups | None = None,
    same_x: Groups | None = None,
    same_y: Groups | None = None,
    same_line: Groups | None = None,
    view_calibration: PathLike | None = None,
    track_smooth: bool | None = None,
    track_lag: int | None = None,
    cell: float | None = None,
    hide_below: float | None = None,
    bodypart_list: Sequence[str] | None = None,
    common_bodyparts: bool | None = None,
    format: Literal["h5", "csv", "both"] | None = None,  # noqa: A002 - the command line's word
    force: bool | None = None,
    progress: Progress | None = None,
) -> ConsensusPoses:
    """One table from the tables of several networks; as ``posse consensus``.

    Parameters
    ----------
    members : path, sequence of paths, sequence of Poses, or Result
    out : path, optional
        A table (.h5 or .csv), or a folder, to write.
    method : {"median", "mean", "weighted-mean", "most-confident", "geometric-median", "trimmed-mean", "track"}, optional
        "track" follows every bodypart through the members' points of all frames.
    min_likelihood, min_members, trim, agreement_radius, bodypart_list, common_bodyparts, format, force
    look_alike, same_x, same_y, same_line, view_calibration, track_smooth, track_lag, cell, hide_below
        As on the command line (``posse consensus --help``); groups are text, or sequences of names as ``[["paw1", "paw2"]]``.
    progress : callable or tqdm bar, optional

    Returns
    -------
    ConsensusPoses
        With "track" its ``track`` holds chances, covariance, second places, groups and warnings, as the files of a run do.

    Examples
    --------
    >>> seen = [posse.Poses(["nose"], [[[x, 5]]], [[0.9]]) for x in (1, 2, 6)]
    >>> posse.consensus(seen).poses.tolist()
    [[[2.0, 5.0]]]
    """
    options = {
        "method": method,
        "min_likelihood": min_likelihood,
        "min_members": min_members,
        "trim": trim,
        "agreement_radius": agreement_radius,
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
        "cell": cell,
        "bodypart_list": bodypart_list,
        "common_bodyparts": common_bodyparts,
        "format": format,
        "force": force,
    }
    made = _run(_core.consensus, members, out, progress, options)
    _warn(made)
    arrays = ("frame_index", "poses", "likelihood", "spread", "covariance", "num_members", "num_agreeing")
    fields: dict[str, Any] = {**told(made), "track": None}
    if made["track"] is not None:
        track: dict[str, Any] = dict(made["track"])
        fields["track"] = track_of(track)
    return ConsensusPoses(tuple(made["bodyparts"]), *(made[name] for name in arrays), **fields)


def info(
    path: PathLike,
    *,
    verify: bool = False,
    snapshot: str = "",
    shuffle: int | None = None,
    training_set_index: int | None = None,
    iteration: int | None = None,
) -> dict[str, Any]:
    """What a project, snapshot, folder of members, pose table or video holds; as ``posse info --json``.

    Parameters
    ----------
    path : path
    verify : bool
        Also read every value and check its checksum, or decode every frame.
    snapshot, shuffle, training_set_index, iteration
        Which network of a project.

    Returns
    -------
    dict
        Lists "members", "tables", "videos" and "errors".

    Examples
    --------
    >>> posse.info("data/demo/member-1")["members"][0]["network"]["type"]
    'mobilenet_v2_0.35'
    """
    made: dict[str, Any] = json.loads(_core.info(os.fspath(path), verify, snapshot, shuffle, training_set_index, iteration))
    return made
