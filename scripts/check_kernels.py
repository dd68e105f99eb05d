#!/usr/bin/env python3
"""Checks that object files of kernels, compiled for one instruction set each, give the linker nothing for the rest of the program.

Usage: scripts/check_kernels.py OBJECT...

A function that is not inlined, such as a template of the standard library, stands in every object that uses it, and the linker
keeps any one of them. If it kept one compiled for AVX-512, the program would stop on machines without. So the functions that an
object shares must lie in its own namespace (avx2, avx512). Prints one line per fault; exit 1 if there is any.
"""

import re
import subprocess
import sys

# Kinds of symbols that several objects may define: weak functions and data, and unique ones (nm's manual).
SHARED = "VWu"


def faults_of(path: str) -> list[str]:
    """One line per shared symbol of the object file at `path` that lies outside its namespace."""
    found = re.search(r"_(baseline|avx2|avx512)\.dir/", path)
    if found is None:
        return [f"{path}: not an object of posse_simd_kernels()"]
    namespace = found.group(1)
    listing = subprocess.run(["nm", "--demangle", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    faults = []
    for line in listing.splitlines():
        kind, name = line.split(maxsplit=2)[1:]
        owner = re.match(r"(?:(?:guard variable for|\w+) )?((?:\w+::)+)", name)
        if namespace != "baseline" and kind in SHARED and (owner is None or f"::{namespace}::" not in owner.group(1)):
            faults.append(f"{path}: {name} may serve code for other machines; see src/simd/instruction_set.h")
    return faults


def main() -> int:
    """Runs the check; its exit status."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    faults = [fault for path in sys.argv[1:] for fault in faults_of(path)]
    print("\n".join(faults) if faults else f"{len(sys.argv) - 1} objects of kernels keep to themselves")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
