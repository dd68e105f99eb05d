#!/usr/bin/env python3
"""Checks that every module of src/ includes only itself and modules of lower layers.

Usage: scripts/check_layers.py [SOURCE_FOLDER]

Modules of one layer do not see each other. A module that is not in LAYERS is an error, so that a new one gets its
place on purpose; so is one that docs/architecture.md has elsewhere. Prints one line per fault; exit 1 if there is any.
"""

import pathlib
import re
import sys

LAYERS = {
    "base": 0,
    "simd": 0,
    "cameras": 1,
    "checkpoint": 1,
    "project": 1,
    "results": 1,
    "video": 1,
    "keypoints": 2,
    "network": 2,
    "smoothing": 2,
    "calibration": 3,
    "consensus": 3,
    "ensemble": 4,
    "run": 5,
    "bench": 6,
    "cluster": 6,
    "report": 6,
    "study": 6,
    "table_jobs": 6,
    "cli": 7,
    "library": 7,
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
# A line of the table in docs/architecture.md: "layer 2   network keypoints: what they are for".
DOCUMENTED = re.compile(r"^layer (\d+) +([a-z_ ]+):")
# Test support stands beside the layers: tests may include it, the library may not.
SUPPORT = "support"
# What programs that link the library include; it stands for the module `library`.
PUBLIC = "posse"


def problems_of(path: pathlib.Path, source: pathlib.Path) -> list[str]:
    """One line for each include of `path` that breaks the layering."""
    module = path.relative_to(source).parts[0]
    is_test = path.name.endswith("_test.cc")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1).split("/")[0]
        place = f"{path.relative_to(source.parent)}:{number}"
        if target == SUPPORT:
            if not is_test:
                found.append(f"{place}: test support in the library")
        elif target == PUBLIC and module == "library":
            continue
        elif target not in LAYERS or "/" not in match.group(1):
            found.append(f'{place}: "{match.group(1)}" does not begin with a module\'s name')
        elif target != module and LAYERS[target] >= LAYERS[module]:
            found.append(f"{place}: {module} (layer {LAYERS[module]}) uses {target} (layer {LAYERS[target]})")
    return found


def documented_layers(page: pathlib.Path) -> dict[str, int]:
    """Module to layer, as the table of the page has it."""
    layers = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        if match := DOCUMENTED.match(line):
            layers.update(dict.fromkeys(match.group(2).split(), int(match.group(1))))
    return layers


def problems_of_places(source: pathlib.Path) -> list[str]:
    """One line for each module whose folder, place in LAYERS and place in the documentation do not go together."""
    folders = {folder.name for folder in source.iterdir() if folder.is_dir()}
    found = [f"src/{name}: module without a layer in scripts/check_layers.py" for name in sorted(folders - set(LAYERS))]
    found += [f"scripts/check_layers.py: there is no module {name}" for name in sorted(set(LAYERS) - folders)]
    page = source.parent / "docs" / "architecture.md"
    documented = documented_layers(page) if page.exists() else LAYERS
    for name in sorted(set(LAYERS) | set(documented)):
        if LAYERS.get(name) != documented.get(name):
            found.append(f"docs/architecture.md: {name} on layer {documented.get(name, '?')}, "
                         f"scripts/check_layers.py says {LAYERS.get(name, '?')}")
    return found


def main() -> int:
    default = pathlib.Path(__file__).resolve().parent.parent / "src"
    source = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    found = problems_of_places(source)
    for path in sorted(source.glob("*/**/*")):
        if path.suffix in {".h", ".cc"} and path.relative_to(source).parts[0] in LAYERS:
            found += problems_of(path, source)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
