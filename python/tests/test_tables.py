"""Consensus and smoothing of tables from Python: the command line's numbers, from files and from arrays."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

import posse
from posse import _core

PROGRAM = os.environ.get("POSSE_PROGRAM", "")
VIEWS = ("top", "side")


def walks(members: int = 3, frames: int = 60, names: tuple[str, ...] = ("nose", "tail")) -> list[posse.Poses]:
    """Members that disagree about random walks, some points missing."""
    random = np.random.default_rng(7)
    truth = 100 + np.cumsum(random.normal(size=(frames, len(names), 2)), axis=0)
    made = []
    for _ in range(members):
        poses = truth + random.normal(scale=0.7, size=truth.shape)
        poses[random.random(poses.shape[:2]) < 0.1] = np.nan
        made.append(posse.Poses(names, poses, np.where(np.isnan(poses[..., 0]), 0, random.uniform(0.5, 1, poses.shape[:2]))))
    return made


def write(members: list[posse.Poses], folder: Path, name: str = "member{}.h5") -> list[Path]:
    files = []
    for number, member in enumerate(members):
        files.append(folder / name.format(number))
        _core.write_pose_table(files[-1], "net", list(member.bodyparts), member.poses, member.likelihood)
    return files


def posse_program(*words: object) -> None:
    ran = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    assert ran.returncode in (0, 4), ran.stderr


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Every dataset of an .h5, by name."""
    h5py = pytest.importorskip("h5py")
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def assert_same_tables(one: Path, other: Path) -> None:
    ours, theirs = arrays(one), arrays(other)
    assert list(ours) == list(theirs)
    for name in ours:
        assert ours[name].tobytes() == theirs[name].tobytes(), name


def record(path: Path) -> dict:
    made: dict = json.loads(path.read_text())
    del made["finished"]
    return made


KINDS = {
    "smooth_single": ({}, ["smooth", "single"]),
    "smooth_mirrored": ({"camera_names": list(VIEWS)}, ["smooth", "mirrored"]),
    "smooth_pupil": ({"diameter_s": 0.9}, ["smooth", "pupil"]),
    "consensus": ({"method": "geometric-median"}, ["consensus"]),
    "track": ({"method": "track", "cell": 12, "track_lag": 30}, ["consensus"]),
}
NAMES = {
    "smooth_mirrored": ("nose_top", "tail_top", "nose_side", "tail_side"),
    "smooth_pupil": ("pupil_top_r", "pupil_bottom_r", "pupil_right_r", "pupil_left_r"),
}


@pytest.mark.skipif(not PROGRAM, reason="the program is not named by POSSE_PROGRAM")
@pytest.mark.parametrize("kind", KINDS)
def test_files_and_arrays_give_the_command_lines_numbers(kind: str, tmp_path: Path) -> None:
    options, verb = KINDS[kind]
    members = walks(names=NAMES.get(kind, ("nose", "tail")))
    files = write(members, tmp_path)
    words = [word for key, value in options.items() for word in ["--" + key.replace("_", "-"), *np.atleast_1d(value).tolist()]]
    posse_program(*verb, *files, "--out", tmp_path / "by-program.h5", *words)
    job = getattr(posse, "consensus" if kind == "track" else kind)
    from_files = job(files, out=tmp_path / "by-python.h5", **options)
    in_memory = job(members, **options)
    assert_same_tables(tmp_path / "by-python.h5", tmp_path / "by-program.h5")
    theirs, ours = (record(tmp_path / f"by-{who}.h5.run.json") for who in ("program", "python"))
    assert theirs.pop("files") == ["by-program.h5"] and ours.pop("files") == ["by-python.h5"]
    assert ours == theirs
    assert from_files.files[-1] == tmp_path / "by-python.h5.run.json" and not in_memory.files
    arrays = "tracks" if kind == "smooth_pupil" else ""
    for result in (from_files, in_memory):
        poses = getattr(result, arrays).poses if arrays else result.poses
        np.testing.assert_array_equal(poses, (from_files.tracks if arrays else from_files).poses)


@pytest.mark.skipif(not PROGRAM, reason="the program is not named by POSSE_PROGRAM")
def test_several_cameras_and_paws_give_the_command_lines_numbers(tmp_path: Path) -> None:
    seen = {camera: walks(2, names=("paw_l", "paw_r")) for camera in ("left", "right")}
    files = [file for camera in seen for file in write(seen[camera], tmp_path, camera + "{}.h5")]
    times = np.arange(60) / 60
    for side in seen:
        np.save(tmp_path / f"timestamps_{side}.npy", times)
    stamps = {f"timestamps_{side}": tmp_path / f"timestamps_{side}.npy" for side in seen}
    posse_program("smooth", "multi", *files, "--camera-names", "left", "right", "--s", 10, "--out", tmp_path / "multi")
    posse_program("smooth", "paw", *files, "--s", 10, "--out", tmp_path / "paw",
                  "--timestamps-left", stamps["timestamps_left"], "--timestamps-right", stamps["timestamps_right"])  # fmt: skip
    multi = posse.smooth_multi(files, camera_names=["left", "right"], s=10, out=tmp_path / "multi-by-python")
    paw = posse.smooth_paw(files, s=10, out=tmp_path / "paw-by-python", **stamps)
    for name, made in (("multi", multi), ("paw", paw)):
        for side in seen:
            assert_same_tables(*(tmp_path / folder / f"{side}.h5" for folder in (name, f"{name}-by-python")))
        assert made.files[-1].name == "run.json" and made.points is None
    in_memory = posse.smooth_multi(seen, s=10)
    np.testing.assert_array_equal(in_memory.views["right"].poses, multi.views["right"].poses)
    in_memory = posse.smooth_paw(seen, s=10, timestamps_left=times, timestamps_right=times)
    np.testing.assert_array_equal(in_memory.views["right"].poses, paw.views["right"].poses)


