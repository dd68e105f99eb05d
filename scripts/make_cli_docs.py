#!/usr/bin/env python3
"""Writes all that repeats the program's own --help, or says with --check which of it differs: docs/cli.md, the page of the
manual (packaging/man/posse.1) and what completes words in bash and zsh (packaging/completion).

  make_cli_docs.py PROGRAM [--check]
"""
import difflib
import pathlib
import re
import subprocess
import sys

from shell_completion import bash_completion, zsh_completion

ROOT = pathlib.Path(__file__).resolve().parent.parent
MADE_FROM = "from `posse --help` by scripts/make_cli_docs.py"


class Entry:
    """A line of help: the option, positional or verb as help shows it, and what it says of it."""

    def __init__(self, name, says):
        self.name, self.says = name, says

    @property
    def spellings(self):
        """["-h", "--help"] of an option."""
        return self.name.split()[0].split(",")

    @property
    def value(self):
        """What stands for an option's value; "" of a flag."""
        words = re.sub(r"(REQUIRED|Excludes:.*|Needs:.*)$", "", self.name).split()[1:]
        return re.sub(r":.*", "", words[0]) if words else ""

    @property
    def choices(self):
        return self.value.split("|") if "|" in self.value else []


class Help:
    """One verb's help, taken apart: about, usage, {heading: [Entry]}, and the lines below."""

    def __init__(self, verbs, text):
        self.verbs, self.text = verbs, text
        self.about, self.usage, self.sections, below = "", "", {}, []
        entries = None
        for line in text.splitlines():
            if line.startswith("Usage:"):
                self.usage = line[len("Usage:"):].strip()
            elif re.fullmatch(r"[A-Z][A-Za-z ]*:", line):
                entries = self.sections.setdefault(line[:-1], [])
            elif entries is not None and re.match(r"  \S", line):
                name, says = (re.split(r" {2,}", line.strip(), maxsplit=1) + [""])[:2]
                entries.append(Entry(name, says))
            elif entries and re.match(r" {20,}\S", line) and not below:
                entries[-1].says = (entries[-1].says + " " + line.strip()).strip()
            elif not self.usage:
                self.about = (self.about + " " + line).strip()
            elif line or below:
                below.append(line)
        self.below = below

    @property
    def subverbs(self):
        return self.sections.get("Subcommands", [])

    @property
    def options(self):
        return [entry for heading, entries in self.sections.items() if heading not in ("Subcommands", "Positionals")
                for entry in entries]


def help_of(program, verbs):
    done = subprocess.run([program, *verbs, "--help"], capture_output=True, text=True, check=True)
    return Help(verbs, "\n".join(line.rstrip() for line in done.stdout.strip().splitlines()))


def all_helps(program):
    """Help of the program and of every verb, each before those below it."""
    helps = []

    def add(verbs):
        one = help_of(program, verbs)
        helps.append(one)
        for entry in one.subverbs:
            add([*verbs, entry.name])

    add([])
    return helps


def page(helps):
    parts = ["# The command line\n\nMade %s; a test compares them.\n\n"
             "An installed posse (`sudo cmake --install build/release --component program --prefix /usr/local`) brings the same text as\n"
             "`man posse`. The Tab key then completes its verbs and options: in zsh, and in bash where Debian's package bash-completion\n"
             "is installed. With another prefix, put PREFIX/share into `XDG_DATA_DIRS` for bash, and\n"
             "PREFIX/share/zsh/site-functions into `fpath` for zsh. Without installing, `source packaging/completion/posse.bash`\n"
             "completes in one bash and needs no package, and `man -l packaging/man/posse.1` shows the manual.\n" % MADE_FROM]
    for one in helps:
        heading = "## posse %s\n\n" % " ".join(one.verbs) if one.verbs else ""
        parts.append("%s```\n%s\n```\n" % (heading, one.text))
    return "\n".join(parts)


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def manual_entries(entries):
    lines = []
    for entry in entries:
        lines += [".TP", ".B " + roff(entry.name), roff(entry.says) if entry.says else "\\&"]
    return lines


def joined(lines):
    """Paragraphs of the lines below a help: a flush line goes on with the sentence that the flush line above left open."""
    parts = []
    for line in lines:
        goes_on = (parts and parts[-1] and parts[-1][-1] not in ".:"
                   and not any(not text or re.match(r" |example:|\w+ {2,}", text) for text in (line, parts[-1])))
        if goes_on:
            parts[-1] += " " + line
        else:
            parts.append(line)
    return [part for part in parts if part]


def manual(helps):
    """The page for `man posse`: every verb with its options."""
    top = helps[0]
    lines = ['.\\" Made %s' % MADE_FROM.replace("`", "'"), '.TH POSSE 1 "" "posse" "User Commands"', ".SH NAME",
             "posse \\- " + roff(top.about.split(": ", 1)[1]), ".SH SYNOPSIS", ".B posse",
             roff(top.usage.removeprefix("posse ")), ".SH OPTIONS", *manual_entries(top.options), ".SH VERBS",
             *manual_entries(top.subverbs)]
    for one in helps[1:]:
        lines += [".SH POSSE " + " ".join(one.verbs).upper(), roff(one.about[:1].upper() + one.about[1:]) + ".", ".PP",
                  ".B " + roff(one.usage)]
        for heading, entries in one.sections.items():
            lines += [".SS " + heading, *manual_entries(entries)]
        # The program's own last lines stand once, below.
        lines += [part for line in joined(line for line in one.below if line not in top.below or not line) for part in (".PP", roff(line))]
    lines += [".SH EXIT STATUS", roff(re.sub(r"\s+", " ", " ".join(top.below).split("posse VERB")[0])
                                      .removeprefix("exit codes: ").strip()) + ".",
              ".SH EXAMPLE", "Run the example that comes with the program:", ".PP", ".B posse demo"]
    return "\n".join(lines) + "\n"


def made_files(program):
    """Path below the repository -> what belongs there."""
    helps = all_helps(program)
    return {"docs/cli.md": page(helps),
            "packaging/man/posse.1": manual(helps),
            "packaging/completion/posse.bash": bash_completion(helps, MADE_FROM),
            "packaging/completion/_posse": zsh_completion(helps, MADE_FROM)}


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 2
    num_different = 0
    for path, fresh in made_files(sys.argv[1]).items():
        kept = (ROOT / path).read_text() if (ROOT / path).exists() else ""
        if "--check" not in sys.argv:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(fresh)
        elif kept != fresh:
            num_different += 1
            print(path, "differs from the program's help; run scripts/make_cli_docs.py PROGRAM")
            print("\n".join(difflib.unified_diff(kept.splitlines(), fresh.splitlines(), path, "--help", lineterm="")))
    return int(num_different > 0)


if __name__ == "__main__":
    sys.exit(main())
