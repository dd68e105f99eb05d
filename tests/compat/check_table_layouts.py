"""Tables that pandas, PyTables and h5py write in every layout of the field, read by posse and compared value for value.

usage: check_table_layouts.py POSSE SHARED_DATA. Exit status 77 (skipped) without pandas, PyTables or h5py. Real files are
compared too where SHARED_DATA exists. `posse convert` writes decimals that read back as the same doubles, so the comparison
is exact everywhere.
"""

import csv
import itertools
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import h5py
    import numpy as np
    import pandas as pd
    import tables  # noqa: F401  (pandas needs it)
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

warnings.simplefilter("ignore")  # PyTables warns of names that are no Python identifiers
RNG = np.random.default_rng(5)
LEVELS = ["scorer", "bodyparts", "coords"]


class Posse:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *words):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=60)

    def csv_of(self, path, *options):
        """What posse makes of a table, as a frame."""
        target = self.folder / "converted.csv"
        done = self.run("convert", path, target, "--force", *options)
        warned = "posse: warning:" in done.stderr
        assert done.returncode == (4 if warned else 0), (path, done.returncode, done.stderr)
        with open(target, newline="", encoding="utf-8") as file:
            header = list(itertools.islice(csv.reader(file), 4))
        levels = 4 if header[1][0] == "individuals" else 3
        # With header= pandas takes an empty first row for the index' name; a row too many keeps it from failing without rows.
        with open(target, "a", encoding="utf-8") as file:
            file.write("-1" + "," * (len(header[0]) - 1) + "\n")
        frame = pd.read_csv(target, skiprows=levels, header=None, index_col=0, float_precision="round_trip").iloc[:-1]
        names = [row[0] for row in header[:levels]]
        columns = [row[1:] for row in header[:levels]]
        return frame.set_axis(pd.MultiIndex.from_arrays(columns, names=names), axis=1), done.stderr

    def refusal(self, path):
        done = self.run("convert", path, self.folder / "refused.csv", "--force")
        assert done.returncode in (1, 5), (path, done.returncode, done.stderr)
        assert done.stderr.startswith("posse: error: " + str(path)), done.stderr
        assert not (self.folder / "refused.csv").exists()
        return done.stderr


def made(names=("nose", "tail"), coords=("x", "y", "likelihood"), animals=None, rows=7, dtype=float):
    levels = [["DLC_net"], list(names), list(coords)]
    if animals:
        levels.insert(1, list(animals))
    names_of_levels = LEVELS if not animals else ["scorer", "individuals", "bodyparts", "coords"]
    columns = pd.MultiIndex.from_product(levels, names=names_of_levels)
    values = RNG.uniform(0, 100, (rows, len(columns)))
    values[RNG.uniform(size=values.shape) < 0.1] = np.nan
    values[0, 0] = 1.5  # pandas' read_csv cannot keep an entirely empty first row
    return pd.DataFrame(values.astype(dtype), columns=columns)


def same(ours, theirs, what):
    assert ours.shape == theirs.shape, (what, ours.shape, theirs.shape)
    assert [tuple(map(str, c)) for c in ours.columns] == [tuple(map(str, c)) for c in theirs.columns], what
    assert np.array_equal(ours.to_numpy(float), theirs.to_numpy(float), equal_nan=True), what
    labels = ["/".join(label) if isinstance(label, tuple) else label for label in theirs.index]
    labels = [label.replace("\\", "/") if isinstance(label, str) else str(int(label)) for label in labels]
    assert list(map(str, ours.index)) == labels, (what, list(ours.index)[:3], labels[:3])


def by_image(frame, levels):
    frame = frame.copy()
    paths = [("labeled-data", "mouse 1", f"img{i:03}.png") for i in range(len(frame))]
    frame.index = pd.MultiIndex.from_tuples(paths) if levels == 3 else ["/".join(path) for path in paths]
    return frame


