"""Reading and writing of pose tables by posse and by pandas, on the same files in the same run, one thread each.

usage: compare.py BENCHMARK FOLDER [FRAMES]; BENCHMARK is posse_tables_benchmark. Needs pandas and PyTables.
"""

import pathlib
import statistics
import subprocess
import sys
import time

import pandas as pd


def measure(what, path, body, runs=3):
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        body()
        seconds.append(time.perf_counter() - start)
    middle = statistics.median(seconds)
    megabytes = path.stat().st_size / 1e6
    print(f"{what:24} {megabytes:7.1f} MB  median {middle:.3f} s  least {min(seconds):.3f}  most {max(seconds):.3f}  "
          f"{megabytes / middle:7.1f} MB/s", flush=True)


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    print("posse", flush=True)
    subprocess.run([program, folder, *sys.argv[3:4]], check=True)
    print(f"pandas {pd.__version__}, one member")
    text, binary = folder / "member0.csv", folder / "member0.h5"
    frame = pd.read_csv(text, header=[0, 1, 2], index_col=0)
    measure("csv read", text, lambda: pd.read_csv(text, header=[0, 1, 2], index_col=0))
    measure("csv read, exact", text,
            lambda: pd.read_csv(text, header=[0, 1, 2], index_col=0, float_precision="round_trip"))
    measure("csv write", text, lambda: frame.to_csv(folder / "pandas.csv"), runs=1)
    measure("h5 read", binary, lambda: pd.read_hdf(binary))
    measure("h5 write", binary, lambda: frame.to_hdf(folder / "pandas.h5", "df_with_missing", format="table", mode="w"))


if __name__ == "__main__":
    main()
