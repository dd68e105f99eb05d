"""The ensemble tools of DeepGraphPose, on posse: old scripts run unchanged, without TensorFlow.

Names, arguments, shapes and units are those of the original package; docs/compat.md lists every one of them with what has
changed. Frame ranges are half-open and complete; :func:`legacy_frame_ranges` brings back the original's rows.
"""

from __future__ import annotations

from dgp_ensembletools._ranges import legacy_frame_ranges

__all__ = ["datavis", "legacy_frame_ranges", "models"]
