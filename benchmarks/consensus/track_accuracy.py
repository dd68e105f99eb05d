#!/usr/bin/env python3
"""Accuracy of the track beside the keypoint median and the ensemble Kalman smoother, on sets of five members.

usage: track_accuracy.py POSSE PROGRAM SHARED WORK [--sets demo,reaching,...] [--thin 1,2,3,4,6] [--members 5,4,3] [--views]
       POSSE is the program, PROGRAM build/<preset>/bin/posse_track_accuracy, SHARED the folder of data from outside (sets that
       are not there are left out; demo comes from this repository), WORK a folder for maps (1.5 GB with all sets). The sets `made`
       and `hard` are looked for in WORK/made (made_video.py) and WORK/hard (hard_video.py).

Prints for every set, thinning (every k-th frame, all starts) and number of members (all subsets) RMSE in px / median error /
share above 15 px of all methods; then where the track is worse than the better of the two others by more than the bounds of
docs/tracking.md, and every bodypart whose 95 % interval of the difference (bootstrap over blocks of 16 frames of the video) is
wholly on the bad side in one of the three figures; then what its stated chance and covariance are worth. With --views instead: what
views that must agree (--same-x, --same-line) give on the set that has mirrored views, for every bodypart that both views show.
"""
import argparse
import csv
import itertools
import pathlib
import subprocess

import numpy as np
import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOUSE = ["snout", "leftear", "rightear", "tailbase"]
SETS = {  # members, video, bodyparts that count, frames
    "demo": ("{root}/data/demo", "{root}/data/demo/video/openarena.mp4", MOUSE, "0:360"),
    "reaching": ("{shared}/reaching-ensemble", "{shared}/reaching/reachingvideo1_halfres_416x374.avi",
                 ["Hand", "Finger1", "Tongue", "Joystick1"], "0:256"),
    "openfield": ("{shared}/openfield-ensemble", "{shared}/openfield/videos/m3v1mp4.mp4", MOUSE, "0:300"),
    "openfield 1200..": ("{shared}/openfield-ensemble", "{shared}/openfield/videos/m3v1mp4.mp4", MOUSE, "1200:1500"),
    "mirror-mouse": ("{shared}/mirror-mouse-ensemble", "{shared}/mirror-mouse/predictions/test_vid.mp4",
                     ["paw1LH_bot", "paw2LF_bot", "paw3RF_bot", "paw4RH_bot", "paw2LF_top", "paw3RF_top", "tailBase_bot",
                      "nose_bot"], "0:994"),
    "made": ("{work}/made", None, ["hand1", "hand2", "nose", "tail"], "0:1200"),
    "hard": ("{root}/data/demo", "{work}/hard/hard.mp4", MOUSE, "0:800"),
}
VIEWS = {"mirror-mouse": ["paw2LF_top,paw2LF_bot", "paw3RF_top,paw3RF_bot"]}  # groups, the views in one order
FIGURES = (("RMSE", 0.0), ("median", 0.05), ("share above 15 px", 0.2))  # and how much worse is always allowed
COLUMNS = {"reaching": ["Hand", "Finger1", "Tongue", "Joystick1", "Joystick2"]}


def truth_of(name, shared, work):
    """[frames, bodyparts, xy]; NaN where there is none."""
    parts, (first, last) = SETS[name][2], map(int, SETS[name][3].split(":"))
    if name in ("made", "hard"):
        a = np.load(work / name / "truth.npy")
        return np.where(a[..., 2:] > 0, a[..., :2], np.nan)
    if name == "demo" or name.startswith("openfield"):
        file = ROOT / "data/demo/labels/openarena-groundtruth.csv"
        if name == "demo":
            a = pd.read_csv(file, header=[0, 1, 2], index_col=0)
        else:
            a = pd.read_hdf(shared / "openfield/predictions/m3v1mp4DLC_resnet50_openfieldAug20shuffle1_30000.h5")
        a.columns = a.columns.droplevel(0)
        xy = np.stack([a[[(p, "x"), (p, "y")]].values for p in parts], 1).astype(float)
        if name != "demo":
            xy[np.stack([a[(p, "likelihood")].values for p in parts], 1) < 0.9] = np.nan
        return xy[first:last]
    xy = np.full((last, len(parts), 2), np.nan)
    for row in csv.DictReader(open(shared / f"{name}-ensemble" / "truth.csv")):
        if row["test"] == "1" and row["bodypart"] in parts:
            xy[int(row["frame"]), parts.index(row["bodypart"])] = float(row["x"]), float(row["y"])
    return xy


