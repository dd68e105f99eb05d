"""Members of DeepLabCut 3's PyTorch engine and of Lightning Pose from Python, against what their tools wrote."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, ROOT

import posse
from dgp_ensembletools import models

GOLDENS = Path(os.environ.get("POSSE_SHARED_DATA") or ROOT.parent / "shared" / "data") / "torch-goldens"
CLIP = GOLDENS / "clip" / "openarena-clip.mp4"

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="data not there: torch-goldens")


def rebuilt(name: str, target: Path) -> None:
    """A golden's weights, made again from their rule."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, GOLDENS / "make_torch_snapshot.py", GOLDENS / name, target], check=True, stdout=subprocess.DEVNULL)


def writable_copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo member, a project of DeepLabCut 3 and a model of Lightning Pose, as folders 1, 2 and 3 with the clip in them."""
    top = tmp_path_factory.mktemp("torch")
    writable_copy(DEMO / "member-1", top / "1")
    writable_copy(GOLDENS / "dlc-project" / "openarena-posse-2026-11-28", top / "2")
    writable_copy(GOLDENS / "dlc-project" / "resnet_50-shuffle-overlay", top / "2")
    networks = top / "2" / "dlc-models-pytorch" / "iteration-0"
    shutil.rmtree(networks / "openarenaNov28-trainset90shuffle1")
    (networks / "openarenaNov28-trainset90shuffle3").rename(networks / "openarenaNov28-trainset90shuffle1")
    rebuilt("dlc-resnet_50", networks / "openarenaNov28-trainset90shuffle1" / "train" / "snapshot-200.pt")
    writable_copy(GOLDENS / "lp-model" / "openarena-resnet18", top / "3")
    rebuilt("lp-model/checkpoint", top / "3/tb_logs/openarena/version_0/checkpoints/epoch=39-step=360-best.ckpt")
    for number in "123":
        for name in ("videos", "videos_pred"):
            (top / number / name).mkdir(exist_ok=True)
        shutil.copyfile(CLIP, top / number / "videos" / CLIP.name)
    return top


def cells(path: Path) -> np.ndarray:
    """[frames, bodyparts, x y score] of a tool's csv."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[3:]
    return np.array([[float(value) for value in row[1:]] for row in rows]).reshape(len(rows), -1, 3)


def test_an_ensemble_of_three_tools_runs(members: Path) -> None:
    ensemble = posse.Ensemble.open([members / number for number in "123"])
    assert [member.rule for member in ensemble.members] == ["dlc", "dlc", "lp"]
    result = ensemble.run(CLIP, frames=range(3))
    theirs = cells(GOLDENS / "dlc-project/predictions/openarena-clipDLC_Resnet50_openarenaNov28shuffle3_snapshot_200.csv")
    # Winograd and folded norms; as tests/cli/test_torch_members.py.
    assert np.abs(result.member_poses[1] - theirs[:3, :, :2]).max() < 0.02
    assert [maps.shape for maps in ensemble.scoremaps(CLIP, frames=range(2))] == [(2, 30, 40, 4), (2, 31, 41, 4), (2, 32, 64, 4)]


def test_boxes_cut_frames_for_lightning_pose(members: Path, tmp_path: Path) -> None:
    boxes = GOLDENS / "lp-model" / "with-bbox"
    ensemble = posse.Ensemble.open(members / "3")
    result = ensemble.run(CLIP, frames=range(4), bbox=boxes)
    theirs = cells(boxes / "openarena-clip.with-bbox.csv")[:4, :, :2]
    assert np.median(np.abs(result.poses - theirs)) < 0.05
    assert np.abs(ensemble.run(CLIP, frames=range(4)).poses - theirs).max() > 1
    listed = ensemble.run(CLIP, frames=[2, 0], bbox=boxes)
    assert np.array_equal(listed.poses, result.poses[[2, 0]])
    parts = list(ensemble.iterate(CLIP, frames=range(4), chunk=2, bbox=boxes))
    assert np.array_equal(np.concatenate([part.poses for part in parts]), result.poses)
    of_boxes, whole = (ensemble.scoremaps(CLIP, frames=[2], bbox=given)[0] for given in (boxes, None))
    assert of_boxes.shape == whole.shape and not np.array_equal(of_boxes, whole)
    # What is saved says so: the same command finds it done.
    result.save(tmp_path / "saved")
    record = tmp_path / "saved" / CLIP.stem / "run.json"
    before = record.read_bytes()
    ensemble.write(CLIP, tmp_path / "saved", frames=range(4), bbox=boxes, consensus="mean")
    assert record.read_bytes() == before
    with pytest.raises(posse.InputError, match="none is one"):
        posse.Ensemble.open(members / "1").run(CLIP, frames=range(1), bbox=boxes)


def test_how_frames_are_prepared_is_part_of_the_fingerprint(members: Path) -> None:
    prints = {posse.Ensemble.open(members / "3", resize=resize).members[0].fingerprint for resize in ("float", "antialias", "linear", "cubic")}
    assert len(prints) == 4


def test_the_drop_in_takes_members_of_three_tools(members: Path) -> None:
    ensemble = models.Ensemble(topdir=str(members), modeldirs=["1", "2", "3"], ext="mp4", memory=None)
    ref_x, ref_y = ensemble.get_mean_pose(CLIP.name, range(2))
    assert ref_x.shape == ref_y.shape == (2, 4)
    networks = posse.Ensemble.open([members / number for number in "123"], decode="dgp", no_crop=True)
    expected = networks.run(CLIP, frames=range(2), consensus="mean")
    # The same engine on the same maps, which a cache holds in between.
    np.testing.assert_allclose(np.stack([ref_x, ref_y], axis=-1), expected.poses, rtol=0, atol=1e-6)
    for model, own in zip(ensemble.models.values(), expected.member_poses):
        xx, yy, *_ = model.get_poses_and_heatmap_range(CLIP.name, range(2))
        np.testing.assert_allclose(np.stack([xx, yy], axis=-1), own, rtol=0, atol=1e-4)
    # Lightning Pose sees frames of 320x240 as 256x128: a cell is 5 by 7.5 pixels, the first centre on the first pixel's.
    assert networks.cell_places(CLIP) == [(8, 8, 0, 0), (8, 8, 0, 0), (5, 7.5, -2.5, -3.75)]
