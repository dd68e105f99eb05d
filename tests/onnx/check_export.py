#!/usr/bin/python3
"""`posse export` as a user runs it: files that onnx's own checker accepts and that give what `posse scoremap` gives.

usage: check_export.py POSSE DEMO_DATA [PROJECT_OR_SNAPSHOT...]   exits 77 (skipped) without python3-onnx or numpy
DEMO_DATA is data/demo; further members are checked as well, PATH@moving with stored batch norm statistics. Numbers are compared in OpenCV
(python3-opencv) and ONNX Runtime (from PyPI, scripts/pypi_env.py) where those can be had; without them only the structure is.
The limit, 1e-4 of the output's range, is ten times what float32 rounding in another order of sums gives.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnx.numpy_helper
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
PYPI = os.path.join(HERE, "..", "..", "scripts", "pypi_env.py")
LIMIT = 1e-4


def posse(program, *words, status=0):
    done = subprocess.run([program, "--quiet", *words], capture_output=True, text=True)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done.stderr if status else done.stdout


def shape_of(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def check_structure(path, bodyparts, outputs, element_type):
    """What the format's own reader says of the file; bodyparts None: whatever the file says."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    (entry,) = model.graph.input
    assert entry.name == "frames" and entry.type.tensor_type.elem_type == element_type
    assert shape_of(entry)[1:] == ["height", "width", 3], shape_of(entry)
    assert [o.name for o in model.graph.output] == outputs
    metadata = {p.key: p.value for p in model.metadata_props}
    named = json.loads(metadata["bodyparts"])
    assert bodyparts is None or named == bodyparts, metadata
    for output in model.graph.output:
        assert shape_of(output)[3] == len(named), shape_of(output)
    assert metadata["decode"] in ("dgp", "dlc") and float(metadata["stride"]) == 8 and float(metadata["locref_stdev"]) > 0
    kinds = {node.op_type for node in model.graph.node}
    assert "BatchNormalization" not in kinds, "a stored batch norm that was not folded"
    weights = {o.data_type for o in model.graph.initializer if o.dims and len(o.dims) > 1}
    assert weights == {onnx.TensorProto.FLOAT}, weights


def expected(program, words, picture, out):
    """What posse itself says of the picture: {output name: array}."""
    posse(program, "scoremap", words[0], picture, "--out", out, *words[1:])
    names = {"scoremap_logits": "logits.npy", "locref": "locref.npy"}
    return {name: np.load(os.path.join(out, file)) for name, file in names.items() if os.path.exists(os.path.join(out, file))}


def mean_consensus(logits):
    """In double precision, as the definition has it: logit of the mean of the members' probabilities."""
    inside = np.mean([1 / (1 + np.exp(-l.astype(np.float64))) for l in logits], axis=0)
    outside = np.mean([1 / (1 + np.exp(l.astype(np.float64))) for l in logits], axis=0)
    return np.log(inside / outside)


