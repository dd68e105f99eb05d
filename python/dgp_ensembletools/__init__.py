"""The ensemble tools of DeepGraphPose, on posse: old scripts run unchanged, without TensorFlow.

Names, arguments, shapes and units are those of the original package; docs/compat.md lists every one of them with what has
changed. Frame ranges are half-open and complete; :func:`legacy_frame_ranges` brings back the original's rows.
Scripts that import helpers of DeepLabCut and DeepGraphPose run by ``python -m dgp_ensembletools SCRIPT [ARGUMENTS]``, or after
:func:`legacy_imports`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dgp_ensembletools import datavis, helpers, models
    from dgp_ensembletools._legacy_imports import legacy_imports
    from dgp_ensembletools._ranges import legacy_frame_ranges

__all__ = ["datavis", "helpers", "legacy_frame_ranges", "legacy_imports", "models"]


def __getattr__(name: str) -> Any:
    """Loads the engine and its libraries when they are first asked for: importing the package alone takes no time."""
    if name == "legacy_frame_ranges":
        value: Any = import_module("dgp_ensembletools._ranges").legacy_frame_ranges
    elif name == "legacy_imports":
        value = import_module("dgp_ensembletools._legacy_imports").legacy_imports
    elif name in __all__:
        value = import_module(f"dgp_ensembletools.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
