#!/usr/bin/env python3
"""Checks that every test a document names as `Suite.Name` exists. usage: check_named_tests.py SOURCE_FOLDER"""
import pathlib
import re
import sys

DOCUMENTS = ("docs/architecture.md", "docs/compat-eks.md", "docs/math-smoothing.md")


def main(root):
    root = pathlib.Path(root)
    tests = set()
    for path in (root / "src").rglob("*_test.cc"):
        tests.update(".".join(m) for m in re.findall(r"TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", path.read_text()))
    for path in root.rglob("CMakeLists.txt"):
        tests.update(re.findall(r"add_test\(\s*NAME ([\w.]+)", path.read_text()))
    failed = 0
    for document in DOCUMENTS:
        named = re.findall(r"`([A-Za-z]\w*\.[A-Z]\w+)`", (root / document).read_text())
        for name in named:
            if name not in tests:
                print(f"{document}: no test is called {name}")
                failed += 1
        print(f"{document}: {len(named)} tests named")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
