#!/usr/bin/env python3
"""What `posse smooth` says about input that cannot be smoothed, on tables made here. usage: ... POSSE

Every case must end with its exit status and a message that names the culprit; or, where only a part is bad, with
everything else done.
"""
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

CALIBRATION = """[cam_{i}]
name = "{name}"
size = [640, 480]
matrix = [[600.0, 0.0, 320.0], [0.0, 600.0, 240.0], [0.0, 0.0, 1.0]]
distortions = [0.0, 0.0, 0.0, 0.0, 0.0]
rotation = [0.0, {angle}, 0.0]
translation = [0.0, 0.0, 10.0]
"""


def write_table(path, parts=("nose", "tail"), frames=40, lost=()):
    """Points that wander, all cells of the parts `lost` empty."""
    draw = random.Random(os.path.basename(path))
    with open(path, "w") as file:
        file.write("scorer" + ",net" * (3 * len(parts)) + "\n")
        file.write("bodyparts" + "".join(f",{p},{p},{p}" for p in parts) + "\n")
        file.write("coords" + ",x,y,likelihood" * len(parts) + "\n")
        for t in range(frames):
            cells = [",,,0" if p in lost else f",{100 + t + draw.random()},{50 + t + draw.random()},0.9" for p in parts]
            cells = [",," + c.split(",")[-1] if c == ",,,0" else c[1:] for c in cells]
            file.write(f"{t}," + ",".join(cells) + "\n")
    return path


def write_npy(path, values, dtype="<f8"):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}d", *values))
    return path


class Program:
    def __init__(self, posse):
        self.posse = posse

    def __call__(self, *words):
        return subprocess.run([self.posse, "smooth", *map(str, words)], capture_output=True, text=True)

    def program(self, *words):
        return subprocess.run([self.posse, *map(str, words)], capture_output=True, text=True)

    def refuses(self, words, *texts, status=None):
        done = self(*words)
        assert done.returncode in ((1, 2) if status is None else (status,)), (words, done.returncode, done.stderr)
        assert "posse: error:" in done.stderr, (words, done.stderr)
        for text in texts:
            assert text in done.stderr, (words, "lacks", text, done.stderr)


def check_single(smooth, folder):
    files = [write_table(f"{folder}/seed{i}.csv") for i in range(3)]
    out = folder + "/out.h5"
    smooth.refuses(["single", files[0], "--out", out], "at least two members, got 1", "hint:")
    smooth.refuses(["single", files[0], files[0], "--out", out], "named twice")
    smooth.refuses(["single", folder + "/absent.csv", "--out", out], "absent.csv: does not exist")
    smooth.refuses(["single", *files, "--s", 1, 2, 3, "--out", out], "3 values of s for 2 keypoints")
    smooth.refuses(["single", *files, "--s", -1, "--out", out], "must be positive")
    smooth.refuses(["single", *files, "--s-frames", "0:41", "--out", out], "0:41", "0:40")
    smooth.refuses(["single", *files, "--s-frames", "[(0,20),(10,30)]", "--out", out], "overlap")
    smooth.refuses(["single", *files, "--s-frames", "[(0;20)]", "--out", out], "--s-frames", "hint:")
    smooth.refuses(["single", *files, "--blocks", "0,2", "--out", out], "keypoint 2")
    smooth.refuses(["single", *files, "--blocks", "0-1", "--out", out], "--blocks '0-1'", "hint:")
    smooth.refuses(["single", *files, "--bodypart-list", "nose", "tial", "--out", out], "'tial'", "tail")
    short = [write_table(f"{folder}/short{i}.csv", frames=1) for i in range(2)]
    smooth.refuses(["single", *short, "--out", out], "at least 2 frames, got 1")
    other = write_table(f"{folder}/other.csv", parts=("ear",))
    done = smooth("single", files[0], other, "--out", out, "--force")
    assert done.returncode in (1, 4), done.stderr
    assert "ear" in done.stderr or "bodypart" in done.stderr, done.stderr

    lost = [write_table(f"{folder}/lost{i}.csv", lost=("nose",)) for i in range(3)]
    done = smooth("single", *lost, "--out", folder + "/lost.csv")
    assert done.returncode == 4, (done.returncode, done.stderr)
    assert "nose: no member found it in any frame" in done.stderr, done.stderr
    with open(folder + "/lost.csv") as file:
        rows = [line.split(",") for line in file.read().splitlines()[3:]]
    assert all(row[1] == row[2] == "" and float(row[3]) == 0 and float(row[4]) > 0 for row in rows), rows[0]
    done = smooth("single", *files, "--out", folder + "/lost.csv")
    assert done.returncode == 2 and "exists already" in done.stderr, done.stderr


