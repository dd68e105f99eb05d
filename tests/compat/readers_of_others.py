"""Loads folders with keypoint-moseq and the tables in them with movement; prints what each found as JSON.

usage: scripts/pypi_env.py readers tests/compat/readers_of_others.py FOLDER...
"""
import importlib.abc
import importlib.machinery
import io
import json
import os
import pathlib
import sys
import unittest.mock
from contextlib import redirect_stderr, redirect_stdout

# What keypoint-moseq imports beside what it loads keypoints with: models and plots.
NOT_NEEDED = {"commentjson", "cv2", "cytoolz", "dynamax", "imageio", "jax", "jax_moseq", "jaxlib", "joblib", "matplotlib",
              "ndx_pose", "optax", "panel", "pynwb", "sklearn", "statsmodels", "tabulate", "vidio", "bokeh", "holoviews",
              "networkx", "plotly", "seaborn"}


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands for packages that are not needed."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in NOT_NEEDED:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = unittest.mock.MagicMock(name=spec.name)
        module.__path__, module.__spec__ = [], spec
        return module

    def exec_module(self, module):
        pass


def by_keypoint_moseq(folders):
    finder = Absent()
    sys.meta_path.insert(0, finder)
    import keypoint_moseq.io
    found = {}
    for folder in folders:
        coordinates, _, bodyparts = keypoint_moseq.io.load_keypoints(folder, "deeplabcut")
        found[folder] = {"recordings": {name: list(array.shape) for name, array in coordinates.items()},
                         "bodyparts": list(bodyparts)}
    sys.meta_path.remove(finder)
    return found


def by_movement(folders):
    from movement.io import load_poses
    found = {}
    for folder in folders:
        tables = [path for path in sorted(pathlib.Path(folder).rglob("*")) if path.suffix in (".h5", ".csv")]
        found[folder] = {}
        for path in tables:
            dataset = load_poses.from_dlc_file(os.fspath(path), fps=30)
            found[folder][path.name] = {"frames": dataset.sizes["time"],
                                        "bodyparts": [str(name) for name in dataset.coords["keypoints"].values]}
    return found


def main(folders):
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        found = {"movement": by_movement(folders)}
        for name in [name for name in sys.modules if name.split(".")[0] in NOT_NEEDED]:
            del sys.modules[name]
        found["keypoint-moseq"] = by_keypoint_moseq(folders)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
