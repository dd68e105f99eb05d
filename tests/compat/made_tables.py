"""Tables of several members that track wandering points: made here, reproducible, for comparisons with eks."""
import numpy as np
import pandas as pd

NAMES = ["snout", "leftear", "rightear", "tailbase"]


def write_members(folder, num_frames, num_members=5, names=NAMES, seed=3):
    """Csv files of DeepLabCut's layout. Members are off by a pixel or so, now and then by much and then with a low likelihood."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    truth = 200 + np.cumsum(random.normal(0, 1.5, (num_frames, len(names), 2)), axis=0)
    columns = pd.MultiIndex.from_product([["net"], names, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"])
    paths = []
    for member in range(num_members):
        lost = random.random((num_frames, len(names))) < 0.05
        seen = truth + random.normal(0, 1, truth.shape) + lost[..., None] * random.normal(0, 30, truth.shape)
        likelihood = np.where(lost, random.uniform(0.05, 0.5, lost.shape), random.uniform(0.8, 1, lost.shape))
        values = np.concatenate([seen, likelihood[..., None]], axis=-1)
        paths.append(folder / f"seed{member}.csv")
        pd.DataFrame(values.reshape(num_frames, -1), columns=columns).to_csv(paths[-1])
    return paths
