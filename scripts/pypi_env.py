#!/usr/bin/python3
"""Runs a Python script with packages from PyPI that posse is compared with, installing them first if need be.

Usage: scripts/pypi_env.py GROUP [SCRIPT ARGUMENT...]

GROUP is a section of tests/pypi/pins.txt; its packages go into a virtual environment below build/pypi, made by Debian's
Python and kept until the pins change. A section that is marked slow, as "[deeplabcut] slow", is installed only where
POSSE_SLOW_TESTS is set, as scripts/check.sh slow does. Without a script: prints the environment's interpreter. Where the packages cannot be
had (no network, no python3-venv) says "SKIPPED: reason" and exits with status 77; the answer is kept for an hour.
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINS = ROOT / "tests" / "pypi" / "pins.txt"
SKIPPED = 77
ALONE = " (alone)"  # a pin whose own requirements are left out; may come as source
SECONDS_TO_REMEMBER_FAILURE = 3600


def pins_of(group: str) -> tuple[list[str], bool]:
    """The requirements of one section, and whether it is marked slow."""
    sections: dict[str, list[str]] = {}
    slow: set[str] = set()
    lines: list[str] = []
    for line in PINS.read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            name, _, mark = line[1:].partition("]")
            lines = sections.setdefault(name, [])
            if mark.strip() == "slow":
                slow.add(name)
        elif line:
            lines.append(line)
    if group not in sections:
        sys.exit(f"pypi_env.py: no group '{group}' in {PINS}; there are: {', '.join(sections)}")
    return sections[group], group in slow


def run(words: list) -> str:
    """What a command said if it failed, else nothing."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"


def install(group: str, pins: list[str], folder: pathlib.Path) -> str:
    """Makes the environment; the reason if that is not possible."""
    shutil.rmtree(folder, ignore_errors=True)
    if why := run(["/usr/bin/python3", "-m", "venv", folder]):
        return "no virtual environment (package python3-venv): " + why.splitlines()[0]
    print(f"installing {', '.join(pins)}", file=sys.stderr)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet",
           "--retries=1", "--timeout=15"]
    alone = [pin.removesuffix(ALONE) for pin in pins if pin.endswith(ALONE)]
    if run([*pip, "--only-binary=:all:", *(pin for pin in pins if not pin.endswith(ALONE))]):
        return f"{group} cannot be installed from PyPI"
    if alone and run([*pip, "--no-deps", *alone]):
        return f"{', '.join(alone)} cannot be installed from PyPI"
    return ""


def environment(group: str) -> tuple[pathlib.Path, str]:
    """(the interpreter, why there is none). One process at a time makes an environment; the others wait for it."""
    pins, is_slow = pins_of(group)
    base = ROOT / "build" / "pypi"
    base.mkdir(parents=True, exist_ok=True)
    folder, verdict = base / group, base / f"{group}.verdict"
    key = hashlib.sha256("\n".join(pins).encode()).hexdigest()
    with open(base / f"{group}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known, _, why = verdict.read_text(encoding="utf-8").partition("\n") if verdict.exists() else ("", "", "")
        is_old = bool(why) and time.time() - verdict.stat().st_mtime > SECONDS_TO_REMEMBER_FAILURE
        if known != key or is_old or (not why and not (folder / "bin" / "python").exists()):
            if is_slow and not os.environ.get("POSSE_SLOW_TESTS"):
                return folder, f"{group} takes long to install: scripts/check.sh slow does, or POSSE_SLOW_TESTS=1"
            why = install(group, pins, folder)
            verdict.write_text(f"{key}\n{why}", encoding="utf-8")
    return folder / "bin" / "python", why


def main() -> int:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    interpreter, why = environment(sys.argv[1])
    if why:
        print(f"SKIPPED: {why}")
        return SKIPPED
    if len(sys.argv) == 2:
        print(interpreter)
        return 0
    # Not what is set for another Python.
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    sys.stdout.flush()
    os.execve(interpreter, [str(interpreter), *sys.argv[2:]], variables)


if __name__ == "__main__":
    sys.exit(main())
