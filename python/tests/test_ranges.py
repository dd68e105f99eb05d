"""Frame ranges: half-open by default, and row for row the original's under legacy_frame_ranges()."""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import FPS, LABELED, NUM_FRAMES, VIDEO

import formulas
import posse
from dgp_ensembletools import legacy_frame_ranges, models
from dgp_ensembletools._ranges import frames_of

#: Stops of range(0, b) for which the original gave one frame more than its rule b - 1, from its description.
EXTRA_AT_30_AND_60 = [24, 32, 47, 63, 78, 93, 108, 125]
EXTRA_AT_25_AND_100 = [8, 15, 29, 57, 112, 113, 223, 225]
NTSC = 30 * 1000 / 1001


def legacy(frame_range: range, fps: float, num_frames: int = 10_000) -> list[int]:
    with legacy_frame_ranges():
        return frames_of(frame_range, fps, num_frames / fps, num_frames)


@pytest.mark.parametrize(
    ("fps", "extra", "how_many"),
    [
        (30.0, EXTRA_AT_30_AND_60, 171),
        (60.0, EXTRA_AT_30_AND_60, 171),
        (25.0, EXTRA_AT_25_AND_100, 68),
        (100.0, EXTRA_AT_25_AND_100, 68),
        (NTSC, [], 0),
    ],
)
def test_legacy_rows_are_those_of_moviepys_clips(fps: float, extra: list[int], how_many: int) -> None:
    with_extra = []
    for stop in range(2, 2002):
        rows = legacy(range(stop), fps)
        assert rows == formulas.clip_frames(0, stop - 1, fps)
        if len(rows) != stop - 1:
            assert rows == list(range(stop))
            with_extra.append(stop)
    assert with_extra[: len(extra)] == extra and len(with_extra) == how_many


@pytest.mark.parametrize("fps", [24.0, 25.0, 29.97, 30.0, 59.94, 100.0, 119.88])
def test_legacy_rows_that_begin_later(fps: float) -> None:
    generator = np.random.default_rng(5)
    for first, length in zip(generator.integers(0, 50_000, 400), generator.integers(2, 300, 400)):
        asked = range(int(first), int(first + length), int(generator.integers(1, 3)))
        if asked[-1] == asked[0]:
            continue
        assert legacy(asked, fps, 100_000) == formulas.clip_frames(asked[0], asked[-1], fps)


def test_legacy_repeats_the_last_frame_where_the_duration_rounds_up() -> None:
    # 301 frames at 29.97: 10.0433 s, printed as 10.04; ceil(29.97 x 10.04) = 301. At 59.94 and 1001 frames: 16.7000 s.
    for fps, num_frames in ((29.97, 302), (59.94, 1003), (200.0, 333)):
        duration = round(num_frames / fps, 2)
        stop = int(np.ceil(fps * duration))
        with legacy_frame_ranges():
            rows = frames_of(range(0, num_frames + 50), fps, num_frames / fps, num_frames)
        assert rows == [min(row, num_frames - 1) for row in formulas.clip_frames(0, stop - 1, fps)]


@pytest.mark.parametrize("stop", [4, 24, 31, 32, 47])
def test_legacy_consensus_and_scoremaps_row_for_row(old: models.Ensemble, stop: int) -> None:
    rows = formulas.clip_frames(0, stop - 1, FPS)
    whole = np.stack(old.get_mean_pose(LABELED, range(60)))
    maps = old.models[0].get_scoremap(LABELED, range(60))
    with legacy_frame_ranges():
        assert np.array_equal(np.stack(old.get_mean_pose(LABELED, range(stop))), whole[:, rows])
        assert np.array_equal(old.models[0].get_scoremap(LABELED, range(stop)), maps[rows])
        clip = old.models[0].get_video_clip(LABELED, range(stop))
        assert (len(list(clip.iter_frames())), clip.duration) == (len(rows), (stop - 1) / FPS)


def test_legacy_never_reaches_the_last_frame(old: models.Ensemble) -> None:
    whole = np.stack(old.get_mean_pose(LABELED, range(NUM_FRAMES - 12, NUM_FRAMES)))
    with legacy_frame_ranges():
        got = np.stack(old.get_mean_pose(LABELED, range(NUM_FRAMES - 12, NUM_FRAMES + 40)))
    assert np.array_equal(got, whole[:, : len(formulas.clip_frames(NUM_FRAMES - 12, NUM_FRAMES - 1, FPS))])


