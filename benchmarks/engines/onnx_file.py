"""Reads what `posse export` writes, with NumPy alone: nodes with their attributes, and constants."""
import collections

import numpy as np

Node = collections.namedtuple("Node", "op_type input output attributes")
TYPES = {1: np.float32, 7: np.int64, 10: np.float16}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a message: integers as they are, everything else as bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            length, at = {1: (8, at), 5: (4, at)}.get(key & 7) or varint(data, at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def integers(value):
    """Of a repeated field, packed or one by one."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(signed(number))
    return found


def attribute(data):
    name, value, whole = "", None, []
    for number, field in fields(data):
        if number == 1:
            name = str(field, "utf-8")
        elif number == 2:
            value = float(np.frombuffer(field, np.float32)[0])
        elif number == 3:
            value = signed(field)
        elif number == 4:
            value = bytes(field)
        elif number == 8:
            whole += integers(field)
    return name, whole if value is None else value


def node(data):
    parts = collections.defaultdict(list)
    for number, field in fields(data):
        parts[number].append(field)
    text = {number: [str(field, "utf-8") for field in parts[number]] for number in (1, 2, 4)}
    return Node(text[4][0], text[1], text[2], dict(attribute(field) for field in parts[5]))


def constant(data):
    shape, kind, name, raw = [], 1, "", b""
    for number, field in fields(data):
        if number == 1:
            shape += integers(field)
        elif number == 2:
            kind = field
        elif number == 8:
            name = str(field, "utf-8")
        elif number == 9:
            raw = field
    return name, np.frombuffer(raw, TYPES[kind]).reshape(shape).copy()


def load(path):
    """(nodes, constants by name)"""
    with open(path, "rb") as file:
        data = memoryview(file.read())
    graph = next(field for number, field in fields(data) if number == 7)
    parts = list(fields(graph))
    return [node(field) for number, field in parts if number == 1], dict(constant(field) for number, field in parts if number == 5)
