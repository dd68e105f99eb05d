"""The modules that the original's scripts import, where the packages that had them do not install any more."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["legacy_imports"]


def _contents() -> dict[str, dict[str, Any]]:
    """Module -> what scripts take from it."""
    from dgp_ensembletools import datavis, helpers
    from dgp_ensembletools._clips import VideoClip, VideoFileClip

    auxiliary = {
        name: getattr(helpers, name)
        for name in (
            "GetDataandMetaDataFilenames",
            "GetTrainingSetFolder",
            "LoadMetadata",
            "edit_config",
            "read_config",
            "write_config",
        )
    }
    return {
        "deeplabcut": {},
        "deeplabcut.utils": {},
        "deeplabcut.utils.auxiliaryfunctions": auxiliary,
        "deepgraphpose": {},
        "deepgraphpose.models": {},
        "deepgraphpose.models.eval": {
            "load_pose_from_dlc_to_dict": helpers.load_pose_from_dlc_to_dict,
            "plot_dgp": helpers.plot_dgp,
        },
        "deepgraphpose.models.fitdgp_util": {"get_snapshot_path": helpers.get_snapshot_path},
        "deepgraphpose.utils_model": {"get_train_config": helpers.get_train_config},
        "moviepy": {},
        "moviepy.editor": {"VideoClip": VideoClip, "VideoFileClip": VideoFileClip},
        "pose_aum": {},
        "pose_aum.datavis": {"DataInclusion": datavis.DataInclusion},
        "tensorflow": {},
        "tensorflow.python": {},
        "tensorflow.python.util": {},
        "tensorflow.python.util.deprecation": {"_PRINT_DEPRECATION_WARNINGS": False},
    }


def legacy_imports() -> list[str]:
    """Lets ``import deeplabcut.utils.auxiliaryfunctions``, ``from deepgraphpose.models.eval import ...``,
    ``from pose_aum.datavis import DataInclusion`` and the other imports of the original's scripts succeed.

    ``numpy.AxisError``, which a script names and numpy 2 has elsewhere, is put back. A package that is installed is left alone. What is put in place offers what those scripts call, and nothing else.

    Returns
    -------
    list of str
        The packages that were put in place; empty the second time.
    """
    contents = _contents()
    if not hasattr(np, "AxisError"):
        setattr(np, "AxisError", getattr(np, "exceptions").AxisError)  # noqa: B009, B010 - names that stubs know of one numpy only
    added = []
    for package in dict.fromkeys(name.partition(".")[0] for name in contents):
        if package in sys.modules or find_spec(package) is not None:
            continue
        added.append(package)
        for name in (name for name in contents if name.partition(".")[0] == package):
            module = ModuleType(name, f"Stands for {name}: what scripts of the ensemble tools call, on posse.")
            module.__spec__ = ModuleSpec(name, None, is_package=True)
            module.__path__ = []
            vars(module).update(contents[name])
            sys.modules[name] = module
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, module)
    return added
