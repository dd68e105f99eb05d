"""Scripts as the original package's users wrote them: imports of packages that are gone, helpers, clips, pickles."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import posse
from conftest import copy_member
from dgp_ensembletools import datavis, helpers, models

NAME = "openarena.mp4"
LABELED = "openarena_labeled.mp4"
SEEN = [3, 5]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has predicted its video, with the documentation of its training set and true positions."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("tables")
    savemat = pytest.importorskip("scipy.io").savemat
    pytest.importorskip("yaml")
    project = copy_member(1, tmp_path_factory.mktemp("experiment") / "model1")
    models.TrainedModel(project, "mp4", memory=None).predict(project / "videos" / NAME)
    cfg = helpers.read_config(project / "config.yaml")
    folder = project / helpers.GetTrainingSetFolder(cfg)
    folder.mkdir(parents=True)
    _, pickled = helpers.GetDataandMetaDataFilenames(folder, cfg["TrainingFraction"][0], 1, cfg)
    Path(pickled).write_bytes(pickle.dumps([[], np.array([0, 2]), np.array([1]), 0.95]))
    rows = pandas.DataFrame({"x": [1.0, 2.0, 3.0]}, index=[f"labeled-data/openarena/img{i:03d}.png" for i in (3, 4, 5)])
    rows.to_hdf(folder / f"CollectedData_{cfg['scorer']}.h5", key="df_with_missing")
    savemat(project / "truth.mat", {"true_xy": np.full((4, 360, 2), 50.0)})
    return project


SCRIPT = """
import os, sys
os.environ["DLClight"] = "True"
from tensorflow.python.util import deprecation
deprecation._PRINT_DEPRECATION_WARNINGS = False
import numpy as np, pandas as pd, joblib
from pathlib import Path
from moviepy.editor import VideoFileClip
import deeplabcut.utils.auxiliaryfunctions as auxiliaryfunctions
from deepgraphpose.models.eval import load_pose_from_dlc_to_dict
from pose_aum.datavis import DataInclusion
import dgp_ensembletools.models as models

folder, out = sys.argv[1:]
cfg = auxiliaryfunctions.read_config(os.path.join(folder, "config.yaml"))
sets = auxiliaryfunctions.GetTrainingSetFolder(cfg)
_, meta = auxiliaryfunctions.GetDataandMetaDataFilenames(sets, cfg["TrainingFraction"][0], 1, cfg)
data, train, test, fraction = auxiliaryfunctions.LoadMetadata(os.path.join(folder, meta))
labels = pd.read_hdf(os.path.join(folder, str(sets), "CollectedData_" + cfg["scorer"] + ".h5"), "df_with_missing")
seen = np.array([int(Path(labels.iloc[i].name).stem[3:]) for i in range(len(labels))])[train]
poses = load_pose_from_dlc_to_dict(os.path.join(folder, "videos_pred", "openarena_labeled.csv"))
model = models.TrainedModel(folder, "avi")
diff = model.compare_groundtruth_pointwise("openarena_labeled.mp4", os.path.join(folder, "truth.mat"), partperm=[1, 3, 0, 2])
matrix, frames, members = DataInclusion({"a": {"frame_inds": seen, "performance": 0}}).make_mat()
clip = VideoFileClip(os.path.join(folder, "videos", "openarena.mp4"))
frame = clip.get_frame(7 / clip.fps)
joblib.dump({"labels": [model], "seen": seen, "frames": frames, "diff": diff, "x": poses["x"], "frame": frame}, out)
print("fps", clip.fps, "duration", clip.duration)
"""


def test_a_script_with_the_originals_imports_runs_as_it_is(experiment: Path, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    script = tmp_path / "study.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "dgp_ensembletools", str(script), str(experiment), str(tmp_path / "out")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "fps 30.0 duration 12.0\n"
    result = joblib.load(tmp_path / "out")
    assert result["seen"].tolist() == SEEN and result["frames"] == SEEN
    assert np.array_equal(result["frame"], posse.Video(experiment / "videos" / NAME)[7])
    model = models.TrainedModel(experiment, "mp4", memory=None)
    assert np.array_equal(result["diff"], 50.0 - model.get_poses_array(LABELED))
    assert result["labels"][0].project_dir == experiment and result["labels"][0].get_poses_raw(LABELED)["x"].shape == (360, 4)


STUDY = """
import json, os, sys
import numpy as np, joblib
from pose_aum.datavis import DataInclusion
import dgp_ensembletools.models
from dgp_ensembletools.models import Ensemble

