#!/usr/bin/env python3
"""Writes docs/cli.md from the program's own --help, or says with --check where the page differs from it.

  make_cli_docs.py PROGRAM [--check]
"""
import difflib
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "cli.md"


def help_of(program, *verbs):
    done = subprocess.run([program, *verbs, "--help"], capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def verbs_in(text):
    lines = text.split("Subcommands:", 1)[1].splitlines()[1:] if "Subcommands:" in text else []
    verbs = []
    for line in lines:
        if not line.strip():
            break
        found = re.match(r"  (\S+)", line)
        if found:
            verbs.append(found.group(1))
    return verbs


def page(program):
    parts = ["# The command line\n\nMade from `posse --help` by scripts/make_cli_docs.py; a test compares them.\n"]

    def add(verbs):
        text = help_of(program, *verbs)
        parts.append("## posse %s\n\n```\n%s\n```\n" % (" ".join(verbs), text) if verbs else "```\n%s\n```\n" % text)
        for verb in verbs_in(text):
            add([*verbs, verb])

    add([])
    return "\n".join(parts)


def main():
    fresh = page(sys.argv[1])
    if "--check" not in sys.argv:
        PAGE.write_text(fresh)
        return 0
    kept = PAGE.read_text()
    if kept == fresh:
        return 0
    print("docs/cli.md differs from the program's help; run scripts/make_cli_docs.py PROGRAM")
    print("\n".join(difflib.unified_diff(kept.splitlines(), fresh.splitlines(), "docs/cli.md", "--help", lineterm="")))
    return 1


if __name__ == "__main__":
    sys.exit(main())
