"""What is wrong with an input arrives as the class a Python programmer expects, with the library's text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, LABELED, VIDEO, copy_member

import posse
from dgp_ensembletools import models
from posse import _core

MEMBERS = [DEMO / "member-1", DEMO / "member-2"]


@pytest.mark.parametrize(
    ("frames", "error", "text"),
    [
        (range(350, 361), ValueError, "frames 350:361 of .*: the video has 360 frames"),
        (range(400, 401), ValueError, "the video has 360 frames"),
        ("9:3", ValueError, "9:3"),
        ("a:b", ValueError, "a:b"),
        (range(9, 3), ValueError, "start"),
        (range(-3, 4), ValueError, "frame range -3:4:1 needs 0 <= start"),
        (range(0, 9, -1), ValueError, "step >= 1"),
        (-1, ValueError, "frame"),
        ((5, 2), ValueError, "frame"),
        ((1, 2, 3, 4), ValueError, "found 4 items"),
        (1.5, TypeError, "not <class 'float'>"),
        (slice(0.5, 2), TypeError, "start must be a whole number"),
        (True, TypeError, "not <class 'bool'>"),
        ({1, 2}, TypeError, "not <class 'set'>"),
    ],
)
def test_frames(ensemble: posse.Ensemble, frames: object, error: type[Exception], text: str) -> None:
    for call in (ensemble.run, ensemble.scoremaps):
        with pytest.raises(error, match=text):
            call(VIDEO, frames=frames)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("images", "text"),
    [
        ([np.zeros((4, 4), np.uint8)], "picture has 2 axes, expected 3: height, width, rgb"),
        (np.zeros((4, 4), np.uint8), "picture has 1 axes, expected 3: height, width, rgb"),
        (np.zeros((4, 4, 4), np.uint8), r"picture \[4, 4, 4\]: expected \[height, width, 3\]"),
        (np.zeros((0, 4, 3), np.uint8), "none of them empty"),
        (np.zeros((4, 4, 3)), "pictures must be uint8, found float64"),
        (np.zeros((1, 4, 4, 3), np.int8), "pictures must be uint8, found int8"),
        (["a picture"], "pictures must be uint8"),
    ],
)
def test_pictures(ensemble: posse.Ensemble, images: object, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ensemble.predict(images)  # type: ignore[arg-type]


def test_words_that_are_not_known_name_those_that_are(ensemble: posse.Ensemble) -> None:
    with pytest.raises(ValueError, match="consensus 'mode' is not known") as caught:
        ensemble.run(VIDEO, consensus="mode")
    assert isinstance(caught.value, posse.InputError)
    assert (caught.value.kind, caught.value.have) == ("usage", "auto, mean, median, track")
    with pytest.raises(TypeError, match="snapshots"):
        posse.Ensemble.open(MEMBERS, snapshots="newest")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unknown option 'snapshots'; did you mean snapshot"):
        _core.Ensemble(MEMBERS, snapshots="newest")
    with pytest.raises(TypeError, match="option 'threads' cannot be 'two'"):
        posse.Ensemble.open(MEMBERS, threads="two")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads -1: must not be negative"):
        posse.Ensemble.open(MEMBERS, threads=-1)


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileNotFoundError, match=str(folder)) as caught:
            posse.Ensemble.open(folder)
        assert isinstance(caught.value, posse.MissingError) and caught.value.kind == "not_found"
        with pytest.raises(FileNotFoundError, match=str(folder)):
            models.TrainedModel(folder, "mp4")
    with pytest.raises(ValueError):
        posse.Ensemble.open([])


def test_a_project_without_weights_and_one_with_damaged_weights(tmp_path: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    (weights,) = folder.rglob("*.data-00000-of-00001")
    content = weights.read_bytes()
    weights.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="data-00000-of-00001"):
        posse.Ensemble.open(folder).run(VIDEO, frames=0)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match=r"snapshot-5000\.data-.*is missing"):
        posse.Ensemble.open(folder).run(VIDEO, frames=0)
    for index in folder.rglob("*.index"):
        index.unlink()
    with pytest.raises(FileNotFoundError, match="snapshot"):
        posse.Ensemble.open(folder)


def test_videos(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none.mp4"):
        ensemble.run(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(ValueError, match="text.mp4"):
        ensemble.run(tmp_path / "text.mp4")
    with pytest.raises(FileNotFoundError):
        posse.Video(tmp_path / "none.mp4")
    video = posse.Video(VIDEO)
    for frame, text in ((-1, "count from 0"), (360, "it has 360 frames")):
        with pytest.raises(IndexError, match=text):
            video[frame]


def test_videos_that_have_not_been_predicted_on(old: models.Ensemble) -> None:
    model = old.models[0]
    for call in (model.get_poses_raw, model.get_poses_array, model.get_video_clip, old.get_poses):
        with pytest.raises(FileNotFoundError, match="video must have been predicted on") as caught:
            call("other_labeled.mp4")
        assert isinstance(caught.value, AssertionError) and isinstance(caught.value, posse.MissingError)


def test_a_labelled_video_without_its_table(tmp_path: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    (folder / "videos_pred" / LABELED).write_bytes(VIDEO.read_bytes())
    with pytest.raises(FileNotFoundError, match="label file must exist") as caught:
        models.TrainedModel(folder, "mp4", memory=None).get_poses_raw(LABELED)
    assert isinstance(caught.value, AssertionError)


def test_a_labelled_name_without_its_raw_video(tmp_path: Path, top: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    (folder / "videos" / VIDEO.name).unlink()
    made = models.Ensemble(tmp_path, ["1"], "mp4", memory=None)
    for call in (made.get_mean_pose, made.get_scoremaps, made.models[0].get_scoremap):
        with pytest.raises(FileNotFoundError, match=r"its raw video openarena\.\* is in neither") as caught:
            call(LABELED, range(3))
        assert isinstance(caught.value, AssertionError)


def test_a_video_in_one_members_folder_is_enough_for_the_consensus(tmp_path: Path, top: Path) -> None:
    copy_member(1, tmp_path / "1")
    (copy_member(2, tmp_path / "2") / "videos" / VIDEO.name).unlink()
    made = models.Ensemble(tmp_path, ["2", "1"], "mp4", memory=None)
    assert made.get_mean_pose(LABELED, range(3))[0].shape == (3, 4)


def test_folders_that_cannot_be_written(ensemble: posse.Ensemble, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file") as caught:
        ensemble.write(VIDEO, tmp_path / "file", frames=0)
    assert isinstance(caught.value, posse.AccessError)
    with pytest.raises(OSError, match="file"):
        ensemble.run(VIDEO, frames=0).save(tmp_path / "file")


def test_maps_and_points_that_do_not_fit() -> None:
    maps = np.zeros((2, 3, 4, 1), np.float32)
    with pytest.raises(ValueError, match="has 3 axes, expected 4"):
        models.get_mu_fix(maps[0])
    with pytest.raises(ValueError, match="one stride per member"):
        _core.consensus_scoremap([maps], [8.0, 8.0])
    with pytest.raises(ValueError, match="member 1 has 1 frames, member 0 has 2"):
        _core.consensus_scoremap([maps, maps[:1]], [8.0, 8.0])
    with pytest.raises(ValueError, match="3 points for 2 frames of 1 bodyparts"):
        _core.scores_at_points(maps, np.zeros((3, 1, 2)), 8.0)


def test_errors_keep_what_a_program_needs_to_react(tmp_path: Path) -> None:
    with pytest.raises(posse.Error) as caught:
        posse.Ensemble.open(MEMBERS, snapshot="snapshot-9")
    error = caught.value
    assert error.kind == "not_found" and "snapshot-9" in error.message and "snapshot-5000" in error.have
    assert str(error).startswith(error.message) and error.have in str(error)


def test_ground_truth_files(old: models.Ensemble, tmp_path: Path) -> None:
    savemat = pytest.importorskip("scipy.io").savemat
    model = old.models[0]
    savemat(tmp_path / "other.mat", {"xy": np.zeros((4, 2, 2))})
    with pytest.raises(ValueError, match="has no array true_xy; it has xy"):
        model.get_groundtruth(tmp_path / "other.mat")
    savemat(tmp_path / "flat.mat", {"true_xy": np.zeros((4, 2))})
    with pytest.raises(ValueError, match=r"expected \(parts, frames, 2\)"):
        model.get_groundtruth(tmp_path / "flat.mat")
    (tmp_path / "labels.csv").write_text("scorer,a,a\nbodyparts,snout,snout\ncoords,x,y\nimage,1,2\n")
    with pytest.raises(ValueError, match="labels.csv: image does not name a frame"):
        model.get_groundtruth(tmp_path / "labels.csv")
    (tmp_path / "labels.csv").write_text("scorer,a,a\nbodyparts,snout,snout\ncoords,x,y\nimg1.png,1,two\n")
    with pytest.raises(ValueError, match="'two' is not a number"):
        model.get_groundtruth(tmp_path / "labels.csv")
    with pytest.raises(FileNotFoundError):
        model.get_groundtruth(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="ground truth has 2 frames"):
        savemat(tmp_path / "short.mat", {"true_xy": np.zeros((4, 2, 2))})
        model.get_groundtruth_confidence(tmp_path / "short.mat", LABELED, range(3))