def pandas_layouts():
    """(name, frame, how to_hdf() is called)"""
    for layout in ("table", "fixed"):
        plain, wanted = made(), {"format": layout}
        yield f"{layout}, float64", plain, wanted
        yield f"{layout}, float32", made(dtype=np.float32), wanted
        yield f"{layout}, gzip", plain, wanted | {"complevel": 5, "complib": "zlib"}
        yield f"{layout}, another key", plain, wanted | {"key": "predictions"}
        yield f"{layout}, rows by image", by_image(plain, 1), wanted
        yield f"{layout}, several animals", made(animals=("one", "two", "single")), wanted
        yield f"{layout}, x and y only", made(coords=("x", "y")), wanted
        yield f"{layout}, 3-D", made(coords=("x", "y", "z")), wanted
        yield f"{layout}, names beyond ASCII", made(names=("Schwänzchen", "尾 x", "back\\slash")), wanted
        yield f"{layout}, names that are numbers", made(names=(1, 2)), wanted
        yield f"{layout}, frames as floats", plain.set_axis(plain.index.astype(float)), wanted
        yield f"{layout}, frames from 100", plain.set_axis(plain.index + 100), wanted
        yield f"{layout}, a named index", plain.rename_axis("frame"), wanted
        mixed = {c: plain[c].astype(np.float32 if i % 2 else float) for i, c in enumerate(plain.columns)}
        yield f"{layout}, blocks of two types", pd.DataFrame(mixed).set_axis(plain.columns, axis=1), wanted
        yield f"{layout}, whole numbers", made().fillna(0).round().astype(int), wanted
        yield f"{layout}, more rows than are read at once", made(rows=10_000), wanted
    yield "fixed, rows by image in three levels", by_image(made(coords=("x", "y")), 3), {"format": "fixed"}
    yield "fixed, more columns than a table holds", made(names=[f"p{i}" for i in range(2000)]), {"format": "fixed"}
    yield "fixed, no rows", made(rows=1).iloc[:0], {"format": "fixed"}


def check_pandas(posse):
    for what, frame, how in pandas_layouts():
        path = posse.folder / "pandas.h5"
        frame.to_hdf(path, **({"key": "df_with_missing", "mode": "w"} | how))
        same(posse.csv_of(path)[0], pd.read_hdf(path), what)


def check_refusals(posse):
    path = posse.folder / "refused.h5"
    for layout in ("table", "fixed"):
        made().set_axis(pd.date_range("2020-01-01", periods=7)).to_hdf(path, "df_with_missing", mode="w", format=layout)
        assert "frame number" in posse.refusal(path)
        if tables.which_lib_version("blosc"):
            made().to_hdf(path, "df_with_missing", mode="w", format=layout, complevel=5, complib="blosc")
            assert "compressed with 'blosc'" in posse.refusal(path)
    made().to_hdf(path, "first", mode="w")
    made().to_hdf(path, "second", mode="a")
    assert "2 pandas objects" in posse.refusal(path)
    pd.Series([1.0, 2.0]).to_hdf(path, "df_with_missing", mode="w")
    assert "type 'series'" in posse.refusal(path)
    flat = by_image(made(), 3)
    flat.set_axis(["a", "b", "c", "d", "e", "f"], axis=1).to_hdf(path, "df_with_missing", mode="w", format="table")
    assert "several index levels" in posse.refusal(path)
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(5)
    assert "no pandas table" in posse.refusal(path)


def check_numbers_stored_as_objects(posse):
    """Columns of dtype object: numbers are read, anything else that is needed is named with its way out."""
    path, frame = posse.folder / "objects.h5", made(rows=40)
    mixed = frame.astype(object)
    mixed.iloc[1, 0], mixed.iloc[2, 1], mixed.iloc[3, 2], mixed.iloc[4, 3] = None, 7, np.float64(2.5), np.float32(0.5)
    mixed.iloc[5, 4], mixed.iloc[6, 5], mixed.iloc[7, 0] = np.int64(-3), -70000, 2**40
    for each in (frame.astype(object), mixed, pd.DataFrame(np.asfortranarray(mixed.to_numpy()), columns=frame.columns)):
        each.to_hdf(path, "df_with_missing", format="fixed", mode="w")
        same(posse.csv_of(path)[0], each.astype(float), "objects")
    text, times = frame.copy(), frame.copy()
    text["DLC_net", "tail", "x"] = text["DLC_net", "tail", "x"].map(str)
    times["DLC_net", "tail", "x"] = pd.to_timedelta(range(len(times)), unit="s")
    for each in (text, times):
        for layout in ("fixed", "table"):
            each.to_hdf(path, "df_with_missing", format=layout, mode="w")
            said = posse.refusal(path)
            assert "column 'DLC_net tail x' holds" in said and "df.astype(float)" in said, said
    extra = frame.copy()
    extra["DLC_net", "set", ""] = "train"  # not needed: a warning
    extra.to_hdf(path, "df_with_missing", format="fixed", mode="w")
    assert "'DLC_net set ' holds no numbers" in posse.csv_of(path)[1]


