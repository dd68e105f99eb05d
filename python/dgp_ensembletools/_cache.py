"""Scoremaps on disk, found again by the content they were made from."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import threading
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from posse import _core

__all__ = ["ScoremapCache", "USER_CACHE", "content_key", "open_cache"]

#: Changes when the same networks and pictures would give other numbers.
_NUMERICS_VERSION = 1
#: Frames per file. Small enough that a rewrite is cheap, large enough that a video is not a million files.
_CHUNK = 32
_DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError)

Maps = npt.NDArray[np.float32]


class _UserCache:
    """Stands for the user's cache folder, so that importing does not look for it."""

    def __repr__(self) -> str:
        return "<scoremaps in the user's cache folder>"


#: The default of `memory`.
USER_CACHE = _UserCache()


def _user_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or (os.path.expanduser("~/.cache") if os.environ.get("HOME") else "")
    if base and os.access(_nearest_existing(Path(base)), os.W_OK):
        return Path(base) / "posse"
    return Path(tempfile.gettempdir()) / f"posse-cache-{os.getuid()}"


def _nearest_existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def open_cache(memory: Any) -> ScoremapCache | None:
    """The cache that the argument `memory` means: None for none, a path, a joblib.Memory, or USER_CACHE."""
    if memory is None:
        return None
    if memory is USER_CACHE:
        return ScoremapCache(_user_folder(), announce=True)
    if isinstance(memory, (str, os.PathLike)):
        return ScoremapCache(Path(memory))
    if hasattr(memory, "location"):
        return None if memory.location is None else ScoremapCache(Path(memory.location))
    raise TypeError(f"memory must be None, a path or a joblib.Memory, not {type(memory).__name__}")


_digests: dict[tuple[str, int, int, int], str] = {}


def _file_digest(path: Path) -> str:
    """SHA-256 of a file, computed once for each state of it."""
    status = os.stat(path)
    state = (str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino)
    if state not in _digests:
        _digests[state] = _core.sha256_of_file(path)
    return _digests[state]


def content_key(video: Path, network: str, backend: str) -> str:
    """Names all scoremaps of one network on one video: equal contents give equal keys, wherever the files lie."""
    text = f"{_NUMERICS_VERSION} {_file_digest(video)} {network} {backend}"
    return hashlib.sha256(text.encode()).hexdigest()


class ScoremapCache:
    """A folder of scoremaps, least recently used ones removed beyond a size.

    Files appear whole or not at all, carry checksums, and a damaged one counts as absent. A folder that cannot be written
    is read only. Several processes may use one folder at the same time.

    Parameters
    ----------
    location : path
    limit_bytes : int
        Size above which the oldest files go.
    """

    def __init__(self, location: Path, limit_bytes: int = 10 << 30, *, announce: bool = False) -> None:
        self.folder = Path(location) / "scoremaps"
        self.limit_bytes = limit_bytes
        self._announce = announce
        self._writable = True
        self._lock = threading.Lock()

    def _file(self, key: str, chunk: int) -> Path:
        return self.folder / key[:2] / key / f"{chunk:08d}.npz"

    def load(self, key: str, frames: list[int]) -> dict[int, Maps]:
        """Those of the frames that are there: frame -> logits [height, width, bodyparts]."""
        found: dict[int, Maps] = {}
        wanted = set(frames)
        for chunk in sorted({frame // _CHUNK for frame in frames}):
            for frame, maps in self._read(self._file(key, chunk)).items():
                if frame in wanted:
                    found[frame] = maps
        return found

    def _read(self, path: Path) -> dict[int, Maps]:
        try:
            with np.load(path, allow_pickle=False) as stored:
                frames, logits = stored["frames"], stored["logits"]
            if logits.ndim != 4 or len(frames) != len(logits):
                raise ValueError("not a chunk of scoremaps")
        except FileNotFoundError:
            return {}
        except _DAMAGED:
            with contextlib.suppress(OSError):
                path.unlink()
            return {}
        except OSError:
            return {}
        with contextlib.suppress(OSError):
            os.utime(path)  # recently used
        return dict(zip(frames.tolist(), logits))

    def store(self, key: str, frames: list[int], logits: Maps) -> None:
        """Adds frames to what is there."""
        by_chunk: dict[int, dict[int, Maps]] = {}
        for frame, maps in zip(frames, logits):
            by_chunk.setdefault(frame // _CHUNK, {})[frame] = maps
        with self._lock:
            for chunk, new in by_chunk.items():
                path = self._file(key, chunk)
                if self._writable:
                    self._write(path, {**self._read(path), **new})
            if self._writable:
                self._shrink()

    def _write(self, path: Path, maps: dict[int, Maps]) -> None:
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".partial", delete=False) as file:
                temporary = file.name
                order = sorted(maps)
                np.savez(file, frames=np.array(order, dtype=np.int64), logits=np.stack([maps[i] for i in order]))
            os.replace(temporary, path)
        except OSError as error:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            self._writable = False
            warnings.warn(f"scoremaps cannot be kept in {self.folder}: {error}", UserWarning, stacklevel=2)
            return
        if self._announce:
            self._announce = False
            print(f"dgp_ensembletools: scoremaps are kept in {self.folder}", file=sys.stderr)

    def _shrink(self) -> None:
        files = []
        for path in self.folder.glob("*/*/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
