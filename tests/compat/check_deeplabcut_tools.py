"""DeepLabCut's own tools work on the consensus that posse writes in the guise of a member, and on a member's own table.

usage: scripts/pypi_env.py deeplabcut tests/compat/check_deeplabcut_tools.py POSSE

Truth: scipy's median filter, and the consensus that posse wrote for everybody: in a project that cuts frames too, discs and
machine labels must fall on its points of the whole frame, for DeepLabCut adds the corner that the pickle names.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ["MPLBACKEND"] = "Agg"
import cv2
import deeplabcut
import numpy as np
import pandas as pd
from scipy.signal import medfilt

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "data" / "demo"
POSSE = pathlib.Path(sys.argv[1]).resolve()
BOX = (40, 312, 16, 232)  # x1, x2, y1, y2


def short_video(path, num_frames=40):
    reader = cv2.VideoCapture(str(DEMO / "video" / "openarena.mp4"))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30, (320, 240))
    for _ in range(num_frames):
        writer.write(reader.read()[1])
    writer.release()
    return path


def project(folder, video, crop):
    """A copy of the demo's project, which DeepLabCut may write into."""
    shutil.copytree(DEMO / "member-1", folder)
    config = folder / "config.yaml"
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    text = config.read_text().replace("project_path: .", f"project_path: {folder}").replace("numframes2pick: 20", "numframes2pick: 5")
    text = text.replace("  videos/openarena.mp4:", f"  {video}:")
    if crop:
        text = text.replace("cropping: false", "cropping: true")
        for key, old, new in zip(["x1", "x2", "y1", "y2"], [0, 640, 277, 624], BOX):
            text = text.replace(f"{key}: {old}\n", f"{key}: {new}\n")
    config.write_text(text)
    return config


def xy(table):
    return table.to_numpy().reshape(len(table), -1, 3)[:, :, :2]


def only(found):
    found = sorted(found)
    assert len(found) == 1, found
    return found[0]


def labels_of(folder):
    """Frame number -> [bodyparts, xy] of the machine labels that extract_outlier_frames left."""
    labels = pd.read_hdf(only(folder.glob("machinelabels-iter0.h5")))
    return {int(name[-1][3:-4]): row for name, row in zip(labels.index, xy(labels))}


def check(at, crop):
    video = short_video(at / "mouse.mp4")
    config = project(at / "project", video, crop)
    words = [POSSE, "run", video, "--members", at / "project", DEMO / "member-2", "--out", at / "results", "--as-member",
             "project", "--tune", "off"]
    subprocess.run(list(map(str, words)), check=True, capture_output=True)
    consensus = xy(pd.read_hdf(only((at / "results" / "mouse").glob("*.h5"))))
    dest = at / "results-extras" / "as-member" / "project"
    # The same from the command for tables, in another folder.
    table = only((at / "results" / "mouse").glob("*.h5"))
    done = subprocess.run([str(POSSE), "convert", str(table), str(at / "converted"), "--as-member", str(at / "project")],
                          capture_output=True)
    assert done.returncode == 0, done
    for name in ["*.h5", "*_meta.pickle"]:
        first, second = only(dest.glob(name)), only((at / "converted").glob(name))
        assert first.name == second.name
    np.testing.assert_array_equal(pd.read_hdf(only(dest.glob("*.h5"))), pd.read_hdf(only((at / "converted").glob("*.h5"))))
    corner = np.array([BOX[0], BOX[2]]) if crop else np.zeros(2)
    # Two additions in float64 of numbers below 1000.
    np.testing.assert_allclose(xy(pd.read_hdf(only(dest.glob("*.h5")))) + corner, consensus, rtol=0, atol=1e-12)

    for folder in [dest, at / "converted"]:
        deeplabcut.filterpredictions(str(config), [str(video)], destfolder=str(folder))
        filtered = xy(pd.read_hdf(only(folder.glob("*_filtered.h5"))))
        expected = np.stack([[medfilt(consensus[:, j, k] - corner[k], 5) for k in range(2)] for j in range(4)])
        np.testing.assert_allclose(filtered, expected.transpose(2, 0, 1), rtol=0, atol=1e-12)

    assert deeplabcut.create_labeled_video(str(config), [str(video)], destfolder=str(dest), pcutoff=0.0) == [True]
    labelled = cv2.VideoCapture(str(only(dest.glob("*labeled.mp4"))))
    assert int(labelled.get(cv2.CAP_PROP_FRAME_COUNT)) == 40
    check_discs(labelled, video, consensus)

    deeplabcut.plot_trajectories(str(config), [str(video)], destfolder=str(dest))
    assert sorted(p.name for p in dest.rglob("trajectory*.png")), list(dest.rglob("*"))

    deeplabcut.extract_outlier_frames(str(config), [str(video)], outlieralgorithm="jump", epsilon=1, automatic=True,
                                      extractionalgorithm="uniform", destfolder=str(dest))
    pictures = at / "project" / "labeled-data" / "mouse"
    labels = labels_of(pictures)
    assert len(labels) == 5, labels
    reader = cv2.VideoCapture(str(video))
    frames = [reader.read()[1] for _ in range(40)]
    for frame, found in labels.items():
        picture = cv2.imread(str(only(pictures.glob(f"img*{frame:02d}.png"))))
        assert np.abs(picture.astype(int) - frames[frame]).max() < 3  # colours by another converter
        np.testing.assert_allclose(found, consensus[frame], rtol=0, atol=1e-9)
    assert not list((at / "project").rglob("*mouseDLC*")), "tables in the project"


