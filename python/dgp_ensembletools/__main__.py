"""Runs a script of the original package: ``python -m dgp_ensembletools SCRIPT [ARGUMENTS]``."""

from __future__ import annotations

import os
import runpy
import sys

from dgp_ensembletools._legacy_imports import legacy_imports

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Runs the script with the imports that it expects."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m dgp_ensembletools SCRIPT [ARGUMENTS]\n\nRuns a script that was written for dgp_ensembletools,")
        print("DeepLabCut's and DeepGraphPose's helpers included; see docs/compat.md.")
        return 0 if arguments else 2
    if not os.path.isfile(arguments[0]):
        print(f"dgp_ensembletools: error: script '{arguments[0]}' is not there", file=sys.stderr)
        return 2
    legacy_imports()
    sys.argv = arguments
    sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