folder, out = sys.argv[1:]
truth = os.path.join(folder, "truth.mat")
paths = [os.path.join(folder)]
ensemble = Ensemble(os.path.dirname(folder), paths, ext="mp4")
unseen = np.setdiff1d(np.arange(360), [3, 5]).astype("int")
rmse = ensemble.compare_groundtruth("openarena_labeled.mp4", truth, partperm=np.array([1, 3, 0, 2]), indices=unseen[:20])
rmse["name"] = "both"
with open(out + ".json", "w") as file:
    json.dump(rmse, file)
model = dgp_ensembletools.models.TrainedModel(folder, "avi")
gt = model.get_groundtruth(truth, partperm=np.array([1, 3, 0, 2]))
diffs = {"model1": model.compare_groundtruth_pointwise("openarena_labeled.mp4", truth, partperm=[1, 3, 0, 2])}
confidence = model.get_groundtruth_confidence(truth, "openarena_labeled.mp4", range(350, 361), partperm=[1, 3, 0, 2])
probability = model.get_groundtruth_probability(truth, "openarena_labeled.mp4", range(350, 361), partperm=[1, 3, 0, 2])
try:
    np.linalg.norm(np.array([]), axis=2)
except np.AxisError:
    print("no member left")
inclusion = DataInclusion({"a": {"frame_inds": np.array([3, 5]), "performance": 2.0}, "b": {"frame_inds": [5], "performance": 1.0}})
matrix, frames, seeds = inclusion.make_sorted_mat()
including = np.array(seeds)[matrix[:, 0]], np.array(seeds)[~matrix[:, 0]]
figure = ensemble.make_exampleframe(7, 4, "openarena_labeled.mp4", range(0, 10))
figure.savefig(out + ".png")
figure.clear()
print(gt.shape, [gt - d for d in diffs.values()][0].shape, confidence.shape, probability.shape, seeds, [int(f) for f in frames])
joblib.dump([{"models": [model], "modeldiffs": diffs}], out)
"""


def test_a_study_script_gets_what_it_writes_down(experiment: Path, tmp_path: Path) -> None:
    """Ensembles by whole paths, errors as JSON, confidences beyond the end, sorted inclusion, an example frame, names of numpy 1."""
    joblib = pytest.importorskip("joblib")
    pytest.importorskip("matplotlib")
    script = tmp_path / "study.py"
    script.write_text(STUDY)
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "MPLBACKEND": "Agg"}
    command = [sys.executable, "-m", "dgp_ensembletools", str(script), str(experiment), str(tmp_path / "out")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "no member left\n(360, 2, 4) (360, 2, 4) (10, 4) (10, 4) ['b', 'a'] [3, 5]\n"
    rmse = json.loads((tmp_path / "out.json").read_text())
    assert rmse["name"] == "both" and set(rmse) == {"0", "median", "name"} and min(rmse["0"], rmse["median"]) > 0 and (tmp_path / "out.png").stat().st_size > 1000
    assert joblib.load(tmp_path / "out")[0]["models"][0].project_dir == experiment


def test_the_runner_says_what_it_is_for_and_what_is_missing() -> None:
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-m", "dgp_ensembletools"]
    missing = subprocess.run([*command, "nowhere.py"], env=environment, capture_output=True, text=True)
    assert missing.returncode == 2 and "script 'nowhere.py' is not there" in missing.stderr
    assert "usage:" in subprocess.run([*command, "--help"], env=environment, capture_output=True, text=True, check=True).stdout


def test_legacy_imports_leave_installed_packages_alone(tmp_path: Path) -> None:
    (tmp_path / "moviepy").mkdir()
    (tmp_path / "moviepy" / "__init__.py").write_text("mine = True\n")
    code = (
        "import dgp_ensembletools as d; added = d.legacy_imports(); import moviepy; "
        "print('moviepy' in added, 'pose_aum' in added, moviepy.mine, d.legacy_imports())"
    )
    environment = {**os.environ, "PYTHONPATH": ":".join([str(tmp_path), *sys.path])}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "False True True []\n"


def test_a_documentation_pickle_is_not_executed(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path}/ran",)

    path = tmp_path / "Documentation_data-x.pickle"
    for content, text in ((pickle.dumps([Evil(), [], [], 1]), "asks for posix.system"), (b"\x80\x04junk", "no documentation")):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=text):
            helpers.LoadMetadata(path)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(FileNotFoundError):
        helpers.LoadMetadata(tmp_path / "missing.pickle")


def test_star_import_gives_what_scripts_took_from_the_original() -> None:
    space: dict[str, object] = {}
    exec("from dgp_ensembletools.models import *", space)
    for name in ("Ensemble", "TrainedModel", "colors", "markers", "memory", "location", "np", "os", "Path", "VideoFileClip"):
        assert name in space
    assert hasattr(space["memory"], "clear") and space["np"] is np


def test_config_helpers_read_write_and_refuse(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "config.yaml"
    helpers.write_config(path, {"Task": "reach", "bodyparts": ["hand"]})
    assert helpers.edit_config(path, {"Task": "grasp"})["bodyparts"] == ["hand"]
    assert helpers.read_config(path) == {"Task": "grasp", "bodyparts": ["hand"], "project_path": str(tmp_path)}
    path.write_text("a: [1")
    with pytest.raises(ValueError, match="no YAML"):
        helpers.read_config(path)
    with pytest.raises(FileNotFoundError):
        helpers.read_config(tmp_path / "none.yaml")


# --- copies


def test_models_ensembles_and_results_survive_pickle_and_copy(experiment: Path) -> None:
    model = models.TrainedModel(experiment, "mp4", memory=None)
    ensemble = models.Ensemble(experiment.parent, ["model1"], "mp4", memory=None)
    x, _ = ensemble.get_mean_pose(NAME, range(2))
    for again in (pickle.loads(pickle.dumps(ensemble)), copy.deepcopy(ensemble)):
        assert np.array_equal(again.get_mean_pose(NAME, range(2))[0], x)
        assert again.models[0].memory is None
    assert copy.deepcopy(model).get_poses_raw(LABELED)["x"].shape == (360, 4)
    default = models.TrainedModel(experiment, "mp4")
    assert pickle.loads(pickle.dumps(default)).memory is models.memory is copy.deepcopy(default).memory
    networks = posse.Ensemble.open(experiment, decode="dgp")
    result = networks.run(experiment / "videos" / NAME, frames=range(2))
    kept = pickle.loads(pickle.dumps(result))
    assert np.array_equal(kept.poses, result.poses) and kept.bodyparts == result.bodyparts and kept.members == result.members
    with pytest.raises(ValueError, match="run again"):
        kept.save("anywhere")
    assert np.array_equal(copy.deepcopy(networks).run(experiment / "videos" / NAME, frames=range(2)).poses, result.poses)


def test_joblib_runs_a_models_method_in_other_processes(experiment: Path) -> None:
    joblib = pytest.importorskip("joblib")
    model = models.TrainedModel(experiment, "mp4", memory=None)
    shapes = joblib.Parallel(n_jobs=2)(joblib.delayed(model.get_scoremap)(NAME, range(i, i + 2)) for i in range(2))
    assert [maps.shape for maps in shapes] == [(2, 30, 40, 4)] * 2


def test_a_pickle_of_the_original_loads(experiment: Path) -> None:
    """The original's objects were plain: module, class, and a dict of attributes; paths as text or Path."""
    model = models.TrainedModel.__new__(models.TrainedModel)
    model.__setstate__(
        {
            "project_dir": str(experiment),
            "ext": "mp4",
            "memory": None,
            "pred_video_files": [LABELED, "openarena_labeled.csv"],
            "pred_videos": [LABELED],
            "label_files": ["openarena_labeled.csv"],
        }
    )
    assert model.get_poses_raw(LABELED)["x"].shape == (360, 4)
    content = b"cdgp_ensembletools.models\nTrainedModel\n."  # pickle protocol 0, as old Pythons wrote the class
    assert pickle.loads(content) is models.TrainedModel


