#!/usr/bin/env python3
"""`posse smooth single` and eks over the same made tables, whole commands in turn, as a markdown table.

  smoothers.py BIN [--frames 2000 20000] [--rounds R] [--threads T]

BIN is the folder of posse's programs, build/release/bin. Five members of four bodyparts, csv in, csv out. `s = 10` smooths with a given
parameter; "tuned" finds one for each keypoint first: posse as eks does (--eks-objective), and to the exact minimum, which is its default. Both
programs start, read, smooth and write in every round; the row "start" is eks's --help, most of which is loading its libraries. Ratios are
formed round by round. eks comes from PyPI (scripts/pypi_env.py eks, with POSSE_SLOW_TESTS=1 once to install it).
"""
import argparse
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "engines"))
import engines as e

MADE_TABLES = HERE.parent.parent / "tests" / "compat" / "made_tables.py"


class Command:
    """An engine for take_turns(): each call runs the command once; milliseconds per frame of its table."""

    def __init__(self, threads, words):
        self.words = e.pinned(threads, words)

    def ms_per_frame(self, frames):
        begin = time.perf_counter()
        e.output(self.words)
        return 1e3 * (time.perf_counter() - begin) / frames


def eks_environment():
    found = e.output([e.PYPI, "eks"]).strip()
    if found.startswith("SKIPPED"):
        raise SystemExit(found)
    return pathlib.Path(found).parent


def commands(posse, eks, tables, out, threads):
    ours = [posse, "--quiet", "smooth", "single", tables, "--force", "--threads", threads, "--out", out / "ours.csv"]
    theirs = [eks, "singlecam", "--input-dir", tables, "--save-dir", out / "theirs"]
    return {"s = 10": {"posse": [*ours, "--s", 10], "eks": [*theirs, "--s", 10]},
            "tuned as eks does": {"posse": [*ours, "--eks-objective"], "eks": theirs},
            "tuned, exact in posse": {"posse": ours, "eks": theirs}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--frames", type=int, nargs="+", default=[2000, 20000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    environment = eks_environment()
    print(e.machine())
    print("\n| frames, what | posse, seconds | eks, seconds | of it start | posse is faster by |")
    print("| --- | --- | --- | --- | --- |")
    for frames in args.frames:
        with e.work_folder(None) as folder:
            tables, out = pathlib.Path(folder) / "tables", pathlib.Path(folder)
            e.output([environment / "python", "-c", "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import made_tables; "
                      "made_tables.write_members(pathlib.Path(sys.argv[2]), int(sys.argv[3]))", MADE_TABLES.parent, tables, frames])
            for what, words in commands(args.bin / "posse", environment / "eks", tables, out, args.threads).items():
                engines = {name: Command(args.threads, line) for name, line in words.items()}
                engines["start"] = Command(args.threads, [environment / "eks", "--help"])
                times = e.take_turns(engines, args.rounds, frames)
                seconds = {name: [value * frames / 1e3 for value in values] for name, values in times.items()}
                print("| %d, %s | %s | %s | %s | %s |" % (frames, what, e.spread(seconds["posse"], "%.2f"), e.spread(seconds["eks"], "%.1f"),
                                                        e.spread(seconds["start"], "%.1f"), e.spread(e.ratios(times, "eks", "posse"), "%.0f")), flush=True)


if __name__ == "__main__":
    main()
