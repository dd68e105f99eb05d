#!/usr/bin/env python3
"""Runs `posse smooth` and `posse consensus` on real ensembles of tables and compares with golden results.

usage: check_smoothing.py POSSE EKS_DATA; exits 77 (skipped) when data or pandas are not there.
Every golden table is compared. Positions hold to 1e-8 px and variances to 1e-9 relative in the library's tests; here they
went through decimal text, whose shortest form is exact, so the same limits apply. Where there is no golden table (paws,
flies) the truth is eks_reference.py.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import tomllib

try:
    import h5py
    import numpy as np
    import pandas as pd
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

import eks_reference


def run(posse, *words):
    done = subprocess.run([posse, "--quiet", *map(str, words)], capture_output=True, text=True)
    assert done.returncode in (0, 4), (words, done.returncode, done.stderr)
    return done.stdout


def columns(table):
    """{(bodypart, coord): values}, whatever the scorer."""
    return {(c[-2], c[-1]): table[c].to_numpy() for c in table.columns}


def read(path):
    return pd.read_csv(path, header=[0, 1, 2], index_col=0)


def assert_close(got, expected, is_variance, label):
    error = np.abs(np.asarray(got) - expected)
    if is_variance:
        assert np.max(error / np.maximum(np.abs(expected), 1e-300)) < 1e-9, (label, np.max(error))
    else:
        assert np.max(error) < 1e-8, (label, np.max(error))


def compare(ours, golden):
    ours, golden = columns(read(ours)), columns(read(golden))
    assert set(golden) <= set(ours), sorted(set(golden) - set(ours))[:4]
    for key, expected in golden.items():
        assert len(ours[key]) == len(expected), key
        assert_close(ours[key], expected, key[1].endswith("_var"), key)
    return len(golden)


def s_of(path):
    """{bodypart: s} as the h5 file records them."""
    with h5py.File(path) as file:
        text = file["posse"].attrs["s"]
    text = text.decode() if isinstance(text, bytes) else text
    return {part.split(": ")[0]: float(part.split(": ")[1].split(" ")[0]) for part in text.split(", ")}


def check_minimisers(facts, smooth, prefix, *more):
    """The s that tuning finds, by each objective and as eks finds it."""
    for words, key, tolerance in [
            (["--objective", "constant"], "minimiser_constant_R", 1e-4),  # the minimum is flat
            (["--objective", "full"], "minimiser_time_varying_R", 1e-4),
            (["--eks-objective"], "peer_adam", 1e-5)]:  # slopes by differences, over 60 steps
        smooth(f"{os.path.basename(prefix)}_{key}", *words, *more)
        found = s_of(f"{prefix}_{key}.h5")
        for name, expected in zip(facts["keypoints"], facts[key]["s"]):
            got = found[name if name in found else name + "_top"]
            assert abs(got / expected - 1) < tolerance, (key, name, got, expected)


def check_goldens(posse, data, out):
    """All tables of golden/: one camera and mirrored views; s fixed, given and tuned."""
    for kind, inputs, golden, words in [
            ("single", "ibl-pupil", "pupil-singlecam", []),
            ("mirrored", "mirror-mouse", "mirror-mouse", ["--camera-names", "top", "bot"])]:
        files = sorted(glob.glob(f"{data}/{inputs}/*.csv"))
        with open(f"{data}/golden/{golden}.json") as file:
            facts = json.load(file)

        def smooth(name, *more):
            run(posse, "smooth", kind, *files, *words, *more, "--out", f"{out}/{name}.h5", "--wide-csv", f"{out}/{name}.csv")
            return f"{out}/{name}.csv"

        print(golden, "s = 10:", compare(smooth(kind, "--s", 10), f"{data}/golden/{golden}-s10.csv.gz"), "columns")
        minimiser = facts["minimiser_constant_R"]["s"]
        by_name = dict(zip(facts["keypoints"], minimiser))
        order = [by_name[n] for n in dict.fromkeys(n for n in names_of(files[0], kind))]
        print(golden, "tuned:", compare(smooth(kind + "_tuned", "--s", *map(repr, order)),
                                        f"{data}/golden/{golden}-tuned.csv.gz"), "columns")
        check_minimisers(facts, smooth, f"{out}/{kind}")
        if kind == "mirrored":
            print(golden, "without inflation:", compare(smooth("plain", "--s", 10, "--no-inflate-vars"),
                                                        f"{data}/golden/{golden}-s10-noinflate.csv.gz"), "columns")
            with open(f"{data}/golden/{golden}-noinflate.json") as file:
                check_minimisers(json.load(file), smooth, f"{out}/plain", "--no-inflate-vars")
    assert pd.read_hdf(out + "/single.h5").shape[1] == 12


def names_of(path, kind):
    names = list(dict.fromkeys(read(path).columns.get_level_values(1)))
    if kind == "single":
        return names
    return [n[:-4] for n in names if n.endswith("_top") and n[:-4] + "_bot" in names]


def check_multi(posse, data, out):
    """The same views in files of their own must give the same tracks as mirrored ones."""
    mirror = sorted(glob.glob(data + "/mirror-mouse/*.csv"))
    shared = names_of(mirror[0], "mirrored")
    for i, path in enumerate(mirror):
        for camera in ("top", "bot"):
            table = read(path)
            table = table[[c for c in table.columns if c[1] in {n + "_" + camera for n in shared}]]
            table.columns = pd.MultiIndex.from_tuples([(c[0], c[1][: -len(camera) - 1], c[2]) for c in table.columns],
                                                      names=["scorer", "bodyparts", "coords"])
            table.to_csv(f"{out}/seed{i}.{camera}.csv")
    run(posse, "smooth", "multi", *sorted(glob.glob(out + "/seed*.csv")), "--camera-names", "top", "bot", "--s", "10",
        "--out", out + "/multi")
    both = columns(read(out + "/mirrored.csv"))
    for camera in ("top", "bot"):
        for (bodypart, coord), values in columns(pd.read_hdf(f"{out}/multi/{camera}.h5")).items():
            assert np.max(np.abs(values - both[bodypart + "_" + camera, coord])) < 1e-8, (bodypart, camera, coord)
    run(posse, "smooth", "multi", data + "/mirror-mouse-separate", "--camera-names", "top", "bot", "--out",
        out + "/separate")
    assert np.isfinite(pd.read_hdf(out + "/separate/top.h5").to_numpy()).all()
    print("multi:", len(shared), "keypoints as mirrored")


def check_paws(posse, data, out):
    folder = data + "/ibl-paw"
    run(posse, "smooth", "paw", folder, "--s", 10, "--out", out + "/paw", "--wide-csv", out + "/paw_wide",
        "--working-frame")
    left, names = eks_reference.read_members(glob.glob(folder + "/*.left.*.csv"), pd)
    right, _ = eks_reference.read_members(glob.glob(folder + "/*.right.*.csv"), pd)
    times = [np.load(glob.glob(f"{folder}/*timestamps*{side}*.npy")[0]) for side in ("left", "right")]
    used = (times[0] >= times[1][0]) & (times[0] <= times[1][-1])
    order = [names.index("paw_l"), names.index("paw_r")]
    aligned = np.zeros((len(right), used.sum(), 2, 3))
    for m, k, c in np.ndindex(len(right), 2, 2):
        aligned[m, :, k, c] = np.interp(times[0][used], times[1], right[m, :, order[1 - k], c])
    aligned[..., 0] = 128 - aligned[..., 0]
    summaries = [eks_reference.summarise(m, False) for m in (left[:, used][:, :, order], aligned)]
    expected = eks_reference.smooth_linear([p for p, _ in summaries], [v for _, v in summaries], 10)
    for c, camera in enumerate(("left", "right")):
        ours = columns(read(f"{out}/paw_wide/{camera}.csv"))
        for k, name in enumerate(("paw_l", "paw_r")):
            for axis, coord in enumerate("xy"):
                assert_close(ours[name, coord], expected[k][0][:, 2 * c + axis], False, (camera, name, coord))
                assert_close(ours[name, coord + "_posterior_var"], expected[k][1][:, 2 * c + axis], True, (camera, name))
    run(posse, "smooth", "paw", folder, "--s", 10, "--out", out + "/paw_image")
    image = columns(pd.read_hdf(out + "/paw_image/right.h5"))
    assert len(image["paw_r", "x"]) == len(used) and np.isnan(image["paw_r", "x"][~used]).all()
    assert_close(image["paw_r", "x"][used], 128 - expected[0][0][:, 2], False, "paw_r in the image")
    print("paw: as the reference,", used.sum(), "of", len(used), "frames")


def check_flies(posse, data, out):
    folder = data + "/fly"
    run(posse, "smooth", "multi", folder, "--calibration", folder + "/calibration.toml", "--s", 1, "--out", out + "/fly",
        "--wide-csv", out + "/fly_wide")
    with open(folder + "/calibration.toml", "rb") as file:
        tables = tomllib.load(file)
    cameras = [tables[name] for name in sorted(tables) if name != "metadata"]
    members = [eks_reference.read_members(glob.glob(f"{folder}/*{glob.escape(c['name'])}*.csv"), pd) for c in cameras]
    names = members[0][1]
    only = [0, 7]  # a linear solution for every frame, model and pair takes its time
    expected = eks_reference.smooth_in_space([m for m, _ in members], cameras, 1, only)
    points = columns(read(out + "/fly/points_3d.csv"))
    for k, (point, pixels, variance) in zip(only, expected):
        for axis, coord in enumerate("xyz"):
            # pixels to 1e-8: some 1e-10 of the calibration's unit and more along the view
            assert np.max(np.abs(points[names[k], coord] - point[:, axis])) < 1e-9, (names[k], coord)
        for c, camera in enumerate(cameras):
            ours = columns(read(f"{out}/fly_wide/{camera['name']}.csv"))
            for axis, coord in enumerate("xy"):
                label = (camera["name"], names[k], coord)
                assert_close(ours[names[k], coord], pixels[:, 2 * c + axis], False, label)
                assert_close(ours[names[k], coord + "_posterior_var"], variance[:, 2 * c + axis], True, label)
    print("fly: as the reference,", len(only), "keypoints in", len(cameras), "cameras")


def check_other_kinds(posse, data, out):
    pupil = sorted(glob.glob(data + "/ibl-pupil/*.csv"))
    run(posse, "smooth", "pupil", *pupil, "--diameter-s", "0.99", "--com-s", "0.99", "--out", out + "/circle.h5", "--circle",
        out + "/circle.csv", "--wide-csv", out + "/circle_wide.csv")
    assert s_of(out + "/circle.h5") == {"diameter": 0.99, "centre": 0.99}
    circle = columns(pd.read_hdf(out + "/circle.h5"))
    assert all(np.isfinite(values).all() for values in circle.values())
    assert (circle["pupil_bottom_r", "y"] > circle["pupil_top_r", "y"]).all()  # labels are not exchanged
    state = {coord: values for (_, coord), values in columns(read(out + "/circle.csv")).items()}
    ends = circle["pupil_top_r", "y"], circle["pupil_bottom_r", "y"]
    assert np.allclose(state["diameter"], ends[1] - ends[0], rtol=0, atol=1e-10)  # one subtraction of coordinates
    assert np.allclose(state["y"], (ends[0] + ends[1]) / 2, rtol=0, atol=1e-10)
    wide = columns(read(out + "/circle_wide.csv"))
    of_ends = wide["pupil_top_r", "y_posterior_var"] + wide["pupil_bottom_r", "y_posterior_var"]
    # top and bottom are centre -+ half the diameter: what centre and diameter share cancels in the sum
    assert np.allclose(of_ends, 2 * state["y_posterior_var"] + state["diameter_posterior_var"] / 2, rtol=1e-9, atol=0)
    assert np.allclose(state["x"], (circle["pupil_left_r", "x"] + circle["pupil_right_r", "x"]) / 2, rtol=0, atol=1e-10)

    run(posse, "smooth", "single", *pupil, "--causal", "--s", "0.5", "--out", out + "/causal.csv", "--wide-csv",
        out + "/causal_wide.csv")
    whole = columns(read(out + "/causal.csv"))
    for path in pupil:
        read(path).iloc[:700].to_csv(f"{out}/head{os.path.basename(path)}")
    run(posse, "smooth", "single", *sorted(glob.glob(out + "/head*.csv")), "--causal", "--s", "0.5", "--out",
        out + "/causal_head.csv")
    for key, values in columns(read(out + "/causal_head.csv")).items():
        assert np.array_equal(values, whole[key][:700]), key  # what comes later changes nothing

    run(posse, "smooth", "single", pupil[0], "--one-member", "--s", "1", "--out", out + "/alone.h5", "--wide-csv",
        out + "/alone.csv")
    assert "uncalibrated" in pd.read_hdf(out + "/alone.h5").columns[0][0]
    assert "uncalibrated" in read(out + "/alone.csv").columns[0][0]

    for frames in ("100", "0:100", "[(,100)]", "[(0,40),(40,100)]"):
        run(posse, "smooth", "single", *pupil, "--s-frames", frames, "--blocks", "0,1;2,3", "--force", "--out",
            out + "/block.h5")
        s = list(s_of(out + "/block.h5").values())
        assert s[0] == s[1] and s[2] == s[3] and s[0] != s[2], s
        first = s if frames == "100" else first
        assert s == first, (frames, s, first)

    run(posse, "consensus", *pupil, "--out", out + "/c.csv", "--method", "median")
    members = [columns(read(f)) for f in pupil]
    for key, values in columns(read(out + "/c.csv")).items():
        expected = np.median([m[key] for m in members], axis=0)
        assert np.max(np.abs(values - expected)) < 1e-9, key  # one rounding of sums of coordinates
    print("pupil, causal, one member, chosen frames and blocks, consensus")


def main(posse, data):
    if not os.path.isdir(data):
        print("SKIPPED: data not there:", data)
        return 77
    with tempfile.TemporaryDirectory() as out:
        for check in (check_goldens, check_multi, check_paws, check_flies, check_other_kinds):
            check(posse, data, out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
