"""Consensus poses from ensembles of pose networks."""

from __future__ import annotations

from posse._core import __version__
from posse._errors import AccessError, CapabilityError, Error, InputError, MissingError

__all__ = ["AccessError", "CapabilityError", "Error", "InputError", "MissingError", "__version__"]
