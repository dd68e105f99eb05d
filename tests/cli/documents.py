"""Markdown pages as tests see them: blocks of code, commands, tables."""

import re


def blocks(text, language=""):
    """The code blocks that are marked as `language`; without it, those that are not marked."""
    return [block for marked, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text) if marked == language]


def without_note(line):
    return re.split(r"\s{2,}#|\s#\s", line)[0].strip()


def commands(text, program):
    """Command lines of unmarked blocks that begin with `program`, or with "$ " and it."""
    return [without_note(line).removeprefix("$ ") for block in blocks(text) for line in block.splitlines()
            if line.removeprefix("$ ").startswith(program + " ")]


def commands_in_tables(text, program):
    """What stands in `code` of a table's row and begins with `program`."""
    return [command for line in text.splitlines() if line.startswith("|")
            for command in re.findall(r"`(%s [^`]*)`" % program, line)]
