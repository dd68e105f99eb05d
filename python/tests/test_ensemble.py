"""posse.Ensemble on the shipped ensemble: against the command line, against numpy, and as a guest among threads."""

from __future__ import annotations

import csv
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, NUM_FRAMES, VIDEO

import formulas
import posse
from posse import _core

MEMBERS = [DEMO / "member-1", DEMO / "member-2"]


def run_program(program: str, *arguments: object) -> None:
    subprocess.run([program, "-q", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def read_csv(path: Path) -> tuple[str, list[str], np.ndarray]:
    """(scorer, row labels, values [frames, bodyparts, 3])"""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    values = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows[3:]])
    return rows[0][1], [row[0] for row in rows[3:]], values.reshape(len(values), -1, 3)


# --- the same numbers and files as the command line


@pytest.mark.parametrize(
    ("consensus", "decode", "members"),
    [("mean", "auto", MEMBERS), ("median", "dgp", MEMBERS), ("mean", "dgp", MEMBERS[1:])],
)
def test_consensus_equals_the_command_lines(
    program: str, tmp_path: Path, consensus: str, decode: str, members: list[Path]
) -> None:
    result = posse.Ensemble.open(members, decode=decode).run(VIDEO, frames=range(5, 25), consensus=consensus)
    options = ["--frames", "5:25", "--consensus", consensus, "--decode", decode, "--format", "csv", "--save-members"]
    run_program(program, "run", VIDEO, "--members", *members, *options, "--out", tmp_path / "out")
    (table,) = tmp_path.glob("out/*/*.csv")
    _, labels, values = read_csv(table)  # shortest exact decimals: equal numbers mean equal bits
    assert labels == [str(frame) for frame in result.frame_index]
    assert np.array_equal(values[:, :, :2], result.poses) and np.array_equal(values[:, :, 2], result.likelihood)
    for own, path in zip(range(len(members)), sorted(tmp_path.glob("out-extras/members/*/*.csv"))):
        _, _, values = read_csv(path)
        assert np.array_equal(values[:, :, :2], result.member_poses[own])
        assert np.array_equal(values[:, :, 2], result.member_likelihood[own])


def test_save_and_write_give_the_command_lines_files(program: str, ensemble: posse.Ensemble, tmp_path: Path) -> None:
    options = ["--frames", "5:25:2", "--format", "both", "--save-members"]
    run_program(program, "run", VIDEO, "--members", *MEMBERS, *options, "--out", tmp_path / "program" / "out")
    result = ensemble.run(VIDEO, frames="5:25:2")
    saved = result.save(tmp_path / "saved" / "out", format="both", save_members=True)
    written = ensemble.write(VIDEO, tmp_path / "written" / "out", frames="5:25:2", format="both", save_members=True)

    def files_below(folder: Path) -> list[Path]:
        return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.name != ".posse-journal")

    want = files_below(tmp_path / "program")
    for folder, returned in (("saved", saved), ("written", written)):
        assert files_below(tmp_path / folder) == want and sorted(p.relative_to(tmp_path / folder) for p in returned) == want
        for name in want:
            ours, theirs = tmp_path / folder / name, tmp_path / "program" / name
            if name.suffix == ".csv":
                assert ours.read_bytes() == theirs.read_bytes()
            elif name.suffix == ".pickle":
                one, other = (pickle.loads(path.read_bytes())["data"] for path in (ours, theirs))
                assert {k: v for k, v in one.items() if k not in ("start", "stop", "run_duration")} == {
                    k: v for k, v in other.items() if k not in ("start", "stop", "run_duration")
                }
            elif name.suffix == ".h5":
                assert_equal_hdf5(ours, theirs)
            else:
                one, other = (json.loads(path.read_text()) for path in (ours, theirs))
                assert one["fingerprint"] == other["fingerprint"] and one["options"] == other["options"]


