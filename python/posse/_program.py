"""The command ``posse`` of an installation by pip."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from posse._errors import MissingError

__all__ = ["example_data", "main", "program"]

_PACKAGE = Path(__file__).resolve().parent


def example_data() -> Path:
    """Folder of the example: five small trained members, a video of 360 frames, and its true poses.

    Raises
    ------
    MissingError
        The package was not installed by pip, and is not in a checkout.
    """
    places = [_PACKAGE / "data" / "demo", *(parent / "data" / "demo" for parent in _PACKAGE.parents)]
    for place in places:
        if (place / "member-1").is_dir():
            return place
    raise MissingError(f"the example's data are not beside the package, in {places[0]}")


def program() -> Path:
    """The command: of an installation by pip, else the one that a shell would find, else its mere name."""
    own = _PACKAGE / "bin" / "posse"
    return own if own.exists() else Path(shutil.which("posse") or "posse")


def main() -> None:
    """Becomes the program; its exit status is the command's."""
    own = _PACKAGE / "bin" / "posse"
    try:
        os.execv(own, ["posse", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"posse: error: {own} cannot be run: {error.strerror}\n  hint: install the package again with pip")
