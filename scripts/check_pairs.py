#!/usr/bin/env python3
"""Checks that headers and sources of src/ and tests/support belong together: x.h declares what x.cc defines.

Usage: scripts/check_pairs.py [FOLDER...]

Every x.cc has its x.h beside it, but for tests, main.cc and verbs (cmd_*.cc). A header without a source
declares nothing that is defined elsewhere. Prints one line per fault; exit 1 if there is any.
"""

import fnmatch
import pathlib
import re
import sys

# Sources without a header of their own, and why.
ALONE = {
    "*_test.cc": "tests",
    "main.cc": "the program",
    "cmd_*.cc": "one file per verb, declared in command.h",
    "empty_library.cc": "a library that tests load",
    "fake_onnxruntime.cc": "a library that tests load",
    "posing_onnxruntime.cc": "a library that tests load",
    "proxy_onnxruntime.cc": "a library that tests load",
}
# Headers that declare what other files define, and why.
DECLARING = {
    "src/cli/command.h": "the verbs, one file each",
    "src/video/picture_file.h": "what image_file.cc gives to src/video alone",
}
# Folders where one header declares what a file each defines.
FAMILIES = {
    "src/library": "include/posse/posse.h",
    "src/run/outputs": "outputs.h",
}
# A declaration of a function: it begins at the line's first column, since namespaces are not indented, and ends in ");".
DECLARATION = re.compile(r"^(?!using |typedef |template|extern |static_assert|return |inline |constexpr |#|//|[A-Z_]+\()"
                         r"[A-Za-z_][^;{}=#]*\([^;{}]*\)[^;{}=()]*;", re.MULTILINE)


def problems_of(path: pathlib.Path, root: pathlib.Path) -> list[str]:
    """One line if `path` lacks its other half."""
    name = path.relative_to(root).as_posix()
    if path.suffix == ".cc":
        if path.with_suffix(".h").exists() or any(fnmatch.fnmatch(path.name, pattern) for pattern in ALONE):
            return []
        if path.parent.relative_to(root).as_posix() in FAMILIES:
            return []
        return [f"{name}: has no {path.stem}.h; declare there what it defines"]
    if path.name.endswith(".inc.h") or path.with_suffix(".cc").exists() or name in DECLARING:
        return []
    match = DECLARATION.search(path.read_text(encoding="utf-8"))
    if not match:
        return []
    line = match.group(0).split("\n")[0]
    return [f"{name}: has no {path.stem}.cc, but declares '{line}'; a header for each source that defines something"]


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    folders = [pathlib.Path(folder).resolve() for folder in sys.argv[1:]] or [root / "src", root / "tests" / "support"]
    found = []
    for folder in folders:
        for path in sorted([*folder.rglob("*.cc"), *folder.rglob("*.h")]):
            found += problems_of(path, root if path.is_relative_to(root) else folder)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
