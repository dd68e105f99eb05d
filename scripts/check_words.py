#!/usr/bin/env python3
"""Checks the words of headers, as CONTRIBUTING.md ("Words") has them.

Usage: scripts/check_words.py [REPOSITORY]

A header's first line is a sentence of documentation; no comment behind a field goes on in the next line; words that only the
writer understands do not stand in headers, pages and help. Prints a line per fault; exit 1 if there is any.
"""

import pathlib
import re
import sys

FOLDERS = ("include", "src", "python", "tests", "benchmarks")
FIRST = re.compile(r'/// (?:[A-Z0-9"`]|[a-z]+\.(?:json|yaml)|posse\.h\b|numpy )')
C_FIRST = re.compile(r"/\*\*?\s|/// ")
BROKEN = re.compile(r"\s*///<")
# What was written for a program that posse is compared with: say which one.
RIDDLES = re.compile(r"(?<![a-z_\"])(?:the |a )?peers?(?:'s)?\b(?!_adam)", re.IGNORECASE)
MAY_SAY_SO = {"CONTRIBUTING.md", "CHANGELOG.md", "src/cli/cmd_smooth.cc", "tests/scripts/test_scripts.py"}


def faults_of(path, text):
    """(line number, fault) of each fault in a file; `path` is relative to the repository."""
    lines = text.splitlines()
    if path.suffix == ".h":
        first = lines[0] if lines else ""
        if not (FIRST.match(first) or (first.startswith("/*") and C_FIRST.match(first))):
            yield 1, "the first line does not say what the header is or does (/// and a capital letter)"
        for number, (line, following) in enumerate(zip(lines, lines[1:]), start=1):
            if "///<" in line and BROKEN.match(following):
                yield number, "a comment behind a field goes on in the next line: put it above the field"
    if str(path) not in MAY_SAY_SO:
        for number, line in enumerate(lines, start=1):
            if RIDDLES.search(line):
                yield number, "'peer' says to nobody which program is meant"


def files(root):
    for folder in FOLDERS:
        yield from sorted(path for path in (root / folder).rglob("*") if path.suffix in (".h", ".cc", ".py", ".pyi", ".md"))
    yield from sorted((root / "docs").rglob("*.md"))
    yield from sorted(root.glob("*.md"))


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent).resolve()
    num_faults = num_files = 0
    for path in files(root):
        num_files += 1
        inside = path.relative_to(root)
        for number, fault in faults_of(inside, path.read_text(errors="replace")):
            num_faults += 1
            print(f"{inside}:{number}: {fault}")
    if not num_faults:
        print(f"the words of {num_files} files are plain")
    return int(num_faults > 0)


if __name__ == "__main__":
    sys.exit(main())
