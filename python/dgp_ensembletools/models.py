"""Trained models and ensembles of them, with the names of the original package.

Frames are decoded and networks run by posse; scoremaps are kept on disk, keyed by content (see `memory`).

`memory` says where: None keeps nothing; a path or a ``joblib.Memory`` uses that folder; the default is the user's cache folder.
"""

from __future__ import annotations

from typing import Any

from dgp_ensembletools import _figures
from dgp_ensembletools._cache import USER_CACHE, user_folder
from dgp_ensembletools._clips import get_video_clip
from dgp_ensembletools._ensemble import Ensemble
from dgp_ensembletools._numerics import get_mu_fix, make2dgrid_np
from dgp_ensembletools._trained_model import TrainedModel

__all__ = ["Ensemble", "TrainedModel", "get_mu_fix", "get_video_clip", "make2dgrid_np"]

memory = USER_CACHE
colors = [*_figures.MEMBER_COLORS, _figures.CONSENSUS_COLOR]
markers = _figures.PART_MARKERS


def __getattr__(name: str) -> Any:
    if name == "location":  # looked up when asked for, not at import
        return str(user_folder())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
