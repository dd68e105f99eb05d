"""posse.track on maps made here, and consensus="track" on the demo's videos."""

import numpy as np
import posse
import pytest


def bumps(x, members=3, height=20, width=30):
    """Maps of one bodypart that moves along x (pixels) at y = 60; every member agrees."""
    row, col = np.mgrid[:height, :width]
    maps = np.empty((len(x), height, width, 1), np.float32)
    for t, at in enumerate(x):
        maps[t, ..., 0] = np.maximum(5 - ((8 * col + 4 - at) ** 2 + (8 * row + 4 - 60) ** 2) / 192, -9)
    return np.stack([maps] * members)


def test_a_line_is_followed():
    x = 60 + 2.0 * np.arange(40)
    track = posse.track(bumps(x), stride=8)
    assert track.poses.shape == (40, 1, 2)
    assert np.abs(track.poses[..., 0] - x[:, None]).max() < 1.5  # a bump cut at two cells, and the smoother's lag
    assert np.abs(track.poses[..., 1] - 60).max() < 1.5
    assert track.seen.all() and track.seen.dtype == bool
    assert (track.chance_seen > 0.8).all()  # a likelihood of 1 says 0.77 in a frame alone, 0.93 in many
    assert (track.covariance[..., 0] > 0).all()
    assert np.isnan(track.second_place[..., 0]).all()
    assert track.groups == ()


def test_a_burst_of_all_members_but_one_is_bridged():
    x = np.full(60, 60.0)
    maps = bumps(x)
    maps[1:, 20:25] = bumps(np.full(5, 200.0), members=2)
    assert np.abs(posse.track(maps).poses[..., 0] - 60).max() < 4
    assert np.abs(np.median(maps.argmax(3).max((2, 3)), axis=0)).max() > 20  # the members' median goes there


def test_locref_moves_the_votes():
    maps = bumps(np.full(5, 60.0))
    locref = np.zeros((*maps.shape, 2), np.float32)
    locref[..., 0] = 3
    moved = posse.track(maps, locref=locref, smooth=False).poses
    plain = posse.track(maps, locref=np.zeros_like(locref), smooth=False).poses
    np.testing.assert_allclose(moved - plain, np.broadcast_to([3, 0], moved.shape), atol=1 / 32)


def test_maps_of_nan_are_missing():
    track = posse.track(np.full((2, 4, 10, 12, 3), np.nan))
    assert np.isnan(track.poses).all() and (track.likelihood == 0).all()


def test_a_single_frame_and_a_single_member():
    assert np.isfinite(posse.track(bumps([60.0], members=1)).poses).all()


def test_wrong_input_is_told():
    maps = bumps([60.0, 62.0])
    for call in (
        lambda: posse.track([]),
        lambda: posse.track(maps[0]),
        lambda: posse.track(maps, look_alike=[[0, 1]]),
        lambda: posse.track(maps, locref=[np.zeros(3)]),
        lambda: posse.track(maps, frame_index=[1]),
        lambda: posse.track(maps, frame_index=[5, 5]),
        lambda: posse.track(maps, lag=-1),
    ):
        with pytest.raises(posse.Error):
            call()


def test_a_run_gives_the_track(ensemble, short_video):
    tracked = ensemble.run(short_video, frames=range(20), consensus="track")
    mean = ensemble.run(short_video, frames=range(20))
    assert tracked.poses.shape == mean.poses.shape
    assert np.isfinite(tracked.poses).all()
    assert np.median(np.linalg.norm(tracked.poses - mean.poses, axis=-1)) < 8  # a cell: they are of one mind mostly
    assert not np.array_equal(tracked.poses, mean.poses)


def test_members_of_different_grids_are_tracked_together():
    fine = bumps(np.full(6, 100.0), members=1, height=20, width=30)[0]
    row, col = np.mgrid[:10, :15]
    coarse = np.empty((6, 10, 15, 1), np.float32)
    coarse[..., 0] = np.maximum(5 - ((16 * col + 8 - 100) ** 2 + (16 * row + 8 - 60) ** 2) / 192, -9)
    track = posse.track([fine, coarse, fine], stride=[8, 16, 8])
    assert np.abs(track.poses - [100, 60]).max() < 6
    assert (track.chance > 0.9).all()
