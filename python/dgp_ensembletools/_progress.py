"""A line on stderr that says how far a long call has come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Union

__all__ = ["Progress", "ProgressLine"]

#: Called with the number of frames done and their total, None where the video does not say.
Progress = Callable[[int, Union[int, None]], object]
#: Seconds between two lines where stderr is no terminal.
_SECONDS_BETWEEN_LINES = 10.0


class ProgressLine:
    """Shows "processing video frames: 120/360" on a terminal, and a line every ten seconds elsewhere.

    Use it as a context manager; it is a callback of (done, total).
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._last = time.monotonic()
        self._open = False

    def __call__(self, done: int, total: int | None) -> None:
        text = f"{self._label}: {done}/{total if total is not None else '?'}"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text}")
            self._open = True
        elif time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._open:
            sys.stderr.write("\n")
