"""dgp_ensembletools.models: Ensemble and the module's functions, name by name (docs/compat.md says which test is whose)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, FPS, LABELED, NUM_FRAMES, VIDEO, copy_member

import formulas
import posse
from dgp_ensembletools import models

STRIDE = 8.0
FRAMES = range(40, 52)
#: float32 cannot hold a logit of 20 better than this; the original kept float64.
FLOAT32_LOGIT = 2e-6
#: Sums over 1200 cells in float64, twice in different order: in cells.
SUMS = 1e-9
#: The vectorised exponential of the library is good to a few 1e-9 of a cell; promised are 1e-6 cells.
CELLS = 1e-6


def maps_of(old: models.Ensemble, frames: range = FRAMES) -> list[np.ndarray]:
    return old.get_scoremaps(LABELED, frames)


# --- functions and names of the module


def test_make2dgrid_np_scales_rows_by_width_and_columns_by_height() -> None:
    grid = models.make2dgrid_np(np.zeros((3, 4)))
    for row in range(3):
        for column in range(4):
            assert grid[:, row, column].tolist() == [row * 4, column * 3]
    assert grid.shape == (2, 3, 4)


def test_get_mu_fix_is_the_softmax_centre_or_the_first_largest_cell() -> None:
    logits = np.random.default_rng(0).normal(scale=3, size=(5, 6, 7, 3))
    x, y = models.get_mu_fix(logits)
    want_x, want_y = formulas.centre(formulas.softmax_mass(logits))
    np.testing.assert_allclose(x, want_x, rtol=0, atol=SUMS)
    np.testing.assert_allclose(y, want_y, rtol=0, atol=SUMS)
    logits[0, 2, 3, 0] = logits[0, 4, 1, 0] = 50
    x, y = models.get_mu_fix(logits, smooth=False)
    assert (x[0, 0], y[0, 0]) == (3, 2)
    flat = logits.reshape(5, 42, 3).argmax(axis=1)
    assert np.array_equal(y * 7 + x, flat)


def test_get_mu_fix_gives_the_written_down_example() -> None:
    # From the description of the original, computed in double precision.
    a = np.array([[-4, -3, -2, -3], [-3, 0, 4, -1], [-4, -2, 1, -2]], dtype=float)[None, :, :, None]
    x, y = models.get_mu_fix(a)
    assert y[0, 0] == pytest.approx(1.0464611072, abs=1e-9) and x[0, 0] == pytest.approx(1.9864202536, abs=1e-9)


def test_module_get_video_clip_counts_frames_exactly(old: models.Ensemble) -> None:
    clip = models.get_video_clip(VIDEO, range(100, 110))
    assert (clip.fps, clip.duration, clip.size) == (FPS, pytest.approx(10 / FPS), (320, 240))
    video = posse.Video(VIDEO)
    pictures = list(clip.iter_frames())
    assert len(pictures) == 10
    assert all(np.array_equal(picture, video[100 + i]) for i, picture in enumerate(pictures))
    assert np.array_equal(clip.get_frame(3 / FPS), video[103])
    assert np.array_equal(clip.get_frame(99), video[109])
    with pytest.raises(TypeError, match="None is no time"):
        clip.subclip(None)
    part = clip.subclip(2 / FPS, 5 / FPS)
    assert [np.array_equal(p, video[102 + i]) for i, p in enumerate(part.iter_frames())] == [True] * 3
    assert [t for t, _ in part.iter_frames(with_times=True)] == pytest.approx([0, 1 / FPS, 2 / FPS])
    assert len(list(clip.iter_frames(fps=FPS / 2))) == 5
    assert len(list(clip.subclip(-4 / FPS).iter_frames())) == 4
    whole = models.get_video_clip(VIDEO)
    assert whole.duration == pytest.approx(NUM_FRAMES / FPS) and len(whole) == NUM_FRAMES
    with whole as same:
        assert same is whole
    whole.close()
    with pytest.raises(AssertionError):
        models.get_video_clip(VIDEO, (1, 2))  # type: ignore[arg-type]


def test_colors_and_markers_are_the_originals() -> None:
    assert models.colors == ["red", "blue", "green", "purple", "magenta", "yellow"]
    assert models.markers == list("dsop*^<>h")
    assert [models.markers[np.bool_(it)] for it in (False, True)] == ["d", "s"]
    assert models.markers[np.int64(2)] == "o" and models.markers[1:3] == ["s", "o"]


def test_memory_and_location_stand_for_the_users_cache_folder(tmp_path: Path) -> None:
    code = "from dgp_ensembletools import models; print(models.location); print(models.memory)"
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert output.stdout.splitlines()[0] == str(tmp_path / "posse")
    assert not any(tmp_path.iterdir()), "importing must not make folders"


# --- Ensemble


def test_ensemble_keeps_what_it_was_made_from(top: Path) -> None:
    before = (top / "2" / "config.yaml").read_bytes()
    made = models.Ensemble(top, ["2", str(top / "1")], "mp4", memory=None)
    assert (made.topdir, made.modeldirs) == (top, ["2", str(top / "1")])
    assert made.modelpaths == [str(top / "2"), str(top / "1")]
    assert list(made.models) == [0, 1] and made.models[1].project_dir == top / "1"
    assert made.ensembledict == {}
    assert (top / "2" / "config.yaml").read_bytes() == before
    with pytest.raises(AssertionError, match="does not exist"):
        models.Ensemble(top, ["1", "none"], "mp4")


def test_ensemble_get_video_clip_shows_the_labelled_video(old: models.Ensemble, top: Path) -> None:
    clip = old.get_video_clip(LABELED, range(5, 8), modelindex=1)
    shown = posse.Video(top / "2" / "videos_pred" / LABELED)
    assert [np.array_equal(p, shown[5 + i]) for i, p in enumerate(clip.iter_frames())] == [True] * 3
    assert len(old.get_video_clip(LABELED, (5, 6, 7))) == 3  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="predicted on"):
        old.get_video_clip("other_labeled.mp4", range(3))


def test_ensemble_get_poses_reads_every_members_table(old: models.Ensemble, top: Path) -> None:
    poses = old.get_poses(LABELED)
    assert list(poses) == ["run0", "run1", "run2"]
    for name, folder in zip(poses, "124"):
        table = np.loadtxt(top / folder / "videos_pred" / "openarena_labeled.csv", delimiter=",", skiprows=3)
        want = np.stack([table[:, 1::3], table[:, 2::3]], axis=1)
        assert np.array_equal(poses[name], want)
    assert old.ensembledict[LABELED] is poses and old.get_poses(LABELED) is poses


def test_get_poses_sees_a_table_that_has_changed(tmp_path: Path, top: Path) -> None:
    folder = copy_member(1, tmp_path / "1")
    (folder / "videos_pred").mkdir(exist_ok=True)
    for suffix in (".csv", ".mp4"):
        source = top / "1" / "videos_pred" / f"openarena_labeled{suffix}"
        (folder / "videos_pred" / source.name).write_bytes(source.read_bytes())
    made = models.Ensemble(tmp_path, ["1"], "mp4", memory=None)
    first = made.get_poses(LABELED)["run0"]
    table = folder / "videos_pred" / "openarena_labeled.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:-10]))
    assert len(made.get_poses(LABELED)["run0"]) == len(first) - 10


def test_ensemble_get_scoremaps_are_the_networks_logits(old: models.Ensemble) -> None:
    maps = old.get_scoremaps(LABELED, range(60, 61))
    assert [(m.shape, m.dtype) for m in maps] == [((1, 30, 40, 4), np.float32)] * 3
    for own, number in zip(maps, (1, 2, 4)):
        golden = np.load(DEMO / "golden" / f"member-{number}-frame-0060-logits.npy")
        # Goldens are float32 of another implementation, within 0.0006 of float64 where logits reach -276.
        np.testing.assert_allclose(own[0], golden, rtol=1e-5, atol=2e-3)


def test_scoremaps_come_in_the_first_models_order_of_bodyparts(tmp_path: Path) -> None:
    copy_member(1, tmp_path / "a")
    other = copy_member(2, tmp_path / "b")
    for path in [other / "config.yaml", *other.rglob("pose_cfg.yaml")]:
        text = path.read_text()
        text = text.replace("- snout\n- leftear\n", "- LEFT\n- SNOUT\n", 1)
        path.write_text(text.replace("SNOUT", "snout").replace("LEFT", "leftear"))
    made = models.Ensemble(tmp_path, ["a", "b"], "mp4", memory=None)
    own = made.models[1].get_scoremap("openarena.mp4", range(3))
    assert np.array_equal(made.get_scoremaps("openarena.mp4", range(3))[1], own[..., [1, 0, 2, 3]])


def test_ensemble_says_once_where_members_hold_differing_videos(tmp_path: Path, short_video: Path) -> None:
    for number in (1, 2):
        copy_member(number, tmp_path / str(number))
    other = tmp_path / "2" / "videos" / "openarena.mp4"
    made = models.Ensemble(tmp_path, ["1", "2"], "mp4", memory=None)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*is another video")  # copies that are alike
        same = made.get_scoremaps("openarena.mp4", range(2))
    other.unlink()
    shutil.copyfile(short_video, other)
    made = models.Ensemble(tmp_path, ["1", "2"], "mp4", memory=None)
    with pytest.warns(UserWarning, match=r"2/videos/openarena.mp4 is another video than .*1/videos/openarena.mp4"):
        first = made.get_scoremaps("openarena.mp4", range(2))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*is another video")  # said once
        made.get_scoremaps("openarena.mp4", range(2))
    for before, after in zip(same, first):  # the first model's video counts for all
        np.testing.assert_array_equal(before, after)


def test_ensemble_get_logistic_is_exp_over_exp_plus_one(old: models.Ensemble) -> None:
    for p, logits in zip(old.get_logistic(LABELED, FRAMES), maps_of(old)):
        assert p.dtype == np.float64
        np.testing.assert_allclose(p, formulas.logistic(logits), rtol=1e-14)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_ensemble_consensus_scoremap_is_the_logit_of_the_members_probability(
    old: models.Ensemble, method: str
) -> None:
    got = getattr(old, f"get_{method}_scoremap")(LABELED, FRAMES)
    want = formulas.consensus_logits(maps_of(old), method)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=FLOAT32_LOGIT)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_ensemble_consensus_pose_is_the_softmax_centre_of_the_consensus(old: models.Ensemble, method: str) -> None:
    x, y = getattr(old, f"get_{method}_pose")(LABELED, FRAMES)
    want_x, want_y = formulas.consensus_pose(maps_of(old), method, STRIDE)
    assert x.shape == y.shape == (len(FRAMES), 4)
    np.testing.assert_allclose(x, want_x, rtol=0, atol=CELLS * STRIDE)
    np.testing.assert_allclose(y, want_y, rtol=0, atol=CELLS * STRIDE)
    plain_x, plain_y = getattr(old, f"get_{method}_pose")("openarena.mp4", FRAMES)
    assert np.array_equal(plain_x, x) and np.array_equal(plain_y, y)


def test_consensus_of_one_model_is_its_plain_soft_argmax(top: Path) -> None:
    alone = models.Ensemble(top, ["2"], "mp4", memory=None)
    want_x, want_y = formulas.centre(formulas.softmax_mass(alone.get_scoremaps(LABELED, FRAMES)[0].astype(float)))
    for x, y in (alone.get_mean_pose(LABELED, FRAMES), alone.get_median_pose(LABELED, FRAMES)):
        np.testing.assert_allclose(x, want_x * STRIDE + STRIDE / 2, rtol=0, atol=CELLS * STRIDE)
        np.testing.assert_allclose(y, want_y * STRIDE + STRIDE / 2, rtol=0, atol=CELLS * STRIDE)


def test_consensus_agrees_with_the_golden_of_the_shipped_ensemble() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        members = [f"member-{number}" for number in range(1, 6)]
        networks = posse.Ensemble.open([DEMO / member for member in members], decode="dgp")
    golden = np.genfromtxt(DEMO / "golden" / "consensus.csv", delimiter=",", names=True)
    frames = range(100, 130)
    for method in ("mean", "median"):
        poses = networks.run(VIDEO, frames=frames, consensus=method).poses
        for part, name in enumerate(networks.bodyparts):
            for axis, letter in enumerate("xy"):
                want = golden[f"{name}_{method}_{letter}"][list(frames)]
                # float32 networks of two implementations: logits differ by up to 0.0006
                np.testing.assert_allclose(poses[:, part, axis], want, rtol=0, atol=0.01)


# --- figures


def _drawn(figure: object) -> dict[str, list[tuple[str, str, float, float]]]:
    """Label of each layer -> (colour, marker, x, y) of its dots."""
    layers: dict[str, list[tuple[str, str, float, float]]] = {}
    label = ""
    for line in figure.axes[0].lines:  # type: ignore[attr-defined]
        label = line.get_label() if not line.get_label().startswith("_") else label
        dot = (line.get_color(), line.get_marker(), float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        layers.setdefault(label, []).append(dot)
    return layers


@pytest.fixture
def pyplot() -> object:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    yield pyplot
    pyplot.close("all")


def test_make_exampleframe_draws_members_and_consensus_over_the_raw_video(old: models.Ensemble, pyplot: object) -> None:
    figure = old.make_exampleframe(45, 0, LABELED, range(40, 60))
    assert np.array_equal(figure.axes[0].images[0].get_array(), posse.Video(VIDEO)[45])
    layers = _drawn(figure)
    assert list(layers) == ["run0", "run1", "run2", "consensus"]
    poses = old.get_poses(LABELED)
    for name, color in zip(("run0", "run1", "run2"), ("red", "blue", "green")):
        assert layers[name] == [(color, models.markers[j], *poses[name][45, :, j]) for j in range(4)]
    want_x, want_y = formulas.consensus_pose(old.get_scoremaps(LABELED, range(45, 46)), "mean", STRIDE)
    for j, (color, marker, x, y) in enumerate(layers["consensus"]):
        assert (color, marker) == ("yellow", models.markers[j])
        assert (x, y) == pytest.approx((want_x[0, j], want_y[0, j]), abs=CELLS * STRIDE)
    assert not figure.axes[0].axison
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == list(layers)


def test_make_exampleframe_premedian_draws_the_given_pose(old: models.Ensemble, pyplot: object) -> None:
    pose = np.arange(8.0).reshape(2, 4)
    layers = _drawn(old.make_exampleframe_premedian(3, 0, LABELED, range(10), pose))
    assert list(layers) == ["run0", "run1", "run2", "median"]
    assert layers["median"] == [("yellow", models.markers[j], pose[0, j], pose[1, j]) for j in range(4)]


def test_figures_take_any_number_of_members_and_parts(pyplot: object) -> None:
    from dgp_ensembletools._figures import draw_example_frame

    members = {f"run{i}": np.full((2, 11), float(i)) for i in range(12)}
    layers = _drawn(draw_example_frame(np.zeros((20, 20, 3), np.uint8), members, np.zeros((2, 11)), "consensus"))
    colors = [str(layer[0][0]) for layer in layers.values()]
    assert len(layers) == 13 and len(set(colors)) == 13, "every layer has a colour of its own"
    assert colors.index("yellow") == 12
    assert [dot[1] for dot in layers["run0"]] == [models.markers[j % 9] for j in range(11)]


def test_a_frame_outside_the_range_is_refused(old: models.Ensemble, pyplot: object) -> None:
    with pytest.raises(ValueError, match="frame 3 is not in"):
        old.make_exampleframe(3, 0, LABELED, range(10, 20))


# --- truth


def test_ensemble_compare_groundtruth_gives_each_members_error_and_the_means(
    old: models.Ensemble, truth_mat: Path, demo_truth: np.ndarray
) -> None:
    errors = old.compare_groundtruth(LABELED, truth_mat)
    assert list(errors) == [0, 1, 2, "median"]
    for i in range(3):
        assert errors[i] == pytest.approx(formulas.rmse(old.get_poses(LABELED)[f"run{i}"], demo_truth), rel=1e-12)
    mean = np.stack(old.get_mean_pose(LABELED, range(NUM_FRAMES)), axis=1)
    assert errors["median"] == pytest.approx(formulas.rmse(mean, demo_truth), rel=1e-12)
    indices, parts = np.array([3, 200, 77]), np.array([2, 0])
    errors = old.compare_groundtruth(LABELED, truth_mat, indices=indices, parts=parts)
    want = formulas.rmse(mean[indices][:, :, parts], demo_truth[indices][:, :, parts])
    assert errors["median"] == pytest.approx(want, rel=1e-12)
