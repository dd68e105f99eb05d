#!/usr/bin/env python3
"""Runs clang-tidy on the sources that changed, the newest changes first, within a time.

Usage: scripts/tidy.py --build FOLDER [--seconds N | --all]

FOLDER has the compilation database. Changed are, newest first: sources with changes not committed; those that commits
since the base touched. The base is $POSSE_CHECK_SINCE, else where this branch left origin/main, else (on main itself, as
in a fresh clone of it) the last 30 commits. A file that was only renamed has not changed. What the time did not suffice
for is told with a count; scripts/check.sh slow looks at every source (--all). Exit 1 if clang-tidy found anything.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMITS_WITHOUT_BASE = 30
COUNTS = re.compile(r"^\d+ warnings? (generated|treated as errors?)\.?$|^\d+ warnings? and \d+ errors? generated\.$")


def git(*words: str) -> list[str]:
    """Lines that git prints; none if it fails, as where there is no such revision."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def base_revision() -> str:
    """What to compare with; empty for the very first commit."""
    if named := os.environ.get("POSSE_CHECK_SINCE"):
        if not git("rev-parse", "--verify", named + "^{commit}"):
            sys.exit(f"tidy.py: $POSSE_CHECK_SINCE is '{named}', which is no revision here")
        return named
    head = git("rev-parse", "HEAD")
    fork = git("merge-base", "HEAD", "origin/main")
    if fork and fork != head:
        return fork[0]
    recent = git("rev-list", "--first-parent", f"--max-count={COMMITS_WITHOUT_BASE + 1}", "HEAD")
    return recent[-1] if len(recent) > COMMITS_WITHOUT_BASE else ""


def touched(status_lines: list[str]) -> list[str]:
    """Paths of `git ... --name-status -M` whose contents changed, as they are called now."""
    paths = []
    for line in status_lines:
        status, *names = line.split("\t")
        if names and status[0] in "AMRCT" and status not in ("R100", "C100"):
            paths.append(names[-1])
    return paths


def changed_files() -> list[str]:
    """Relative paths, the newest changes first, each once."""
    base = base_revision()
    paths = touched(git("diff", "-M", "--name-status", "HEAD"))
    paths += git("ls-files", "--others", "--exclude-standard")
    span = f"{base}..HEAD" if base else "HEAD"
    paths += touched(git("log", "-M", "--format=", "--name-status", span))
    return list(dict.fromkeys(paths))


def sources_of(build: pathlib.Path) -> list[str]:
    """What the compilation database holds, relative to the repository."""
    database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    inside = [os.path.relpath(entry["file"], ROOT) for entry in database]
    return sorted({path for path in inside if not path.startswith((".." + os.sep, "build" + os.sep))})


def check(path: str, build: pathlib.Path, deadline: float) -> str | None:
    """clang-tidy's complaints about a file; None if the time was up before."""
    if time.monotonic() > deadline:
        return None
    words = [os.environ.get("CLANG_TIDY", "clang-tidy-14"), "-p", str(build), "--quiet", path]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line and not COUNTS.match(line)]
    if done.returncode == 0:
        return ""
    return "\n".join(lines) or f"{path}: clang-tidy ended with status {done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    sources = sources_of(ROOT / options.build)
    if not options.all:
        known = set(sources)
        sources = [path for path in changed_files() if path in known]
    deadline = time.monotonic() + options.seconds
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: check(path, ROOT / options.build, deadline), sources))
    complaints = [text for text in results if text]
    left_out = sum(text is None for text in results)
    print("\n".join(complaints), end="\n" if complaints else "")
    print(f"clang-tidy: {len(sources) - left_out} sources checked, {len(complaints)} with complaints"
          + (f"; {left_out} changed earlier were left out for want of time" if left_out else ""))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
