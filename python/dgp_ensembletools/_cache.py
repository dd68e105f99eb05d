"""Scoremaps on disk, found again by the content they were made from."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import struct
import sys
import tempfile
import threading
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from posse import _core

__all__ = ["USER_CACHE", "ScoremapCache", "content_key", "open_cache", "user_folder"]

#: Changes when the same networks and pictures would give other numbers.
_NUMERICS_VERSION = 1
#: Frames per file. Small enough that a rewrite is cheap, large enough that a video is not a million files.
_CHUNK = 32
#: Size that all files together may have, unless POSSE_CACHE_BYTES or joblib.Memory(bytes_limit=...) says otherwise.
_LIMIT_BYTES = 10 << 30
#: The same where nothing is to be kept beyond the process.
_PROCESS_LIMIT_BYTES = 2 << 30
#: A file: mark, CRC-32 of the rest; frames, height, width, bodyparts; the frames' numbers; their logits.
_MARK = b"posseMAP"
_HEAD = struct.Struct("<8sI")
_SHAPE = struct.Struct("<4q")
#: Seconds after which a file that somebody was writing is taken for abandoned.
_ABANDONED = 3600.0

Maps = npt.NDArray[np.float32]


class _UserCache:
    """Stands for the user's cache folder, so that importing does not look for it; answers what a joblib.Memory does."""

    def __repr__(self) -> str:
        return "<scoremaps in the user's cache folder>"

    def __reduce__(self) -> str:
        return "USER_CACHE"  # there is one, in copies and in other processes too

    @property
    def location(self) -> str:
        """The folder."""
        return str(user_folder())

    def clear(self, warn: bool = True) -> None:
        """Removes all scoremaps (and what :meth:`cache` has kept) from the folder."""
        del warn  # joblib's
        for part in ("scoremaps", "joblib"):
            shutil.rmtree(user_folder() / part, ignore_errors=True)

    def cache(self, func: Any = None, **options: Any) -> Any:
        """``joblib.Memory.cache`` in the same folder, for functions of one's own."""
        from joblib import Memory

        return Memory(self.location, verbose=0).cache(func, **options)


#: The default of `memory`.
USER_CACHE = _UserCache()


def user_folder() -> Path:
    """$XDG_CACHE_HOME/posse or ~/.cache/posse; a folder for temporary files where there is no writable home."""
    base = os.environ.get("XDG_CACHE_HOME") or (os.path.expanduser("~/.cache") if os.environ.get("HOME") else "")
    if base and os.access(_nearest_existing(Path(base)), os.W_OK):
        return Path(base) / "posse"
    return Path(tempfile.gettempdir()) / f"posse-cache-{os.getuid()}"


def _nearest_existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _limit(memory: Any = None) -> int:
    given = getattr(memory, "bytes_limit", None)
    if isinstance(given, int):
        return given
    text = os.environ.get("POSSE_CACHE_BYTES", "")
    if text and not text.isdigit():
        raise ValueError(f"POSSE_CACHE_BYTES is '{text}', expected a number of bytes")
    return int(text) if text else _LIMIT_BYTES


_announced = threading.Event()


