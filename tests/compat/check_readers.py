#!/usr/bin/python3
"""Gives the folders that `posse run` writes, with every extra asked for, to keypoint-moseq and movement from PyPI.

usage: check_readers.py POSSE
Exit status: 0 each recording is found once; 1 not so; 77 skipped: PyPI or a Python package is missing.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "data" / "demo"
EVERYTHING = ["--format", "both", "--save-members", "--wide-csv", "--smooth", "kalman", "--labeled-video"]
BODYPARTS = ["snout", "leftear", "rightear", "tailbase"]
FRAMES = 12


def main(posse):
    with tempfile.TemporaryDirectory() as holder:
        folder = pathlib.Path(holder)
        second = folder / "second.mp4"
        shutil.copy(DEMO / "video" / "openarena.mp4", second)
        subprocess.run([posse, "run", DEMO / "video" / "openarena.mp4", second, "--members", DEMO / "member-1",
                        DEMO / "member-2", "--frames", f"0:{FRAMES}", "--out", folder / "out", *EVERYTHING], check=True,
                       capture_output=True)
        extras = folder / "out-extras"
        both = [folder / "out", extras / "csv", extras / "smoothed", extras / "members" / "member-1",
                extras / "members-csv" / "member-2"]
        one = [folder / "out" / "openarena"]
        done = subprocess.run([ROOT / "scripts" / "pypi_env.py", "readers",
                               pathlib.Path(__file__).with_name("readers_of_others.py"), *both, *one],
                              capture_output=True, text=True, check=False)
        if done.returncode == 77:
            print(done.stdout.strip())
            return 77
        if done.returncode != 0:
            print(done.stderr)
            return 1
        found = json.loads(done.stdout.splitlines()[-1])
        bad = []
        for path in [*both, *one]:
            stems = ["openarena", "second"] if path in both else ["openarena"]
            loaded = found["keypoint-moseq"][str(path)]
            read = found["movement"][str(path)]
            if ([sum(name.startswith(stem + "DLC_") for name in loaded["recordings"]) for stem in stems] != [1] * len(stems)
                    or len(loaded["recordings"]) != len(stems) or sorted(loaded["bodyparts"]) != sorted(BODYPARTS)
                    or any(shape != [FRAMES, 4, 2] for shape in loaded["recordings"].values())):
                bad.append(f"{path}: keypoint-moseq finds {loaded}")
            if len(read) != len(stems) or any(table != {"frames": FRAMES, "bodyparts": BODYPARTS} for table in read.values()):
                bad.append(f"{path}: movement finds {read}")
        print("\n".join(bad) or f"keypoint-moseq and movement find each recording once in {len(both) + len(one)} folders")
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
