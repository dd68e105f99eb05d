"""Functions of DeepLabCut and DeepGraphPose that scripts for the ensemble tools call, without those packages.

Names, arguments and results are those of the original functions; each docstring says whose. Nothing here runs a pickle's code.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import posse
from dgp_ensembletools._errors import MissingInput, WrongInput
from dgp_ensembletools._project import PoseConfig, read_pose_csv

__all__ = [
    "GetDataandMetaDataFilenames",
    "GetTrainingSetFolder",
    "LoadMetadata",
    "edit_config",
    "get_snapshot_path",
    "get_train_config",
    "load_pose_from_dlc_to_dict",
    "plot_dgp",
    "read_config",
    "write_config",
]


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise ImportError("reading config.yaml from Python needs PyYAML (Debian: python3-yaml)") from error
    return yaml


def read_config(configname: str | os.PathLike[str]) -> dict[str, Any]:
    """A project's config.yaml as a dict; ``project_path`` is the file's own folder.

    Stands for deeplabcut.utils.auxiliaryfunctions.read_config, which also rewrote the file where the path differed; this does not.
    """
    path = Path(configname)
    if not path.is_file():
        raise MissingInput(f"Config file {path} is not found. Please make sure that the file exists.")
    with open(path, encoding="utf-8") as file:
        try:
            config = _yaml().safe_load(file)
        except _yaml().YAMLError as error:
            raise WrongInput(f"{path} is no YAML file: {error}") from error
    if not isinstance(config, dict):
        raise WrongInput(f"{path} holds no settings; a config.yaml has lines such as 'Task: reaching'")
    config["project_path"] = str(path.resolve().parent)
    return config


def write_config(configname: str | os.PathLike[str], cfg: Mapping[str, Any]) -> None:
    """Writes settings as YAML, under a temporary name first. Stands for DeepLabCut's function of that name."""
    path = Path(configname)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "w", encoding="utf-8") as file:
        _yaml().safe_dump(dict(cfg), file, sort_keys=False)
    os.replace(partial, path)


def edit_config(configname: str | os.PathLike[str], edits: Mapping[str, Any], output_name: str = "") -> dict[str, Any]:
    """Changes some settings of a config file and gives back all of them. Stands for DeepLabCut's function of that name."""
    config = {**read_config(configname), **edits}
    write_config(output_name or configname, config)
    return config


def GetTrainingSetFolder(cfg: Mapping[str, Any]) -> Path:  # noqa: N802 - DeepLabCut's name
    """Folder of the training sets, relative to the project. Stands for DeepLabCut's function of that name."""
    iteration = f"iteration-{cfg['iteration']}"
    return Path("training-datasets") / iteration / f"UnaugmentedDataSet_{cfg['Task']}{cfg['date']}"


def GetDataandMetaDataFilenames(  # noqa: N802 - DeepLabCut's name
    trainingsetfolder: str | os.PathLike[str], trainFraction: float, shuffle: int, cfg: Mapping[str, Any]  # noqa: N803
) -> tuple[str, str]:
    """Names of the .mat file and the documentation pickle of a training set. Stands for DeepLabCut's function of that name."""
    percent = int(trainFraction * 100)
    folder = Path(trainingsetfolder)
    return (
        str(folder / f"{cfg['Task']}_{cfg['scorer']}{percent}shuffle{shuffle}.mat"),
        str(folder / f"Documentation_data-{cfg['Task']}_{percent}shuffle{shuffle}.pickle"),
    )


class _ArraysOnly(pickle.Unpickler):
    """Reads lists, dicts, numbers, texts and numpy arrays; a pickle that asks for anything else is refused."""

    _ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which a training set's documentation does not hold")
        if module.endswith("multiarray"):
            core = getattr(np, "_core", None) or np.core  # the first since numpy 2
            return getattr(core.multiarray, name)
        return getattr(np, name)


def LoadMetadata(  # noqa: N802 - DeepLabCut's name
    metadatafile: str | os.PathLike[str],
) -> tuple[Any, npt.NDArray[np.int64], npt.NDArray[np.int64], float]:
    """(data, training rows, test rows, training fraction) of a Documentation_data pickle.

    Stands for DeepLabCut's function of that name. The pickle is not executed: it may hold plain values and numpy arrays.
    """
    path = Path(metadatafile)
    if not path.is_file():
        raise MissingInput(f"{path}: the documentation of the training set is not there")
    try:
        contents = _ArraysOnly(io.BytesIO(path.read_bytes())).load()
        data, train, test, fraction = contents
        return data, np.asarray(train, dtype=np.int64), np.asarray(test, dtype=np.int64), float(fraction)
    except Exception as error:  # a damaged pickle raises whatever its bytes lead to
        raise WrongInput(f"{path} is no documentation of a training set (data, train, test, fraction): {error}") from error


def load_pose_from_dlc_to_dict(filename: str | os.PathLike[str]) -> dict[str, npt.NDArray[np.float64]]:
    """x, y and likelihoods, each [frames, bodyparts], of a csv table. Stands for deepgraphpose.models.eval's function."""
    return read_pose_csv(Path(filename))


def get_train_config(cfg: Mapping[str, Any], shuffle: int = 1) -> PoseConfig:
    """Settings of a project's network (stride, num_joints, all_joints_names, net_type ...). Stands for deepgraphpose.utils_model's.

    `cfg` is config.yaml's content with ``project_path``.
    """
    member = posse.open_project(cfg["project_path"], shuffle=shuffle)
    return PoseConfig(
        stride=member.stride,
        num_joints=len(member.bodyparts),
        all_joints_names=list(member.bodyparts),
        net_type=member.network,
        locref_stdev=member.locref_stdev,
        project_path=str(cfg["project_path"]),
    )


def get_snapshot_path(
    snapshot: str, dlcpath: str | os.PathLike[str], shuffle: int = 1, trainingsetindex: int = 0
) -> tuple[Path, Path]:
    """(prefix of the snapshot's files, config.yaml). Stands for deepgraphpose.models.fitdgp_util's function of that name."""
    posse.open_project(dlcpath, snapshot=snapshot, shuffle=shuffle, training_set_index=trainingsetindex)
    matches = sorted(Path(dlcpath).glob(f"dlc-models/iteration-*/*shuffle{shuffle}/train/{snapshot}.index"))
    if not matches:
        raise MissingInput(f"{dlcpath}: no snapshot {snapshot} of shuffle {shuffle}")
    return matches[-1].with_suffix(""), Path(dlcpath) / "config.yaml"


def plot_dgp(
    video_file: str | os.PathLike[str], output_dir: str | os.PathLike[str], label_dir: str | os.PathLike[str] | None = None,
    proj_cfg_file: str | os.PathLike[str] | None = None, dgp_model_file: str | os.PathLike[str] = "", shuffle: int = 1,
    **options: Any,
) -> None:
    """Poses and labelled video of one network. Stands for deepgraphpose.models.eval.plot_dgp: ``<stem>_labeled`` .csv, .h5, .mp4
    in `output_dir`; drawing options have no effect."""
    del label_dir, options
    from dgp_ensembletools._trained_model import write_prediction

    project = Path(proj_cfg_file).parent if proj_cfg_file else Path(dgp_model_file).parents[4]
    network = posse.Ensemble.open([project], snapshot=Path(dgp_model_file).name or None, shuffle=shuffle, decode="dgp", no_crop=True)
    result = network.run(video_file)
    Path(output_dir).mkdir(parents=True, exist_ok=True)
    write_prediction(
        network, Path(video_file), Path(output_dir), result.frame_index, result.member_poses[0], result.member_likelihood[0]
    )
