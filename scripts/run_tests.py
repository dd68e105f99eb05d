#!/usr/bin/env python3
"""Runs ctest, then counts what was skipped and why, then gives ctest's own summary, which so ends the output.

Usage: scripts/run_tests.py [--summary-to FILE] CTEST_ARGUMENT...

A skip is a test that says so (GoogleTest's "Skipped", exit status 77 with a line "SKIPPED: reason"), or such a line in
the output of a test that otherwise passed. With --summary-to, ctest's summary goes to FILE instead, for a caller that
has more to say before it. Exit status: ctest's.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml_tree

SUMMARY = re.compile(r"^\d+% tests passed, ")
NOT_RUN = "The following tests did not run:"
GTEST_SKIP = re.compile(r"^\S+:\d+: Skipped$")
PYTEST_SKIP = re.compile(r"^SKIPPED \[(\d+)\] \S+: (.*)$")
PLAIN_SKIP = re.compile(r"^SKIPPED:? +(.*)$")
# What ctest keeps of one test's output, in bytes: enough for the reasons.
OUTPUT_KEPT = "200000"


def run_ctest(arguments: list[str], report: pathlib.Path) -> tuple[int, list[str]]:
    """Passes ctest's lines on as they come, except its summary: (exit status, lines of the summary)."""
    words = ["ctest", "--no-tests=error", "--output-junit", str(report),
             "--test-output-size-passed", OUTPUT_KEPT, "--test-output-size-failed", OUTPUT_KEPT, *arguments]
    summary: list[str] = []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace") as process:
        for line in process.stdout:
            if summary or SUMMARY.match(line):
                summary.append(line.rstrip("\n"))
            else:
                print(line, end="", flush=True)
    return process.returncode, summary


def without_list_of_skips(summary: list[str]) -> list[str]:
    """The summary less ctest's list of skipped tests, which has names and no reasons; those not run for want of a
    program stay."""
    kept = [line for line in summary if not re.match(r"^\s+\d+ - .* \(Skipped\)$", line)]
    lines = []
    for index, line in enumerate(kept):
        following = kept[index + 1] if index + 1 < len(kept) else ""
        if line == NOT_RUN and not re.match(r"^\s+\d+ - ", following):
            continue
        lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def reasons_in(text: str):
    """(count, reason) of every skip that the output of a test tells of."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if GTEST_SKIP.match(line):
            following = lines[index + 1].strip() if index + 1 < len(lines) else ""
            if not PLAIN_SKIP.match(following):  # which counts by itself
                yield 1, following
        elif found := PYTEST_SKIP.match(line):
            yield int(found.group(1)), found.group(2)
        elif found := PLAIN_SKIP.match(line):
            yield 1, found.group(1)


def count_skips(report: pathlib.Path) -> collections.Counter:
    """How often each reason was given."""
    counts: collections.Counter = collections.Counter()
    for case in xml_tree.parse(report).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        reasons = list(reasons_in(output))
        if case.find("skipped") is not None and not reasons:
            reasons = [(1, f"no reason given by {case.get('name')}")]
        for count, reason in reasons:
            counts[reason or "no reason given"] += count
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(usage="run_tests.py [--summary-to FILE] CTEST_ARGUMENT...")
    parser.add_argument("--summary-to", type=pathlib.Path)
    options, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "tests.xml"
        status, summary = run_ctest(arguments, report)
        counts = count_skips(report) if report.exists() else collections.Counter()
    print(f"Skipped: {sum(counts.values())}" + (", by reason:" if counts else ""))
    for reason, count in counts.most_common():
        print(f"  {count:4}  {reason}")
    text = "\n".join(without_list_of_skips(summary)) + "\n"
    if options.summary_to:
        options.summary_to.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return status


if __name__ == "__main__":
    sys.exit(main())
