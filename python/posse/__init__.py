"""Consensus poses from ensembles of pose networks.

>>> import posse
>>> ensemble = posse.Ensemble.open(["data/demo/member-1", "data/demo/member-2"])
>>> result = ensemble.run("data/demo/video/openarena.mp4", frames=range(2))
>>> result.poses.shape  # frames, bodyparts, xy
(2, 4, 2)

Axes are ordered members, frames, height, width, bodyparts, xy. Points are (x, y) in pixels, frames count from 0 and ranges
are half-open, missing is NaN. Errors are :class:`posse.Error`, and at the same time the built-in class one expects.
"""

from __future__ import annotations

from posse import study
from posse._core import __version__
from posse._errors import AccessError, CapabilityError, Error, InputError, MissingError
from posse._memory import LargeResultWarning
from posse._program import example_data
from posse.cluster import finish, plan, status, submit, work
from posse.ensemble import Ensemble, open_project
from posse.evaluation import Evaluation, calibrate, evaluate
from posse.poses import ConsensusPoses, Poses, SmoothedPoses, SmoothedPupil, SmoothedViews
from posse.reports import Figure, plot, report
from posse.result import DataWarning, Member, Result
from posse.suggestions import suggest
from posse.tables import (
    consensus,
    info,
    smooth_mirrored,
    smooth_multi,
    smooth_paw,
    smooth_pupil,
    smooth_single,
)
from posse.tracking import EpipolarLine, Track, track
from posse.video import Video

__all__ = [
    "AccessError",
    "CapabilityError",
    "ConsensusPoses",
    "DataWarning",
    "Ensemble",
    "EpipolarLine",
    "Error",
    "Evaluation",
    "Figure",
    "InputError",
    "LargeResultWarning",
    "Member",
    "MissingError",
    "Poses",
    "Result",
    "SmoothedPoses",
    "SmoothedPupil",
    "SmoothedViews",
    "Track",
    "Video",
    "__version__",
    "calibrate",
    "consensus",
    "evaluate",
    "example_data",
    "finish",
    "info",
    "open_project",
    "plan",
    "plot",
    "report",
    "smooth_mirrored",
    "smooth_multi",
    "smooth_paw",
    "smooth_pupil",
    "smooth_single",
    "status",
    "study",
    "submit",
    "suggest",
    "track",
    "work",
]