def check_header_levels(posse):
    """Levels in another order or without names are taken for what they are; names of several kinds are named as such."""
    csv_path, path = posse.folder / "levels.csv", posse.folder / "levels.h5"
    frame = made(rows=6)
    swapped, unnamed = frame.swaplevel(0, 2, axis=1), frame.copy()
    unnamed.columns = unnamed.columns.set_names([None, "bodyparts", "coords"])
    for odd, said in ((swapped, "coords, bodyparts, scorer"), (unnamed, None)):
        odd.to_csv(csv_path)
        found, warned = posse.csv_of(csv_path)
        same(found, frame, "levels in csv")
        assert (said or "has no name; taken for 'scorer'") in warned, warned
        for layout in ("fixed", "table"):
            odd.to_hdf(path, "df_with_missing", format=layout, mode="w")
            found, warned = posse.csv_of(path)
            same(found, frame, "levels in HDF5")
            assert said is None or said in warned, warned
    tuples = frame.set_axis(pd.Index(list(frame.columns), tupleize_cols=False), axis=1)
    tuples.to_hdf(path, "df_with_missing", format="table", mode="w")
    same(posse.csv_of(path)[0], frame, "tuples")
    assert "taken as scorer, bodyparts, coords" in posse.run("info", path).stdout
    mixed = tuples.set_axis(pd.Index([*tuples.columns[:-1], "speed"], tupleize_cols=False), axis=1)
    mixed.to_hdf(path, "df_with_missing", format="table", mode="w")
    said = posse.refusal(path)
    assert "different header levels: 'DLC_net nose x' has 3, 'speed' has 1" in said and "df.columns = " in said, said
    for each in (mixed, tuples):
        each.to_hdf(path, "df_with_missing", format="fixed", mode="w")
        said = posse.refusal(path)
        assert "names of its columns are of several kinds" in said and "df.columns = " in said, said


def check_half_written_files(posse):
    """What a killed program leaves: cut off anywhere, or marked as open for writing."""
    path, frame = posse.folder / "whole.h5", made(rows=400)
    frame.to_hdf(path, "df_with_missing", format="table", mode="w")
    whole = path.read_bytes()
    cut = posse.folder / "half.h5"
    for share in (0.2, 0.5, 0.8, 0.99):
        cut.write_bytes(whole[:int(share * len(whole))])
        assert "not written to its end" in posse.refusal(cut)
    marked = posse.folder / "marked.h5"
    with h5py.File(marked, "w", libver="latest") as file:
        file["numbers"] = np.arange(5)
    bytes_of_it = bytearray(marked.read_bytes())
    assert bytes_of_it[8] == 3  # superblock of version 3: byte 11 holds the flags of consistency, its last 4 a checksum
    bytes_of_it[11] = 1
    bytes_of_it[44:48] = lookup3(bytes_of_it[:44]).to_bytes(4, "little")
    marked.write_bytes(bytes_of_it)
    assert "another program is writing this HDF5 file" in posse.refusal(marked)


def lookup3(data):
    """HDF5's checksum of metadata: Bob Jenkins' lookup3, hashlittle with a seed of 0."""
    def rotated(x, k):
        return ((x << k) | (x >> (32 - k))) & 0xFFFFFFFF

    a = b = c = (0xDEADBEEF + len(data)) & 0xFFFFFFFF
    at = 0
    while len(data) - at > 12:
        x, y, z = np.frombuffer(bytes(data[at:at + 12]), "<u4").astype(int).tolist()
        a, b, c = (a + x) & 0xFFFFFFFF, (b + y) & 0xFFFFFFFF, (c + z) & 0xFFFFFFFF
        for k, one in ((4, "a"), (6, "b"), (8, "c"), (16, "a"), (19, "b"), (4, "c")):
            if one == "a":
                a = ((a - c) & 0xFFFFFFFF) ^ rotated(c, k)
                c = (c + b) & 0xFFFFFFFF
            elif one == "b":
                b = ((b - a) & 0xFFFFFFFF) ^ rotated(a, k)
                a = (a + c) & 0xFFFFFFFF
            else:
                c = ((c - b) & 0xFFFFFFFF) ^ rotated(b, k)
                b = (b + a) & 0xFFFFFFFF
        at += 12
    x, y, z = np.frombuffer(bytes(data[at:]).ljust(12, b"\0"), "<u4").astype(int).tolist()
    a, b, c = (a + x) & 0xFFFFFFFF, (b + y) & 0xFFFFFFFF, (c + z) & 0xFFFFFFFF
    for k, one in ((14, "c"), (11, "a"), (25, "b"), (16, "c"), (4, "a"), (14, "b"), (24, "c")):
        if one == "c":
            c = ((c ^ b) - rotated(b, k)) & 0xFFFFFFFF
        elif one == "a":
            a = ((a ^ c) - rotated(c, k)) & 0xFFFFFFFF
        else:
            b = ((b ^ a) - rotated(a, k)) & 0xFFFFFFFF
    return c


