"""DeepLabCut 3 itself analyses a video with networks of its PyTorch engine, and posse writes the same files.

usage: scripts/pypi_env.py deeplabcut tests/compat/check_deeplabcut3.py POSSE DATA. Skipped where the folder
$POSSE_SHARED_DATA, else DATA, is not there.

Truth: the tables and pickles that the tool writes here and now. Then its own tools work on posse's consensus in the guise of
that network's tables.
"""

import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import tempfile

DATA = pathlib.Path(os.environ.get("POSSE_SHARED_DATA") or sys.argv[2])
GOLDENS = DATA / "torch-goldens"
if not GOLDENS.is_dir():
    print("SKIPPED: data not there:", GOLDENS)
    sys.exit(77)

os.environ["MPLBACKEND"] = "Agg"
import deeplabcut  # noqa: E402  (after the backend is chosen)
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

POSSE = pathlib.Path(sys.argv[1]).resolve()
CLIP = GOLDENS / "clip" / "openarena-clip.mp4"
SHUFFLE = "dlc-models-pytorch/iteration-0/openarenaNov28-trainset90shuffle3"
NAME = "openarena-clipDLC_Resnet50_openarenaNov28shuffle3_snapshot_200"
# Times; paths, which are of the machine that trained; the device that the tool is told here; a key that it adds on reading.
OF_ITS_OWN = {"start", "stop", "run_duration", "project_path", "pose_config_path", "device", "pretrained"}


def writable_copy(source, target):
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def project(folder, network):
    """The tool's own project with one of the rebuilt networks as its shuffle 3."""
    writable_copy(GOLDENS / "dlc-project" / "openarena-posse-2026-11-28", folder)
    writable_copy(GOLDENS / "dlc-project" / "resnet_50-shuffle-overlay", folder)
    train = folder / SHUFFLE / "train"
    shutil.copyfile(GOLDENS / network / "pytorch_config.yaml", train / "pytorch_config.yaml")
    subprocess.run([sys.executable, GOLDENS / "make_torch_snapshot.py", GOLDENS / network, train / "snapshot-200.pt"], check=True,
                   stdout=subprocess.DEVNULL)
    config = folder / "config.yaml"
    text = config.read_text()
    config.write_text(text.replace("project_path: /data/openarena-posse-2026-11-28", f"project_path: {folder}"))
    return config


def analyse(config, folder):
    folder.mkdir(exist_ok=True)
    deeplabcut.analyze_videos(str(config), [str(CLIP)], shuffle=3, destfolder=str(folder), batch_size=1, save_as_csv=True, device="cpu")


def run_posse(members, out, *more):
    words = [POSSE, "run", CLIP, "--members", *members, "--shuffle", 3, "--out", out, "--save-members", "--format", "both", "--tune", "off", *more]
    subprocess.run(list(map(str, words)), check=True, capture_output=True)


def differences(theirs, ours, place=""):
    """Where two pickles differ: numbers by more than the networks' rounding, anything else at all."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() | ours.keys():
            if key in OF_ITS_OWN:
                continue
            if key not in theirs or key not in ours:
                yield f"{place}/{key}: only one has it"
            else:
                yield from differences(theirs[key], ours[key], f"{place}/{key}")
    elif isinstance(theirs, np.ndarray):
        if theirs.dtype != ours.dtype or theirs.shape != ours.shape or np.abs(theirs - ours).max(initial=0) > 0.02:
            yield f"{place}: {theirs!r}, {ours!r}"
    elif isinstance(theirs, (list, tuple)) and type(theirs) is type(ours) and len(theirs) == len(ours):
        for i, pair in enumerate(zip(theirs, ours)):
            yield from differences(*pair, f"{place}/{i}")
    elif theirs != ours:
        yield f"{place}: {theirs!r}, {ours!r}"


def check_pickles(theirs, ours, suffixes=("_meta.pickle", "_full.pickle")):
    for suffix in suffixes:
        pair = [pickle.loads((folder / (NAME + suffix)).read_bytes()) for folder in (theirs, ours)]
        found = list(differences(*pair, suffix))
        assert not found, found
        order = [list(pickled.get("data", pickled)) for pickled in pair]
        assert order[0] == order[1], order


def check_files(at):
    config = project(at / "arena", "dlc-resnet_50")
    analyse(config, at / "theirs")
    run_posse([at / "arena"], at / "results", "--as-member", "arena")
    ours = at / "results-extras" / "members" / "arena"
    names = {path.name for path in (at / "theirs").iterdir()}
    assert names == {path.name for path in ours.iterdir()} | {NAME + ".csv"}, names
    theirs, found = (pd.read_hdf(folder / (NAME + ".h5")) for folder in (at / "theirs", ours))
    assert theirs.columns.equals(found.columns) and theirs.index.equals(found.index)
    assert list(theirs.dtypes) == list(found.dtypes)
    print("largest difference of the tables:", np.abs(theirs - found).to_numpy().max())
    np.testing.assert_allclose(found, theirs, rtol=0, atol=0.02)
    csvs = [(folder / (NAME + ".csv")).read_text().splitlines() for folder in
            (at / "theirs", at / "results-extras" / "members-csv" / "arena")]
    assert csvs[0][:3] == csvs[1][:3] and len(csvs[0]) == len(csvs[1])
    check_pickles(at / "theirs", ours)
    check_guise(at, config)


def check_guise(at, config):
    """The tool takes the consensus in the network's guise for tables of its own, and its other tools work on it."""
    guise = at / "results-extras" / "as-member" / "arena"
    consensus = pd.read_hdf(next((at / "results" / CLIP.stem).glob("*.h5")))
    before = {path.name: path.read_bytes() for path in guise.iterdir()}
    analyse(config, guise)  # "already analyzed"
    assert before == {path.name: path.read_bytes() for path in guise.iterdir()}
    there = {"shuffle": 3, "destfolder": str(guise)}
    deeplabcut.filterpredictions(str(config), [str(CLIP)], filtertype="median", windowlength=1, **there)
    filtered = pd.read_hdf(next(guise.glob("*_filtered.h5")))
    np.testing.assert_allclose(filtered, consensus, rtol=0, atol=2e-5)  # float32 of hundreds of pixels
    assert deeplabcut.create_labeled_video(str(config), [str(CLIP)], pcutoff=0.0, **there) == [True]
    deeplabcut.plot_trajectories(str(config), [str(CLIP)], **there)
    assert list(guise.rglob("trajectory*.png"))


def check_unique_bodyparts(at):
    """Two heads. The tool itself (3.0.2) stops at the table of a single animal with unique bodyparts, once its pickles are there."""
    config = project(at / "unique", "dlc-resnet_50-unique")
    test = at / "unique" / SHUFFLE / "test" / "pose_cfg.yaml"  # that of the project lists the four of the first head
    text = test.read_text().replace("num_joints: 4", "num_joints: 6").replace("- - 3\n", "- - 3\n- - 4\n- - 5\n")
    test.write_text(text.replace("- tailbase\n", "- tailbase\n- arena_nw\n- arena_se\n"))
    try:
        analyse(config, at / "theirs-unique")
    except ValueError as stopped:
        print("the tool itself stops:", stopped)
    run_posse([at / "unique"], at / "results-unique")
    check_pickles(at / "theirs-unique", at / "results-unique-extras" / "members" / "unique")


def main():
    with tempfile.TemporaryDirectory(prefix="posse-test-") as folder:
        at = pathlib.Path(folder).resolve()
        check_files(at)
        check_unique_bodyparts(at)
    print("as expected")


if __name__ == "__main__":
    main()
