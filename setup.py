"""Builds posse._core with CMake; everything else stands in pyproject.toml.

`pip install .` builds in build/python, where CMake and ccache find what was compiled before. POSSE_BUILD_DIR names another
folder, CMAKE_ARGS holds further options for CMake.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent


def pybind11_options() -> list:
    """Where pip's copy of pybind11 keeps its CMake package; CMake finds Debian's by itself."""
    try:
        import pybind11
    except ImportError:
        return []
    return [f"-Dpybind11_DIR={pybind11.get_cmake_dir()}"]


class BuildWithCMake(build_ext):
    def build_extension(self, extension: Extension) -> None:
        folder = Path(os.environ.get("POSSE_BUILD_DIR", ROOT / "build" / "python"))
        target = Path(self.get_ext_fullpath(extension.name)).resolve().parent.parent
        options = [
            "-DCMAKE_BUILD_TYPE=Release",
            "-DPOSSE_PYTHON=REQUIRED",
            f"-DPython_EXECUTABLE={sys.executable}",
            *pybind11_options(),
            *shlex.split(os.environ.get("CMAKE_ARGS", "")),
        ]
        if not (folder / "CMakeCache.txt").exists():
            options += ["-G", "Ninja"]
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
        for command in (
            ["cmake", "-S", str(ROOT), "-B", str(folder), *options],
            ["cmake", "--build", str(folder), "--target", "posse_python", "posse", "--parallel", jobs],
            ["cmake", "--install", str(folder), "--component", "python", "--prefix", str(target), "--strip"],
        ):
            subprocess.run(command, check=True)


setup(ext_modules=[Extension("posse._core", sources=[])], cmdclass={"build_ext": BuildWithCMake})
