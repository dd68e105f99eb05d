#!/usr/bin/env python3
"""Checks the words of headers, as CONTRIBUTING.md ("Words") has them.

Usage: scripts/check_words.py [REPOSITORY]

A header's first line is a sentence of documentation, with its subject first. Comments of a struct's fields stand all behind the
fields, each in the field's own line, or all above them. Words that only the writer understands do not stand in headers, pages and
help. Prints a line per fault; exit 1 if there is any.
"""

import collections
import pathlib
import re
import sys
from dataclasses import dataclass

FOLDERS = ("include", "src", "python", "tests", "benchmarks")
FIRST = re.compile(r'/// (?:[A-Z0-9"`]|[a-z]+\.(?:json|yaml)|posse\.h\b|numpy )')
C_FIRST = re.compile(r"/\*\*?\s|/// ")
# Answers to a question that nobody has read: say what does it ("Measures how far", not "How far").
RELATIVE = re.compile(r"/// (?:From|Where|How|What|Which|Whether|Why|Whose|Of|Told|Understood) ")
BROKEN = re.compile(r"\s*///<")
# Comments of fields, in C++ and in C.
BEHIND = re.compile(r"///<|\S.*/\*")
OPEN_BEHIND = re.compile(r"\S.*/\*(?!.*\*/)")
ABOVE = re.compile(r"\s*(?:///(?!<)|/?\*.*\*/\s*$)")
# What was written for a program that posse is compared with: say which one.
RIDDLES = re.compile(r"(?<![a-z_\"])(?:the |a )?peers?(?:'s)?\b(?!_adam)", re.IGNORECASE)
MAY_SAY_SO = {"CONTRIBUTING.md", "CHANGELOG.md", "src/cli/cmd_smooth.cc", "tests/scripts/test_scripts.py"}

# Not code: preprocessor lines, comments, texts, characters.
NOT_CODE = re.compile(r"""^[ \t]*\#(?:[^\n\\]|\\\n|\\.)*|//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'""", re.S | re.M)
TYPE = re.compile(r"(?:template\b.*?>\s*)?(?:typedef\s+)?(struct|class|union|enum)\b", re.S)
LABEL = re.compile(r"\s*(?:public|private|protected)\s*$")
NO_FIELD = re.compile(r"(?:using|typedef|friend|static_assert|template|struct|class|union|enum)\b")


@dataclass
class Scope:
    """What an opened brace stands for."""
    kind: str  # "namespace", "type", "enum", "body" of a function, "value": an initialiser
    number: int


@dataclass
class Field:
    """A field of a struct or class, or an enumerator."""
    scope: int
    first_line: int
    last_line: int


def has_brackets(statement):
    """Whether round brackets stand before a value, outside of template arguments and attributes: those of a function."""
    text, before = re.sub(r"(?:alignas|__attribute__)\s*\(+[^()]*\)+", "", statement), None
    while before != text:
        before, text = text, re.sub(r"<[^<>]*>", "", text)
    return "(" in text.split("=")[0]


class Fields:
    """Finds the fields of all types in a header, by its braces and semicolons."""

    def __init__(self, text):
        self.found, self.scopes, self.num_scopes = [], [Scope("namespace", 0)], 0
        self.statement, self.first, self.last, self.depth = "", 0, 0, 0
        code = NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
        for number, line in enumerate(code.splitlines(keepends=True), start=1):
            for character in line:
                self.take(character, number)

    def take(self, character, line):
        kind = self.scopes[-1].kind
        if character == "{":
            self.open(kind)
        elif character == "}":
            self.close(kind)
        elif kind in ("body", "value"):
            return
        elif character == ":" and LABEL.match(self.statement):
            self.statement = ""
        elif self.depth == 0 and (character == ";" or (character == "," and kind == "enum")):
            self.last = line
            self.end(kind)
        else:
            self.depth += (character == "(") - (character == ")")
            if not character.isspace():
                self.first = self.first if self.statement.strip() else line
                self.last = line
            self.statement += character

    def open(self, kind):
        statement, self.num_scopes = self.statement.strip(), self.num_scopes + 1
        opened = TYPE.match(statement)
        if kind in ("body", "value") or self.depth > 0:
            new = "value"
        elif opened and not has_brackets(statement):
            new = "enum" if opened.group(1) == "enum" else "type"
        elif re.match(r"(?:inline )?namespace\b|extern\b", statement) and not has_brackets(statement):
            new = "namespace"
        else:
            new = "body" if has_brackets(statement) or "operator" in statement else "value"
        if new in ("enum", "type", "namespace"):
            self.statement = ""
        self.scopes.append(Scope(new, self.num_scopes))

    def close(self, kind):
        if kind == "enum":
            self.end(kind)
        if kind != "value":
            self.statement = ""
        if len(self.scopes) > 1:
            self.scopes.pop()

    def end(self, kind):
        statement = self.statement.strip()
        if statement and kind in ("type", "enum") and not has_brackets(statement) and not NO_FIELD.match(statement):
            self.found.append(Field(self.scopes[-1].number, self.first, self.last))
        self.statement = ""


def faults_of_fields(text, lines):
    """(line number, fault) of the comments at fields."""
    scopes = collections.defaultdict(list)
    for field in Fields(text).found:
        scopes[field.scope].append(field)
    for fields in scopes.values():
        behind = [field for field in fields if BEHIND.search(lines[field.last_line - 1])]
        above = [field for field in fields if ABOVE.match(lines[field.first_line - 2])]
        if behind and above:
            yield behind[0].last_line, "comments stand behind some fields and above others: put all of this type's above"
        for field in behind:
            if OPEN_BEHIND.search(lines[field.last_line - 1]):
                yield field.last_line, "a comment behind a field goes on in the next line: put it above the field"
            if field.last_line > field.first_line:
                yield field.first_line, "a comment behind a field broke its declaration: put this type's comments above the fields"


def faults_of_header(text, lines):
    """(line number, fault) of what is asked of headers alone."""
    first = lines[0] if lines else ""
    if not (FIRST.match(first) or (first.startswith("/*") and C_FIRST.match(first))):
        yield 1, "the first line does not say what the header is or does (/// and a capital letter)"
    if RELATIVE.match(first):
        yield 1, f"the first line begins with '{first.split()[1]}': say what the thing is or does, subject first"
    for number, (line, following) in enumerate(zip(lines, lines[1:]), start=1):
        if "///<" in line and BROKEN.match(following):
            yield number, "a comment behind a field goes on in the next line: put it above the field"
    yield from faults_of_fields(text, lines)


def faults_of(path, text):
    """(line number, fault) of each fault in a file; `path` is relative to the repository."""
    lines = text.splitlines()
    if path.suffix == ".h":
        yield from faults_of_header(text, lines)
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
