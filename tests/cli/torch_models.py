"""Models of DeepLabCut 3's PyTorch engine and of Lightning Pose, put together from the goldens of the shared data."""

import shutil
import subprocess
import sys

SHUFFLE = "dlc-models-pytorch/iteration-0/openarenaNov28-trainset90shuffle3/train"


def rebuilt(goldens, name, target):
    """A golden's weights, made again from their rule."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, goldens / "make_torch_snapshot.py", goldens / name, target], check=True, stdout=subprocess.DEVNULL)


def writable_copy(source, target):
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for folder in [target, *target.rglob("*")]:
        folder.chmod(0o755 if folder.is_dir() else 0o644)


def deeplabcut_project(goldens, project):
    """A trained ResNet-50 of DeepLabCut 3, of shuffle 3."""
    writable_copy(goldens / "dlc-project" / "openarena-posse-2026-11-28", project)
    writable_copy(goldens / "dlc-project" / "resnet_50-shuffle-overlay", project)
    rebuilt(goldens, "dlc-resnet_50", project / SHUFFLE / "snapshot-200.pt")
    return project


def lightning_model(goldens, model):
    """A trained ResNet-18 of Lightning Pose."""
    writable_copy(goldens / "lp-model" / "openarena-resnet18", model)
    rebuilt(goldens, "lp-model/checkpoint", model / "tb_logs/openarena/version_0/checkpoints/epoch=39-step=360-best.ckpt")
    return model


def lightning_golden(goldens, name, model):
    """Another network of Lightning Pose, with weights that no training made."""
    rebuilt(goldens, name, model / "tb_logs/openarena/version_0/checkpoints/epoch=1-step=9-best.ckpt")
    shutil.copyfile(goldens / name / "config.yaml", model / "config.yaml")
    return model
