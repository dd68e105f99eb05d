"""DeepLabCut 3 itself opens a project that posse suggest wrote into: it finds the frames, reads the machine labels, adds its own to
them, and trains on them once they are corrected.

usage: scripts/pypi_env.py deeplabcut tests/compat/check_deeplabcut_suggest.py POSSE
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ["MPLBACKEND"] = "Agg"
import deeplabcut  # noqa: E402  (after the backend is chosen)
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from deeplabcut.refine_training_dataset.outlier_frames import ExtractFramesbasedonPreselection  # noqa: E402
from deeplabcut.utils import auxiliaryfunctions, conversioncode  # noqa: E402

POSSE = pathlib.Path(sys.argv[1]).resolve()
DEMO = pathlib.Path(__file__).resolve().parent.parent.parent / "data" / "demo"
PARTS = ["snout", "leftear", "rightear", "tailbase"]


def posse(*words):
    subprocess.run([str(word) for word in (POSSE, *words)], check=True, capture_output=True)


def make_project(folder):
    """The tool's own new project on one video; the other one is not known to it."""
    for name in ("known", "new"):
        shutil.copyfile(DEMO / "video" / "openarena.mp4", folder / f"{name}.mp4")
    config = deeplabcut.create_new_project("arena", "me", [str(folder / "known.mp4")], working_directory=str(folder), copy_videos=False)
    auxiliaryfunctions.edit_config(config, {"bodyparts": PARTS, "skeleton": []})
    return pathlib.Path(config)


def machine_labels(config, stem):
    cfg = auxiliaryfunctions.read_config(str(config))
    folder = config.parent / "labeled-data" / stem
    table = pd.read_hdf(folder / f"machinelabels-iter{cfg['iteration']}.h5", "df_with_missing")
    conversioncode.guarantee_multiindex_rows(table)
    return folder, table


def check_frames(config, results):
    cfg = auxiliaryfunctions.read_config(str(config))
    stems = {pathlib.Path(video).stem for video in cfg["video_sets"]}
    assert stems == {"known", "new"}, stems
    for stem in stems:
        folder, table = machine_labels(config, stem)
        pictures = sorted(auxiliaryfunctions.grab_files_in_folder(str(folder), "png"))
        assert pictures == sorted(row[2] for row in table.index), (pictures, table.index)
        assert all(len(name) == len("img000.png") for name in pictures), pictures
        assert np.isfinite(table.values).all()
        consensus = pd.read_hdf(next((results / stem).glob("*members.h5"))).values
        np.testing.assert_array_equal(table.values, consensus[[int(row[2][3:6]) for row in table.index]])


def check_that_the_tool_adds_its_own(config, results):
    """Its outlier frames follow those of posse in one file; rows that are there stay."""
    cfg = auxiliaryfunctions.read_config(str(config))
    folder, before = machine_labels(config, "new")
    data = pd.read_hdf(next((results / "new").glob("*members.h5")))
    cfg["numframes2pick"] = 2
    ExtractFramesbasedonPreselection([5, 100, 200], "uniform", data, str(folder.parent.parent.parent / "new.mp4"), cfg, str(config), savelabeled=False)
    _, after = machine_labels(config, "new")
    assert len(after) >= len(before) and set(before.index) <= set(after.index)
    np.testing.assert_array_equal(after.loc[list(before.index)].values, before.values)


def check_that_corrected_labels_are_trained_on(config):
    cfg = auxiliaryfunctions.read_config(str(config))
    wanted = set()
    for stem in ("known", "new"):
        folder, table = machine_labels(config, stem)
        labels = table.drop("likelihood", axis=1, level="coords")
        labels.columns = pd.MultiIndex.from_product([[cfg["scorer"]], PARTS, ["x", "y"]], names=["scorer", "bodyparts", "coords"])
        labels.to_hdf(folder / f"CollectedData_{cfg['scorer']}.h5", key="df_with_missing")
        labels.to_csv(folder / f"CollectedData_{cfg['scorer']}.csv")
        wanted |= set(labels.index)
    deeplabcut.merge_datasets(str(config))
    deeplabcut.create_training_dataset(str(config), net_type="resnet_50")
    (merged,) = config.parent.glob(f"training-datasets/iteration-1/*/CollectedData_{cfg['scorer']}.h5")
    found = pd.read_hdf(merged)
    assert set(found.index) == wanted, (len(found), len(wanted))


def main():
    with tempfile.TemporaryDirectory(prefix="posse-dlc-") as scratch:
        folder = pathlib.Path(scratch)
        config = make_project(folder)
        results = folder / "results"
        members = [DEMO / f"member-{k}" for k in (1, 2, 3)]
        posse("run", folder / "known.mp4", folder / "new.mp4", "--members", *members, "--out", results, "--tune", "off")
        posse("suggest", results, "--count", 8, "--strategy", "disagreement", "--out", folder / "out", "--write-to", config.parent)
        check_frames(config, results)
        check_that_the_tool_adds_its_own(config, results)
        check_that_corrected_labels_are_trained_on(config)
    print("DeepLabCut", deeplabcut.__version__, "takes what posse suggest wrote")


if __name__ == "__main__":
    main()
