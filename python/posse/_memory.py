"""Arrays that may be larger than this machine's memory."""

from __future__ import annotations

import warnings

__all__ = ["LargeResultWarning", "check_memory"]

_WARN_BEYOND = 2 << 30


class LargeResultWarning(UserWarning):
    """A result of more than 2 GiB is about to be made; the text names the number of bytes."""


def _available_bytes() -> int | None:
    """Memory that can be had without swapping; None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None


def check_memory(num_bytes: int, what: str) -> int:
    """Warns beyond 2 GiB, raises MemoryError beyond what is free; gives back `num_bytes`."""
    available = _available_bytes()
    if available is not None and num_bytes > available:
        raise MemoryError(f"{what} take {num_bytes:,} bytes, {available:,} are free; ask for fewer frames at a time")
    if num_bytes > _WARN_BEYOND:
        warnings.warn(f"{what} take {num_bytes:,} bytes of memory", LargeResultWarning, stacklevel=4)
    return num_bytes