def test_legacy_truth_leaves_out_the_last_frame(
    old: models.Ensemble, truth_mat: Path, demo_truth: np.ndarray
) -> None:
    complete = old.models[0].get_groundtruth_confidence(truth_mat, LABELED, range(32))
    with legacy_frame_ranges():
        # 32 frames of maps (one extra), but 31 of truth: the original indexed by the truth.
        got = old.models[0].get_groundtruth_confidence(truth_mat, LABELED, range(32))
        errors = old.compare_groundtruth(LABELED, truth_mat)
    assert np.array_equal(got, complete[:31])
    rows = formulas.clip_frames(0, NUM_FRAMES - 1, FPS)
    mean = np.stack(old.get_mean_pose(LABELED, range(NUM_FRAMES)), axis=1)[rows]
    assert errors["median"] == pytest.approx(formulas.rmse(mean, demo_truth[rows]), rel=1e-12)


def test_legacy_can_be_switched_and_ends_with_its_block() -> None:
    def rows() -> int:
        return len(frames_of(range(10), FPS, 12.0, NUM_FRAMES))

    assert rows() == 10
    with legacy_frame_ranges():
        assert rows() == 9
        with legacy_frame_ranges(False):
            assert rows() == 10
        assert rows() == 9
    assert rows() == 10
    legacy_frame_ranges()
    assert rows() == 9
    legacy_frame_ranges(False)
    assert rows() == 10
    with pytest.raises(KeyError), legacy_frame_ranges():
        raise KeyError
    assert rows() == 10


def count_in_a_thread() -> int:
    seen = []
    thread = threading.Thread(target=lambda: seen.append(len(frames_of(range(10), FPS, 12.0, NUM_FRAMES))))
    thread.start()
    thread.join()
    return seen[0]


def test_threads_started_inside_follow_the_legacy_rule() -> None:
    with legacy_frame_ranges():
        assert count_in_a_thread() == 9
        with legacy_frame_ranges(False):
            assert count_in_a_thread() == 10
        assert count_in_a_thread() == 9
    assert count_in_a_thread() == 10
    legacy_frame_ranges()
    try:
        assert count_in_a_thread() == 9
    finally:
        legacy_frame_ranges(False)
    assert count_in_a_thread() == 10


def count_in_a_worker(own_rule: bool | None = None) -> int:
    """Run in another process."""
    if own_rule is None:
        return len(frames_of(range(10), FPS, 12.0, NUM_FRAMES))
    with legacy_frame_ranges(own_rule):
        return len(frames_of(range(10), FPS, 12.0, NUM_FRAMES))


def clip_in_a_worker(clip_of: models.TrainedModel, frames: range) -> int:
    """Run in another process."""
    return len(list(clip_of.get_video_clip(LABELED, frames).iter_frames()))


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_workers_follow_the_legacy_rule_for_as_long_as_it_holds(way: str) -> None:
    with multiprocessing.get_context(way).Pool(1) as older:
        assert older.apply(count_in_a_worker) == 10
        with legacy_frame_ranges():
            assert older.apply(count_in_a_worker) == 9
            assert older.apply(count_in_a_worker, (False,)) == 10
            with legacy_frame_ranges(False):
                assert older.apply(count_in_a_worker) == 10
        assert older.apply(count_in_a_worker) == 10
        legacy_frame_ranges()
        assert older.apply(count_in_a_worker) == 9
        legacy_frame_ranges(False)
        assert older.apply(count_in_a_worker) == 10
        assert older.apply(count_in_a_worker, (True,)) == 9
        assert older.apply(count_in_a_worker) == 10
    if way == "fork":
        with legacy_frame_ranges():
            outliving = multiprocessing.get_context(way).Pool(1)
            assert outliving.apply(count_in_a_worker) == 9
        with outliving:
            assert outliving.apply(count_in_a_worker) == 10


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_workers_of_joblib_follow_the_legacy_rule(old: models.Ensemble, backend: str) -> None:
    joblib = pytest.importorskip("joblib")

    def counts() -> list[int]:
        jobs = [joblib.delayed(count_in_a_worker)(), joblib.delayed(clip_in_a_worker)(old.models[0], range(10))]
        return list(joblib.Parallel(n_jobs=2, backend=backend)(jobs))

    assert counts() == [10, 10]
    with legacy_frame_ranges():
        assert counts() == [9, 9]
    assert counts() == [10, 10]


def test_the_rule_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with legacy_frame_ranges():
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.warns(UserWarning, match="not in worker processes"), legacy_frame_ranges():
        assert len(frames_of(range(10), FPS, 12.0, NUM_FRAMES)) == 9


