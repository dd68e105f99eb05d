"""dgp_ensembletools.models.TrainedModel, name by name (docs/compat.md says which test is whose)."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, LABELED, NUM_FRAMES, VIDEO, copy_member

import formulas
import posse
from dgp_ensembletools import models
from dgp_ensembletools._labels import read_labels
from dgp_ensembletools._project import raw_video

STRIDE = 8.0
FRAMES = range(100, 112)
#: Sums over 1200 cells in float64 and a vectorised exponential, in pixels: promised are 1e-6 cells.
PIXELS = 1e-6 * STRIDE


@pytest.fixture
def model(old: models.Ensemble) -> models.TrainedModel:
    return old.models[1]


def test_trained_model_lists_what_was_predicted(model: models.TrainedModel, top: Path) -> None:
    assert (model.project_dir, model.ext) == (top / "2", "mp4")
    assert model.pred_video_files == ["openarena_labeled.csv", "openarena_labeled.h5", "openarena_labeled.mp4"]
    assert (model.pred_videos, model.label_files) == (["openarena_labeled.mp4"], ["openarena_labeled.csv"])
    assert model.memory == top / "cache"


def test_trained_model_does_not_touch_config_yaml(tmp_path: Path, short_video: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    before = (folder / "config.yaml").read_bytes()
    models.TrainedModel(folder, "mp4", memory=None).predict(short_video)
    assert (folder / "config.yaml").read_bytes() == before


def test_trained_model_takes_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_member(1, tmp_path / "1")
    monkeypatch.chdir(tmp_path)
    made = models.TrainedModel("1", "mp4", memory=None)
    monkeypatch.chdir("/")
    assert made.get_scoremap("openarena.mp4", range(1)).shape == (1, 30, 40, 4)


def test_load_videos_looks_again(tmp_path: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    made = models.TrainedModel(folder, "MP4", memory=None)
    assert made.pred_videos == []
    for name in ("a_labeled.mp4", "b_labeled.MP4", "c.mp4.bak", "a_labeled.csv"):
        (folder / "videos_pred" / name).touch()
    made.load_videos()
    assert (made.pred_videos, made.label_files) == (["a_labeled.mp4", "b_labeled.MP4"], ["a_labeled.csv"])
    (folder / "videos_pred").rename(folder / "elsewhere")
    made.load_videos()
    assert made.pred_video_files == []


def test_change_project_path_moves_the_videos_along(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    folder = copy_member(1, tmp_path / "1")
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["project_path"] = "/old/place"
    config["video_sets"] = {"/old/place/videos/a.mp4": {"crop": "0, 1, 0, 1"}, "videos/b.mp4": {"crop": "0, 2, 0, 2"}}
    (folder / "config.yaml").write_text(yaml.dump(config))
    models.TrainedModel(folder, "mp4", memory=None).change_project_path()
    changed = yaml.safe_load((folder / "config.yaml").read_text())
    assert changed == {
        **config,
        "project_path": str(folder),
        "video_sets": {
            str(folder / "videos/a.mp4"): {"crop": "0, 1, 0, 1"},
            str(folder / "videos/b.mp4"): {"crop": "0, 2, 0, 2"},
        },
    }


def test_predict_writes_the_originals_files(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("tables")
    folder = copy_member(2, tmp_path / "2")
    (folder / "videos" / VIDEO.name).unlink()
    made = models.TrainedModel(folder, "mp4", memory=None)
    assert made.predict(str(VIDEO)) is None
    assert (folder / "videos" / VIDEO.name).read_bytes() == VIDEO.read_bytes()
    assert made.pred_video_files == ["openarena_labeled.csv", "openarena_labeled.h5", "openarena_labeled.mp4"]
    written = pandas.read_hdf(folder / "videos_pred" / "openarena_labeled.h5", "df_with_missing")
    parts = ["snout", "leftear", "rightear", "tailbase"]
    assert written.columns.names == ["scorer", "bodyparts", "coords"]
    assert list(written.columns) == [("snapshot-5000", p, c) for p in parts for c in ("x", "y", "likelihood")]
    assert list(written.index) == list(range(NUM_FRAMES))
    text = pandas.read_csv(folder / "videos_pred" / "openarena_labeled.csv", header=[0, 1, 2], index_col=0)
    pandas.testing.assert_frame_equal(text, written)
    x, y, likelihood = formulas.member_pose(made.get_scoremap(LABELED, range(5, 9)), STRIDE)
    rows = written.to_numpy().reshape(NUM_FRAMES, 4, 3)[5:9]
    np.testing.assert_allclose(rows[:, :, 0], x, rtol=0, atol=PIXELS)
    np.testing.assert_allclose(rows[:, :, 1], y, rtol=0, atol=PIXELS)
    np.testing.assert_allclose(rows[:, :, 2], likelihood, rtol=1e-6)


def test_predict_draws_discs_where_the_parts_are(model: models.TrainedModel, top: Path) -> None:
    raw, shown = posse.Video(VIDEO), posse.Video(top / "2" / "videos_pred" / LABELED)
    assert (len(shown), shown.fps, shown.width, shown.height) == (NUM_FRAMES, 30.0, 320, 240)
    poses = model.get_poses_raw(LABELED)
    frame = next(n for n in range(100, NUM_FRAMES) if poses["likelihoods"][n].min() > 0.5)
    colors = [(0, 0, 127), (0, 212, 255), (255, 229, 0), (127, 0, 0)]  # matplotlib's jet at 0, 1/3, 2/3 and 1
    picture, before = shown[frame].astype(int), raw[frame].astype(int)
    for part, color in enumerate(colors):
        x, y = int(poses["x"][frame, part]), int(poses["y"][frame, part])
        nearer = [np.abs(image[y, x] - color).sum() for image in (picture, before)]
        assert nearer[0] < nearer[1], f"part {part} at {x}, {y}: {picture[y, x]}"  # encoding blurs single pixels


def test_predict_again_and_on_the_projects_own_copy(tmp_path: Path, short_video: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    made = models.TrainedModel(folder, "mp4", memory=None)
    own = folder / "videos" / short_video.name
    own.write_bytes(short_video.read_bytes())
    made.predict(own)
    first = (folder / "videos_pred" / "short_labeled.csv").read_bytes()
    made.predict(own)
    assert (folder / "videos_pred" / "short_labeled.csv").read_bytes() == first
    assert own.read_bytes() == short_video.read_bytes()


def test_get_poses_raw_reads_x_y_and_likelihoods(model: models.TrainedModel, top: Path) -> None:
    path = top / "2" / "videos_pred" / "openarena_labeled.csv"
    table = np.loadtxt(path, delimiter=",", skiprows=3)
    for poses in (model.get_poses_raw(LABELED), model.get_poses_raw("openarena.mp4"), model.get_poses_raw_direct(path)):
        assert list(poses) == ["x", "y", "likelihoods"]
        for name, first in (("x", 1), ("y", 2), ("likelihoods", 3)):
            assert np.array_equal(poses[name], table[:, first::3])


def test_tables_with_gaps_and_odd_names_are_read(model: models.TrainedModel, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('scorer,s,s,s\nbodyparts,"a,#1","a,#1","a,#1"\ncoords,x,y,likelihood\n0,,,0.0\n1,2.5,1e-05,1.0\n')
    poses = model.get_poses_raw_direct(path)
    np.testing.assert_array_equal(poses["x"], [[np.nan], [2.5]])
    np.testing.assert_array_equal(poses["y"], [[np.nan], [1e-5]])
    path.write_text("scorer,s,s\nbodyparts,a,a\ncoords,x,y\n0,1,2\n")
    with pytest.raises(ValueError, match="no pose table"):
        model.get_poses_raw_direct(path)


def test_get_poses_array_puts_xy_before_parts(model: models.TrainedModel, top: Path) -> None:
    table = np.loadtxt(top / "2" / "videos_pred" / "openarena_labeled.csv", delimiter=",", skiprows=3)
    for poses in (
        model.get_poses_array(LABELED),
        model.get_poses_array_direct(top / "2" / "videos_pred" / "openarena_labeled.csv"),
    ):
        assert poses.shape == (NUM_FRAMES, 2, 4)
        assert np.array_equal(poses[:, 0], table[:, 1::3]) and np.array_equal(poses[:, 1], table[:, 2::3])


def test_trained_model_get_video_clip_is_the_labelled_video(model: models.TrainedModel, top: Path) -> None:
    shown = posse.Video(top / "2" / "videos_pred" / LABELED)
    assert np.array_equal(model.get_video_clip(LABELED).get_frame(7 / 30), shown[7])
    assert len(model.get_video_clip(LABELED)) == NUM_FRAMES
    clip = model.get_video_clip(LABELED, range(30, 33))
    assert [np.array_equal(p, shown[30 + i]) for i, p in enumerate(clip.iter_frames())] == [True] * 3
    with pytest.raises(AssertionError):
        model.get_video_clip(LABELED, (1, 2))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["get_poses_and_heatmap_cache", "get_poses_and_heatmap_range"])
def test_get_poses_and_heatmap_gives_the_seven_values(model: models.TrainedModel, method: str) -> None:
    xx, yy, likes, nj, bodyparts, maps, cfg = getattr(model, method)(LABELED, FRAMES)
    assert (nj, bodyparts) == (4, ["snout", "leftear", "rightear", "tailbase"])
    assert (maps.shape, maps.dtype) == ((len(FRAMES), 30, 40, 4), np.float32)
    assert (cfg.stride, cfg["num_joints"], cfg.all_joints_names) == (STRIDE, 4, bodyparts)
    x, y, likelihood = formulas.member_pose(maps, STRIDE)
    np.testing.assert_allclose(xx, x, rtol=0, atol=PIXELS)
    np.testing.assert_allclose(yy, y, rtol=0, atol=PIXELS)
    np.testing.assert_allclose(likes, likelihood, rtol=1e-6)
    golden = np.genfromtxt(DEMO / "golden" / "member-2.csv", delimiter=",", names=True)
    for part, name in enumerate(bodyparts):  # another implementation of the network
        np.testing.assert_allclose(xx[:, part], golden[f"{name}_dgp_x"][list(FRAMES)], rtol=0, atol=0.01)


def test_get_poses_and_heatmap_takes_one_frame(model: models.TrainedModel) -> None:
    xx, yy, likes, nj, _, maps, _ = model.get_poses_and_heatmap(LABELED, 105)
    whole = model.get_poses_and_heatmap_range(LABELED, range(100, 112))
    assert xx.shape == (1, 4) and np.array_equal(maps[0], whole[5][5])
    assert np.array_equal(xx[0], whole[0][5]) and np.array_equal(yy[0], whole[1][5]) and likes[0, 0] == whole[2][5, 0]


def test_get_scoremap_gives_logits_and_on_request_the_settings(model: models.TrainedModel) -> None:
    maps, cfg = model.get_scoremap(LABELED, range(200, 201), return_cfg=True)
    golden = np.load(DEMO / "golden" / "member-2-frame-0200-logits.npy")
    np.testing.assert_allclose(maps[0], golden, rtol=1e-5, atol=2e-3)  # float32 of another implementation
    assert cfg.stride == STRIDE
    assert np.array_equal(model.get_scoremap(LABELED, range(200, 201)), maps)


def test_get_logistic_is_exp_over_exp_plus_one(model: models.TrainedModel) -> None:
    p, cfg = model.get_logistic(LABELED, FRAMES, return_cfg=True)
    np.testing.assert_allclose(p, formulas.logistic(model.get_scoremap(LABELED, FRAMES)), rtol=1e-14)
    assert cfg.stride == STRIDE and p.dtype == np.float64
    assert np.array_equal(model.get_logistic(LABELED, FRAMES), p)


def test_get_groundtruth_moves_parts_last_and_permutes(
    model: models.TrainedModel, truth_mat: Path, demo_truth: np.ndarray
) -> None:
    assert np.array_equal(model.get_groundtruth(truth_mat), demo_truth)
    assert np.array_equal(model.get_groundtruth(str(truth_mat), [2, 0, 3, 1]), demo_truth[:, :, [2, 0, 3, 1]])
    for wrong in ([0, 1, 2], [0, 1, 2, 2], [1, 2, 3, 4]):
        with pytest.raises(AssertionError, match="permutation"):
            model.get_groundtruth(truth_mat, wrong)


def test_get_groundtruth_reads_label_tables_too(model: models.TrainedModel, demo_truth: np.ndarray) -> None:
    assert np.array_equal(model.get_groundtruth(DEMO / "labels" / "openarena-groundtruth.csv"), demo_truth)
    some = model.get_groundtruth(DEMO / "labels" / "CollectedData_posse.csv")  # every tenth frame
    assert np.array_equal(some[::10], demo_truth[: len(some) : 10])
    assert np.isnan(some[1]).all()


def test_groundtruth_confidence_is_the_logistic_at_the_labels_cell(
    model: models.TrainedModel, truth_mat: Path, demo_truth: np.ndarray
) -> None:
    got = model.get_groundtruth_confidence(truth_mat, LABELED, FRAMES)
    rows, columns = formulas.truth_cells(demo_truth[list(FRAMES)], STRIDE)
    p = formulas.logistic(model.get_scoremap(LABELED, FRAMES))
    want = p[np.arange(len(FRAMES))[:, None], rows, columns, np.arange(4)]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_groundtruth_probability_is_that_share_of_the_maps_sum(
    model: models.TrainedModel, truth_mat: Path, demo_truth: np.ndarray
) -> None:
    got = model.get_groundtruth_probability(truth_mat, LABELED, FRAMES, partperm=[1, 0, 2, 3])
    truth = demo_truth[list(FRAMES)][:, :, [1, 0, 2, 3]]
    rows, columns = formulas.truth_cells(truth, STRIDE)
    p = formulas.logistic(model.get_scoremap(LABELED, FRAMES))
    share = p / p.sum(axis=(1, 2), keepdims=True)
    want = share[np.arange(len(FRAMES))[:, None], rows, columns, np.arange(4)]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_labels_outside_the_map_or_between_cells(model: models.TrainedModel, tmp_path: Path) -> None:
    savemat = pytest.importorskip("scipy.io").savemat
    truth = np.full((4, 1, 2), 8.0)  # exactly between cells 0 and 1: rounds to the even one
    truth[1] = [-9, 20]
    truth[2] = [400, 20]
    truth[3] = np.nan
    savemat(tmp_path / "t.mat", {"true_xy": truth})
    got = model.get_groundtruth_confidence(tmp_path / "t.mat", LABELED, range(1))
    assert got[0, 0] == pytest.approx(formulas.logistic(model.get_scoremap(LABELED, range(1)))[0, 0, 0, 0], rel=1e-12)
    assert np.isnan(got[0, 1:]).all()


def test_compare_groundtruth_pointwise_is_truth_minus_pose(
    model: models.TrainedModel, truth_mat: Path, demo_truth: np.ndarray, top: Path
) -> None:
    table = top / "2" / "videos_pred" / "openarena_labeled.csv"
    pose, indices, parts = model.get_poses_array(LABELED), np.array([5, 1, 300]), np.array([3, 1])
    for compare, first in (
        (model.compare_groundtruth_pointwise, LABELED),
        (model.compare_groundtruth_pointwise_direct, table),
    ):
        assert np.array_equal(compare(first, truth_mat), demo_truth - pose)
        want = demo_truth[indices][:, :, parts] - pose[indices][:, :, parts]
        assert np.array_equal(compare(first, truth_mat, indices=indices, parts=parts), want)


def test_compare_groundtruth_is_the_summed_rmse(
    model: models.TrainedModel, truth_mat: Path, demo_truth: np.ndarray, top: Path
) -> None:
    table = top / "2" / "videos_pred" / "openarena_labeled.csv"
    pose, indices = model.get_poses_array(LABELED), np.array([5, 1, 300])
    for compare, first in ((model.compare_groundtruth, LABELED), (model.compare_groundtruth_direct, table)):
        want = formulas.rmse(pose, demo_truth)
        assert compare(first, truth_mat) == pytest.approx(want, rel=1e-12)
        assert compare(first, truth_mat, parts=np.arange(4)) == pytest.approx(want, rel=1e-12)
        assert compare(first, truth_mat, indices=indices) == pytest.approx(
            formulas.rmse(pose[indices], demo_truth[indices]), rel=1e-12
        )
        permuted = formulas.rmse(pose, demo_truth[:, :, [3, 2, 1, 0]])
        assert compare(first, truth_mat, partperm=[3, 2, 1, 0]) == pytest.approx(permuted, rel=1e-12)


def test_parts_select_in_the_pose_and_in_a_truth_that_has_all(
    model: models.TrainedModel, truth_mat: Path, demo_truth: np.ndarray, tmp_path: Path
) -> None:
    savemat = pytest.importorskip("scipy.io").savemat
    pose, parts = model.get_poses_array(LABELED), np.array([2, 0])
    want = formulas.rmse(pose[:, :, parts], demo_truth[:, :, parts])
    assert model.compare_groundtruth(LABELED, truth_mat, parts=parts) == pytest.approx(want, rel=1e-12)
    just_those = np.moveaxis(demo_truth[:200, :, parts], 2, 0)
    savemat(tmp_path / "some.mat", {"true_xy": just_those})
    short = formulas.rmse(pose[:200][:, :, parts], demo_truth[:200][:, :, parts])
    assert model.compare_groundtruth(LABELED, tmp_path / "some.mat", parts=parts) == pytest.approx(short, rel=1e-12)
    # Without `parts` such a truth is compared with the pose's first parts, as it was.
    first = formulas.rmse(pose[:200, :, :2], demo_truth[:200][:, :, parts])
    assert model.compare_groundtruth(LABELED, tmp_path / "some.mat") == pytest.approx(first, rel=1e-12)
    mask = np.array([True, False, True, False])
    want = model.compare_groundtruth(LABELED, truth_mat, parts=np.array([0, 2]))
    assert model.compare_groundtruth(LABELED, truth_mat, parts=[0, 2]) == want
    assert model.compare_groundtruth(LABELED, truth_mat, parts=mask) == want
    for wrong in (np.array([[0, 1]]), [0.5], "x"):
        with pytest.raises(AssertionError, match="parts must be a list, array or mask of whole numbers with one axis"):
            model.compare_groundtruth(LABELED, truth_mat, parts=wrong)
    with pytest.raises(ValueError, match="must have the pose's 4 or the 3"):
        model.compare_groundtruth(LABELED, tmp_path / "some.mat", parts=np.array([0, 1, 2]))
    with pytest.raises(ValueError, match="has 4 parts"):
        model.compare_groundtruth(LABELED, truth_mat, parts=np.array([4]))


def test_indices_must_be_frames_that_both_have(model: models.TrainedModel, truth_mat: Path) -> None:
    mask = np.isin(np.arange(360), [1, 2])
    want = model.compare_groundtruth(LABELED, truth_mat, indices=np.array([1, 2]))
    assert model.compare_groundtruth(LABELED, truth_mat, indices=[1, 2]) == want
    assert model.compare_groundtruth(LABELED, truth_mat, indices=mask) == want
    with pytest.raises(AssertionError, match="indices must be a list, array or mask"):
        model.compare_groundtruth(LABELED, truth_mat, indices=0.5)
    with pytest.raises(ValueError, match="360 frames"):
        model.compare_groundtruth(LABELED, truth_mat, indices=np.array([0, 360]))


def test_marker_epsilon_distance_sums_over_parts_and_averages_over_frames(model: models.TrainedModel) -> None:
    pose, truth = np.random.default_rng(1).normal(size=(2, 7, 2, 3))
    assert model.marker_epsilon_distance(pose, truth) == pytest.approx(formulas.rmse(pose, truth), rel=1e-14)
    one = np.zeros((1, 2, 2))
    far = one + np.array([3.0, 4.0])[None, :, None]
    assert model.marker_epsilon_distance(far, one) == pytest.approx(np.sqrt(50), rel=1e-15)  # two parts, 5 px each
    assert model.marker_epsilon_distance(far, one, epsilon=5) == pytest.approx(np.sqrt(50), rel=1e-15)  # strict
    assert model.marker_epsilon_distance(far, one, epsilon=5.001) == 0
    far[0, 0, 0] = np.nan
    assert np.isnan(model.marker_epsilon_distance(far, one))


def test_a_default_snapshot_that_is_not_there_is_replaced_with_a_warning(top: Path) -> None:
    made = models.TrainedModel(top / "1", "mp4", memory=None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made.get_scoremap(LABELED, range(1))
    assert [str(w.message) for w in caught] == [
        "there is no snapshot-step2-final--0; the newest snapshot is used: snapshot-5000"
    ]
    with pytest.raises(FileNotFoundError, match="snapshot-step2-final--0"):
        made.get_scoremap(LABELED, range(1), snapshot="snapshot-step2-final--0")
    with pytest.raises(FileNotFoundError):
        made.get_scoremap(LABELED, range(1), shuffle=2)


def test_predict_covers_videos_of_any_place_and_suffix(tmp_path: Path, short_video: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    moved = tmp_path / "my clip.v2.MP4"
    moved.write_bytes(short_video.read_bytes())
    made = models.TrainedModel(folder, "mp4", memory=None)
    made.predict(moved)
    assert made.pred_videos == ["my clip.v2_labeled.mp4"]
    with open(folder / "videos_pred" / "my clip.v2_labeled.csv", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == 3 + 24
    for name in ("my clip.v2_labeled.mp4", "my clip.v2.MP4", "my clip.v2"):
        assert made.get_scoremap(name, range(2)).shape == (2, 30, 40, 4)


# --- which video, which labels


def test_the_suffix_decides_between_raw_videos_of_one_stem(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.avi", "b.avi", ".a.mkv"):
        (tmp_path / "videos").mkdir(exist_ok=True)
        (tmp_path / "videos" / name).touch()
    assert raw_video(tmp_path, "a_labeled.mp4").name == "a.mp4"
    assert raw_video(tmp_path, "a.avi").name == "a.avi"
    assert raw_video(tmp_path, "b_labeled.mp4").name == "b.avi"
    for name in ("a", "a_labeled", "a_labeled.mov"):
        with pytest.raises(ValueError, match=r"several raw videos .*a\.avi, a\.mp4"):
            raw_video(tmp_path, name)


def test_labels_are_found_by_bodypart_video_and_last_number(tmp_path: Path) -> None:
    table = tmp_path / "CollectedData_x.csv"
    table.write_text(
        "scorer,x,x,x,x\nbodyparts,b,b,a,a\ncoords,x,y,x,y\n"
        "labeled-data/one/cam2_img003.png,1,2,3,4\nlabeled-data\\two\\img1.png,5,6,7,8\n"
    )
    truth = read_labels(table, ["a", "b", "c"], "one")
    assert truth.shape == (4, 2, 3)
    np.testing.assert_array_equal(truth[3], [[3, 1, np.nan], [4, 2, np.nan]])
    assert np.isnan(truth[:3]).all()
    np.testing.assert_array_equal(read_labels(table, ["a"], "two")[1], [[7], [8]])
    with pytest.raises(ValueError, match="several videos"):
        read_labels(table, ["a"])
    with pytest.raises(ValueError, match="none of three"):
        read_labels(table, ["a"], "three")
    with pytest.raises(ValueError, match="the network has z"):
        read_labels(table, ["z"], "one")


def test_labels_are_read_from_h5_as_from_csv(tmp_path: Path) -> None:
    """Rows as DeepLabCut 2.1 labels them, by path, and as later versions do, by three levels."""
    pandas = pytest.importorskip("pandas")
    columns = pandas.MultiIndex.from_product([["x"], ["b", "a"], ["x", "y"]], names=["scorer", "bodyparts", "coords"])
    rows = [("labeled-data", "one", "img003.png"), ("labeled-data", "two", "img1.png")]
    values = [[1.0, 2, 3, 4], [5, 6, 7, 8]]
    for name, index in (("levels", pandas.MultiIndex.from_tuples(rows)), ("paths", ["/".join(row) for row in rows])):
        table = tmp_path / f"CollectedData_{name}.h5"
        pandas.DataFrame(values, index=index, columns=columns).to_hdf(table, key="df_with_missing", mode="w")
        truth = read_labels(table, ["a", "b", "c"], "one")
        np.testing.assert_array_equal(truth[3], [[3, 1, np.nan], [4, 2, np.nan]])
        np.testing.assert_array_equal(read_labels(table, ["a"], "two")[1], [[7], [8]])
        with pytest.raises(ValueError, match="several videos"):
            read_labels(table, ["a"])


def test_sparse_labels_are_compared_where_they_are(model: models.TrainedModel, truth_mat: Path) -> None:
    sparse = DEMO / "labels" / "CollectedData_posse.csv"  # every tenth frame
    with pytest.warns(UserWarning, match="frames have labels of every part"):
        got = model.compare_groundtruth(LABELED, sparse)
    frames = np.arange(0, len(model.get_groundtruth(sparse, None, LABELED)), 10)
    assert got == pytest.approx(model.compare_groundtruth(LABELED, truth_mat, indices=frames), abs=1e-9)
