"""The exceptions of posse: each is a :class:`Error` and the built-in class a Python programmer expects."""

from __future__ import annotations

import re

__all__ = ["Error", "InputError", "MissingError", "CapabilityError", "AccessError"]


class Error(Exception):
    """Something is wrong with an input or with this machine, not with posse.

    Attributes
    ----------
    kind : str
        What went wrong, for programs: "usage", "invalid_value", "not_found", "bad_file", "shape_mismatch",
        "unsupported", "unavailable", "io", "device_memory" (a card's memory is full) or "device_lost" (it has failed: in
        another process it may work again).
    message : str
        One line that names the thing concerned, what was found and what was expected.
    have : str
        What there is instead, or "".
    hint : str
        What to do about it, or "".
    """

    kind: str = ""
    message: str = ""
    have: str = ""
    hint: str = ""


class InputError(Error, ValueError):
    """A wrong option, value, file or shape."""

    kind = "invalid_value"


class MissingError(Error, FileNotFoundError):
    """A file, folder, bodypart or snapshot that does not exist."""

    kind = "not_found"


class CapabilityError(Error, RuntimeError):
    """Well-formed, but nothing that posse, or this machine, can do."""


class AccessError(Error, OSError):
    """The operating system refused: disk full, no permission."""


_CLASS_OF_KIND = {
    "usage": InputError,
    "invalid_value": InputError,
    "bad_file": InputError,
    "shape_mismatch": InputError,
    "not_found": MissingError,
    "unsupported": CapabilityError,
    "unavailable": CapabilityError,
    "device_memory": CapabilityError,
    "device_lost": CapabilityError,
    "io": AccessError,
}


#: An option of the command line in a sentence, as "--training-set-index"; not a part of a file's name.
_OPTION = re.compile(r"(?<![^\s('\"])--([a-z](?:[a-z-]*[a-z])?)\b")


def in_python(text: str) -> str:
    """Options as the keyword arguments that Python has for them."""
    return _OPTION.sub(lambda option: option[1].replace("-", "_"), text)


def make(kind: str, text: str, message: str, have: str, hint: str) -> BaseException:
    """The exception for an error of the library; called by the compiled part."""
    text, message, have, hint = (in_python(words) for words in (text, message, have, hint))
    if kind == "interrupted":
        return KeyboardInterrupt(text)
    error = _CLASS_OF_KIND[kind](text)
    error.kind, error.message, error.have, error.hint = kind, message, have, hint
    return error
