"""The packages as such: version, stubs, types, examples in the documentation, what importing costs."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO, ROOT

import dgp_ensembletools
import posse
from dgp_ensembletools import datavis, models
from posse import _core

PYTHON = ROOT / "python"


def modules_of(package: object) -> list[str]:
    found = pkgutil.iter_modules(package.__path__, package.__name__ + ".")  # type: ignore[attr-defined]
    return [package.__name__, *(m.name for m in found if not m.name.endswith("._core"))]  # type: ignore[attr-defined]


MODULES = modules_of(posse) + modules_of(dgp_ensembletools)


def test_the_version_is_written_once() -> None:
    assert posse.__version__ == (ROOT / "VERSION").read_text().strip()


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("pandas", "matplotlib", "joblib", "scipy", "yaml", "tqdm", "tables")
    code = f"import dgp_ensembletools.models, sys; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_old_package_loads_the_engine_when_it_is_asked_for() -> None:
    code = """if True:
        import sys, dgp_ensembletools
        before = [m for m in ("numpy", "posse._core") if m in sys.modules]
        print(before, "models" in dir(dgp_ensembletools), hasattr(dgp_ensembletools, "nothing"))
        from dgp_ensembletools import datavis, legacy_frame_ranges
        print(dgp_ensembletools.models.Ensemble.__name__, datavis.__name__, legacy_frame_ranges.__name__)
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] True False\nEnsemble dgp_ensembletools.datavis legacy_frame_ranges\n"


def test_the_readmes_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = re.findall(r"(?ms)^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"))
    monkeypatch.chdir(ROOT)
    names: dict = {}
    exec(program, names)
    assert names["result"].poses.shape == (100, 4, 2)