class Measure:
    def __init__(self, args):
        self.args, self.work = args, pathlib.Path(args.work)

    def maps(self, name):
        """Folders of the members' maps; None where the set is not there."""
        folder, video, _, frames = (s.format(root=ROOT, shared=self.args.shared, work=self.work) if isinstance(s, str) else s
                                    for s in SETS[name])
        if not pathlib.Path(folder).exists() or (video and not pathlib.Path(video).exists()):
            return None
        if video is None:
            return [pathlib.Path(folder) / f"member-{k}" for k in range(1, 6)]
        out = [self.work / name.replace(" ", "-") / f"member-{k}" for k in range(1, 6)]
        for k, maps in enumerate(out, 1):
            if not (maps / "locref.npy").exists():
                subprocess.run([self.args.posse, "scoremap", f"{folder}/member-{k}", video, "--frames", frames, "--out", maps],
                               check=True, capture_output=True)
        return out

    def evidence(self, name, members):
        file = self.work / f"{name.replace(' ', '-')}-{''.join(map(str, members))}.evidence"
        if not file.exists():
            maps = self.maps(name)
            subprocess.run([self.args.program, "evidence", file, *(maps[m] for m in members)], check=True, capture_output=True)
        return file

    def track(self, name, members, step=1, start=0, groups="found", more=()):
        """Positions of every method, and the track's numbers [frames, bodyparts, 15] (see track_accuracy.cc)."""
        out = self.work / "track.bin"
        subprocess.run([self.args.program, "track", self.evidence(name, members), out, f"groups={groups}", f"step={step}",
                        f"start={start}", *more], check=True, capture_output=True)
        a = np.fromfile(out)
        frames, parts, count = (int(v) for v in a[:3])
        track, smooth, eks, points = np.split(a[3:], np.cumsum([frames * parts * 15, frames * parts * 4, frames * parts * 4]))
        track, smooth, eks = (v.reshape(frames, parts, -1) for v in (track, smooth, eks))
        median = np.median(points.reshape(frames, count, parts, 3)[..., :2], 1)
        columns = COLUMNS.get(name, SETS[name][2])
        keep = [columns.index(p) for p in SETS[name][2]]
        methods = {"median": median, "eks": eks[..., :2], "track unsmoothed": track[..., :2], "track": smooth[..., :2]}
        return {k: v[:, keep] for k, v in methods.items()}, track[:, keep]


def figures(errors):
    e = errors[np.isfinite(errors)]
    return np.array([np.sqrt((e ** 2).mean()), np.median(e), 100 * (e > 15).mean()])


def intervals(ours, theirs, block):
    """95 % intervals [low and high, figures] of ours minus theirs: means over lists of [frames, bodyparts] of one video."""
    rng, frames = np.random.default_rng(0), min(len(errors) for errors in ours)
    starts = np.arange(0, frames, block)
    draws = []
    for _ in range(400):
        rows = np.concatenate([np.arange(s, min(s + block, frames)) for s in rng.choice(starts, len(starts))])
        draws.append(np.mean([figures(a[rows]) - figures(b[rows]) for a, b in zip(ours, theirs)], 0))
    return np.percentile(draws, [2.5, 97.5], axis=0)


def interval(ours, theirs, which, block):
    """95 % interval of figure `which` of ours minus theirs, [frames, bodyparts] of one video each."""
    return intervals([ours], [theirs], block)[:, which]


def most_worse(which, best):
    """By how much figure `which` may be worse than the best of others."""
    return max(0.03 * best, FIGURES[which][1])


def single_bodyparts(name, errors, block):
    """Says of every bodypart where the whole interval of a difference is on the bad side."""
    for j, part in enumerate(SETS[name][2]):
        own = {k: [e[:, j:j + 1] for e in v] for k, v in errors.items()}
        mean = {k: np.mean([figures(e) for e in v], 0) for k, v in own.items()}
        found = {k: intervals(own["track"], own[k], block) for k in ("median", "eks")}
        for which, (word, _) in enumerate(FIGURES):
            best = min(("median", "eks"), key=lambda k: mean[k][which])
            low, high = found[best][:, which]
            if low > 0:
                worse = mean["track"][which] - mean[best][which]
                small = worse <= most_worse(which, mean[best][which])
                print(f"    {part}: {word} {mean['track'][which]:.2f} against {mean[best][which]:.2f} of {best}, {worse:+.2f} "
                      f"[{low:+.2f}, {high:+.2f}]{', within the bounds of a whole set' if small else ', breach'}", flush=True)  # fmt: skip