def assert_equal_hdf5(ours: Path, theirs: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(ours) as one, h5py.File(theirs) as other:
        names: list[str] = []
        one.visit(names.append)
        others: list[str] = []
        other.visit(others.append)
        assert names == others
        for name in names:
            if isinstance(one[name], h5py.Dataset):
                assert one[name][()].tobytes() == other[name][()].tobytes(), name


def test_a_plan_says_what_write_would_do(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    plan = ensemble.plan(VIDEO, tmp_path, frames="0:8")
    assert (plan["num_frames"], plan["needs_networks"], plan["finished"]) == (8, True, False)
    assert not list(tmp_path.iterdir())
    files = ensemble.write(VIDEO, tmp_path, frames="0:8")
    assert [Path(path) for path in plan["files"]] == files
    plan = ensemble.plan(VIDEO, tmp_path, frames="0:8", save_members=True)
    assert (plan["num_resumable"], plan["needs_networks"], plan["finished"]) == (8, False, False)
    assert plan["to_write"] and not set(map(Path, plan["to_write"])) & set(files)
    assert ensemble.plan(VIDEO, tmp_path, frames="0:8")["finished"]


def test_the_programs_run_is_found_done_by_save_and_write(program: str, ensemble: posse.Ensemble, tmp_path: Path) -> None:
    run_program(program, "run", VIDEO, "--members", *MEMBERS, "--frames", "0:8", "--out", tmp_path)
    table = next(tmp_path.glob("*/*.h5"))
    before = table.stat().st_mtime_ns
    assert table in ensemble.run(VIDEO, frames="0:8").save(tmp_path)
    assert table in ensemble.write(VIDEO, tmp_path, frames="0:8")
    assert table.stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="other networks, options or video"):
        ensemble.run(VIDEO, frames="0:9").save(tmp_path)
    ensemble.run(VIDEO, frames="0:9").save(tmp_path, force=True)
    assert table.stat().st_mtime_ns != before


def test_save_makes_smoothed_tables_and_labelled_videos_too(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    files = ensemble.run(VIDEO, frames=range(6)).save(tmp_path, labeled_video=True, smooth="kalman")
    assert all(path.stat().st_size > 0 for path in files)
    assert sorted(path.suffix for path in files) == [".h5", ".h5", ".json", ".mp4", ".pickle"]
    assert len(posse.Video(next(path for path in files if path.suffix == ".mp4"))) == 6


def test_chunks_of_an_iteration_can_be_saved(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    parts = list(ensemble.iterate(VIDEO, frames="10:40:3", chunk=4))
    parts[1].save(tmp_path, format="csv")
    _, labels, values = read_csv(next(tmp_path.glob("*/*.csv")))
    assert labels == [str(frame) for frame in parts[1].frame_index]
    assert np.array_equal(values[:, :, :2], parts[1].poses)


def test_options_are_the_command_lines(program: str) -> None:
    text = subprocess.run([program, "run", "--help"], check=True, capture_output=True, text=True).stdout
    for options in (_core.ensemble_options(), _core.run_options()):
        for keyword, meaning in options.items():
            assert f"--{keyword.replace('_', '-')} " in text
            assert " ".join(meaning.split()[:3]) in " ".join(text.split())


def test_the_options_written_out_in_python_are_all_there_are() -> None:
    import inspect

    def keywords(function: object) -> set[str]:
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}

    assert keywords(posse.Ensemble.open) == set(_core.ensemble_options())
    assert keywords(posse.Ensemble.run) == set(_core.track_options()) | {"bbox", "frames", "consensus", "progress"}
    assert keywords(posse.Ensemble.write) == set(_core.run_options()) | {"progress"}
    computed = {"bbox", "frames", "consensus", "look_alike", "same_x", "same_y", "same_line", "view_calibration", "track_smooth", "track_lag", "hide_below", "keep_evidence"}
    assert keywords(posse.Result.save) == set(_core.run_options()) - computed
    for function in (posse.Ensemble.open, posse.Ensemble.write, posse.Result.save):
        for name in keywords(function):
            assert name in (function.__doc__ or ""), f"{function.__name__} does not document {name}"


@pytest.mark.parametrize(
    ("keywords", "arguments"),
    [
        ({"decode": "best"}, ["--decode", "best"]),
        ({"backend": "abacus"}, ["--backend", "abacus"]),
        ({"snapshot": "snapshot-9"}, ["--snapshot", "snapshot-9"]),
        ({"shuffle": 4}, ["--shuffle", "4"]),
    ],
)
def test_errors_are_the_command_lines(program: str, keywords: dict[str, object], arguments: list[str]) -> None:
    with pytest.raises(posse.Error) as caught:
        posse.Ensemble.open(MEMBERS, **keywords)  # type: ignore[arg-type]
    command = [program, "run", VIDEO, "--members", *MEMBERS, *arguments, "--dry-run"]
    output = subprocess.run(command, capture_output=True, text=True).stderr
    assert "--" not in str(caught.value)  # Python says training_set_index where the command line says --training-set-index
    dashless = output.replace("--", "").replace("-", "_")
    for line in str(caught.value).splitlines():
        assert line.strip().replace("-", "_") in dashless


# --- against numpy


@pytest.mark.parametrize("consensus", ["mean", "median"])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_consensus_is_the_softmax_centre_of_the_members_probability(consensus: str, count: int) -> None:
    networks = posse.Ensemble.open([DEMO / f"member-{i + 1}" for i in range(count)], decode="dgp")
    frames = range(200, 212)
    result = networks.run(VIDEO, frames=frames, consensus=consensus)
    x, y = formulas.consensus_pose(networks.scoremaps(VIDEO, frames=frames), consensus, 8.0)
    # promised are 1e-6 cells; numpy's own p / (1 - p) in float64 is good to 1e-12
    np.testing.assert_allclose(result.poses[:, :, 0], x, rtol=0, atol=8e-6)
    np.testing.assert_allclose(result.poses[:, :, 1], y, rtol=0, atol=8e-6)


@pytest.mark.parametrize("consensus", ["mean", "median"])
def test_consensus_of_real_video_is_that_too(shared_data: Path, consensus: str) -> None:
    networks = posse.Ensemble.open(shared_data / "openfield-ensemble", decode="dgp")
    video, frames = shared_data / "openfield" / "videos" / "m3v1mp4.mp4", range(30, 34)
    result = networks.run(video, frames=frames, consensus=consensus)
    stride = networks.members[0].stride
    x, y = formulas.consensus_pose(networks.scoremaps(video, frames=frames), consensus, stride)
    np.testing.assert_allclose(result.poses[:, :, 0], x, rtol=0, atol=1e-6 * stride)
    np.testing.assert_allclose(result.poses[:, :, 1], y, rtol=0, atol=1e-6 * stride)
    golden = np.genfromtxt(shared_data / "openfield-ensemble/golden/consensus.csv", delimiter=",", names=True)
    for part, name in enumerate(networks.bodyparts):  # float32 of another implementation
        np.testing.assert_allclose(result.poses[:, part, 0], golden[f"{name}_{consensus}_x"][30:34], rtol=0, atol=0.02)


def test_real_video_gives_the_command_lines_bits(program: str, shared_data: Path, tmp_path: Path) -> None:
    members, video = shared_data / "openfield-ensemble", shared_data / "openfield" / "videos" / "m3v1mp4.mp4"
    result = posse.Ensemble.open(members).run(video, frames=range(12))
    run_program(program, "run", video, "--members", members, "--frames", "0:12", "--format", "csv", "--out", tmp_path)
    _, _, values = read_csv(next(tmp_path.glob("*/*.csv")))
    assert np.array_equal(values, np.concatenate([result.poses, result.likelihood[..., None]], axis=2))


def test_arrays_have_their_documented_shapes_and_meanings(ensemble: posse.Ensemble) -> None:
    result = ensemble.run(VIDEO, frames=range(10, 17))
    assert len(result) == 7 and result.bodyparts == ("snout", "leftear", "rightear", "tailbase")
    assert result.frame_index.tolist() == list(range(10, 17)) and result.frame_index.dtype == np.int64
    np.testing.assert_allclose(result.time_seconds, np.arange(10, 17) / 30, atol=1e-9)
    assert result.poses.shape == result.spread.shape == (7, 4, 2)
    assert result.likelihood.shape == result.num_members.shape == (7, 4)
    assert (result.num_members == 2).all() and result.map_covariance.shape == (7, 4, 2, 2)
    assert result.member_poses.shape == (2, 7, 4, 2) and result.member_likelihood.shape == (2, 7, 4)
    np.testing.assert_allclose(result.spread, result.member_poses.std(axis=0), rtol=0, atol=1e-9)
    assert (np.linalg.eigvalsh(result.map_covariance) > 0).all()
    assert ((0 <= result.likelihood) & (result.likelihood <= 1)).all()
    assert (result.consensus, result.video, len(result.members)) == ("mean", VIDEO, 2)
    assert result.members[0].network == "mobilenet_v2_0.35" and result.members[0].snapshot == "snapshot-5000"


def test_to_dataframe_is_the_saved_table(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("tables")
    result = ensemble.run(VIDEO, frames=range(30, 40))
    table = result.to_dataframe()
    assert table.columns.names == ["scorer", "bodyparts", "coords"]
    files = result.save(tmp_path, format="both")
    saved, text = (next(path for path in files if path.suffix == suffix) for suffix in (".h5", ".csv"))
    pandas.testing.assert_frame_equal(pandas.read_hdf(saved), table)
    pandas.testing.assert_frame_equal(
        pandas.read_csv(text, header=[0, 1, 2], index_col=0), table
    )
    assert saved.stem == "openarena" + table.columns[0][0]
    scorer = table.columns[0][0]
    assert np.array_equal(table[scorer, "tailbase", "y"].to_numpy(), result.poses[:, 3, 1])


# --- pictures, chunks, scoremaps


def test_pictures_equal_the_frames_of_the_video(ensemble: posse.Ensemble) -> None:
    video = posse.Video(VIDEO)
    whole = ensemble.run(VIDEO, frames=range(12))
    batch = np.stack([video[i] for i in (3, 7, 11)])
    for images, rows in (
        (video[7], [7]),
        (batch, [3, 7, 11]),
        ([video[3], video[11]], [3, 11]),
        (video[7][:, ::-1][:, ::-1], [7]),  # not contiguous
    ):
        result = ensemble.predict(images)
        assert np.array_equal(result.poses, whole.poses[rows])
        assert np.array_equal(result.member_likelihood, whole.member_likelihood[:, rows])
    mixed = ensemble.predict([video[7], np.ascontiguousarray(video[7][:160, :200])])
    assert np.array_equal(mixed.poses[0], whole.poses[7]) and mixed.poses.shape == (2, 4, 2)
    assert len(ensemble.predict([])) == 0
    with pytest.raises(ValueError, match="only the result of a run"):
        mixed.save("/nowhere")


def test_chunks_equal_the_whole_run(ensemble: posse.Ensemble) -> None:
    whole = ensemble.run(VIDEO, frames=range(37))
    chunks = list(ensemble.iterate(VIDEO, frames=range(37), chunk=5))
    assert len(chunks) > 1 and all(len(chunk) >= 5 for chunk in chunks[:-1])
    for name in ("frame_index", "poses", "likelihood", "spread"):
        assert np.array_equal(np.concatenate([getattr(chunk, name) for chunk in chunks]), getattr(whole, name))


def test_chunks_come_while_the_video_runs(ensemble: posse.Ensemble) -> None:
    start = time.perf_counter()
    arrivals = [time.perf_counter() - start for _ in ensemble.iterate(VIDEO, chunk=20)]
    assert len(arrivals) > 5 and arrivals[0] < arrivals[-1] / 2


def test_leaving_the_iteration_early_stops_the_run(ensemble: posse.Ensemble) -> None:
    before = threading.active_count()
    for chunk in ensemble.iterate(VIDEO, chunk=4):
        assert len(chunk) >= 4
        break
    assert threading.active_count() == before
    assert len(ensemble.run(VIDEO, frames=3)) == 1


def test_chunks_are_saved_while_the_iteration_goes_on(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    numbers: list[int] = []
    for part in ensemble.iterate(VIDEO, frames=range(40), chunk=4):
        part.save(tmp_path / str(part.frame_index[0]), format="csv")
        numbers += list(part.frame_index)
    assert numbers == list(range(40))
    assert len(list(tmp_path.glob("*/*/*.csv"))) == len(list(tmp_path.iterdir())) > 1


@pytest.mark.parametrize("again", ["run", "predict", "scoremaps", "iterate", "plan"])
def test_running_again_ends_an_open_iteration(ensemble: posse.Ensemble, tmp_path: Path, again: str) -> None:
    whole = ensemble.run(VIDEO, frames=2)
    before = threading.active_count()
    parts = ensemble.iterate(VIDEO, chunk=4)
    first = next(parts)
    if again == "run":
        assert np.array_equal(ensemble.run(VIDEO, frames=2).poses, whole.poses)
    elif again == "predict":
        assert len(ensemble.predict(np.zeros((64, 64, 3), dtype=np.uint8))) == 1
    elif again == "scoremaps":
        assert ensemble.scoremaps(VIDEO, frames=[2])[0].shape[0] == 1
    elif again == "iterate":
        assert np.array_equal(next(ensemble.iterate(VIDEO, chunk=4)).poses, first.poses)
    else:
        assert ensemble.plan(VIDEO, tmp_path, measure=True)["seconds"] > 0
    assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="run again"):
        next(parts)


def test_run_takes_frames_one_by_one_by_list_array_and_mask(ensemble: posse.Ensemble, short_video: Path) -> None:
    whole = ensemble.run(short_video)
    mask = np.zeros(24, bool)
    mask[[2, 3, 20]] = True
    for frames, wanted in ([7, 3, 4, 3], [7, 3, 4, 3]), (np.array([20, 2], np.uint8), [20, 2]), (mask, [2, 3, 20]), ([5], [5]):
        some = ensemble.run(short_video, frames=frames)
        assert some.frame_index.tolist() == wanted and len(some) == len(wanted)
        for name in ("poses", "likelihood", "spread", "map_covariance", "num_members", "time_seconds"):
            assert np.array_equal(getattr(some, name), getattr(whole, name)[wanted], equal_nan=True), name
        assert np.array_equal(some.member_poses, whole.member_poses[:, wanted])
    for frames, text in ([3, 24], "24"), ([-1], "-1 is negative"), ([], "no frame"), (-1, "-1 is negative"):
        with pytest.raises(ValueError, match=text):
            ensemble.run(short_video, frames=frames)
    with pytest.raises(ValueError, match="24 is behind .* 24 frames"):
        ensemble.run(short_video, frames=[24])
    with pytest.raises(ValueError, match="the mask has 5 values, .* 24 frames"):
        ensemble.run(short_video, frames=[True] * 5)
    with pytest.raises(TypeError, match="whole numbers"):
        ensemble.run(short_video, frames=[1.5])
    with pytest.raises(ValueError, match="consecutive frames"):
        ensemble.run(short_video, frames=[1, 2], consensus="track")


def test_names_that_cannot_be_looked_at_are_errors_of_posse(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    for name in [circle, tmp_path / ("x" * 300)]:
        for look in [ensemble.run, posse.info, lambda path: posse.Ensemble.open([path])]:
            with pytest.raises(posse.Error, match="Too many levels|name too long"):
                look(name)
        with pytest.raises(posse.Error, match="Too many levels|name too long"):
            ensemble.plan(name, tmp_path)


def test_empty_names_do_not_mean_the_working_folder(ensemble: posse.Ensemble) -> None:
    for call in (ensemble.run, ensemble.scoremaps, posse.Video, posse.open_project, posse.info, posse.Ensemble.open):
        with pytest.raises(ValueError, match="an empty name"):
            call("")
    with pytest.raises(ValueError, match="an empty name"):
        posse.Ensemble.open([""])


def test_errors_of_an_iteration_arrive_in_the_loop(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none.mp4"):
        list(ensemble.iterate(tmp_path / "none.mp4"))
    with pytest.raises(ValueError, match="360 frames"):
        list(ensemble.iterate(VIDEO, frames="350:400"))


def test_scoremaps_of_chosen_frames(ensemble: posse.Ensemble) -> None:
    whole = ensemble.scoremaps(VIDEO, frames=range(20))
    assert [(m.shape, m.dtype) for m in whole] == [((20, 30, 40, 4), np.float32)] * 2
    for frames in ([3, 17, 4], np.array([3, 17, 4]), [5, 5]):
        for chosen, every in zip(ensemble.scoremaps(VIDEO, frames=frames), whole):
            assert np.array_equal(chosen, every[list(frames)])
    assert np.array_equal(ensemble.scoremaps(VIDEO, frames="2:20:6")[1], whole[1][2::6])
    assert np.array_equal(ensemble.scoremaps(VIDEO, frames=7)[0], whole[0][7:8])
    with pytest.raises(TypeError, match="whole numbers"):
        ensemble.scoremaps(VIDEO, frames=[0.5])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="360 frames"):
        ensemble.scoremaps(VIDEO, frames=[359, 360])


@pytest.mark.parametrize(
    ("frames", "rows"),
    [
        (None, range(360)),
        (7, [7]),
        (np.int64(7), [7]),
        (range(3, 9, 2), [3, 5, 7]),
        (slice(None, 3), [0, 1, 2]),
        ((357, 360), [357, 358, 359]),
        ((0, 9, 4), [0, 4, 8]),
        ("355:", range(355, 360)),
        (range(5, 5), []),
    ],
)
def test_frames_may_be_said_in_many_ways(ensemble: posse.Ensemble, frames: object, rows: object) -> None:
    assert ensemble.run(VIDEO, frames=frames).frame_index.tolist() == list(rows)  # type: ignore


# --- progress, interruption, threads


def test_progress_counts_up_to_the_total(ensemble: posse.Ensemble) -> None:
    calls: list[tuple[int, int | None]] = []
    ensemble.run(VIDEO, progress=lambda done, total: calls.append((done, total)))
    done = [call[0] for call in calls]
    assert done[0] == 0 and done[-1] == NUM_FRAMES and done == sorted(done)
    assert {call[1] for call in calls} == {NUM_FRAMES}


def test_progress_may_be_a_tqdm_bar(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    tqdm = pytest.importorskip("tqdm").tqdm
    for call in (
        lambda bar: ensemble.run(VIDEO, frames=range(9), progress=bar),
        lambda bar: ensemble.scoremaps(VIDEO, frames=range(9), progress=bar),
        lambda bar: ensemble.write(VIDEO, tmp_path, frames=range(9), progress=bar),
    ):
        with open(os.devnull, "w") as nowhere, tqdm(file=nowhere) as bar:
            call(bar)
            assert (bar.n, bar.total) == (9, 9)
    with pytest.raises(TypeError, match="tqdm bar, not int"):
        ensemble.run(VIDEO, progress=3)  # type: ignore[arg-type]


def test_an_exception_of_the_callback_stops_the_run(ensemble: posse.Ensemble) -> None:
    calls = []

    def refuse(done: int, total: int | None) -> None:
        calls.append(done)
        if done > 0:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        ensemble.run(VIDEO, progress=refuse)
    assert calls[-1] < NUM_FRAMES
    assert len(ensemble.run(VIDEO, frames=3)) == 1


def test_a_callback_cannot_run_the_ensemble_it_is_called_by(ensemble: posse.Ensemble) -> None:
    with pytest.raises(ValueError, match="own callback"):
        ensemble.run(VIDEO, progress=lambda done, total: ensemble.run(VIDEO, frames=0))


_INTERRUPTED = """
import sys, posse
ensemble = posse.Ensemble.open(sys.argv[2:])
def told(done, total):
    if done:
        print("running", flush=True)
try:
    while True:
        {call}
except KeyboardInterrupt:
    print("stopped", len(ensemble.run(sys.argv[1], frames=5)))
"""


@pytest.mark.parametrize(
    "call",
    [
        "ensemble.run(sys.argv[1], progress=told)",
        "ensemble.scoremaps(sys.argv[1], progress=told)",
        "ensemble.run(sys.argv[1]); told(1, 1)",
        "[told(1, 1) for _ in ensemble.iterate(sys.argv[1], chunk=8)]",
    ],
)
def test_ctrl_c_stops_cleanly(call: str) -> None:
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", _INTERRUPTED.format(call=call), VIDEO, *MEMBERS]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 0
    assert rest.splitlines()[-1] == "stopped 1"
    assert time.perf_counter() - start < 30, "one run of the whole video would have ended by itself"


def test_other_threads_run_meanwhile(ensemble: posse.Ensemble) -> None:
    done = threading.Event()

    def run() -> None:
        ensemble.run(VIDEO)
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    steps = 0
    start = time.perf_counter()
    while not done.wait(0.001):
        steps += 1
    elapsed = time.perf_counter() - start
    thread.join()
    # A run that kept the interpreter would let this loop come by once. Each step takes 1 ms and a turn of the scheduler.
    assert steps > 20 * elapsed


def test_threads_may_share_an_ensemble_or_have_their_own(ensemble: posse.Ensemble) -> None:
    video = posse.Video(VIDEO)
    want = ensemble.run(VIDEO, frames=range(16)).poses
    own = [posse.Ensemble.open(MEMBERS) for _ in range(2)]
    picture = video[5]
    got: list[object] = []
    failed: list[BaseException] = []

    def work(network: posse.Ensemble) -> None:
        try:
            for _ in range(3):
                got.append(np.array_equal(network.run(VIDEO, frames=range(16)).poses, want))
                got.append(np.array_equal(network.predict(picture).poses[0], want[5]))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(network,)) for network in [ensemble, ensemble, ensemble, *own]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and got == [True] * 30
