#!/usr/bin/env python3
"""Maps of a made video that is hard to track, with its exact truth: what `posse scoremap` would write for each member.

usage: made_video.py FOLDER [--frames N] [--seed N]
       writes FOLDER/member-K/logits.npy, locref.npy and FOLDER/truth.npy [frames, bodyparts, x y seen]

Four bodyparts at 320x240, cells of 8 px: two hands that look alike, cross and are taken for one another, a nose and a tail.
The animal rests and darts, walks behind a post that hides single bodyparts, leaves the arena and comes back elsewhere; the
arena is empty meanwhile. Members see most bodyparts most of the time; now and then one, or most of them together, are lost to
the other hand or to a stain for some frames, and what they see is wider and less sure where the animal moves fast.
"""
import argparse
import os

import numpy as np

HEIGHT, WIDTH, CELL = 30, 40, 8
PARTS = ["hand1", "hand2", "nose", "tail"]
STAIN = np.array([250.0, 40.0])


def truth(frames, rng):
    """[frames, bodyparts, x y seen]: positions are NaN where the animal is outside."""
    out = np.full((frames, 4, 3), np.nan)
    centre, heading, speed, turn = np.array([160.0, 120.0]), 0.4, 0.0, 0.0
    for t in range(frames):
        if rng.random() < 0.04:
            speed = rng.choice([0.0, 0.0, 2.0, 14.0])
        heading += rng.normal(0, 0.05)
        step = centre + speed * np.array([np.cos(heading), np.sin(heading)])
        if not (70 < step[0] < 250 and 60 < step[1] < 180):
            turn = turn or rng.choice([-0.2, 0.2])  # an animal needs frames to turn
            heading += turn
        else:
            centre, turn = step, 0.0
        away = t % 300 >= 260
        if t % 300 == 299:
            centre = rng.uniform([80, 70], [240, 170])
        if away:
            out[t, :, 2] = 0
            continue
        ahead, side = np.array([np.cos(heading), np.sin(heading)]), np.array([-np.sin(heading), np.cos(heading)])
        swing = 26 * np.sin(0.21 * t)  # the hands cross when it changes its sign
        out[t, 0, :2] = centre + 24 * ahead + swing * side
        out[t, 1, :2] = centre + 34 * ahead - swing * side
        out[t, 2, :2], out[t, 3, :2] = centre + 50 * ahead, centre - 45 * ahead
        out[t, :, 2] = 1
        out[t, np.abs(out[t, :, 0] - 160) < 9, 2] = 0  # the post
    return out


def lost_runs(frames, rate, length, rng):
    """True in runs of about `length` frames."""
    lost = np.zeros(frames, bool)
    for t in np.flatnonzero(rng.random(frames) < rate):
        lost[t:t + rng.geometric(1 / length)] = True
    return lost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--frames", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    exact = truth(args.frames, rng)
    os.makedirs(args.folder, exist_ok=True)
    np.save(os.path.join(args.folder, "truth.npy"), exact)
    x, y = np.meshgrid(np.arange(WIDTH) * CELL + CELL / 2, np.arange(HEIGHT) * CELL + CELL / 2)
    together = np.stack([lost_runs(args.frames, 0.006, 8, rng) for _ in PARTS], 1)
    for member in range(5):
        alone = np.stack([lost_runs(args.frames, 0.02, 6, rng) for _ in PARTS], 1)
        lost = alone | (together & (rng.random(together.shape) < 0.7))
        logits = np.empty((args.frames, HEIGHT, WIDTH, 4), np.float32)
        locref = np.zeros((*logits.shape, 2), np.float32)
        for t in range(args.frames):
            fast = t > 0 and np.nanmax(np.append(np.abs(exact[t, :, :2] - exact[t - 1, :, :2]), 0)) > 8
            for p in range(4):
                floor = rng.normal(-7, 1.1, (HEIGHT, WIDTH))
                shown = [(exact[t, p, :2], rng.normal(1.5 if fast else 3.5, 1))] if exact[t, p, 2] else []
                if lost[t, p]:
                    other = exact[t, 1 - p, :2] if p < 2 else STAIN
                    if p < 2 and not exact[t, 1 - p, 2]:
                        other = STAIN
                    shown = [(at, height - 4) for at, height in shown] + [(other, rng.normal(2.5, 1))]
                for at, height in shown:
                    place = at + rng.normal(0, 2.5, 2)
                    bump = height - ((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * (14 if fast else 11) ** 2)
                    near = bump > floor
                    floor[near] = bump[near]
                    locref[t, near, p, 0], locref[t, near, p, 1] = (place[0] - x)[near], (place[1] - y)[near]
                logits[t, ..., p] = floor
        folder = os.path.join(args.folder, f"member-{member + 1}")
        os.makedirs(folder, exist_ok=True)
        np.save(os.path.join(folder, "logits.npy"), logits)
        np.save(os.path.join(folder, "locref.npy"), locref)


if __name__ == "__main__":
    main()