def check_cameras(smooth, folder):
    for camera in ("cam_1", "cam_10"):
        for i in range(2):
            write_table(f"{folder}/net{i}.{camera}.csv")
    tables = [f"{folder}/net{i}.{camera}.csv" for i in range(2) for camera in ("cam_1", "cam_10")]
    out = folder + "/views"
    done = smooth("multi", *tables, "--camera-names", "cam_1", "cam_10", "--s", 1, "--out", out)
    assert done.returncode == 0, done.stderr  # one name is part of the other, yet each file has one camera
    smooth.refuses(["multi", *tables, "--camera-names", "net", "cam_10", "--out", out], "'net' and 'cam_10'", "hint:")
    smooth.refuses(["multi", *tables, "--camera-names", "cam_10", "side", "--out", out], "holds no camera's name")
    smooth.refuses(["multi", *tables, "--out", out], "no camera is named")
    smooth.refuses(["multi", *tables[:3], "--camera-names", "cam_1", "cam_10", "--out", out], "camera 'cam_10' has 1 tables", "has 2")
    smooth.refuses(["multi", *tables, "--camera-names", "cam_1", "cam_10", "--n-latent", 5, "--out", folder + "/v2"],
                   "1 to 4 axes, got 5")
    fast = [write_table(f"{folder}/fast{i}.cam_2.csv", frames=80) for i in range(2)]
    done = smooth("multi", *tables[0::2], *fast, "--camera-names", "cam_1", "cam_2", "--out", folder + "/v3")
    assert done.returncode == 4 and "camera 'cam_1' lacks 40 of 80 frames" in done.stderr, done

    calibration = folder + "/calibration.toml"

    def calibrate(*names):
        with open(calibration, "w") as file:
            file.write("\n".join(CALIBRATION.format(i=i, name=n, angle=0.4 * i) for i, n in enumerate(names)))

    calibrate("cam_1", "cam_10", "cam_3")
    smooth.refuses(["multi", *tables, "--calibration", calibration, "--out", folder + "/v4"], "camera 'cam_3' has 0 tables")
    calibrate("cam_1")
    smooth.refuses(["multi", *tables[0::2], "--calibration", calibration, "--out", folder + "/v4"], "at least two")
    with open(calibration, "w") as file:
        file.write("[cam_0]\nname = [5]\n")
    smooth.refuses(["multi", *tables, "--calibration", calibration, "--out", folder + "/v4"], "calibration.toml", "'name'")
    with open(calibration, "w") as file:
        file.write("[cameras.0]\nport = 0\nmatrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]\n")
    for words in (["smooth", "multi", *tables, "--calibration", calibration, "--out", folder + "/v4"], ["info", calibration]):
        done = smooth.program(*words)
        assert done.returncode == 5 and "Caliscope" in done.stderr and "camera_array_aniposelib.toml" in done.stderr, done
    with open(calibration, "w") as file:
        file.write("[cam_0\n")
    smooth.refuses(["multi", *tables, "--calibration", calibration, "--out", folder + "/v4"], "calibration.toml", "line")
    smooth.refuses(["mirrored", *tables, "--camera-names", "top", "bot", "--out", folder + "/m.h5"], "'<keypoint>_top'")


