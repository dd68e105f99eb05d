"""posse.evaluate and posse.calibrate: the command line's numbers, from paths and from data frames."""

import json
from pathlib import Path

import numpy as np
import pytest

import posse

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
LABELS = DEMO / "labels" / "CollectedData_posse.csv"
pd = pytest.importorskip("pandas")


def datasets_of(table):
    """Names of the datasets that posse adds to a table."""
    tables = pytest.importorskip("tables")
    with tables.open_file(str(table)) as file:
        return {node.name for node in file.walk_nodes("/posse") if isinstance(node, tables.Array)}


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    return {
        "membership": DEMO / "training-frames.json",
        "video": DEMO / "video" / "openarena.mp4",
        "through_time": False,
        "tune": False,
        "cache": tmp_path_factory.mktemp("cache"),
    }


@pytest.fixture(scope="module")
def evaluation(options):
    return posse.evaluate(DEMO, LABELS, **options)


def test_arrays_give_the_reports_numbers(evaluation):
    truth = pd.read_csv(LABELS, header=[0, 1, 2], index_col=0).to_numpy().reshape(36, 4, 2)
    np.testing.assert_allclose(evaluation.labels, truth, atol=1e-9)
    assert evaluation.judges.all()
    distances = np.linalg.norm(evaluation.poses["median"][..., :2] - truth, axis=-1)
    errors = evaluation.errors()
    assert errors.loc[("median", "all"), "rmse"] == pytest.approx(np.sqrt(np.mean(distances**2)), abs=1e-9)
    assert errors.loc[("median", "snout"), "p95"] == pytest.approx(np.quantile(distances[:, 0], 0.95), abs=1e-9)
    members = np.linalg.norm(evaluation.member_poses[..., :2] - truth[:, None], axis=-1)
    for m, name in enumerate(evaluation.members):
        assert errors.loc[(name, "all"), "rmse"] == pytest.approx(np.sqrt(np.mean(members[:, m] ** 2)), abs=1e-9)


def test_stated_regions_cover_as_the_report_says(evaluation):
    truth, covariance = evaluation.labels, evaluation.covariance["mean"]
    offset = truth - evaluation.poses["mean"][..., :2]
    d2 = np.einsum("tki,tkij,tkj->tk", offset, np.linalg.inv(covariance), offset)
    row = evaluation.uncertainty().loc[("mean", "map covariance")]
    assert row["coverage_0.9"] == pytest.approx(np.mean(d2 <= -2 * np.log(0.1)), abs=1e-9)
    logs = d2 / 2 + np.log(np.linalg.det(covariance)) / 2 + np.log(2 * np.pi)
    assert row["log_score"] == pytest.approx(np.mean(logs), abs=1e-9)


def test_labels_may_be_a_data_frame(evaluation, options):
    frame = pd.read_csv(LABELS, header=[0, 1, 2], index_col=0)
    again = posse.evaluate(DEMO, frame, **options)
    assert again.report["errors"] == evaluation.report["errors"]


def test_moved_labels_are_suspects(options):
    """5 % of the labels moved by 20 px: at least 90 % of them are among the 10 % that are listed first."""
    found = moved_in_all = 0
    for seed in range(6):
        frame = pd.read_csv(LABELS, header=[0, 1, 2], index_col=0)
        generator = np.random.default_rng(seed)
        values = frame.to_numpy().reshape(36, 4, 2)
        moved = [(int(i) // 4, int(i) % 4) for i in generator.permutation(144)[:7]]
        for t, k in moved:
            angle = generator.uniform(0, 2 * np.pi)
            values[t, k] += 20 * np.array([np.cos(angle), np.sin(angle)])
        changed = pd.DataFrame(values.reshape(36, 8), index=frame.index, columns=frame.columns)
        evaluation = posse.evaluate(DEMO, changed, **options)
        first = evaluation.suspects().head(14)
        listed = set(zip(first["picture"], first["bodypart"]))
        names = {(f"labeled-data/openarena/img{10 * t:03d}.png", evaluation.bodyparts[k]) for t, k in moved}
        found += len(names & listed)
        moved_in_all += len(names)
    assert found >= 0.9 * moved_in_all


def test_calibration_writes_what_run_takes(options, tmp_path):
    out = tmp_path / "calibration.json"
    made = posse.calibrate(DEMO, LABELS, out=out, consensus="median", **options)
    written = json.loads(out.read_text())
    assert written["consensus"] == "median"
    assert written["model"]["a"] == made.report["calibration"]["a"]
    with pytest.raises(posse.InputError, match="exists already"):
        posse.calibrate(DEMO, LABELS, out=out, **options)
    ensemble = posse.Ensemble.open(DEMO)
    files = ensemble.write(options["video"], tmp_path / "run", frames=range(4), consensus="median", calibration=out, radius=8)
    record = json.loads(files[-1].read_text())
    assert record["options"]["radius"] == 8 and record["options"]["calibration"] == str(out)
    assert {"radius90", "likelihood_calibrated"} <= datasets_of(files[0])
    ensemble.run(options["video"], frames=range(4), consensus="median").save(tmp_path / "saved", calibration=out)


def test_unknown_words_and_unknown_membership_are_errors(options):
    with pytest.raises(TypeError, match="through_time"):
        posse.evaluate(DEMO, LABELS, **{**options, "trough_time": False})
    with pytest.raises(posse.InputError, match="not known on which pictures"):
        posse.evaluate(DEMO, LABELS, **{**options, "membership": None})
