from __future__ import annotations

from pathlib import Path

import pytest

import posse

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
VIDEO = DEMO / "video" / "openarena.mp4"


def test_a_run_is_planned_done_and_finished(tmp_path: Path) -> None:
    run = tmp_path / "run"
    made = posse.plan(run, VIDEO, [DEMO], frames="0:20", unit_frames=8, consensus="mean", format="csv")
    assert (made["videos"], made["members"], made["units"], made["tasks"]) == (1, 5, 3, 1)
    assert posse.status(run)["units_done"] == 0
    assert posse.finish(run)["units_missing"] == 3
    seen: list[tuple[int, int | None]] = []
    done = posse.work(run, threads=1, progress=lambda n, total: seen.append((n, total)))
    assert (done["units_done"], done["frames"], done["machine_error"]) == (3, 20, "")
    assert len(done["units"]) == 3 and seen
    assert posse.work(run, task="0")["units_skipped"] == 3
    (video,) = posse.finish(run)["videos"]
    assert (video["status"], video["frames"]) == ("written", 20)
    (table,) = Path(video["folder"]).glob("*.csv")
    rows = [[float(cell) for cell in line.split(",")] for line in table.read_text().splitlines()[3:]]
    expected = posse.Ensemble.open([DEMO], tune=False).run(VIDEO, frames=range(20), consensus="mean")
    assert [row[1:3] for row in rows] == expected.poses[:, 0].tolist()


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(posse.MissingError, match="posse plan"):
        posse.work(tmp_path)
    with pytest.raises(TypeError, match="unit_frames"):
        posse.plan(tmp_path / "run", VIDEO, [DEMO], unit_frame=8)
    posse.plan(tmp_path / "run", VIDEO, [DEMO], frames="0:5")
    with pytest.raises(posse.InputError, match="tasks 0 to 0"):
        posse.work(tmp_path / "run", task="3")
    with pytest.raises(posse.InputError, match="another plan"):
        posse.plan(tmp_path / "run", VIDEO, [DEMO], frames="0:6")


def test_submissions_can_be_looked_at_first(tmp_path: Path) -> None:
    posse.plan(tmp_path / "run", VIDEO, [DEMO], frames="0:5")
    made = posse.submit(tmp_path / "run", print=True, cpus=2)
    assert made["tasks"] == [0] and made["jobs"] == []
    assert made["commands"][0].startswith("sbatch --parsable --array=0 ")
    script = (tmp_path / "run" / "slurm" / "work.sbatch").read_text()
    assert "#SBATCH --cpus-per-task=2\n" in script and " work " in script