def check_rows_labelled_by_times(posse):
    path, frame = posse.folder / "times.h5", made(rows=6)
    for kind, index in (("timedelta64", pd.to_timedelta(range(6), unit="ms")), ("datetime64", pd.date_range("2020", periods=6)),
                        ("datetime64", pd.date_range("2020", periods=6, tz="UTC")), ("period", pd.period_range("2020", periods=6)),
                        ("period", pd.period_range("2020", periods=6, freq="s"))):
        for layout in ("fixed", "table"):
            frame.set_axis(index, axis=0).to_hdf(path, "df_with_missing", format=layout, mode="w")
            said = posse.refusal(path)
            assert f"its rows are labelled by '{kind}'" in said and "df.reset_index" in said, (kind, layout, said)
    numbers = frame.set_axis(pd.Index(range(6), dtype=object), axis=0)
    numbers.to_hdf(path, "df_with_missing", format="fixed", mode="w")
    assert list(posse.csv_of(path)[0].index) == list(range(6))


def write_analysis(path, tracks, scores, names, **how):
    """As sleap's `export_hdf5` lays it out: [tracks, xy, nodes, frames]."""
    with h5py.File(path, "w") as file:
        file.create_dataset("tracks", data=tracks, **how)
        file.create_dataset("node_names", data=np.array([b"nose", b"tail"]))
        file.create_dataset("track_names", data=np.array(names, dtype="S") if names else np.zeros(0))
        file.create_dataset("track_occupancy", data=np.ones((tracks.shape[3], tracks.shape[0]), np.uint8))
        if scores is not None:
            file.create_dataset("point_scores", data=scores, **how)


def check_sleap_analysis(posse):
    path = posse.folder / "sleap.analysis.h5"
    for count, how in ((1, {}), (2, {}), (2, {"compression": "gzip", "chunks": True}), (1, {"dtype": "f4"})):
        tracks = RNG.uniform(0, 500, (count, 2, 2, 9)).astype(np.float32)
        tracks[0, :, 1, 4] = np.nan
        scores = np.where(np.isnan(tracks[:, 0]), np.nan, RNG.uniform(0, 1, (count, 2, 9)))
        write_analysis(path, tracks, scores, [b"one", b"two"][:count], **how)
        with h5py.File(path) as file:
            tracks, scores = file["tracks"][:].astype(float), file["point_scores"][:].astype(float)
        for t in range(count):
            got, _ = posse.csv_of(path, *(("--individual", ["one", "two"][t]) if count > 1 else ()))
            for node in range(2):
                expected = np.stack([tracks[t, 0, node], tracks[t, 1, node], np.nan_to_num(scores[t, node])], axis=1)
                assert np.array_equal(got.to_numpy()[:, 3 * node : 3 * node + 3], expected, equal_nan=True)
            assert list(got.columns.get_level_values("bodyparts")) == ["nose"] * 3 + ["tail"] * 3
    write_analysis(path, tracks, None, [b""])
    got, said = posse.csv_of(path)
    assert "no point scores" in said and got.xs("likelihood", level=2, axis=1).iloc[4].tolist() == [1.0, 0.0]
    write_analysis(path, tracks[:, :, :, :0], None, [])
    assert len(posse.csv_of(path)[0]) == 0
    with h5py.File(path, "w") as file:
        file["tracks"], file["node_names"] = np.zeros((1, 2, 3, 4)), np.array([b"nose"])
    assert "[tracks, 2, nodes, frames]" in posse.refusal(path)


