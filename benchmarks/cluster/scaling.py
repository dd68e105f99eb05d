#!/usr/bin/env python3
"""How a run scales over workers: a simulation of what posse work --all does, with units of measured length.

Usage: scaling.py [--unit-seconds S] [--units N] [--seed N]

Workers take units as posse work does: each begins at a place of its own and takes the next unit that nobody has. Of the workers, as asked for,
some are slow, some are lost in the middle of a unit (that unit is free again after 180 s without a sign of life, and the lost worker's frames up to then are
taken over), and a replacement comes after 121 s, as Slurm brings it. Unit times vary with a standard deviation of 10 %. Printed is the time from the first
start to the last end against the ideal: all work at the speed of all workers that there are.
"""

import argparse
import heapq
import random

STALE = 180.0
REQUEUE = 121.0
START = 5.0  # program, networks


class Run:
    def __init__(self, units, seconds, workers, slow, lost, generator):
        self.generator = generator
        self.left = [seconds * max(0.2, generator.gauss(1, 0.1)) for _ in range(units)]
        self.work = sum(self.left)
        self.next = list(range(1, units + 1)) + [units]  # union-find to the next free unit
        self.units = units
        self.free_later = []  # (time, unit) of lost workers' units
        self.events = []
        self.busy = 0
        for worker in range(workers):
            speed = 0.5 if generator.random() < slow else 1.0
            death = generator.uniform(0, 0.8 * self.work / workers) if generator.random() < lost else None
            heapq.heappush(self.events, (START, worker, speed, death))
        self.taken = [False] * units
        self.speed_seconds = 0.0

    def find(self, place):
        """The first unit from `place` on that is free, around the end."""
        for start in (place, 0):
            unit = start
            path = []
            while unit < self.units and self.taken[unit]:
                path.append(unit)
                unit = self.next[unit]
            for step in path:
                self.next[step] = unit
            if unit < self.units:
                return unit
        return None

    def makespan(self):
        end = 0.0
        while self.events:
            now, worker, speed, death = heapq.heappop(self.events)
            freed = [entry for entry in self.free_later if entry[0] <= now]
            if freed:
                unit = freed[0][1]
                self.free_later.remove(freed[0])
            else:
                unit = self.find(int(self.generator.random() * self.units) if worker >= 0 else 0)
                if unit is None:
                    if self.free_later:  # wait for what lost workers hold
                        heapq.heappush(self.events, (min(self.free_later)[0], worker, speed, death))
                    continue
                self.taken[unit] = True
            done = now + self.left[unit] / speed
            if death is not None and done > death > now:
                self.left[unit] -= (death - now) * speed
                self.free_later.append((death + STALE, unit))
                heapq.heappush(self.events, (death + REQUEUE + START, worker, speed, None))
                continue
            end = max(end, done)
            heapq.heappush(self.events, (done, worker, speed, death))
        return end


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unit-seconds", type=float, default=60.0)
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{arguments.units} units of {arguments.unit_seconds:g} s; makespan over ideal, and what the end adds")
    print(f"{'workers':>8}{'all alike':>12}{'10 % slow':>12}{'10 % lost':>12}{'both':>12}")
    for workers in (1, 3, 10, 30, 100, 300, 1000):
        row = f"{workers:>8}"
        for slow, lost in ((0, 0), (0.1, 0), (0, 0.1), (0.1, 0.1)):
            generator = random.Random(arguments.seed)
            run = Run(arguments.units, arguments.unit_seconds, workers, slow, lost, generator)
            speed = sum(event[2] for event in run.events)
            ideal = run.work / speed
            row += f"{run.makespan() / ideal:>12.3f}"
        print(row)


if __name__ == "__main__":
    main()
