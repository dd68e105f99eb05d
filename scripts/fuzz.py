#!/usr/bin/env python3
"""Runs every fuzz target for some seconds, as many at a time as there are cores.

Usage: scripts/fuzz.py --build FOLDER --seconds N [TARGET...]

A target begins with its seeds in tests/fuzz/corpus/TARGET and what earlier runs found in FOLDER/fuzz/TARGET. The random
numbers are the same in every run, so that equal programs find equal things. What breaks a target is kept under
FOLDER/fuzz/found. Prints one line per target; exit 1 if any broke.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
PREFIX = "posse_fuzz_"
# One input: seconds and megabytes that it may take. AddressSanitizer's own memory counts.
MOST_SECONDS = 10
MOST_MEGABYTES = 2560
MOST_BYTES = 16384


def fuzz(program: pathlib.Path, work: pathlib.Path, seconds: int) -> tuple[bool, str]:
    """(whether it came through, what to say)."""
    name = program.name.removeprefix(PREFIX)
    found, kept = work / "found", work / name
    found.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    seeds = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    words = [str(program), f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS}", f"-rss_limit_mb={MOST_MEGABYTES}",
             f"-max_len={MOST_BYTES}", "-seed=1", "-print_final_stats=1", "-verbosity=1",
             f"-artifact_prefix={found}/{name}-", str(kept), *seeds]
    environment = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1:" + os.environ.get("ASAN_OPTIONS", "")}
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", env=environment)
    if done.returncode != 0:
        return False, f"{name}: FAILED, exit status {done.returncode}\n" + "\n".join(done.stdout.splitlines()[-60:])
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stdout)
    coverage = re.findall(r"cov: (\d+)", done.stdout)
    return True, f"{name}: {runs.group(1) if runs else '?'} inputs, {coverage[-1] if coverage else '?'} edges"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    build = ROOT / options.build
    wanted = {PREFIX + name for name in options.targets}
    programs = [path for path in sorted((build / "bin").glob(PREFIX + "*")) if not wanted or path.name in wanted]
    if not programs:
        sys.exit("fuzz.py: no fuzz target is built; build with the preset asan")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: fuzz(path, build / "fuzz", options.seconds), programs))
    print("\n".join(text for _, text in results))
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