def check_which_file_is_of_which_camera(smooth, folder):
    """CAMERA=FILE, cameras called 1 and 11, and a choice among a calibration's cameras; each gives what plain names give."""
    plain = [write_table(f"{folder}/net{i}.{camera}.csv") for i in range(2) for camera in "ab"]
    names = ["--camera-names", "a", "b"]

    def same(out, *cameras):
        for camera, expected in zip(cameras, "ab"):
            found = open(f"{out}/{camera}.csv").read()
            assert found == open(f"{folder}/plain/{expected}.csv").read(), (out, camera)

    def written(*words, out, cameras):
        done = smooth("multi", *words, "--out", out)
        assert done.returncode == 0, done
        for camera in cameras:
            smooth.program("convert", f"{out}/{camera}.h5", f"{out}/{camera}.csv")

    written(*plain, *names, out=folder + "/plain", cameras="ab")
    for i, path in enumerate(plain):  # names that say nothing, or the wrong thing
        shutil.copy(path, f"{folder}/copy{i}.csv")
    given = [f"{'ab'[i % 2]}={folder}/copy{i}.csv" for i in range(4)]
    written(*given, *names, out=folder + "/given", cameras="ab")
    same(folder + "/given", "a", "b")
    for i in range(2):  # folders of one camera each
        os.makedirs(f"{folder}/dir{i}")
        for member in range(2):
            shutil.copy(plain[2 * member + i], f"{folder}/dir{i}/seed{member}.csv")
    written(f"a={folder}/dir0", f"b={folder}/dir1", *names, out=folder + "/folders", cameras="ab")
    same(folder + "/folders", "a", "b")
    numbered = [f"{folder}/net{'AB'[i]}-cam{n}-take111.csv" for i in range(2) for n in (1, 11)]
    for path, to in zip(plain, numbered):
        shutil.copy(path, to)
    written(*numbered, "--camera-names", "1", "11", out=folder + "/numbers", cameras=["1", "11"])
    same(folder + "/numbers", "1", "11")
    written(f"a={plain[0]}", f"b={plain[1]}", f"a={plain[2]}", f"b={plain[3]}", out=folder + "/alone", cameras="ab")
    same(folder + "/alone", "a", "b")
    done = smooth("multi", "--camera-names", f"a={plain[0]}", f"b={plain[1]}", "--out", folder + "/v")
    assert done.returncode == 2 and f"a={plain[0]} is a file with its name" in done.stderr, done
    assert "leave --camera-names out: posse smooth multi a=" in done.stderr, done
    seeds = [f"{folder}/seed{n}.csv" for n in (1, 2)]
    for path, to in zip(plain, seeds):
        shutil.copy(path, to)
    smooth.refuses(["multi", *seeds, "--camera-names", "1", "2", "--out", folder + "/v"], "seed1.csv: holds no camera's name", "CAMERA=FILE")
    calibration = folder + "/three.toml"
    with open(calibration, "w") as file:
        file.write("\n".join(CALIBRATION.format(i=i, name=n, angle=0.4 * i) for i, n in enumerate(["a", "c", "b"])))
    done = smooth("multi", *plain, *names, "--calibration", calibration, "--out", folder + "/chosen")
    assert done.returncode in (0, 4), done
    assert sorted(p for p in os.listdir(folder + "/chosen") if p.endswith(".h5")) == ["a.h5", "b.h5"], done
    smooth.refuses(["multi", *plain, "--camera-names", "a", "d", "--calibration", calibration, "--out", folder + "/v"], "'d'")
    done = smooth.program("info", calibration)
    assert done.returncode == 5 and "a calibration of 3 cameras" in done.stderr and "cameras a, c, b" in done.stderr, done


def check_options_that_take_all_that_follows(smooth, folder):
    """They take the files that stand behind them: the message says so, and where to put the files."""
    tables = [write_table(f"{folder}/net{i}.csv") for i in range(2)]
    os.makedirs(folder + "/tables")
    out = ["--out", folder + "/x.h5"]
    for words in (["smooth", "single", "--bodypart-list", "a", *tables, *out], ["consensus", "--bodypart-list", "a", *tables, *out],
                  ["smooth", "single", "--s", "1", *tables, *out], ["smooth", "single", "--s-frames", "0:3", *tables, *out],
                  ["smooth", "multi", "--camera-names", "a", "b", *tables, *out],
                  ["smooth", "single", tables[0], "--bodypart-list", "a", tables[1], *out],
                  ["smooth", "mirrored", "--camera-names", "a", "b", *tables, *out]):
        done = smooth.program(*words)
        assert done.returncode == 2 and "took the file" in done.stderr and "put the files first: posse" in done.stderr, done
        assert "internal" not in done.stderr, done
    done = smooth.program("consensus", "--bodypart-list", "a", folder + "/tables", *out)
    assert done.returncode == 2 and "put the files first: posse consensus FILE... --bodypart-list ..." in done.stderr, done


def check_paws(smooth, folder):
    for side in ("left", "right"):
        for i in range(2):
            write_table(f"{folder}/net{i}.{side}.csv", parts=("paw_l", "paw_r"))
    tables = [f"{folder}/net{i}.{side}.csv" for i in range(2) for side in ("left", "right")]
    good = write_npy(folder + "/good.npy", [0.1 * t for t in range(40)])
    paw = ["paw", *tables, "--out", folder + "/paws"]
    smooth.refuses(paw, "timestamps", "--timestamps-left")

    def refuses(bad, *texts):
        smooth.refuses([*paw, "--timestamps-left", good, "--timestamps-right", bad], *texts)

    refuses(folder + "/absent.npy", "absent.npy")
    refuses(tables[0], "is no .npy file")
    refuses(write_npy(folder + "/cut.npy", [0.0] * 12), "12 timestamps for 40 frames")
    refuses(write_npy(folder + "/back.npy", [0.1 * (t % 20) for t in range(40)]), "do not increase at row 20")
    refuses(write_npy(folder + "/nan.npy", [float("nan")] * 40), "do not increase at row 0")
    refuses(write_npy(folder + "/later.npy", [1000 + 0.1 * t for t in range(40)]), "share 0 frames")
    refuses(write_npy(folder + "/text.npy", [0.1 * t for t in range(40)], "<U2"), "<U2")


def main(posse):
    smooth = Program(posse)
    for check in (check_single, check_cameras, check_which_file_is_of_which_camera, check_options_that_take_all_that_follows,
                  check_paws):
        with tempfile.TemporaryDirectory() as folder:
            check(smooth, folder)
        print(check.__name__, "passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