def check_sleap_axes(posse):
    """The same numbers in every order of the axes that is written: by attribute `dims`, by `transpose`, by shape."""
    path = posse.folder / "axes.analysis.h5"
    tracks, scores = RNG.uniform(0, 500, (1, 2, 3, 7)), RNG.uniform(0, 1, (1, 3, 7))
    scores[0, 1, 2], tracks[0, :, 2, 5] = np.nan, np.nan  # a placed point has no score; a missing one
    expected = np.concatenate([tracks[0], np.where(np.isnan(tracks[0, 0]), 0, np.nan_to_num(scores[0], nan=1))[None]])
    expected = expected.transpose(2, 1, 0).reshape(7, 9)
    names = np.array(["track", "xy", "node", "frame"])
    for order, attributes in (((0, 1, 2, 3), {}), ((3, 2, 1, 0), {}), ((3, 0, 2, 1), {}), ((3, 2, 1, 0), {"transpose": False}),
                              ((2, 3, 0, 1), {"dims": True}), ((1, 0, 3, 2), {"dims": True})):
        with h5py.File(path, "w") as file:
            file["node_names"] = np.array([b"nose", b"ear", b"tail"])
            file["track_names"] = np.array([b"one"])
            file["tracks"] = tracks.transpose(order)
            without = [axis - (axis > 1) for axis in order if axis != 1]
            file["point_scores"] = scores.transpose(without)
            if "transpose" in attributes:
                file.attrs["transpose"] = attributes["transpose"]
            if "dims" in attributes:
                file["tracks"].attrs["dims"] = '["' + '", "'.join(names[list(order)]) + '"]'
        got, said = posse.csv_of(path)
        assert np.array_equal(got.to_numpy(), expected, equal_nan=True), (order, attributes)
        assert "1 points have no score" in said, said