# --- clips and reprs


def test_clips_answer_what_moviepys_do(experiment: Path, tmp_path: Path) -> None:
    clip = models.get_video_clip(experiment / "videos" / NAME, range(10, 20))
    clip.subclip(0.1, 0.2).write_videofile(tmp_path / "part.mp4", audio=False, logger=None)
    part = posse.Video(tmp_path / "part.mp4")
    assert (len(part), part.fps, part.width, part.height) == (3, 30, 320, 240)
    error = part[0].astype(float) - posse.Video(experiment / "videos" / NAME)[13]
    assert np.abs(error).mean() < 3  # grey levels lost by H.264 at quality 18; the next frame is further away
    whole = models.get_video_clip(experiment / "videos" / NAME)
    ninety = whole.subclip(3, 4).get_frame(0)
    for start in ("3", "3.0", "00:03", "00:00:03.00", "0:3,0", (0, 3), (0, 0, 3), "-9", -9, "-00:09", (0, -9)):
        assert np.array_equal(whole.subclip(start, "00:00:04.00").get_frame(0), ninety), start
        assert len(whole.subclip(start, (0, 4))) == 30, start
    assert len(whole.subclip("-1.0")) == 30 and len(whole.subclip("00:11", -0.5)) == 15
    assert np.array_equal(whole.get_frame("00:00:03"), ninety) and np.array_equal(whole.get_frame((0, 3)), ninety)
    for wrong in ("3s", "1:2:3:4", "", (), (1, 2, 3, 4), -13, "-13"):
        with pytest.raises(ValueError, match="no time|only 12.0 seconds"):
            whole.subclip(wrong)
    small = clip.resize(0.5)
    assert small.size == (160, 120) and small.get_frame(0).shape == (120, 160, 3)
    assert clip.resize(width=80).size == (80, 60) and clip.resize(height=60).size == (80, 60) and clip.resize((7, 9)).size == (7, 9)
    small.save_frame(tmp_path / "frame.png", t=0.1)
    assert np.array_equal(posse.Video(tmp_path / "frame.png")[0], small.get_frame(0.1))
    assert pickle.loads(pickle.dumps(small)).get_frame(0.1).shape == (120, 160, 3)
    for call in (lambda: clip.save_frame(tmp_path / "x.jpg"), lambda: clip.resize(0), lambda: clip.write_videofile("x.mp4", codec="png")):
        with pytest.raises(ValueError):
            call()


