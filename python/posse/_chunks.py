"""A run on a thread of its own, whose results are taken chunk by chunk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Optional

from posse import _core

__all__ = ["ChunkedRun"]

Progress = Callable[[int, Optional[int]], None]
Deliver = Callable[[_core.FrameResults], None]


class _Stopped(Exception):
    """Ends a run whose results nobody takes any more."""


class ChunkedRun:
    """Starts `run` (progress, deliver), which works ahead by one chunk until :meth:`stop`."""

    def __init__(self, run: Callable[[Progress, Deliver], object]) -> None:
        self._ready: queue.Queue[_core.FrameResults | BaseException | None] = queue.Queue(maxsize=1)
        self._stopped = threading.Event()
        self._taker = threading.get_ident()
        self._is_left = False
        self._worker = threading.Thread(target=self._work, args=(run,), name="posse-run", daemon=True)
        self._worker.start()

    def _work(self, run: Callable[[Progress, Deliver], object]) -> None:
        end: BaseException | None = None
        try:
            run(self._look_for_stop, self._deliver)
        except _Stopped:
            return
        except BaseException as error:  # handed to the thread that takes
            end = error
        try:
            self._deliver(end)
        except _Stopped:
            pass

    def _deliver(self, item: _core.FrameResults | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=0.1)
                return
            except queue.Full:
                continue
        raise _Stopped

    def _look_for_stop(self, done: int, total: int | None) -> None:
        if self._stopped.is_set():
            raise _Stopped

    def take(self) -> _core.FrameResults | None:
        """The next chunk; None after the last one. Raises what the run raised, and RuntimeError once it was left."""
        self._taker = threading.get_ident()
        if self._is_left:
            raise RuntimeError("this iteration ended when its ensemble was run again; run one video after the other")
        item = self._ready.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def leave(self) -> None:
        """Stops the run if this thread takes its chunks and so cannot take another while it waits for the networks."""
        if self._taker == threading.get_ident() and not self._stopped.is_set():
            self._is_left = True
            self.stop()

    def stop(self) -> None:
        """Ends the run and waits for its end."""
        self._stopped.set()
        self._worker.join()