def run_program(words, folder, model, input_type, frame, outputs):
    """Runs one of the check scripts on a picture and outputs; its report, or None if the program is not there."""
    frame.astype(input_type).tofile(os.path.join(folder, "frame"))
    run = {"frames": "frame", "shape": [1, *frame.shape], "outputs": []}
    for index, (name, values) in enumerate(outputs.items()):
        values.astype(np.float32).tofile(os.path.join(folder, "output%d" % index))
        run["outputs"].append({"name": name, "shape": list(values.shape), "file": "output%d" % index})
    manifest = {"model": os.path.relpath(model, folder), "input_type": input_type, "limit": LIMIT, "runs": [run]}
    with open(os.path.join(folder, "manifest.json"), "w") as file:
        json.dump(manifest, file)
    try:
        done = subprocess.run([*words, os.path.join(folder, "manifest.json")], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    if done.returncode == 77:
        return None
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_numbers(folder, exported, frame, outputs):
    reports = [run_program([PYPI, "onnxruntime", HERE + "/check_onnxruntime.py"], folder, exported["uint8"], "uint8", frame, outputs),
               run_program([sys.executable, HERE + "/check_opencv.py"], folder, exported["float32"], "float32", frame, outputs)]
    for report, name in zip(reports, ("ONNX Runtime", "OpenCV")):
        print(report.rstrip() if report else "SKIPPED: numbers not compared in %s" % name)


def export(program, folder, words):
    """The same network with byte and with float input."""
    files = {kind: os.path.join(folder, kind + ".onnx") for kind in ("uint8", "float32")}
    posse(program, "export", *words, "--onnx", files["uint8"], "--force")
    posse(program, "export", *words, "--onnx", files["float32"], "--float-input", "--force")
    return files


def words_of(member):
    """PATH@MODE as arguments: the batch norm mode is an option."""
    path, _, mode = member.partition("@")
    return [path, "--batch-norm", mode] if mode else [path]


def check_members(program, members, bodyparts, picture, frame, folder):
    told = []
    for index, member in enumerate(members):
        print(member)
        told.append(expected(program, words_of(member), picture, os.path.join(folder, "maps%d" % index)))
        exported = export(program, folder, words_of(member))
        check_structure(exported["uint8"], bodyparts, list(told[-1]), onnx.TensorProto.UINT8)
        check_structure(exported["float32"], bodyparts, list(told[-1]), onnx.TensorProto.FLOAT)
        check_numbers(folder, exported, frame, told[-1])
    return told


def check_ensemble(program, members, told, bodyparts, frame, folder):
    exported = export(program, folder, [*members, "--ensemble"])
    names = [os.path.basename(member) for member in members]
    outputs = {"scoremap_logits": mean_consensus([maps["scoremap_logits"] for maps in told])}
    for name, maps in zip(names, told):
        outputs.update({name + "/" + output: values for output, values in maps.items()})
    check_structure(exported["uint8"], bodyparts, list(outputs), onnx.TensorProto.UINT8)
    print("ensemble of", *names)
    check_numbers(folder, exported, frame, outputs)


def check_refusals(program, members, folder):
    """Each message names what is wrong; nothing is left behind."""
    target = os.path.join(folder, "refused.onnx")

    def refused(status, text, *words):
        message = posse(program, "export", *words, status=status)
        assert "posse: error:" in message and text in message, message
        assert not os.path.exists(target), text

    refused(1, "no-such-member", os.path.join(folder, "no-such-member"), "--onnx", target)
    refused(2, "members", *members, "--onnx", target)  # two members without --ensemble
    refused(2, "is a folder", members[0], "--onnx", folder)
    blocked = os.path.join(folder, "plain-file")
    with open(blocked, "w") as file:
        file.write("x")
    refused(1, "plain-file", members[0], "--onnx", blocked + "/network.onnx")
    refused(2, "exists already", members[0], "--onnx", blocked)
    with open(blocked) as file:
        assert file.read() == "x"
    other = os.path.join(folder, "other")  # the same network under another bodypart's name
    shutil.copytree(members[1], other)
    for config in [other + "/config.yaml", *glob.glob(other + "/dlc-models/*/*/*/pose_cfg.yaml")]:
        with open(config) as file:
            text = file.read()
        with open(config, "w") as file:
            file.write(text.replace("snout", "nose"))
    refused(1, "nose", members[0], other, "--ensemble", "--onnx", target)
    assert [name for name in os.listdir(folder) if name.endswith(".partial")] == []


def main(program, demo, *more):
    members = [os.path.join(demo, "member-1"), os.path.join(demo, "member-2")]
    bodyparts = ["snout", "leftear", "rightear", "tailbase"]
    with tempfile.TemporaryDirectory() as folder:
        picture = os.path.join(folder, "picture.png")
        frame = make_picture(picture)
        told = check_members(program, members, bodyparts, picture, frame, folder)
        check_ensemble(program, members, told, bodyparts, frame, folder)
        check_members(program, [members[0] + "@moving"], bodyparts, picture, frame, folder)
        check_refusals(program, members, folder)
        check_members(program, more, None, picture, frame, folder)
    return 0


def make_picture(path):
    """A PNG of 150x118 pixels (neither side a multiple of a stride): blobs on a slope. Its pixels, [height, width, 3]."""
    import struct
    import zlib
    rows, cols = np.mgrid[:118, :150].astype(np.float64)
    random = np.random.default_rng(5)
    image = np.stack([40 + 0.7 * cols, 60 + 0.8 * rows, 90 + 0.2 * (rows + cols)], axis=-1)
    for _ in range(8):
        row, col, size = random.uniform(0, 118), random.uniform(0, 150), random.uniform(4, 14)
        image += random.uniform(-120, 120, 3) * np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * size * size))[..., None]
    image = np.clip(image, 0, 255).astype(np.uint8)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b"".join(b"\0" + line.tobytes() for line in image)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 150, 118, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
    return image


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
