#!/usr/bin/env python3
"""Runs `posse consensus`, `posse info` and `posse convert` on good and bad tables; needs nothing but Python.

usage: check_tables.py POSSE
"""
import csv
import errno
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HEADER = "scorer,S,S,S,S,S,S\nbodyparts,a,a,a,b,b,b\ncoords,x,y,likelihood,x,y,likelihood\n"
ROWS = "0,1.5,2.5,0.5,30,40,0.9\n1,2.5,3.5,0.6,31,41,0.8\n2,,,0.0,32,42,0.7\n"


class Folder:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    def run(self, *words):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=60)

    def consensus(self, *words, out="out.csv"):
        return self.run("consensus", *words, "--out", self.folder / out, "--force")

    def rows(self, name="out.csv"):
        with open(self.folder / name, newline="") as file:
            lines = list(csv.reader(file))
        return lines[:3], {int(line[0]): [float(cell) if cell else math.nan for cell in line[1:]] for line in lines[3:]}


def check_refusals(at):
    good = at.write("good.csv", HEADER + ROWS)
    other = at.write("other.csv", HEADER.replace("a", "c").replace("bodypc", "bodypa").replace("b,b,b", "d,d,d"))
    cases = [
        ("text.csv", HEADER + "0,1,2,0.5,3,oops,0.5\n", "text.csv:4: column 6 (b y): 'oops' is not a number"),
        ("short.csv", "scorer,S,S\nbodyparts,a,a\n0,1,2\n", "short.csv:3: a row of numbers stands where header row 3"),
        ("cut.csv", HEADER + "0,1,2,0.5,3", "cut.csv:4: has 5 cells, the header has 7: the file seems to be cut off"),
        ("unsorted.csv", HEADER + "1,1,2,0,3,4,0\n0,1,2,0,3,4,0\n", "frame number 0 of row 2 does not rise"),
        ("repeated.csv", HEADER + "3,1,2,0,3,4,0\n3,1,2,0,3,4,0\n", "frame number 3 of row 2 repeats"),
        ("empty.csv", "", "empty.csv: is empty"),
        ("images.csv", HEADER + "labeled-data/v/img1.png,1,2,0,3,4,0\n", "its rows are images"),
        ("cut.h5", "\x00\x01", "neither text nor HDF5"),
        ("zeros.h5", "\x00" * 9, "zeros.h5: holds only NUL bytes"),
    ]
    for name, text, expected in cases:
        done = at.consensus(good, at.write(name, text))
        assert done.returncode in (1, 5) and expected in done.stderr, (name, done.returncode, done.stderr)
        assert done.stderr.count("posse: error:") == 1 and not (at.folder / "out.csv").exists(), done.stderr
    done = at.consensus(good)
    assert done.returncode in (1, 2) and "at least two tables" in done.stderr, done.stderr
    done = at.consensus(good, good)
    assert done.returncode in (1, 2) and "is named twice" in done.stderr, done.stderr
    done = at.consensus(good, other, "--common-bodyparts")
    assert done.returncode == 1 and "no bodypart in common" in done.stderr and "good.csv: a, b" in done.stderr, done.stderr
    done = at.consensus(good, at.folder / "good2.csv")
    assert done.returncode == 1 and "good2.csv: does not exist" in done.stderr, done.stderr
    done = at.consensus(good, at.write("twin.csv", HEADER + ROWS), "--trim", "0.5")
    assert done.returncode in (1, 2) and "trim is 0.5" in done.stderr, done.stderr


def check_truncated(at):
    good = at.write("whole.csv", HEADER + "".join(f"{i},1,2,0.5,3,4,0.5\n" for i in range(5000)))
    assert at.run("convert", good, at.folder / "whole.h5").returncode == 0
    whole = (at.folder / "whole.h5").read_bytes()
    for share in (0.01, 0.3, 0.6, 0.95):
        (at.folder / "half.h5").write_bytes(whole[: int(len(whole) * share)])
        for words in (("info", at.folder / "half.h5"), ("convert", at.folder / "half.h5", at.folder / "no.csv")):
            done = at.run(*words)
            assert done.returncode == 1 and "half.h5" in done.stderr and "posse: error:" in done.stderr, (share, done)
    assert not (at.folder / "no.csv").exists()


def check_different_members(at):
    """Other frames, another order, a missing bodypart, one never found: matched by name and number, and reported."""
    first = at.write("first.csv", HEADER + "0,0,0,1,10,10,1\n1,2,2,1,20,20,1\n")
    second = at.write("second.csv", "scorer,T,T,T,T,T,T\nbodyparts,b,b,b,a,a,a\ncoords,x,y,likelihood,x,y,likelihood\n"
                                    "1,30,30,1,4,4,1\n2,40,40,1,6,6,1\n")
    third = at.write("third.csv", "scorer,U,U,U,U,U,U\nbodyparts,a,a,a,e,e,e\ncoords,x,y,likelihood,x,y,likelihood\n"
                                  "1,9,9,1,,,0\n")
    done = at.consensus(first, second, third, "--method", "mean")
    assert done.returncode == 4, done
    for expected in ("first.csv: has 2 frames from 0 to 1, aligned to 3 frames from 0 to 2",
                     "second.csv: has its bodyparts in another order", "third.csv: lacks b", "third.csv: never finds e"):
        assert expected in done.stderr, (expected, done.stderr)
    header, rows = at.rows()
    assert header[1][1::3] == ["a", "b", "e"], header
    assert rows[0][:5] == [0, 0, 1, 10, 10] and rows[1][:5] == [5, 5, 1, 25, 25] and rows[2][:5] == [6, 6, 1, 40, 40], rows
    assert all(math.isnan(row[6]) and row[8] == 0 for row in rows.values()), rows
    done = at.consensus(first, second, third, "--common-bodyparts", "--min-members", "2")
    header, rows = at.rows()
    assert header[1][1::3] == ["a"] and math.isnan(rows[0][0]) and rows[1][:2] == [4, 4] and math.isnan(rows[2][0]), rows