def test_the_members_of_a_run_can_be_smoothed(ensemble: posse.Ensemble, short_video: Path) -> None:
    result = ensemble.run(short_video, frames=range(20))
    smoothed = posse.smooth_single(result, s=10)
    assert smoothed.poses.shape == result.poses.shape
    assert smoothed.bodyparts == result.bodyparts
    np.testing.assert_array_equal(smoothed.frame_index, result.frame_index)


def test_a_track_of_tables_says_how_sure_it_is() -> None:
    seen = [posse.Poses(["nose", "tail"], np.stack([[[60 + t + off, 40], [200, 90 + off]] for t in range(40)])) for off in range(3)]
    seen[0].poses[10:14, 0] = seen[1].poses[10:14, 0] = 300, 200  # two of three members are lost, without a likelihood
    made = posse.consensus(seen, method="track")
    assert np.abs(made.poses[:, 0, 0] - (61 + np.arange(40))).max() < 4
    track = made.track
    assert track is not None and track.chance.shape == track.chance_seen.shape == (40, 2)
    assert track.covariance.shape == track.second_place.shape == (40, 2, 3) and track.seen.dtype == bool
    np.testing.assert_array_equal(track.poses, made.poses)
    assert track.groups == ()
    assert posse.consensus(seen).track is None
    together = posse.consensus(seen[:2], method="track", look_alike="nose,tail")
    assert together.track is not None and together.track.groups == ((0, 1),)
    assert "few votes" in together.warnings[0]


@pytest.mark.parametrize("kind", ["smooth_single", "consensus"])
def test_keywords_are_the_command_lines_options(kind: str) -> None:
    known = set(_core.table_job_options()[kind])
    assert set(inspect.signature(getattr(posse, kind)).parameters) - {"members", "out", "progress"} == known
    with pytest.raises(TypeError, match="did you mean n_latent"):
        posse.smooth_multi({"a": walks(2), "b": walks(2)}, n_latents=2)


def test_options_of_every_type_arrive() -> None:
    members = walks()
    given = posse.smooth_single(members, s=[2, 5], average="mean", variance="var", bodypart_list=["tail", "nose"])
    assert given.bodyparts == ("tail", "nose") and given.s.tolist() == [2, 5] and not given.tuned.any()
    tuned = posse.smooth_single(members, blocks=[[0, 1]], s_frames=[(0, 20), "30:50"])
    assert tuned.tuned.all() and tuned.s[0] == tuned.s[1]
    with pytest.raises(TypeError, match="bodypart_list"):
        posse.smooth_single(members, bodypart_list="nose")


def test_wrong_input_is_named() -> None:
    with pytest.raises(posse.InputError, match="member 0: poses, likelihood"):
        posse.consensus([posse.Poses(["nose", "tail"], np.zeros((4, 1, 2))), *walks(1)])
    with pytest.raises(posse.InputError, match="frame number 3 of row 2 repeats"):
        posse.consensus([posse.Poses(["nose"], np.zeros((2, 1, 2)), frame_index=[3, 3])] * 2)
    with pytest.raises(posse.InputError, match="at least two tables"):
        posse.consensus(walks(1))
    with pytest.raises(TypeError, match="not some of each"):
        posse.consensus([*walks(1), "table.h5"])
    with pytest.raises(posse.MissingError):
        posse.smooth_single(["nowhere.h5", "neither.h5"])


def test_progress_is_told_and_may_stop_the_work() -> None:
    calls: list[tuple[int, int | None]] = []
    posse.smooth_single(walks(), progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (1, 1)

    def stop(done: int, total: int | None) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        posse.smooth_single(walks(), progress=stop)


def test_ctrl_c_stops_the_tuning() -> None:
    members = walks(5, 60_000, tuple(f"part{number}" for number in range(8)))
    timer = threading.Timer(0.15, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(20):
            posse.smooth_single(members, objective="full", threads=1)
    timer.join()


def test_info_says_what_the_command_line_says(tmp_path: Path, short_video: Path) -> None:
    (table,) = write(walks(1), tmp_path)
    assert posse.info(table)["tables"][0]["rows"] == 60
    assert posse.info(short_video)["videos"][0]["width"] > 0
    with pytest.raises(posse.MissingError):
        posse.info(tmp_path / "nothing")
