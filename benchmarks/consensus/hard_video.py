#!/usr/bin/env python3
"""Renders a video that is hard to track, with its exact truth: what the demo's networks see has its pixels.

usage: hard_video.py FOLDER [--frames N] [--seed N]
       needs OpenCV and the program ffmpeg; writes FOLDER/hard.mp4 and FOLDER/truth.npy [frames, bodyparts, x y seen]: snout, leftear, rightear, tailbase as the demo's members name them, in the
       pixels of the video; x and y are NaN where the animal is not in the picture, seen is 0 there and behind the post.

The animal of the demo rests, walks and darts (up to 12 px a frame), passes behind a post that hides some of its bodyparts at a
time, runs out of the picture and comes back at another side after the arena was empty for a while. A second animal that looks
the same crosses its way twice: its bodyparts are no truth, and the members do not know which is which.
"""
import argparse
import pathlib
import subprocess

import numpy as np
import scene

POST = (152, 172)  # columns
POST_TONE = (95, 88, 80)
EMPTY = 45  # frames between leaving and coming back
ROUND = 200  # frames between two leaves
EDGES = [(-40, 120, 0.0), (360, 90, np.pi), (160, -40, np.pi / 2), (90, 280, -np.pi / 2)]  # where it comes back, and its heading


def animal(seed, like=None):
    """A clip whose walk is steered from outside; `like`: a clip whose arena and fur it shares."""
    clip = scene.Clip(seed)
    if like is not None:
        for name in ("floor", "light", "shadow", "wall", "wall_tone", "gloss", "fur", "ear", "furtex", "size", "sigma"):
            setattr(clip, name, getattr(like, name))
    return clip


def place(clip, x, y, heading):
    """Sets the animal down, as if it had walked there straight."""
    clip.pos, clip.head, clip.turn, clip.speed = np.array([x, y], float), heading, 0.0, 3.0
    back = np.array([np.cos(heading), np.sin(heading)])
    clip.trail = [clip.pos - back * i for i in range(300, 0, -1)]


def move(clip, goal, speed):
    """One step towards a goal: turns by at most 0.2 a frame."""
    to = np.arctan2(goal[1] - clip.pos[1], goal[0] - clip.pos[0])
    turn = np.clip((to - clip.head + np.pi) % (2 * np.pi) - np.pi, -0.2, 0.2)
    clip.t += 1
    clip.head += turn * min(1, speed / 1.5)
    clip.speed += 0.4 * (speed - clip.speed)
    clip.pos = clip.pos + clip.speed * np.array([np.cos(clip.head), np.sin(clip.head)])
    if np.linalg.norm(clip.pos - clip.trail[-1]) > 0.4:
        clip.trail = [*clip.trail, clip.pos][-400:]
    clip.bob = 0.35 * np.sin(0.13 * clip.t + clip.phase)


class Animal:
    """Rests, walks and darts between random goals; on `leave` runs out of the picture."""

    def __init__(self, clip, rng):
        self.clip, self.rng, self.left = clip, rng, 0
        self.goal, self.speed = np.array([160.0, 120.0]), 2.0

    def step(self, leave=None):
        self.left -= 1
        if leave is not None:
            self.goal, self.speed = np.array(leave, float), 6.0
        elif self.left <= 0 or np.linalg.norm(self.goal - self.clip.pos) < 15:
            self.goal = self.rng.uniform([45, 45], [275, 195])
            self.speed, self.left = self.rng.choice([0.0, 2.0, 4.0, 12.0]), self.rng.integers(12, 40)
        move(self.clip, self.goal, self.speed)


def truth_of(clip):
    _, _, _, _, snout, left, right, base, _ = clip.skeleton()
    points = np.array([snout, left, right, base])
    inside = ((points > clip.wall) & (points < np.array([scene.W, scene.H]) - clip.wall)).all(1)  # the walls stand before it
    behind = (points[:, 0] > POST[0]) & (points[:, 0] < POST[1])
    return np.concatenate([points, (inside & ~behind)[:, None]], 1), inside


def in_picture(clip):
    return (np.array(clip.skeleton()[0]) > [-40, -40]).all() and (np.array(clip.skeleton()[0]) < [360, 280]).all()


def render(first, second, shows_first, shows_second):
    """The picture; the post stands before both animals."""
    picture = first.floor.copy()
    for clip, shown in ((second, shows_second), (first, shows_first)):
        picture = clip.draw(picture) if shown else picture
    picture[:, POST[0] * scene.S:(POST[1] + 1) * scene.S] = POST_TONE
    return first.finish(picture)


def encoder(path):
    return subprocess.Popen(["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "320x240", "-r", "30",
                             "-i", "-", "-an", "-c:v", "libx264", "-threads", "1", "-crf", "23", "-pix_fmt", "yuv420p",
                             "-map_metadata", "-1", "-fflags", "+bitexact", path], stdin=subprocess.PIPE)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--frames", type=int, default=800)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    first = Animal(animal(args.seed), rng)
    second = Animal(animal(args.seed + 1, first.clip), rng)
    place(first.clip, 100, 120, 0.3)
    process, truth = encoder(str(args.folder / "hard.mp4")), []
    for t in range(args.frames):
        phase, lap = t % ROUND, t // ROUND
        if phase == ROUND - EMPTY:  # it has left: it comes back at another side
            place(first.clip, *EDGES[lap % len(EDGES)])
        away = ROUND - EMPTY <= phase
        if not away:
            first.step(leave=(-200, first.clip.pos[1]) if phase > ROUND - EMPTY - 40 else None)
        crossing = 60 <= phase < 120 and lap % 2 == 0
        if phase == 60 and lap % 2 == 0:
            place(second.clip, 360, rng.uniform(60, 180), np.pi)
        if crossing:
            move(second.clip, np.array([-200.0, second.clip.pos[1]]), 7.0)
        shows_first = not away and in_picture(first.clip)
        points, inside = truth_of(first.clip)
        points[~inside | away, :2], points[:, 2] = np.nan, points[:, 2] * shows_first
        truth.append(points)
        picture = render(first.clip, second.clip, shows_first, crossing and in_picture(second.clip))
        process.stdin.write(picture.tobytes())
    process.stdin.close()
    if process.wait() != 0:
        raise SystemExit("ffmpeg failed")
    np.save(args.folder / "truth.npy", np.array(truth))


if __name__ == "__main__":
    main()