def check_member(at):
    """The same tools on a member's own table, in the folder where posse run --save-members writes it. Its points are of the
    whole frame and its pickle says that nothing was cropped."""
    video = short_video(at / "mouse.mp4")
    config = project(at / "project", video, crop=False)
    words = [POSSE, "run", video, "--members", at / "project", DEMO / "member-2", "--out", at / "results", "--save-members",
             "--tune", "off"]
    subprocess.run(list(map(str, words)), check=True, capture_output=True)
    own = at / "results-extras" / "members" / "project"
    poses = xy(pd.read_hdf(only(own.glob("*.h5"))))
    deeplabcut.filterpredictions(str(config), [str(video)], destfolder=str(own))
    filtered = xy(pd.read_hdf(only(own.glob("*_filtered.h5"))))
    expected = np.stack([[medfilt(poses[:, j, k], 5) for k in range(2)] for j in range(4)])
    np.testing.assert_allclose(filtered, expected.transpose(2, 0, 1), rtol=0, atol=1e-12)
    assert deeplabcut.create_labeled_video(str(config), [str(video)], destfolder=str(own), pcutoff=0.0) == [True]
    check_discs(cv2.VideoCapture(str(only(own.glob("*labeled.mp4")))), video, poses)
    deeplabcut.extract_outlier_frames(str(config), [str(video)], outlieralgorithm="jump", epsilon=1, automatic=True,
                                      extractionalgorithm="uniform", destfolder=str(own))
    labels = labels_of(at / "project" / "labeled-data" / "mouse")
    assert len(labels) == 5, labels
    for frame, found in labels.items():
        np.testing.assert_allclose(found, poses[frame], rtol=0, atol=1e-9)


def check_discs(labelled, video, consensus):
    """DeepLabCut's discs are where the consensus is: there the labelled frame differs from the frame, elsewhere less."""
    plain = cv2.VideoCapture(str(video))
    num_on_disc = 0
    for poses in consensus:
        difference = np.abs(labelled.read()[1].astype(int) - plain.read()[1]).max(axis=2)
        for x, y in poses.round().astype(int):
            if 2 <= x < 318 and 2 <= y < 238:
                num_on_disc += difference[y, x] > 60
    # Some discs hide others or have the colour of what is below.
    assert num_on_disc > 0.7 * consensus.shape[0] * consensus.shape[1], num_on_disc


def main():
    for crop in [False, True]:
        with tempfile.TemporaryDirectory(prefix="posse-test-") as folder:
            check(pathlib.Path(folder).resolve(), crop)
            print("as expected,", "with a crop" if crop else "whole frames")
    with tempfile.TemporaryDirectory(prefix="posse-test-") as folder:
        check_member(pathlib.Path(folder).resolve())
        print("as expected, a member's own table")


if __name__ == "__main__":
    main()
