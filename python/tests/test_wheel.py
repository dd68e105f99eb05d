"""A wheel made by scripts/make_wheel.py runs without this machine's libraries."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import DEMO, ROOT, VIDEO

PROGRAM = f"""
import json, posse
result = posse.Ensemble.open(["{DEMO / 'member-1'}", "{DEMO / 'member-2'}"]).run("{VIDEO}", frames=range(3))
mapped = sorted({{line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}})
print(json.dumps([posse.__file__, result.poses.tolist(), mapped]))
"""


def environment(**more: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **more}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = os.environ.get("POSSE_BUILD_DIR")
    if build is None:
        pytest.skip("POSSE_BUILD_DIR does not name the folder of a build to make the wheel from")
    for needed in ("pip", "setuptools", "wheel"):
        if subprocess.run([sys.executable, "-c", f"import {needed}"], capture_output=True).returncode != 0:
            pytest.skip(f"{needed} is not installed")
    if shutil.which("patchelf") is None:
        pytest.skip("patchelf is not installed")
    out = tmp_path_factory.mktemp("wheel")
    # with the build's own options, so that nothing is compiled again
    command = [sys.executable, ROOT / "scripts" / "make_wheel.py", "--offline", out]
    made = subprocess.run(command, env=environment(CMAKE_ARGS="-DPOSSE_DEVELOPER_MODE=ON"), capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    (path,) = out.glob("*.whl")
    return path


def test_its_name_tells_the_c_library_it_needs(wheel: Path) -> None:
    assert re.fullmatch(r"posse-[0-9.a-z]+-(1numpy1-)?cp3\d+-cp3\d+-manylinux_2_\d+_\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        (description,) = (name for name in archive.namelist() if name.endswith(".dist-info/WHEEL"))
        tag = re.search(r"^Tag: (.*)$", archive.read(description).decode(), re.MULTILINE)
    assert tag is not None and wheel.stem.endswith(tag.group(1))


def test_it_runs_on_its_own_libraries(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", tmp_path, wheel]
    installed = subprocess.run(command, capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr

    def run(python_path: str) -> list:
        ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment(PYTHONPATH=python_path), capture_output=True,
                             text=True, cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    place, poses, mapped = run(str(tmp_path))
    assert Path(place).is_relative_to(tmp_path)
    for library in ("libavcodec", "libdnnl", "libhdf5", "libyaml-cpp"):
        places = [name for name in mapped if Path(name).name.startswith(library)]
        assert places and all(Path(name).is_relative_to(tmp_path / "posse.libs") for name in places), places
    assert poses == run(os.environ["PYTHONPATH"])[1]
    alone = {**environment(PYTHONPATH=str(tmp_path)), "PATH": "/usr/bin:/bin"}
    code = "import sys, posse._program as p; sys.argv = ['posse', *sys.argv[1:]]; print(p.example_data(), flush=True); p.main()"
    command = [sys.executable, "-c", code, "info", str(tmp_path / "posse" / "data" / "demo" / "member-1")]
    said = subprocess.run(command, env=alone, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert said.startswith(f"{tmp_path}/posse/data/demo\n") and "mobilenet_v2_0.35" in said
    (points,) = tmp_path.glob("posse-*.dist-info/entry_points.txt")
    assert "posse = posse._program:main" in points.read_text()


def test_licences_come_with_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    carried = [name for name in names if name.startswith("posse.libs/")]
    assert carried and any(name.endswith("licenses/LIBRARIES") for name in names)
    assert sum(name.endswith(".copyright") for name in names) > len(carried) // 3  # packages hold several libraries
