"""Scoremaps on disk: found by content, shared, bounded, never wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import LABELED, VIDEO, copy_member

import posse
from dgp_ensembletools import _cache, models
from dgp_ensembletools._cache import ScoremapCache
from dgp_ensembletools._passes import Pass

NAME = "openarena.mp4"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_member(1, tmp_path / "project")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Frames that a network was run on, a list per call."""
    calls: list[list[int]] = []
    original = Pass._compute

    def counted(self: Pass, run: range, found: object, keep: bool) -> None:
        calls.append(list(run))
        original(self, run, found, keep)  # type: ignore[arg-type]

    monkeypatch.setattr(Pass, "_compute", counted)
    return calls


def open_model(project: Path, memory: object) -> models.TrainedModel:
    return models.TrainedModel(project, "mp4", memory=memory)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# --- where


@pytest.fixture
def no_process_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder in which this test's process-long cache is made."""
    monkeypatch.setattr(_cache, "_process_caches", _cache._ProcessCaches())
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(_cache.tempfile, "tempdir", str(folder))
    return folder


def test_memory_none_keeps_scoremaps_until_the_process_ends(project: Path, tmp_path: Path) -> None:
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from dgp_ensembletools import models; from dgp_ensembletools._passes import Pass; calls = []\n"
        "original = Pass._compute; Pass._compute = lambda self, run, *a: (calls.append(list(run)), original(self, run, *a))\n"
        "m = models.TrainedModel(sys.argv[1], 'mp4', memory=None)\n"
        "m.get_scoremap('openarena.mp4', range(3)); m.get_scoremap('openarena.mp4', range(1, 3)); print(calls)"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code, project], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "[[0, 1, 2]]\n" and run.stderr == "" and files_of(folder) == []


@pytest.mark.parametrize("kind", ["path", "text", "joblib"])
def test_memory_says_where(project: Path, computed: list[list[int]], tmp_path: Path, kind: str) -> None:
    place = tmp_path / "here"
    memory: object = {"path": place, "text": str(place)}.get(kind)
    if kind == "joblib":
        memory = pytest.importorskip("joblib").Memory(place, verbose=0)
    first = open_model(project, memory).get_scoremap(NAME, range(3))
    assert files_of(place / "scoremaps")
    assert np.array_equal(open_model(project, memory).get_scoremap(NAME, range(3)), first)
    assert computed == [[0, 1, 2]]


def test_a_joblib_memory_without_location_is_as_none(
    project: Path, computed: list[list[int]], no_process_cache: Path
) -> None:
    model = open_model(project, pytest.importorskip("joblib").Memory(None))
    for _ in range(2):
        model.get_scoremap(NAME, range(2))
    assert len(computed) == 1 and files_of(no_process_cache)


def test_memory_of_another_type_is_refused(project: Path) -> None:
    with pytest.raises(TypeError, match="memory must be None, a path or a joblib.Memory, not int"):
        open_model(project, 3)


def test_clear_empties_the_users_folder_and_cache_keeps_functions_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("joblib")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ScoremapCache(Path(models.memory.location)).store("ab" * 32, [1], np.zeros((1, 2, 2, 1), np.float32))
    assert models.memory.cache(abs)(-2) == 2
    assert files_of(tmp_path)
    models.memory.clear(warn=False)
    assert files_of(tmp_path) == []


def test_the_default_is_the_users_cache_folder_and_says_so_once(project: Path, tmp_path: Path) -> None:
    code = (
        "import sys, warnings; warnings.simplefilter('ignore'); from dgp_ensembletools import models\n"
        "for _ in range(2):\n"
        "    m = models.TrainedModel(sys.argv[1], 'mp4')\n"
        "    m.get_scoremap('openarena.mp4', range(2)); m.get_scoremap('openarena.mp4', range(40, 42))"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "xdg"), "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code, project], env=environment, capture_output=True, text=True, check=True)
    assert run.stderr == f"dgp_ensembletools: scoremaps are kept in {tmp_path}/xdg/posse/scoremaps\n"
    assert files_of(tmp_path / "xdg" / "posse" / "scoremaps")


# --- what is found again