SLP_TYPES = {
    "frames": [("frame_id", "u8"), ("video", "u4"), ("frame_idx", "u8"), ("instance_id_start", "u8"), ("instance_id_end", "u8")],
    "instances": [("instance_id", "i8"), ("instance_type", "u1"), ("frame_id", "u8"), ("skeleton", "u4"), ("track", "i4"),
                  ("from_predicted", "i8"), ("score", "f4"), ("point_id_start", "u8"), ("point_id_end", "u8"),
                  ("tracking_score", "f4")],
    "points": [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")],
    "pred_points": [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?"), ("score", "f8")],
}


def write_slp(path, instances, format_id=1.3, nodes=("tail", "nose"), order=(1, 0), videos=None, tracks=("one", "two"),
              made_of=None):
    """Instances: (frame, track, predicted?, [(x, y, score) per node of the skeleton]); made_of: instance -> prediction."""
    frames = sorted({i[0] for i in instances})
    rows = {"frames": [], "instances": [], "points": [], "pred_points": []}
    for number, frame in enumerate(frames):
        rows["frames"].append((number, videos[number] if videos else 0, frame, 0, 0))
    for number, (frame, track, predicted, points) in enumerate(instances):
        store = rows["pred_points" if predicted else "points"]
        begin = len(store)
        store += [(x, y, True, False, score)[: 5 if predicted else 4] for x, y, score in points]
        rows["instances"].append((number, predicted, frames.index(frame), 0, track,
                                  (made_of or {}).get(number, -1), 1, begin, len(store), 0))
    listed = ",".join('{"name":"%s","weight":1.0}' % node for node in nodes)
    ids = ",".join('{"id":%d}' % i for i in order)
    with h5py.File(path, "w") as file:
        for name, records in rows.items():
            file.create_dataset(name, data=np.array(records, dtype=SLP_TYPES[name]))
        text = '{"version":"2.0.0","skeletons":[{"nodes":[%s]}],"nodes":[%s]}' % (ids, listed)
        file.create_group("metadata").attrs["json"] = np.bytes_(text)
        file["metadata"].attrs["format_id"] = format_id
        file["tracks_json"] = np.array([f'[0,"{name}"]'.encode() for name in tracks]) if tracks else np.zeros(0)


def check_slp(posse):
    path = posse.folder / "labels.slp"
    nan = np.nan
    write_slp(path, [(3, 0, 1, [(1.25, 2.5, 0.5), (nan, nan, 0.0)]), (3, 1, 1, [(5, 6, 0.7), (7, 8, 0.8)]),
                     (9, 1, 1, [(9, 10, 0.9), (11, 12, 1.0)])])
    got, _ = posse.csv_of(path)
    assert list(got.index) == list(range(10)), got.index
    assert np.array_equal(got.drop([3, 9]).to_numpy(), np.tile([nan, nan, 0], (8, 4)), equal_nan=True)
    got = got.loc[[3, 9]]
    assert list(got.columns.droplevel([0, 3]).unique()) == [("one", "nose"), ("one", "tail"), ("two", "nose"), ("two", "tail")]
    expected = [[1.25, 2.5, 0.5, nan, nan, 0, 5, 6, 0.7, 7, 8, 0.8], [nan, nan, 0, nan, nan, 0, 9, 10, 0.9, 11, 12, 1]]
    assert np.array_equal(got.to_numpy(float), np.array(expected), equal_nan=True)
    got, _ = posse.csv_of(path, "--individual", "two")
    got = got.loc[[3, 9]]
    assert got.to_numpy().tolist() == [[5, 6, 0.7, 7, 8, 0.8], [9, 10, 0.9, 11, 12, 1]]

    # The only animal: a person's instance counts in frame 0; frame 1 has nothing but hand-placed points. Old files count those from pixel corners.
    hand = [(0, -1, 0, [(1, 1, 1), (2, 2, 1)]), (0, -1, 1, [(3, 3, 0.3), (4, 4, 0.4)]), (1, -1, 0, [(5, 5, 1), (6, 6, 1)])]
    for format_id, shift in ((1.0, 0.5), (1.2, 0)):
        write_slp(path, hand, format_id, tracks=())
        got, said = posse.csv_of(path)
        placed = [[x - shift, x - shift, 1, y - shift, y - shift, 1] for x, y in ((1, 2), (5, 6))]
        assert got.to_numpy().tolist() == placed, got
        assert "2 instances were placed by hand" in said and "1 predicted instances were corrected" in said

    # Two animals without tracks: the second prediction was corrected, and a third animal was added.
    swapped = [(0, -1, 1, [(1, 1, 0.5), (2, 2, 0.5)]), (0, -1, 1, [(3, 3, 0.5), (4, 4, 0.5)]),
               (0, -1, 0, [(7, 7, 1), (8, 8, 1)]), (0, -1, 0, [(5, 5, 1), (6, 6, 1)])]
    write_slp(path, swapped, tracks=(), made_of={3: 1})
    got, said = posse.csv_of(path)
    assert got.to_numpy()[0, 0::6].tolist() == [1, 5, 7] and "may be another animal" in said, (got, said)
    # An untracked correction has the track of what it was made of.
    write_slp(path, [(0, 0, 1, [(1, 1, 0.5), (2, 2, 0.5)]), (0, 1, 1, [(3, 3, 0.5), (4, 4, 0.5)]),
                     (0, -1, 0, [(5, 5, 1), (6, 6, 1)])], made_of={2: 1})
    got, _ = posse.csv_of(path, "--individual", "two")
    assert got.to_numpy()[0].tolist() == [5, 5, 1, 6, 6, 1], got

    write_slp(path, [(0, 0, 1, [(1, 2, 1), (3, 4, 1)]), (1, 0, 1, [(1, 2, 1), (3, 4, 1)])], videos=[0, 1])
    assert "several videos" in posse.refusal(path)
    write_slp(path, [(0, 0, 1, [(1, 2, 1)])])
    assert "skeleton's points" in posse.refusal(path)
    write_slp(path, [(0, 0, 1, [(1, 2, 1), (3, 4, 1)])] * 2)
    assert "track 0 twice" in posse.refusal(path)
    write_slp(path, [(0, 0, 1, [(1, 2, 1), (3, 4, 1)])], order=(0, 7))
    assert "not listed" in posse.refusal(path)


def check_csv(posse):
    path = posse.folder / "table.csv"
    for what, frame in (("predictions", made()), ("several animals", made(animals=("one", "two"))),
                        ("labels", by_image(made(coords=("x", "y")), 1)), ("with visibility", made(coords=("x", "y", "visible"))),
                        ("tiny and huge", made() * 1e-300), ("big", made() * 1e300)):
        for ending in ("\n", "\r\n"):
            frame.to_csv(path, lineterminator=ending) if pd.__version__ >= "1.5" else frame.to_csv(path, line_terminator=ending)
            same(posse.csv_of(path)[0], frame, what)
    frame = by_image(made(coords=("x", "y")), 3)
    frame.to_csv(path)
    same(posse.csv_of(path)[0], frame, "three index columns")
    coords = ["x", "y", "likelihood", "x_ens_median", "y_ens_median", "x_ens_var", "y_ens_var", "x_posterior_var",
              "y_posterior_var"]
    wide = made(coords=coords)
    wide.to_csv(path)
    same(posse.csv_of(path)[0], wide, "the smoother's wide csv")


def check_meaning(posse):
    """What consensus makes of odd tables: the members of the field, two at a time so that their mean is themselves."""
    def read_back(frame):
        for name in ("a.csv", "b.csv"):
            frame.to_csv(posse.folder / name)
        done = posse.run("consensus", posse.folder / "a.csv", posse.folder / "b.csv", "--out", posse.folder / "c.csv", "--force")
        assert done.returncode in (0, 4), done.stderr
        return pd.read_csv(posse.folder / "c.csv", header=[0, 1, 2], index_col=0, float_precision="round_trip"), done.stderr

    lightning = made(rows=5).fillna(1.0).abs() / 100  # predictions of labelled frames end in a column with their split
    lightning.index = range(5)
    split = lightning.copy()
    split[("set", "", "")] = "train"
    got, _ = read_back(split)
    assert np.array_equal(got.to_numpy(), lightning.to_numpy())

    graph = made(rows=6).fillna(2.0)  # DeepGraphPose: likelihood 0.5 everywhere, rows of zeros behind the video's end
    graph.loc[:, pd.IndexSlice[:, :, "likelihood"]] = 0.5
    graph.iloc[4:] = 0.0
    got, said = read_back(graph)
    assert np.array_equal(got.to_numpy()[:4], graph.to_numpy()[:4]) and "last 2 rows are zero" in said
    assert np.isnan(got.to_numpy()[4:, 0]).all() and (got.to_numpy()[4:, 2] == 0).all()


def check_real(posse, shared):
    count = 0
    for pattern in ("dlc-tables/**/*.h5", "openfield/**/*.h5", "reaching/**/*.h5"):
        for path in sorted(shared.glob(pattern)):
            theirs = pd.read_hdf(path)
            if not isinstance(theirs.columns, pd.MultiIndex) or theirs.columns.nlevels < 3:
                continue
            same(posse.csv_of(path)[0], theirs, path)
            count += 1
    for pattern in ("dlc-tables/**/*.csv", "eks/*/*.csv", "mirror-mouse/**/*.csv", "reaching/**/Collected*.csv"):
        for path in sorted(shared.glob(pattern)):
            first = path.read_text(encoding="utf-8").split("\n", 1)[0]
            if not first.startswith("scorer"):
                continue
            index = [0, 1, 2] if first.startswith("scorer,,") else 0
            same(posse.csv_of(path)[0], pd.read_csv(path, header=[0, 1, 2], index_col=index, float_precision="round_trip"), path)
            count += 1
    for path in sorted(shared.glob("torch-checkpoints/*/*.slp")):
        got, _ = posse.csv_of(path)
        with h5py.File(path) as file:
            points = file["points"][:]
        ours = got.dropna().to_numpy().reshape(-1, 3)  # without the frames left out
        assert np.array_equal(ours[:, 0], points["x"]) and np.array_equal(ours[:, 1], points["y"]), path
        count += 1
    print(f"{count} real tables")


def main():
    with tempfile.TemporaryDirectory() as name:
        posse = Posse(sys.argv[1], pathlib.Path(name))
        check_pandas(posse)
        check_refusals(posse)
        check_numbers_stored_as_objects(posse)
        check_header_levels(posse)
        check_half_written_files(posse)
        check_rows_labelled_by_times(posse)
        check_sleap_analysis(posse)
        check_sleap_axes(posse)
        check_slp(posse)
        check_csv(posse)
        check_meaning(posse)
        shared = pathlib.Path(sys.argv[2])
        if shared.is_dir():
            check_real(posse, shared)


if __name__ == "__main__":
    main()