def test_a_thread_that_says_so_itself_keeps_its_own_rule() -> None:
    with legacy_frame_ranges():
        seen = []

        def own() -> None:
            with legacy_frame_ranges(False):
                seen.append(len(frames_of(range(10), FPS, 12.0, NUM_FRAMES)))

        thread = threading.Thread(target=own)
        thread.start()
        thread.join()
        assert seen == [10] and len(frames_of(range(10), FPS, 12.0, NUM_FRAMES)) == 9


def test_ranges_are_half_open_complete_and_may_step(old: models.Ensemble) -> None:
    whole = np.stack(old.get_mean_pose(LABELED, range(10, 30)))
    assert np.array_equal(np.stack(old.get_mean_pose(LABELED, range(10, 30, 3))), whole[:, ::3])
    assert np.array_equal(np.stack(old.get_mean_pose(LABELED, range(29, 30))), whole[:, -1:])
    assert len(old.get_mean_pose(LABELED, range(NUM_FRAMES - 1, NUM_FRAMES))[0]) == 1
    maps = old.models[0].get_scoremap(LABELED, range(10, 30))
    assert np.array_equal(old.models[0].get_scoremap(LABELED, range(10, 30, 3)), maps[::3])


@pytest.mark.parametrize(
    ("frames", "error", "text"),
    [
        (range(-3, 4), ValueError, "frames count upwards from 0"),
        (range(9, 3), ValueError, "start must not be behind stop"),
        (range(9, 3, -1), ValueError, "frames count upwards"),
        (range(5, 5), ValueError, "holds no frame"),
        (range(360, 361), ValueError, "the video has 360 frames"),
        ([3, 360], ValueError, "the video has 360 frames"),
        ([], ValueError, "holds no frame"),
        ([-1], ValueError, "count upwards from 0"),
        (np.array([0.5]), TypeError, "whole numbers"),
        ((3, 9), TypeError, "must be a range"),
        (slice(3, 9), TypeError, "must be a range"),
        (7, TypeError, "must be a range"),
    ],
)
def test_ranges_that_cannot_be_are_refused(
    old: models.Ensemble, frames: object, error: type[Exception], text: str
) -> None:
    for call in (old.get_mean_pose, old.get_scoremaps, old.models[0].get_scoremap, old.get_median_scoremap):
        with pytest.raises(error, match=text) as caught:
            call(LABELED, frames)  # type: ignore[operator]
        assert isinstance(caught.value, AssertionError), "the original asserted"


def test_a_legacy_range_of_one_frame_is_empty(old: models.Ensemble) -> None:
    with legacy_frame_ranges(), pytest.raises(ValueError, match="leaves out the last one"):
        old.get_mean_pose(LABELED, range(5, 6))


def test_the_videos_own_frames_are_the_ones_run(old: models.Ensemble) -> None:
    video = posse.Video(VIDEO)
    network = old.models[0]._network("snapshot-5000", 1)
    alone = network.predict(video[77], consensus="mean")
    xx, yy, *_ = old.models[0].get_poses_and_heatmap_cache(LABELED, range(77, 78))
    assert np.array_equal(alone.member_poses[0, 0], np.stack([xx[0], yy[0]], axis=1))


def test_a_range_beyond_the_end_is_cut_with_a_word(old: models.Ensemble) -> None:
    with pytest.warns(UserWarning, match="the video has 360 frames, .* up to 358 .* legacy_frame_ranges"):
        cut = old.models[0].get_scoremap("openarena.mp4", range(356, 400, 2))
    assert np.array_equal(cut, old.models[0].get_scoremap("openarena.mp4", range(356, 360, 2)))
    with pytest.warns(UserWarning, match="360 frames"):
        assert len(old.get_video_clip(LABELED, range(350, 400))) == 10


def test_lists_arrays_and_masks_name_frames_one_by_one(old: models.Ensemble) -> None:
    mask = np.zeros(360, dtype=bool)
    mask[[4, 9]] = True
    x, y = old.get_mean_pose(LABELED, range(4, 10))
    for frames, rows in (([9, 4, 9], [5, 0, 5]), (np.array([4, 9]), [0, 5]), (mask, [0, 5])):
        assert np.array_equal(np.stack(old.get_mean_pose(LABELED, frames)), np.stack([x[rows], y[rows]]))
        with legacy_frame_ranges():
            assert np.array_equal(old.get_mean_pose(LABELED, frames)[0], x[rows])