@pytest.mark.parametrize("missing", ["matplotlib", "pandas", "scipy", "yaml"])
def test_optional_packages_are_asked_for_where_they_are_used(
    missing: str, monkeypatch: pytest.MonkeyPatch, old: models.Ensemble, ensemble: posse.Ensemble, truth_mat: Path
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "scipy":
        monkeypatch.setitem(sys.modules, "scipy.io", None)
    uses = {
        "matplotlib": lambda: old.make_exampleframe(1, 0, "openarena_labeled.mp4", range(3)),
        "pandas": lambda: ensemble.predict(np.zeros((64, 64, 3), np.uint8)).to_dataframe(),
        "scipy": lambda: old.models[0].get_groundtruth(truth_mat),
        "yaml": lambda: old.models[0].change_project_path(),
    }
    with pytest.raises(ImportError, match="needs? .*python3-" + missing):
        uses[missing]()


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner()
    for example in finder.find(module, extraglobs={"posse": posse}):
        assert runner.run(example).failed == 0, example.name


def test_the_documented_interfaces_have_examples() -> None:
    for thing in (posse, posse.Ensemble.open, posse.Ensemble.run, posse.Ensemble.predict, posse.Ensemble.iterate,
                  posse.Ensemble.scoremaps, posse.open_project, posse.smooth_single, posse.smooth_multi, posse.smooth_mirrored,
                  posse.smooth_pupil, posse.smooth_paw, posse.consensus, posse.info, posse.Video, datavis.DataInclusion):  # fmt: skip
        assert ">>>" in (thing.__doc__ or ""), thing


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_documented_and_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    for public in module.__all__:
        thing = getattr(module, public, None) or importlib.import_module(f"{name}.{public}")
        if not getattr(thing, "__module__", name).startswith(("posse", "dgp_ensembletools")):
            continue  # borrowed, for scripts that take it from here
        if isinstance(thing, type):
            for method, value in vars(thing).items():
                if callable(value) and not method.startswith("_"):
                    assert value.__doc__, f"{name}.{public}.{method}"
        if isinstance(thing, (type, types.FunctionType)):
            assert thing.__doc__, f"{name}.{public}"


# --- the stub of the compiled part


def stub_signatures() -> dict[str, list[str]]:
    """ "name" or "Class.name" -> argument names with "=" where there is a default, from _core.pyi."""

    def arguments(function: ast.FunctionDef) -> list[str]:
        plain = function.args.args
        without = len(plain) - len(function.args.defaults)
        names = [a.arg + ("=" if i >= without else "") for i, a in enumerate(plain)]
        return [n for n in names if n != "self"] + (["**"] if function.args.kwarg else [])

    found: dict[str, list[str]] = {}
    for node in ast.parse((PYTHON / "posse" / "_core.pyi").read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = arguments(node)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    found[f"{node.name}.{inner.name}"] = arguments(inner)
                elif isinstance(inner, ast.AnnAssign):
                    found[f"{node.name}.{ast.unparse(inner.target)}"] = []
    return found


def module_signatures() -> dict[str, list[str]]:
    """The same, from the signatures that pybind11 writes into docstrings."""

    def arguments(doc: str | None) -> list[str]:
        line = (doc or "").strip().splitlines()[0]
        inside = line[line.index("(") + 1 : line.rindex(")")]
        names = []
        for piece in re.split(r", (?=\*{0,2}\w+(?::|$))", inside):
            if piece.startswith("**"):
                names.append("**")
            elif piece and not piece.startswith("self"):
                names.append(piece.split(":")[0] + ("=" if " = " in piece else ""))
        return names

    found: dict[str, list[str]] = {}
    for name, value in vars(_core).items():
        if isinstance(value, type):
            for inner, member in vars(value).items():
                if inner == "__init__" and not (member.__doc__ or "").startswith("__init__("):
                    continue  # made by the library only
                if inner in ("__init__", "__len__", "__iter__", "__next__") or not inner.startswith("_"):
                    is_property = isinstance(member, property)
                    found[f"{name}.{inner}"] = [] if is_property else arguments(member.__doc__)
        elif callable(value):
            found[name] = arguments(value.__doc__)
    return found


def test_the_stub_says_what_the_compiled_module_has() -> None:
    stub, module = stub_signatures(), module_signatures()
    assert sorted(stub) == sorted(module)
    for name, arguments in module.items():
        if re.fullmatch(r"(arg\d+,?)*", ",".join(arguments)):  # __next__ and the like have no argument names
            assert len(stub[name]) == len([a for a in arguments if a != "arg0"]), name
        else:
            assert stub[name] == arguments, name


def test_both_packages_are_typed() -> None:
    for package in (posse, dgp_ensembletools):
        assert (Path(package.__path__[0]) / "py.typed").is_file()
    assert (Path(posse.__path__[0]) / "_core.pyi").is_file()


def test_mypy_is_content() -> None:
    if subprocess.run([sys.executable, "-m", "mypy", "--version"], capture_output=True).returncode != 0:
        pytest.skip("mypy is not installed")
    settings = PYTHON.parent / "pyproject.toml"
    command = [sys.executable, "-m", "mypy", "--config-file", settings, "--no-incremental", "--cache-dir", os.devnull]
    environment = {**os.environ, "MYPYPATH": str(PYTHON)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=PYTHON)
    assert run.returncode == 0, run.stdout + run.stderr


# --- docs/compat.md

#: Every public name of the original package.
ORIGINAL = {
    "models": "Ensemble TrainedModel colors get_mu_fix get_video_clip location make2dgrid_np markers memory",
    "models.Ensemble": "topdir modeldirs modelpaths models ensembledict get_video_clip get_poses get_scoremaps get_logistic "
    "get_median_scoremap get_mean_scoremap get_median_pose get_mean_pose make_exampleframe make_exampleframe_premedian "
    "compare_groundtruth",
    "models.TrainedModel": "project_dir ext memory pred_video_files pred_videos label_files load_videos change_project_path "
    "predict get_poses_raw get_poses_raw_direct get_poses_array get_poses_array_direct get_video_clip get_poses_and_heatmap "
    "get_poses_and_heatmap_range get_poses_and_heatmap_cache get_scoremap get_logistic get_groundtruth "
    "get_groundtruth_confidence get_groundtruth_probability compare_groundtruth_pointwise compare_groundtruth_pointwise_direct "
    "compare_groundtruth compare_groundtruth_direct marker_epsilon_distance",
    "datavis": "DataInclusion",
    "datavis.DataInclusion": "datadict all_frames get_all_frames make_mat make_sorted_mat",
}


def compat_rows() -> list[tuple[str, str, str, list[str]]]:
    """(name, state, what differs, tests) of each row."""
    rows = []
    for line in (ROOT / "docs" / "compat.md").read_text().splitlines():
        if line.startswith("| `"):
            name, state, differs, tests = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append((name.strip("`"), state, differs, re.findall(r"test_\w+", tests)))
    return rows


def test_every_name_of_the_original_has_a_row_and_every_row_a_name() -> None:
    names = [row[0] for row in compat_rows()]
    want = [f"{place}.{name}" for place, text in ORIGINAL.items() for name in text.split()]
    assert sorted(names) == sorted([*want, "predict_video"])


def test_names_that_were_kept_are_there(top: Path) -> None:
    made = models.Ensemble(top, ["1"], "mp4", memory=None)
    objects = {
        "models": models,
        "models.Ensemble": made,
        "models.TrainedModel": made.models[0],
        "datavis": datavis,
        "datavis.DataInclusion": datavis.DataInclusion({}),
    }
    for name, state, _, _ in compat_rows():
        place, _, attribute = name.rpartition(".")
        assert state in ("kept", "changed", "gone"), name
        assert (state == "gone") != hasattr(objects.get(place, object()), attribute), name


def test_every_row_has_a_test_that_exists() -> None:
    sources = "".join(path.read_text() for path in (PYTHON / "tests").glob("test_*.py"))
    for name, state, differs, tests in compat_rows():
        assert tests or state == "gone", name
        assert state == "kept" or differs, f"{name}: say what differs"
        for test in tests:
            assert f"def {test}(" in sources, f"{name}: {test} does not exist"


# --- datavis


def test_data_inclusion_is_a_matrix_of_who_saw_what() -> None:
    data = {
        "a": {"frame_inds": [5, 2, 9], "performance": 3.0},
        "b": {"frame_inds": np.array([2]), "performance": 1.0},
        "c": {"frame_inds": range(2, 4), "performance": 3.0},
    }
    inclusion = datavis.DataInclusion(data)
    assert inclusion.datadict is data and inclusion.all_frames == inclusion.get_all_frames() == {2, 3, 5, 9}
    matrix, frames, members = inclusion.make_mat()
    assert (frames, members) == ([2, 3, 5, 9], ["a", "b", "c"])
    for i, member in enumerate(members):
        assert matrix[i].tolist() == [frame in data[member]["frame_inds"] for frame in frames]
    assert matrix.dtype == bool
    matrix, frames, members = inclusion.make_sorted_mat()
    assert members == ["b", "a", "c"], "lowest cost first, equal ones in their order"
    assert matrix.tolist() == [[True, False, False, False], [True, False, True, True], [True, True, False, False]]


def test_data_inclusion_of_the_shipped_ensemble() -> None:
    import json

    trained = json.loads((DEMO / "training-frames.json").read_text())["members"]
    data = {name: {"frame_inds": member["frames"], "performance": 0.0} for name, member in trained.items()}
    matrix, frames, members = datavis.DataInclusion(data).make_mat()
    assert matrix.sum(axis=1).tolist() == [40] * 5 and len(frames) <= 80
