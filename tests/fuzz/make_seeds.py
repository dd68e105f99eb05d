#!/usr/bin/python3
"""Makes the seeds of the fuzz targets that are not text: tests/fuzz/bases and parts of tests/fuzz/corpus.

Needs pandas, PyTables, h5py and NumPy. The files are in the repository; run it to change them.
"""

import io
import json
import pathlib
import pickle
import struct
import tempfile
import zipfile
import zlib

import h5py
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "data" / "demo"
BASES, CORPUS = HERE / "bases", HERE / "corpus"
LEVELS = ["scorer", "bodyparts", "coords"]


def seed(target: str, name: str, content: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def text(content: bytes) -> bytes:
    """As Input::text() takes it apart."""
    return struct.pack("<H", len(content)) + content


def make_pandas_bases() -> None:
    BASES.mkdir(exist_ok=True)
    columns = pd.MultiIndex.from_product([["DLC_net"], ["nose", "tail"], ["x", "y", "likelihood"]], names=LEVELS)
    frame = pd.DataFrame(np.arange(18.0).reshape(3, 6), columns=columns)
    for layout in ("table", "fixed"):
        frame.to_hdf(BASES / f"pandas_{layout}.h5", "df_with_missing", format=layout, mode="w", complevel=1)
    images = pd.MultiIndex.from_tuples([("labeled-data", "clip", f"img{i}.png") for i in range(2)])
    labels = pd.DataFrame(np.arange(8.0).reshape(2, 4), index=images,
                          columns=pd.MultiIndex.from_product([["Ann"], ["nose", "tail"], ["x", "y"]], names=LEVELS))
    labels.to_hdf(BASES / "pandas_labels.h5", "df_with_missing", format="fixed", mode="w", complevel=1)


def make_sleap_bases() -> None:
    with h5py.File(BASES / "analysis.h5", "w", libver="latest") as file:
        file["tracks"] = np.arange(2 * 2 * 2 * 3, dtype=float).reshape(2, 2, 2, 3)
        file["point_scores"] = np.full((2, 2, 3), 0.5)
        file["node_names"] = np.array([b"nose", b"tail"])
        file["track_names"] = np.array([b"a", b"b"])
    skeleton = {"nodes": [{"name": "nose"}, {"name": "tail"}], "skeletons": [{"nodes": [{"id": 0}, {"id": 1}]}]}
    points = [("x", "<f8"), ("y", "<f8"), ("visible", "?"), ("complete", "?")]
    instance = [("instance_id", "<i8"), ("instance_type", "u1"), ("frame_id", "<u8"), ("skeleton", "<u4"),
                ("track", "<i4"), ("score", "<f4"), ("point_id_start", "<u8"), ("point_id_end", "<u8")]
    with h5py.File(BASES / "project.slp", "w", libver="latest") as file:
        file.create_group("metadata").attrs["json"] = np.bytes_(json.dumps(skeleton))
        file["metadata"].attrs["format_id"] = 1.2
        file["tracks_json"] = np.array([b'["/", "a"]', b'["/", "b"]'])
        file["frames"] = np.array([(0, 0, 0, 0, 1), (1, 0, 5, 1, 2)],
                                  [("frame_id", "<u8"), ("video", "<u4"), ("frame_idx", "<u8"),
                                   ("instance_id_start", "<u8"), ("instance_id_end", "<u8")])
        file["instances"] = np.array([(0, 1, 0, 0, 0, 0.9, 0, 2), (1, 0, 1, 0, -1, 0, 0, 2)], instance)
        file["pred_points"] = np.array([(1, 2, 1, 1, 0.5), (3, 4, 1, 1, 0.25)], [*points, ("score", "<f8")])
        file["points"] = np.array([(5, 6, 1, 1), (7, 8, 0, 1)], points)


def make_edits() -> None:
    """A file: which base, then object, action, attribute and what goes with them (hdf5_edits.cc)."""
    for target, bases in (("pandas_hdf5", 3), ("sleap", 2)):
        for base in range(bases):
            seed(target, f"sound-{base}", bytes([base]))
            for thing in range(12):
                seed(target, f"text-{base}-{thing}", bytes([base, thing, 0, 0]) + text(b"(lp0\nI1\na."))
        seed(target, "number", bytes([0, 2, 7, 0, 2, 3, 4, 1]) + text(struct.pack("<4d", 1, 2, 3, 4)))
        seed(target, "record", bytes([0, 4, 7, 0, 1, 3, 4, 1, 2, 0, 0, 3, 1, 0]) + text(bytes(64)))
        seed(target, "values", bytes([1, 1, 5, 0]) + text(b"\xff"))
    skeleton = b'{"nodes": [{"name": "n"}], "skeletons": [{"nodes": [{"id": 0}]}]}'
    seed("sleap", "skeleton", bytes([0, 4, 0, 1]) + text(skeleton))


def make_indexes() -> None:
    whole = next(DEMO.glob("member-1/dlc-models/*/*/train/*.index")).read_bytes()
    seed("bundle_index", "demo", b"\0" + whole)
    header = b"\x08\x01\x1a\x02\x08\x01"
    entry = b"\x08\x01\x12\x08\x12\x02\x08\x02\x12\x02\x08\x03\x28\x18\x35" + struct.pack("<I", 0)
    entries = text(header) + b"\0" + text(b"conv/weights") + text(entry) + text(b"global_step") + text(b"\x08\x09\x28\x08")
    seed("bundle_index", "entries", b"\1" + entries)
    seed("bundle_index", "packed", b"\1" + entries.replace(text(header) + b"\0", text(header) + b"\1"))
    block = b"\0\0" + bytes([len(header)]) + header + struct.pack("<II", 0, 1)
    index = b"\0\1\2a\0" + bytes([len(block)]) + struct.pack("<II", 0, 1)
    seed("bundle_index", "blocks", b"\2\1" + b"\0" + text(block) + b"\0" + index)


def make_small_files() -> None:
    for number, value in enumerate([None, 3, 2.5, "text", ["a", ("b", 1)], {"names": ["x", None]}, True]):
        seed("pickle", f"value-{number}", pickle.dumps(value, protocol=0))
    record = struct.pack("<qd", 0, 0.0) + struct.pack("<15d", *range(15))
    facts = b'{"frames_decoded": 2, "warnings": ["a"], "reached_end": true, "wall_seconds": 1.5, "threads": 2}'
    header = b"posse journal 1\n" + b"a" * 64 + struct.pack("<II", 2, 1)
    seed("journal", "complete", b"\1" + text(facts) + record * 2)
    seed("journal", "cut-off", b"\1" + text(b"") + record * 2)
    seed("journal", "damaged", b"\0" + header + record + bytes(20))
    seed("journal", "other-run", b"\0" + header.replace(b"a", b"b"))
    seed("journal", "claims-too-much", b"\0" + header[:-8] + struct.pack("<II", 0x7FFFFFFF, 0x55555555))
    seed("journal", "no-such-count", b"\1" + text(b"") + struct.pack("<qd", 0, 0.0) + struct.pack("<15d", *[1e300] * 15))
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("float32", "float64", "uint8"):
            path = pathlib.Path(folder) / "array.npy"
            np.save(path, np.arange(6).reshape(2, 3).astype(kind))
            seed("npy", kind, path.read_bytes())


def make_records() -> None:
    video = {"path": "/data/clip.mp4", "bytes": 1234, "modified": 1700000000, "sha256": "ab" * 32}
    record = {"format": 1, "posse": "0.1.0", "verb": "run", "fingerprint": "ab" * 32, "video": video, "frames": 12, "stages": "",
              "files": ["consensus.h5"]}
    seed("record", "sound.json", json.dumps(record, indent=1).encode())
    seed("record", "later.json", json.dumps({**record, "format": 2}).encode())
    seed("record", "huge-count.json", json.dumps({**record, "frames": 1e300}).encode())
    seed("record", "huge-size.json", json.dumps({**record, "video": {**video, "bytes": 1e300}}).encode())
    seed("journal", "huge-count", b"\1" + text(b'{"threads": 1e300}'))


def make_object_arrays() -> None:
    arrays = {"numbers": [1.5, None, 3], "texts": ["a", "b"], "mixed": [float("nan"), True, "x"], "empty": []}
    for name, values in arrays.items():
        for protocol in (2, 4):
            seed("object_array", f"{name}-{protocol}", pickle.dumps(np.array(values, object), protocol=protocol))
    seed("object_array", "rows", pickle.dumps(np.array([[1.0, 2], [None, "z"]], object), protocol=4))


def make_pictures() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    for name, colour, depth, row in (("rgb", 2, 8, 4 * 3), ("grey", 0, 8, 4), ("grey16", 0, 16, 8), ("bit", 0, 1, 1)):
        rows = b"".join(b"\0" + bytes(range(10, 10 + row)) for _ in range(3))
        seed("picture", name + ".png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, depth, colour, 0, 0, 0))
             + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    pixels = bytes(range(36))
    seed("picture", "plain.bmp", b"BM" + struct.pack("<IHHI", 54 + 36, 0, 0, 54)
         + struct.pack("<IiiHHIIiiII", 40, 4, 3, 1, 24, 0, 36, 0, 0, 0, 0) + pixels)
    seed("picture", "plain.ppm", b"P6 4 3 255\n" + pixels)


def make_torch_files() -> None:
    """Zip archives of stored entries, and pickles as torch writes them, made by hand."""
    def string(content: str) -> bytes:
        return b"X" + struct.pack("<I", len(content)) + content.encode()

    def tensor(kind: bytes, key: str) -> bytes:
        return (b"ctorch._utils\n_rebuild_tensor_v2\n((" + string("storage") + b"ctorch\n" + kind + b"\n" + string(key)
                + string("cpu") + b"K\x04tQK\0K\x02K\x02\x86K\x02K\x01\x86\x89ccollections\nOrderedDict\n)RtR")

    weights = b"ccollections\nOrderedDict\n)R(" + string("a") + tensor(b"FloatStorage", "0") + string("b") + tensor(b"HalfStorage", "1") + b"u"
    pickles = {"bare": b"\x80\x02" + weights + b".",
               "snapshot": b"\x80\x02}(" + string("metadata") + b"}" + string("epoch") + b"K\x05s" + string("model") + weights + b"u.",
               "export": b"\x80\x02}(" + string("config") + b"}(" + string("net") + string("r") + string("n") + b"]K\x01aG?\xf0\0\0\0\0\0\0u"
                         + string("pose") + weights + b"u.",
               "objects": pickle.dumps({"state_dict": {"x": frozenset([1])}, "y": complex(1, 2)}, protocol=4)}
    for name, content in pickles.items():
        seed("torch", "pickle-" + name, b"p" + content)
        with io.BytesIO() as file:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("net/data.pkl", content)
                archive.writestr("net/data/0", bytes(16))
                archive.writestr("net/data/1", bytes(8))
            seed("torch", "file-" + name, b"f" + file.getvalue())


if __name__ == "__main__":
    make_pandas_bases()
    make_sleap_bases()
    make_edits()
    make_indexes()
    make_small_files()
    make_records()
    make_object_arrays()
    make_pictures()
    make_torch_files()
