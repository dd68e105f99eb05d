"""Names of files and folders, as callers give them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

from posse._errors import InputError

__all__ = ["PathLike", "path_of"]

PathLike = Union[str, "os.PathLike[str]"]


def path_of(name: PathLike) -> Path:
    """The path. Raises InputError for an empty name, most often a variable that is not set, which would mean the working folder."""
    if os.fspath(name) == "":
        raise InputError("an empty name was given for a file or folder")
    return Path(name)