def check_results_in_a_folder(at):
    for member, x in (("1", "1.5"), ("2", "1.25"), ("3", "1.75")):
        at.write(f"mouseDLC_net{member}.csv", HEADER + ROWS.replace("0,1.5", f"0,{x}"))
    tables = sorted(at.folder.glob("mouseDLC_net?.csv"))
    done = at.consensus(*tables, "--format", "both", out="results")
    assert done.returncode == 0, done
    names = sorted(path.name for path in (at.folder / "results").iterdir())
    stem = "mouseDLC_posseMedian_3members"
    assert names == [stem + ".csv", stem + ".h5", "run.json"], names
    record = json.loads((at.folder / "results" / "run.json").read_text())
    assert [member["name"] for member in record["members"]] == [table.stem for table in tables]
    assert record["options"]["method"] == "median" and record["files"] == [stem + ".h5", stem + ".csv"], record
    header, rows = at.rows("results/" + stem + ".csv")
    assert header[0][1] == "DLC_posseMedian_3members" and rows[1] == [2.5, 3.5, 0.6, 31, 41, 0.8], rows


def check_one_network_counted_twice(at):
    """A table in two formats is one; what else may be one network's is said, also in run.json."""
    folder = at.folder / "both"
    folder.mkdir()
    for member, x in (("seed1", "1.5"), ("seed2", "1.25")):
        table = at.write(f"both/{member}.csv", HEADER + ROWS.replace("0,1.5", f"0,{x}"))
        assert at.run("convert", table, folder / f"{member}.h5").returncode == 0
    (folder / "._seed1.csv").write_bytes(b"\0\5\x16\7Mac OS X")
    done = at.consensus(folder, out="both-out")
    assert done.returncode == 0 and "seed1.csv is the same table as seed1.h5; read once" in done.stderr, done
    record = json.loads((at.folder / "both-out" / "run.json").read_text())
    assert [member["name"] for member in record["members"]] == ["seed1", "seed2"] and len(record["notes"]) == 2, record
    done = at.consensus(folder / "seed1.h5", folder / "seed1.csv")
    assert done.returncode == 2 and "at least two tables" in done.stderr and "same table" in done.stderr, done
    at.write("both/seed1_filtered.csv", HEADER + ROWS.replace("0,1.5", "0,1.375"))
    at.write("both/seed3.csv", HEADER + ROWS.replace("0,1.5", "0,1.25"))
    done = at.consensus(folder, out="both-out")
    assert done.returncode == 4 and "seed1_filtered.csv is the filtered seed1.h5" in done.stderr, done
    assert "seed2.h5 and seed3.csv hold the same poses" in done.stderr, done
    record = json.loads((at.folder / "both-out" / "run.json").read_text())
    assert len(record["warnings"]) == 2, record


NO_LOCKS = """#include <errno.h>
#include <stdlib.h>
int flock(int file, int operation) { errno = atoi(getenv("FLOCK_ERRNO")); return -1; }
"""


def check_file_systems_without_locks(at):
    """Network file systems know no flock, and another program may hold one: tables are read and written all the same."""
    compiler = shutil.which("cc")
    if compiler is None:
        return
    at.write("locks.c", NO_LOCKS)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", at.folder / "locks.so", at.folder / "locks.c"], check=True)
    table = at.write("locked.csv", HEADER + ROWS)
    for number in (errno.ENOLCK, errno.ENOSYS, errno.EAGAIN, errno.EOPNOTSUPP):
        environment = os.environ | {"LD_PRELOAD": str(at.folder / "locks.so"), "FLOCK_ERRNO": str(number)}
        for source, target in ((table, "locked.h5"), (at.folder / "locked.h5", "again.csv")):
            words = [at.program, "convert", source, at.folder / target, "--force"]
            done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment)
            assert done.returncode == 0, (number, done)
        assert (at.folder / "again.csv").read_text() == table.read_text().replace("30,40", "30.0,40.0").replace(
            "31,41", "31.0,41.0").replace("32,42", "32.0,42.0")


def check_nobody_counts(at):
    tables = [at.write(f"low{i}.csv", HEADER + ROWS.replace("0,1.5", f"0,1.{i}")) for i in (1, 2)]
    done = at.consensus(*tables, "--min-likelihood", "0.99")
    assert done.returncode == 4 and "no member counts anywhere" in done.stderr, done


def check_info(at):
    table = at.write("info.csv", HEADER + ROWS)
    report = json.loads(at.run("info", "--json", table).stdout)["tables"][0]
    assert report["rows"] == 3 and report["coords"] == ["x", "y", "likelihood"] and report["last"] == "2", report
    a, b = report["bodyparts"]
    assert a["missing"] == 1 and abs(a["missing_share"] - 1 / 3) < 1e-15 and a["likelihood_histogram"][5:7] == [1, 1], a
    assert b["likelihood_histogram"] == [0] * 7 + [1, 1, 1] and b["median_likelihood"] == 0.8, b
    said = at.run("info", table).stdout
    assert "3 frames, 0 to 2" in said and "33.3 %" in said, said


def main():
    for check in (check_refusals, check_truncated, check_different_members, check_results_in_a_folder, check_one_network_counted_twice, check_file_systems_without_locks, check_nobody_counts, check_info):
        with tempfile.TemporaryDirectory() as folder:
            check(Folder(sys.argv[1], folder))


if __name__ == "__main__":
    main()
