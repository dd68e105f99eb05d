#!/usr/bin/env python3
"""From trained project folders to a consensus pose, as the original dgp_ensembletools did it, on the shipped example.

    ./posse python examples/ensemble_walkthrough.py [FOLDER]

works in FOLDER (default posse-walkthrough) and draws FOLDER/walkthrough.png. Needs python3-matplotlib.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot as plt

import posse
from dgp_ensembletools import models

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
NAMES = [f"member-{number}" for number in range(1, 6)]
INK, PAPER, CONSENSUS = "#1b1b1b", "white", "#d62728"
MEMBER = "#7f9fbf"


def walk_through(folder: Path) -> tuple[models.Ensemble, np.ndarray, dict]:
    """The original's own steps, line by line. Gives the ensemble, the consensus [frames, 2, parts] and the errors."""
    for name in NAMES:
        if not (folder / name).exists():
            shutil.copytree(DEMO / name, folder / name)

    # Open the ensemble, and have every model predict on the video: tables and a labelled video per model.
    ensemble = models.Ensemble(topdir=folder, modeldirs=NAMES, ext="mp4", memory=None)
    [model.predict(DEMO / "video" / "openarena.mp4") for model in ensemble.models.values()]

    # The consensus: x and y of every frame and body part, from the mean of the models' scoremaps.
    ref_x, ref_y = ensemble.get_mean_pose("openarena.mp4", range(360))

    # Root-mean-square errors against the truth, summed over body parts; "median" is the original's word for the consensus.
    truth = DEMO / "labels" / "openarena-groundtruth.csv"
    errors = ensemble.compare_groundtruth("openarena_labeled.mp4", truth)
    return ensemble, np.stack([ref_x, ref_y], axis=1), errors


def draw_frame(axes: plt.Axes, ensemble: models.Ensemble, consensus: np.ndarray, truth: np.ndarray, frame: int) -> None:
    """Members and consensus over the picture, a marker shape per body part."""
    axes.imshow(posse.Video(DEMO / "video" / "openarena.mp4")[frame])
    for number, pose in enumerate(ensemble.get_poses("openarena_labeled.mp4").values()):
        for part, marker in enumerate(models.markers[:4]):
            label = "members" if number == part == 0 else None
            axes.plot(*pose[frame, :, part], marker, color=MEMBER, mec=PAPER, mew=0.6, ms=7, ls="", label=label)
    for part, marker in enumerate(models.markers[:4]):
        label = "consensus" if part == 0 else None
        axes.plot(*consensus[frame, :, part], marker, color=CONSENSUS, mec=PAPER, mew=0.9, ms=9, ls="", label=label)
        label = "truth" if part == 0 else None
        axes.plot(*truth[frame, :, part], "+", color=INK, ms=11, mew=1.6, label=label)
    (x, y), reach = truth[frame].mean(axis=1), np.array([-64, 64])
    axes.set(xticks=[], yticks=[], xlim=x + reach, ylim=y - 0.75 * reach, title=f"Frame {frame}")
    axes.legend(loc="lower left", framealpha=0.9, fontsize=8)


def draw_traces(axes: plt.Axes, ensemble: models.Ensemble, consensus: np.ndarray, truth: np.ndarray, part: int) -> None:
    """One coordinate over time: members thin, consensus thick, truth dashed."""
    for number, pose in enumerate(ensemble.get_poses("openarena_labeled.mp4").values()):
        axes.plot(pose[:, 0, part], color=MEMBER, lw=0.7, alpha=0.8, label="members" if number == 0 else None)
    axes.plot(truth[:, 0, part], color=INK, lw=1, ls=(0, (3, 2)), label="truth", zorder=4)
    axes.plot(consensus[:, 0, part], color=CONSENSUS, lw=1.6, label="consensus", zorder=3)
    axes.set(xlabel="frame", ylabel="x of the tail's base (px)", xlim=(0, 359))
    axes.set_title("One coordinate over time", loc="left")
    axes.legend(loc="upper right", ncol=3, frameon=False, fontsize=8)


def draw_errors(axes: plt.Axes, ensemble: models.Ensemble, consensus: np.ndarray, truth: np.ndarray) -> None:
    """Share of points whose error is below a distance: the higher a curve, the better."""
    distances = np.linspace(0, 30, 301)

    def share_below(pose: np.ndarray) -> np.ndarray:
        errors = np.hypot(*np.moveaxis(pose - truth, 1, 0)).ravel()
        return 100 * (errors[None] <= distances[:, None]).mean(axis=1)

    for number, pose in enumerate(ensemble.get_poses("openarena_labeled.mp4").values()):
        axes.plot(distances, share_below(pose), color=MEMBER, lw=1, label="members" if number == 0 else None)
    axes.plot(distances, share_below(consensus), color=CONSENSUS, lw=2, label="consensus")
    axes.set(xlabel="distance from the truth (px)", ylabel="points within it (%)", xlim=(0, 30), ylim=(0, 101))
    axes.set_title("Accuracy over all frames", loc="left")
    axes.legend(loc="lower right", frameon=False, fontsize=8)


def worth_looking_at(ensemble: models.Ensemble, consensus: np.ndarray, truth: np.ndarray) -> int:
    """The frame where members disagree most while the consensus is right to 6 pixels."""
    members = np.stack(list(ensemble.get_poses("openarena_labeled.mp4").values()))
    spread = members.std(axis=0).sum(axis=(1, 2))
    error = np.hypot(*np.moveaxis(consensus - truth, 1, 0)).max(axis=1)
    return int(np.where(error < 6, spread, 0).argmax())


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "posse-walkthrough")
    folder.mkdir(parents=True, exist_ok=True)
    ensemble, consensus, errors = walk_through(folder)
    for name, error in zip([*NAMES, "consensus"], errors.values()):
        print(f"{name:10} {error:6.2f} px")

    truth = ensemble.models[0].get_groundtruth(DEMO / "labels" / "openarena-groundtruth.csv")
    frame = worth_looking_at(ensemble, consensus, truth)
    figure = plt.figure(figsize=(11, 6.2), layout="constrained")
    axes = figure.subplot_mosaic([["frame", "errors"], ["traces", "traces"]], height_ratios=[1.5, 1], width_ratios=[1.35, 1])
    draw_frame(axes["frame"], ensemble, consensus, truth, frame)
    draw_errors(axes["errors"], ensemble, consensus, truth)
    draw_traces(axes["traces"], ensemble, consensus, truth, part=3)
    axes["traces"].axvline(frame, color=INK, lw=0.6, alpha=0.5)
    for each in (axes["errors"], axes["traces"]):
        each.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "walkthrough.png", dpi=130)
    print(folder / "walkthrough.png")


if __name__ == "__main__":
    main()
