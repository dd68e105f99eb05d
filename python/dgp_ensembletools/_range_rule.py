"""Which rule for frame ranges is in force: of a thread, of the process, or of the process that started it.

Workers (``multiprocessing``, ``concurrent.futures``, joblib's loky) may be older than the block in which they are used, or outlive
it, so that nothing they inherit can tell. The process that starts them says it by a file, which is there as long as its
rule is the legacy one, and which they look for.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import multiprocessing
import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

__all__ = ["RuleOfProcess", "own_rule", "rule_in_force", "rule_of_process"]


def _flag_of(pid: int) -> Path:
    """Named after the process and its start, so that a later process of that number does not follow an earlier one's."""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        started = "0"
    return Path(tempfile.gettempdir()) / f"dgp_ensembletools-legacy-{os.getuid()}-{pid}-{started}"


def _is_raised(flag: Path) -> bool:
    try:
        return os.lstat(flag).st_uid == os.getuid()
    except OSError:
        return False


class RuleOfProcess:
    """What holds for threads that have set nothing themselves: the innermost open block, else the last call, else what holds in
    the process whose worker this is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.called: bool | None = None
        self.blocks: list[tuple[object, bool]] = []
        self._pid = os.getpid()
        self._flag: Path | None = None

    def state(self) -> bool:
        """Whether legacy ranges hold now for a thread that has set nothing itself."""
        with self.lock:
            self._forget_if_worker()
            said = self._said()
        if said is not None:
            return said
        starter = multiprocessing.parent_process()
        return starter is not None and starter.pid is not None and _is_raised(_flag_of(starter.pid))

    @contextlib.contextmanager
    def changing(self) -> Iterator[RuleOfProcess]:
        """For changes of `called` and `blocks`, which workers are told of."""
        with self.lock:
            self._forget_if_worker()
            yield self
            if self._said():
                self._raise_flag()
            else:
                self.lower_flag()

    def _said(self) -> bool | None:
        return self.blocks[-1][1] if self.blocks else self.called

    def _forget_if_worker(self) -> None:
        """A forked process holds a copy of what was said in the other one, which goes on without it."""
        if self._pid == os.getpid():
            return
        self._pid, self._flag = os.getpid(), None
        if multiprocessing.parent_process() is not None:
            self.called, self.blocks = None, []

    def _raise_flag(self) -> None:
        if self._flag is not None:
            return
        flag = _flag_of(self._pid)
        try:
            os.close(os.open(flag, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        except OSError as error:
            warnings.warn(
                f"legacy_frame_ranges holds in this process, but not in worker processes, which cannot be told: {error}",
                UserWarning,
                stacklevel=5,
            )
            return
        self._flag = flag

    def lower_flag(self) -> None:
        """Takes back what workers were told: nothing holds for them any more."""
        if self._flag is not None and self._pid == os.getpid():
            self._flag.unlink(missing_ok=True)
            self._flag = None


rule_of_process = RuleOfProcess()

#: What the thread (or task) itself has set, and in which process; nothing in a thread that has set nothing.
own_rule: contextvars.ContextVar[tuple[int, bool]] = contextvars.ContextVar("dgp_ensembletools_legacy_frame_ranges")

atexit.register(rule_of_process.lower_flag)


def _free_lock() -> None:
    """In a forked process: another thread may have held it, which is not there."""
    rule_of_process.lock = threading.Lock()


os.register_at_fork(after_in_child=_free_lock)


def rule_in_force() -> bool:
    """True for the legacy rule."""
    own = own_rule.get(None)
    if own is None or (own[0] != os.getpid() and multiprocessing.parent_process() is not None):
        return rule_of_process.state()
    return own[1]
