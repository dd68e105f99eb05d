#!/usr/bin/env python3
"""Builds a wheel of the Python modules that carries the libraries it needs.

usage: make_wheel.py [--offline] [OUT_DIR]      (default: dist)

The wheel is for the Python that runs this script, and for numpy 1.22 to 2.x: pip brings pybind11 2.12 or later for the build.
--offline takes the pybind11 that is installed instead; with one older than 2.12, as Debian 12's, the wheel works with numpy 1 only,
and its file name says so.

The wheel runs on any Linux with at least this machine's C library, without Debian's packages and without root.
What a wheel of its kind may expect everywhere (the C and C++ runtimes) is left out; every other library is copied to
posse.libs/ and found beside the module, whatever LD_LIBRARY_PATH says.
Their licences are copied too: Debian's FFmpeg is under the GPL, and so is the wheel as a whole.
"""

import base64
import csv
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The C library's and the compiler's own, present wherever Python is (PEP 600 names the same).
EXPECTED_EVERYWHERE = re.compile(
    r"lib(c|m|dl|rt|pthread|util|resolv|nsl|gcc_s|stdc\+\+)\.so(\.|$)")


def run(*command: object) -> str:
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def libraries_of(*binaries: Path) -> dict:
    """{soname: path} of everything that the loader would bring in with the binaries, but what is expected everywhere."""
    found = {}
    for line in "".join(run("ldd", binary) for binary in binaries).splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if not arrow or EXPECTED_EVERYWHERE.match(name):  # the kernel's own, and the loader by its path, have no arrow
            continue
        if place.startswith("not found"):
            sys.exit(f"make_wheel: the build needs {name}, which is not on this machine")
        found[name] = Path(place.split(" (")[0])
    return found


def carry(libraries: dict, binaries: list, folder: Path) -> None:
    """Copies the libraries into the folder, and makes the binaries and the libraries look for each other there.

    They keep their names: patchelf 0.14 renames in the list of libraries, but not in every list of symbol versions.
    """
    folder.mkdir()
    for soname, path in libraries.items():
        copy = folder / soname
        shutil.copy(path.resolve(), copy)
        copy.chmod(0o755)
        run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN", copy)
    for binary in binaries:
        place = os.path.relpath(folder, binary.parent)
        run("patchelf", "--force-rpath", "--set-rpath", f"$ORIGIN/{place}", binary)


def copy_licences(libraries: dict, folder: Path) -> None:
    """Copies the copyright file of each Debian package that a library is from, and lists libraries and packages."""
    folder.mkdir(exist_ok=True)
    paths = {str(path.resolve()): soname for soname, path in libraries.items()}
    found = subprocess.run(["dpkg", "-S", *paths], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    packages = {path: owner.split(":")[0] for owner, _, path in (line.partition(": ") for line in found.splitlines())}
    rows = [f"{soname}: {packages.get(path, 'from no Debian package')}" for path, soname in paths.items()]
    names = sorted(set(packages.values()))
    if names:  # without names dpkg-query lists all packages
        rows += ["", *run("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *names).splitlines()]
    (folder / "LIBRARIES").write_text("\n".join(rows) + "\n")
    for name in names:
        shutil.copy(Path("/usr/share/doc") / name / "copyright", folder / f"{name}.copyright")


def rewrite_record(tree: Path, record: Path) -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for path in sorted(p for p in tree.rglob("*") if p.is_file() and p != record):
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        rows.writerow([path.relative_to(tree).as_posix(), f"sha256={digest}", path.stat().st_size])
    rows.writerow([record.relative_to(tree).as_posix(), "", ""])
    record.write_text(text.getvalue())


def pack(tree: Path, wheel: Path) -> None:
    part = wheel.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in tree.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(tree))
    part.rename(wheel)


def installed_pybind11_is_old() -> bool:
    try:
        import pybind11
        version = pybind11.__version__
    except ImportError:  # Debian's pybind11-dev has no Python module
        found = subprocess.run(["pkg-config", "--modversion", "pybind11"], stdout=subprocess.PIPE, text=True)
        version = found.stdout.strip()
        if found.returncode != 0:
            sys.exit("make_wheel: --offline needs pybind11 (apt-get install pybind11-dev)")
    return tuple(int(number) for number in version.split(".")[:2]) < (2, 12)


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--offline"]
    offline = "--offline" in sys.argv[1:]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        sys.exit(__doc__)
    out = Path(words[0] if words else ROOT / "dist")
    if not shutil.which("patchelf"):
        sys.exit("make_wheel: needs patchelf (apt-get install patchelf)")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        isolation = ["--no-build-isolation"] if offline else []
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *isolation, "--wheel-dir", scratch, ROOT)
        (plain,) = Path(scratch).glob("*.whl")
        tree = Path(scratch) / "tree"
        with zipfile.ZipFile(plain) as archive:
            archive.extractall(tree)
        (module,) = (tree / "posse").glob("_core*.so")
        (information,) = tree.glob("*.dist-info")
        binaries = [module, tree / "posse" / "bin" / "posse"]
        for binary in binaries:
            binary.chmod(0o755)  # extracting forgets it
        libraries = libraries_of(*binaries)
        carry(libraries, binaries, tree / "posse.libs")
        copy_licences(libraries, information / "licenses")
        name, version = platform.libc_ver()
        if name != "glibc":
            sys.exit(f"make_wheel: this machine's C library is {name or 'unknown'}; wheels are tagged for glibc")
        tag = f"manylinux_{version.replace('.', '_')}_{platform.machine()}"
        old_tag = plain.stem.rsplit("-", 1)[1]
        description = information / "WHEEL"
        description.write_text(description.read_text().replace(f"-{old_tag}\n", f"-{tag}\n"))
        rewrite_record(tree, information / "RECORD")
        build = "1numpy1-" if offline and installed_pybind11_is_old() else ""  # a build number of wheel names
        wheel = out / f"{plain.stem.removesuffix(old_tag).replace('-cp', f'-{build}cp', 1)}{tag}.whl"
        pack(tree, wheel)
    print(f"{wheel} ({wheel.stat().st_size / 1e6:.0f} MB, {len(libraries)} libraries)")


if __name__ == "__main__":
    main()
