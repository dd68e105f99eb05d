#!/usr/bin/env python3
"""Checks that files of this repository which documents, sources and scripts refer to are there.

Usage: scripts/check_doc_references.py [REPOSITORY]

Looked at: relative links in Markdown, pages of docs/ anywhere, and repository paths in Markdown's `code`, such as
`src/cli/command.h`, and in comments of C++. A decision's heading has to have the number of its file. Prints one line per reference that leads
nowhere; exit 1 if there is any.
"""

import pathlib
import re
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
DOC = re.compile(r"\bdocs/[A-Za-z0-9_/.-]+\.md\b")
COMMENT = re.compile(r"^\s*//.*$")
SOURCE_PATH = re.compile(r"\b(?:src|tests|scripts|benchmarks|python|cmake)/[A-Za-z0-9_./-]+\.(?:h|cc|cmake|py|sh|txt)\b")
CODE_PATH = re.compile(r"`((?:src|tests|scripts|benchmarks|python|cmake|data|docs)/[A-Za-z0-9_./-]+)`")
TEXT = {".md", ".h", ".cc", ".py", ".txt", ".sh", ".cmake", ".json", ".cff", ".yml", ".yaml", ""}
TOO_LARGE = 1_000_000
PASSED_OVER = {".git", "build"}  # and what they hold


def references(path: pathlib.Path, text: str, root: pathlib.Path):
    """(line number, reference as written, file it means) of every reference in `text`."""
    for number, line in enumerate(text.splitlines(), start=1):
        for name in DOC.findall(line):
            yield number, name, root / name
        if path.suffix in (".h", ".cc") and COMMENT.match(line):
            for name in SOURCE_PATH.findall(line):
                yield number, name, root / name
        if path.suffix != ".md":
            continue
        for name in LINK.findall(line):
            if "://" not in name and not name.startswith("mailto:"):
                yield number, name, path.parent / name
        for name in CODE_PATH.findall(line):
            yield number, name, root / name


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    num_files = num_bad = 0
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.split("/")[0] in PASSED_OVER:
            continue
        if path.suffix not in TEXT or not path.is_file() or path.stat().st_size > TOO_LARGE:
            continue
        num_files += 1
        for number, reference, target in references(path, path.read_text(encoding="utf-8", errors="replace"), root):
            if not target.exists():
                print(f"{name}:{number}: refers to {reference}, which is not there")
                num_bad += 1
    for path in sorted((root / "docs" / "decisions").glob("*.md")):
        number = path.name.split("-")[0]
        if not path.read_text(encoding="utf-8").startswith(f"# {number}: "):
            print(f"{path.relative_to(root)}:1: its heading does not begin with {number}")
            num_bad += 1
    if num_bad == 0:
        print(f"every reference in {num_files} files leads somewhere")
    return 1 if num_bad or not num_files else 0


if __name__ == "__main__":
    sys.exit(main())