class _ProcessCaches:
    """The folder for temporary files in which a process without a lasting cache keeps scoremaps until it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = -1
        self._cache: ScoremapCache | None = None

    def get(self) -> ScoremapCache:
        with self._lock:
            if self._cache is None or self._owner != os.getpid():  # a forked process has one of its own
                folder = tempfile.mkdtemp(prefix="posse-scoremaps-")
                self._owner = os.getpid()
                self._cache = ScoremapCache(Path(folder), min(_limit(), _PROCESS_LIMIT_BYTES))
                atexit.register(self._remove, folder, self._owner)
            return self._cache

    @staticmethod
    def _remove(folder: str, owner: int) -> None:
        if owner == os.getpid():
            shutil.rmtree(folder, ignore_errors=True)


_process_caches = _ProcessCaches()


def open_cache(memory: Any) -> ScoremapCache:
    """The cache that the argument `memory` means: a path, a joblib.Memory, USER_CACHE, or None: until the process ends."""
    if memory is None:
        return _process_caches.get()
    if memory is USER_CACHE:
        return ScoremapCache(user_folder(), _limit(), announced=_announced)
    if isinstance(memory, (str, os.PathLike)):
        return ScoremapCache(Path(memory), _limit())
    if hasattr(memory, "location"):
        return _process_caches.get() if memory.location is None else ScoremapCache(Path(memory.location), _limit(memory))
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


def _encode(maps: dict[int, Maps]) -> bytes:
    frames = sorted(maps)
    logits = np.stack([maps[frame] for frame in frames]).astype("<f4", copy=False)
    payload = _SHAPE.pack(*logits.shape) + np.array(frames, dtype="<i8").tobytes() + logits.tobytes()
    return _HEAD.pack(_MARK, zlib.crc32(payload)) + payload


def _decode(content: bytes) -> dict[int, Maps]:
    """Raises ValueError if a single byte is not as it was written."""
    if len(content) < _HEAD.size + _SHAPE.size:
        raise ValueError("cut short")
    mark, checksum = _HEAD.unpack_from(content)
    if mark != _MARK or checksum != zlib.crc32(memoryview(content)[_HEAD.size :]):
        raise ValueError("not what was written")
    shape = _SHAPE.unpack_from(content, _HEAD.size)
    frames = np.frombuffer(content, "<i8", shape[0], _HEAD.size + _SHAPE.size)
    logits = np.frombuffer(content, "<f4", offset=_HEAD.size + _SHAPE.size + frames.nbytes).reshape(shape)
    return dict(zip(frames.tolist(), logits))


class ScoremapCache:
    """A folder of scoremaps, least recently used ones removed beyond a size.

    Files appear whole or not at all, carry checksums, and a damaged one counts as absent. A folder that cannot be written
    is read only. Several threads and processes may use one folder at the same time.

    Parameters
    ----------
    location : path
    limit_bytes : int
        Size above which the least recently used files go.
    announced : threading.Event, optional
        If not set, the folder is named on stderr when something is first kept there, and this is set.
    """

    def __init__(
        self, location: Path, limit_bytes: int = _LIMIT_BYTES, *, announced: threading.Event | None = None
    ) -> None:
        self.folder = Path(location) / "scoremaps"
        self.limit_bytes = limit_bytes
        self._announced = announced
        self._writable = True
        self._lock = threading.Lock()

    def _file(self, key: str, chunk: int) -> Path:
        return self.folder / key[:2] / key / f"{chunk:08d}.maps"

    def load(self, key: str, frames: list[int]) -> dict[int, Maps]:
        """Those of the frames that are there: frame -> logits [height, width, bodyparts], not to be written to."""
        found: dict[int, Maps] = {}
        wanted = set(frames)
        for chunk in sorted({frame // _CHUNK for frame in frames}):
            for frame, maps in self._read(self._file(key, chunk)).items():
                if frame in wanted:
                    found[frame] = maps
        return found

    def _read(self, path: Path) -> dict[int, Maps]:
        try:
            maps = _decode(path.read_bytes())
        except OSError:
            return {}
        except ValueError:
            with contextlib.suppress(OSError):
                path.unlink()
            return {}
        with contextlib.suppress(OSError):
            os.utime(path)  # recently used
        return maps

    def store(self, key: str, frames: list[int], logits: Maps) -> None:
        """Adds frames to what is there."""
        by_chunk: dict[int, dict[int, Maps]] = {}
        for frame, maps in zip(frames, logits):
            by_chunk.setdefault(frame // _CHUNK, {})[frame] = maps
        with self._lock:
            for chunk, new in by_chunk.items():
                path = self._file(key, chunk)
                if self._writable:
                    self._write(path, _encode({**self._read(path), **new}))
            if self._writable:
                self._shrink()

    def _write(self, path: Path, content: bytes) -> None:
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".partial", delete=False) as file:
                temporary = file.name
                file.write(content)
            os.replace(temporary, path)
        except OSError as error:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            self._writable = False
            warnings.warn(f"scoremaps cannot be kept in {self.folder}: {error}", UserWarning, stacklevel=2)
            return
        if self._announced is not None and not self._announced.is_set():
            self._announced.set()
            print(f"dgp_ensembletools: scoremaps are kept in {self.folder}", file=sys.stderr)

    def _shrink(self) -> None:
        files = []
        for path in self.folder.glob("*/*/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                if path.suffix != ".partial" or time.time() - status.st_mtime > _ABANDONED:
                    files.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
