"""Trained models and ensembles of them, with the names of the original package.

Frames are decoded and networks run by posse; scoremaps are kept on disk, keyed by content (see `memory`).

`memory` says where: None keeps them until the process ends; a path or a ``joblib.Memory`` uses that folder; the default is the
user's cache folder.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from dgp_ensembletools import _figures
from dgp_ensembletools._cache import USER_CACHE, user_folder
from dgp_ensembletools._clips import VideoClip, VideoFileClip, get_video_clip
from dgp_ensembletools._ensemble import Ensemble
from dgp_ensembletools._numerics import get_mu_fix, make2dgrid_np
from dgp_ensembletools._trained_model import TrainedModel
from dgp_ensembletools.helpers import load_pose_from_dlc_to_dict

memory = USER_CACHE
colors = _figures.NumpyIndexed([*_figures.MEMBER_COLORS, _figures.CONSENSUS_COLOR])
markers = _figures.PART_MARKERS

#: Names of other libraries that the original module held and that scripts take from it: module, attribute.
_BORROWED = {
    "Memory": ("joblib", "Memory"),
    "animation": ("matplotlib.animation", ""),
    "loadmat": ("scipy.io", "loadmat"),
    "matplotlib": ("matplotlib", ""),
    "pd": ("pandas", ""),
    "plt": ("matplotlib.pyplot", ""),
    "softmax": ("scipy.special", "softmax"),
    "tqdm": ("tqdm", "tqdm"),
    "yaml": ("yaml", ""),
}

#: What ``from dgp_ensembletools.models import *`` gives: what the original gave, as far as its libraries are installed.
__all__ = [
    "Ensemble",
    "Path",
    "TrainedModel",
    "VideoClip",
    "VideoFileClip",
    "colors",
    "get_mu_fix",
    "get_video_clip",
    "load_pose_from_dlc_to_dict",
    "location",
    "make2dgrid_np",
    "markers",
    "memory",
    "np",
    "os",
    "shutil",
    "sys",
    "warnings",
    *(name for name, (module, _) in _BORROWED.items() if find_spec(module.partition(".")[0])),
]


def _get_poses_and_heatmap(*_: Any, **__: Any) -> Any:
    """What the original kept in its cache, by name in its pickles; ``TrainedModel.get_poses_and_heatmap_cache`` stands for it."""
    raise NotImplementedError("use TrainedModel.get_poses_and_heatmap_cache")


def __getattr__(name: str) -> Any:
    if name == "location":  # looked up when asked for, not at import
        return str(user_folder())
    if name in _BORROWED:
        module, attribute = _BORROWED[name]
        loaded = import_module(module)
        return getattr(loaded, attribute) if attribute else loaded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