def accuracy(measure, name, truth, thinnings, counts):
    for step, count in itertools.product(thinnings, counts):
        if step > 1 and count < 5:
            continue
        errors = {}
        for members in itertools.combinations(range(5), count):
            for start in range(step):
                methods, _ = measure.track(name, members, step, start)
                for key, xy in methods.items():
                    errors.setdefault(key, []).append(np.linalg.norm(xy - truth[start::step], axis=-1))
        mean = {k: np.mean([figures(e) for e in v], 0) for k, v in errors.items()}
        text = " | ".join("{} {:.2f} / {:.2f} / {:.1f}".format(k, *v) for k, v in mean.items())
        print(f"{name}, every {step}. frame, {count} members: {text}", flush=True)
        for which, (word, _) in enumerate(FIGURES):
            best = min(("median", "eks"), key=lambda k: mean[k][which])
            worse = mean["track"][which] - mean[best][which]
            if worse > most_worse(which, mean[best][which]):
                low, high = interval(errors["track"][0], errors[best][0], which, max(16 // step, 1))
                print(f"    breach: {word} {worse:+.2f} against {best} [{low:+.2f}, {high:+.2f}]")
        single_bodyparts(name, errors, max(16 // step, 1))


def agreeing_views(measure, name, truth):
    """Figures of the bodyparts that both views show: alone, with a common axis, with epipolar lines that are found."""
    parts = SETS[name][2]
    pairs = [[parts.index(p) for p in group.split(",")] for group in VIEWS[name]]
    text = ";".join(f"{a},{b}" for a, b in pairs)
    errors = {}
    for way, more in (("alone", ()), ("same-x", (f"same_x={text}",)), ("same-line", (f"same_line={text}",))):
        errors[way] = np.linalg.norm(measure.track(name, range(5), more=more)[0]["track"] - truth, axis=-1)
    for label, columns in [("all", range(len(parts))), *((parts[p], [p]) for pair in pairs for p in pair)]:
        for way, error in errors.items():
            own, alone = error[:, columns], errors["alone"][:, columns]
            line = "{:.2f} / {:.2f} / {:.1f}".format(*figures(own))
            if way != "alone":
                line += "; RMSE [{:+.2f}, {:+.2f}]".format(*interval(own, alone, 0, 16))
                line += ", share above 15 px [{:+.1f}, {:+.1f}] against alone".format(*interval(own, alone, 2, 16))
            print(f"{name}, {label}, {way}: {line}", flush=True)


def calibration(measure, name, truth):
    methods, track = measure.track(name, range(5))
    errors = np.linalg.norm(methods["track"] - truth, axis=-1)
    seen = np.isfinite(errors)
    chance, (xx, xy, yy) = track[..., 5], np.moveaxis(track[..., 6:9], -1, 0)
    d = methods["track"] - truth
    squared = (yy * d[..., 0] ** 2 - 2 * xy * d[..., 0] * d[..., 1] + xx * d[..., 1] ** 2) / (xx * yy - xy ** 2)
    print(f"{name}: chance within 24 px {chance[seen].mean():.3f}, observed {(errors[seen] < 24).mean():.3f}; above 0.99: "
          f"{(errors[seen & (chance > 0.99)] < 24).mean():.3f}; in the ellipse of 1, 2, 3 sd (0.393, 0.865, 0.989): "
          + ", ".join(f"{(squared[seen] < r * r).mean():.3f}" for r in (1, 2, 3)), flush=True)


def whether_seen(name, truth, shared):
    """[frames, bodyparts] of the columns that are said to be seen or not, and those columns; None where nothing says it."""
    parts = SETS[name][2]
    if name in ("demo", "made", "hard"):
        return np.isfinite(truth[..., 0]), list(range(len(parts)))
    if name != "reaching":
        return None
    seen, tongue = np.zeros((len(truth), 1), bool), parts.index("Tongue")
    for row in csv.DictReader(open(shared / "reaching-ensemble" / "truth.csv")):
        if row["bodypart"] == "Tongue":
            seen[int(row["frame"]), 0] = row["x"] != ""
    return seen, [tongue]


def chance_seen(measure, name, truth, shared):
    said = whether_seen(name, truth, shared)
    if said is None:
        return
    seen, columns = said
    chance = measure.track(name, range(5))[1][:, columns, 4]
    fifth = np.minimum((5 * chance).astype(int), 4)
    rows = [f"{chance[fifth == k].mean():.2f} / {seen[fifth == k].mean():.2f} ({(fifth == k).sum()})" if (fifth == k).any() else "-"
            for k in range(5)]
    print(f"{name}: chance_seen stated / observed (points) by fifths: " + " | ".join(rows), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("posse", "program", "shared", "work"):
        parser.add_argument(name)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--thin", default="1,2,3,4,6")
    parser.add_argument("--members", default="5,4,3")
    parser.add_argument("--views", action="store_true")
    args = parser.parse_args()
    measure = Measure(args)
    for name in VIEWS if args.views else args.sets.split(","):
        if measure.maps(name) is None:
            print(f"{name}: not there, left out")
            continue
        truth = truth_of(name, pathlib.Path(args.shared), measure.work)
        if args.views:
            agreeing_views(measure, name, truth)
            continue
        accuracy(measure, name, truth, [int(k) for k in args.thin.split(",")], [int(k) for k in args.members.split(",")])
        calibration(measure, name, truth)
        chance_seen(measure, name, truth, pathlib.Path(args.shared))


if __name__ == "__main__":
    main()