def test_clips_show_in_notebooks(experiment: Path) -> None:
    pytest.importorskip("IPython")
    clip = models.get_video_clip(experiment / "videos" / NAME, range(3))
    assert "data:video/mp4;base64," in clip.ipython_display(width=100).data


def test_reprs_say_what_a_thing_is(experiment: Path) -> None:
    networks = posse.Ensemble.open(experiment)
    result = networks.run(experiment / "videos" / NAME, frames=range(2))
    assert repr(result) == "<posse.Result of openarena.mp4: 2 frames, snout, leftear, rightear, tailbase; mean of 1>"
    assert "<td>snout</td><td>100.0%</td>" in result._repr_html_() and "<td>mobilenet_v2_0.35</td>" in networks._repr_html_()
    model = models.TrainedModel(experiment, "mp4", memory=None)
    assert "<td>openarena_labeled.mp4</td><td>yes</td>" in model._repr_html_()
    both = models.Ensemble(experiment.parent, [experiment.name], "mp4", memory=None)
    assert f"<td>0</td><td>{experiment.name}</td><td>1</td>" in both._repr_html_()
    clip = models.get_video_clip(experiment / "videos" / NAME)
    assert "<td>openarena.mp4</td><td>360</td><td>12.000 s</td><td>30.000</td><td>320x240</td>" in clip._repr_html_()
    inclusion = datavis.DataInclusion({"<a>": {"frame_inds": [7, 3], "performance": 2.5}})
    assert "<td>&lt;a&gt;</td><td>2</td><td>2.5</td>" in inclusion._repr_html_()
    assert repr(model) == f"<TrainedModel {experiment} with 1 predicted mp4 videos>"
    assert repr(models.get_video_clip(experiment / "videos" / NAME)).endswith("openarena.mp4: 360 frames, 12.000 s, 320x240>")


def test_predict_shows_how_far_it_is(experiment: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from dgp_ensembletools import _progress

    monkeypatch.setattr(_progress, "_SECONDS_BETWEEN_LINES", 0.0)
    models.TrainedModel(experiment, "mp4", memory=None).predict(experiment / "videos" / NAME)
    assert "processing frames of openarena.mp4: 360/360" in capfd.readouterr().err