def test_overlapping_ranges_share_work(project: Path, computed: list[list[int]], tmp_path: Path) -> None:
    model = open_model(project, tmp_path / "cache")
    model.get_scoremap(NAME, range(20, 40))
    both = model.get_scoremap(NAME, range(30, 50))
    model.get_scoremap(NAME, range(20, 50, 3))
    assert computed == [list(range(20, 40)), list(range(40, 50))]
    assert np.array_equal(both, open_model(project, None).get_scoremap(NAME, range(30, 50)))


def test_a_second_call_runs_no_network(project: Path, tmp_path: Path) -> None:
    first = open_model(project, tmp_path / "cache").get_scoremap(NAME, range(8))
    (weights,) = project.rglob("*.data-00000-of-00001")
    weights.write_bytes(b"\0" * weights.stat().st_size)  # whoever runs this network fails its checksums
    again = open_model(project, tmp_path / "cache")
    assert np.array_equal(again.get_scoremap(NAME, range(2, 7)), first[2:7])
    with pytest.raises(posse.Error):
        again.get_scoremap(NAME, range(8, 9))


def test_keys_are_content_not_names(project: Path, computed: list[list[int]], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = open_model(project, cache).get_scoremap(NAME, range(3))
    moved = tmp_path / "elsewhere"
    shutil.copytree(project, moved)
    (moved / "videos" / NAME).rename(moved / "videos" / "renamed.mp4")
    (moved / "config.yaml").write_text((moved / "config.yaml").read_text() + "\n# a comment\n")
    assert np.array_equal(open_model(moved, cache).get_scoremap("renamed.mp4", range(3)), first)
    assert len(computed) == 1
    for suffix in ("index", "data-00000-of-00001"):  # trained on in place: other weights under the old names
        (old,) = project.rglob(f"*.{suffix}")
        (new,) = (Path(__file__).parents[2] / "data" / "demo" / "member-2").rglob(f"*.{suffix}")
        shutil.copyfile(new, old)
    changed = open_model(project, cache).get_scoremap(NAME, range(3))
    assert len(computed) == 2 and not np.array_equal(changed, first)
    (moved / "videos" / "renamed.mp4").write_bytes((VIDEO.parent / "openarena-train.mp4").read_bytes())
    assert not np.array_equal(open_model(moved, cache).get_scoremap("renamed.mp4", range(3)), first)
    assert len(computed) == 3


def test_settings_that_change_the_numbers_are_part_of_the_key() -> None:
    folder = Path(__file__).parents[2] / "data" / "demo" / "member-1"
    frame, moving = (posse.Ensemble.open(folder, batch_norm=mode).members[0].fingerprint for mode in ("frame", "moving"))
    assert frame != moving


def test_a_consensus_is_remembered(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = models.Ensemble(top, ["1", "2"], "mp4", memory=None)
    first = made.get_mean_pose(LABELED, range(4))
    monkeypatch.setattr(posse.Ensemble, "run", None)
    again = made.get_mean_pose(LABELED, range(4))
    assert np.array_equal(first[0], again[0])
    again[0][:] = 0  # the caller's own copy
    assert np.array_equal(made.get_mean_pose(LABELED, range(4))[0], first[0])


# --- what happens to the files


def small(cache: ScoremapCache, key: str = "k" * 64, frame: int = 0) -> np.ndarray:
    maps = np.random.default_rng(frame).normal(size=(2, 2, 3, 1)).astype(np.float32)
    cache.store(key, [frame, frame + 1], maps)
    return maps


def test_a_file_with_any_byte_changed_counts_as_absent(tmp_path: Path) -> None:
    cache = ScoremapCache(tmp_path)
    maps = small(cache)
    (path,) = files_of(tmp_path)
    sound = path.read_bytes()
    assert np.array_equal(cache.load("k" * 64, [0, 1])[1], maps[1])
    for position in range(len(sound)):
        path.write_bytes(sound[:position] + bytes([sound[position] ^ 0x41]) + sound[position + 1 :])
        assert cache.load("k" * 64, [0, 1]) == {}, f"byte {position}"
        assert not path.exists()
    for length in range(len(sound)):
        path.write_bytes(sound[:length])
        assert cache.load("k" * 64, [0, 1]) == {}, f"cut to {length} bytes"


def test_a_damaged_entry_is_computed_again(project: Path, computed: list[list[int]], tmp_path: Path) -> None:
    model = open_model(project, tmp_path / "cache")
    first = model.get_scoremap(NAME, range(30, 36))  # frames 30, 31 | 32 ... in two files
    path = files_of(tmp_path / "cache")[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))
    assert np.array_equal(model.get_scoremap(NAME, range(30, 36)), first)
    assert computed == [list(range(30, 36)), [30, 31]]
    assert np.array_equal(model.get_scoremap(NAME, range(30, 36)), first) and len(computed) == 2


def test_files_appear_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ScoremapCache(tmp_path)
    seen: list[list[str]] = []
    replace = os.replace

    def watched(source: str, target: Path) -> None:
        seen.append([path.name for path in files_of(tmp_path)])
        assert _cache._decode(Path(source).read_bytes()), "complete before it gets its name"
        replace(source, target)

    monkeypatch.setattr(_cache.os, "replace", watched)
    small(cache)
    assert len(seen) == 1 and seen[0][0].endswith(".partial") and len(seen[0]) == 1
    assert [path.name for path in files_of(tmp_path)] == ["00000000.maps"]


def test_a_disk_that_is_full_costs_a_warning_only(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    want = open_model(project, None).get_scoremap(NAME, range(3))

    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_cache.os, "replace", full)
    model = open_model(project, tmp_path / "cache")
    with pytest.warns(UserWarning, match="scoremaps cannot be kept in .*No space left"):
        assert np.array_equal(model.get_scoremap(NAME, range(3)), want)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.get_scoremap(NAME, range(5))  # said once
    assert not files_of(tmp_path / "cache"), "no remains"


def test_the_least_recently_used_files_go_first(tmp_path: Path) -> None:
    cache = ScoremapCache(tmp_path)
    keys = [letter * 64 for letter in "abcd"]
    for age, key in zip((400, 300, 200), keys):
        small(cache, key)
        os.utime(cache._file(key, 0), (time.time() - age,) * 2)
    size = cache._file(keys[0], 0).stat().st_size
    cache.load(keys[0], [0])  # used just now
    cache.limit_bytes = 3 * size
    small(cache, keys[3])
    assert [key[0] for key in keys if cache._file(key, 0).exists()] == ["a", "c", "d"]
    cache.limit_bytes = size
    small(cache, keys[1])
    assert [key[0] for key in keys if cache._file(key, 0).exists()] == ["b"]


def test_what_others_are_writing_is_left_alone_unless_abandoned(tmp_path: Path) -> None:
    cache = ScoremapCache(tmp_path, limit_bytes=1)
    folder = cache._file("k" * 64, 0).parent
    folder.mkdir(parents=True)
    fresh, abandoned = folder / "x.partial", folder / "y.partial"
    for path in (fresh, abandoned):
        path.write_bytes(b"half")
    os.utime(abandoned, (time.time() - 2 * 3600,) * 2)
    small(cache)
    assert (fresh.exists(), abandoned.exists()) == (True, False)


def test_the_size_is_set_by_the_environment_or_joblib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def limit_of(memory: object) -> int:
        cache = _cache.open_cache(memory)
        assert cache is not None
        return cache.limit_bytes

    assert limit_of(tmp_path) == 10 * 2**30
    monkeypatch.setenv("POSSE_CACHE_BYTES", "12345")
    assert limit_of(tmp_path) == 12345

    class Memory:
        location, bytes_limit = tmp_path, 99

    assert limit_of(Memory()) == 99
    monkeypatch.setenv("POSSE_CACHE_BYTES", "much")
    with pytest.raises(ValueError, match="POSSE_CACHE_BYTES is 'much'"):
        limit_of(tmp_path)


_READ_ONLY = """
import os, sys, warnings
import numpy as np
from dgp_ensembletools import models
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
try:
    os.stat(sys.argv[1])
except PermissionError:  # the root of all is closed to others
    sys.exit(77)
warnings.filterwarnings("ignore", message="there is no snapshot")
model = models.TrainedModel(sys.argv[1], "mp4", memory=sys.argv[2])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    known = model.get_scoremap("openarena.mp4", range(4))
    new = model.get_scoremap("openarena.mp4", range(2, 6))
assert np.array_equal(known[2:], new[:2])
print([str(w.message) for w in caught if "cannot be kept" in str(w.message)])
"""


def test_a_read_only_cache_is_read(project: Path) -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders cannot be entered by another user
        os.chmod(place, 0o755)
        shutil.copytree(project, Path(place) / "project")
        cache = Path(place) / "cache"
        open_model(Path(place) / "project", cache).get_scoremap(NAME, range(4))
        before = {path: path.read_bytes() for path in files_of(cache)}
        for path in [cache, *cache.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
        command = [sys.executable, "-c", _READ_ONLY, Path(place) / "project", cache]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode == 77:
            pytest.skip("another user cannot enter the temporary folder")
        assert run.returncode == 0, run.stderr
        assert f"scoremaps cannot be kept in {cache}/scoremaps" in run.stdout and run.stdout.count("cannot") == 1
        assert {path: path.read_bytes() for path in files_of(cache)} == before
        for path in [cache, *cache.rglob("*")]:
            path.chmod(0o755)


_FILL = """
import sys, warnings
import numpy as np
from dgp_ensembletools import models
warnings.simplefilter("ignore")
model = models.TrainedModel(sys.argv[1], "mp4", memory=sys.argv[2])
for start in map(int, sys.argv[4:]):
    np.save(f"{sys.argv[3]}-{start}.npy", model.get_scoremap("openarena.mp4", range(start, start + 12)))
"""


def test_two_processes_may_use_one_cache_at_once(project: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    starts = {"a": ["0", "6", "30", "60"], "b": ["60", "30", "6", "0"]}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _FILL, project, tmp_path / "cache", tmp_path / name, *order], env=environment
        )
        for name, order in starts.items()
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    alone = open_model(project, None)
    for start in (0, 6, 30, 60):
        want = alone.get_scoremap(NAME, range(start, start + 12))
        for name in starts:
            assert np.array_equal(np.load(tmp_path / f"{name}-{start}.npy"), want)
    left = files_of(tmp_path / "cache")
    assert all(path.suffix == ".maps" and _cache._decode(path.read_bytes()) for path in left) and len(left) == 3


def test_threads_may_use_one_cache_at_once(tmp_path: Path) -> None:
    cache = ScoremapCache(tmp_path)
    threads = [threading.Thread(target=small, args=(cache, "k" * 64, frame)) for frame in range(0, 30, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(cache.load("k" * 64, list(range(30)))) == list(range(30))


# --- memory


def test_large_results_are_announced_and_impossible_ones_refused(
    project: Path, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from posse import _memory

    one_frame = 30 * 40 * 4 * 4
    model, both = open_model(project, None), models.Ensemble(top, ["1", "2"], "mp4", memory=None)
    monkeypatch.setattr(_memory, "_WARN_BEYOND", 10 * one_frame - 1)
    with pytest.warns(posse.LargeResultWarning, match=f"scoremaps of 10 frames take {10 * one_frame:,} bytes"):
        model.get_scoremap(NAME, range(10))
    with pytest.warns(posse.LargeResultWarning, match=f"logistic .* of 5 frames take {2 * 5 * one_frame:,} bytes"):
        model.get_logistic(NAME, range(5))
    with pytest.warns(posse.LargeResultWarning, match=f"5 frames and all models take {2 * 5 * one_frame:,} bytes"):
        both.get_scoremaps(LABELED, range(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error", posse.LargeResultWarning)
        model.get_scoremap(NAME, range(9))
    monkeypatch.setattr(_memory, "_available_bytes", lambda: 9 * one_frame)
    monkeypatch.setattr(Pass, "_compute", None)  # must be refused before a network runs
    with pytest.raises(MemoryError, match=f"10 frames take {10 * one_frame:,} bytes, {9 * one_frame:,} are free"):
        model.get_scoremap(NAME, range(10))
    with pytest.raises(MemoryError):
        both.get_mean_scoremap(LABELED, range(5))


def test_two_gib_is_the_limit_without_allocating_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from posse import _memory
    from posse._memory import check_memory

    monkeypatch.setattr(_memory, "_available_bytes", lambda: 4 << 30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check_memory(2 << 30, "maps") == 2 << 30
    with pytest.warns(posse.LargeResultWarning, match="maps take 2,147,483,649 bytes"):
        check_memory((2 << 30) + 1, "maps")
    with pytest.raises(MemoryError, match="ask for fewer frames"):
        check_memory(1 << 60, "maps")
