"""What the whole-program tests share: the built program, the demo's data, folders and folders' contents.

Each test file is run as  /usr/bin/python3 test_X.py POSSE [unittest words]  and needs nothing but Python and the
demo's data in the repository; exit status 77 (skipped) when a Python package is missing.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

try:
    import h5py
    import numpy as np
    import pandas as pd
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "data" / "demo"
VIDEO = DEMO / "video" / "openarena.mp4"
MEMBERS = [DEMO / f"member-{k}" for k in range(1, 6)]
POSSE = sys.argv.pop(1) if len(sys.argv) > 1 else ""
NOBODY = 65534
# Kernels that are timed may differ from run to run in the last bits; tests compare bits.
FAST = ["--tune", "off"]


class Done:
    """How a call ended: exit code and what it said."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def as_nobody():
    """In a child process: root may read and write everything, so permissions are tried as somebody else."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def posse(*words, before=None, folder=None):
    words = [POSSE, *(word if isinstance(word, bytes) else str(word) for word in words)]
    done = subprocess.run(words, capture_output=True, preexec_fn=before, cwd=folder, timeout=300)
    return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def extras_of(out):
    """The folder of the tables that are asked for besides."""
    return out.with_name(out.name + "-extras")


def results_below(out):
    """As files_below, of a results folder and its extras: paths begin with "out" and "extras"."""
    return {f"{name}/{path}": digest for name, folder in (("out", out), ("extras", extras_of(out)))
            for path, digest in files_below(folder).items()}


def run_words(video, members, out, *more):
    return ["run", video, "--members", *members, "--out", out, *FAST, *more]


def start(*words):
    return subprocess.Popen([POSSE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def stop_when(process, path, num_bytes, how):
    """Sends a signal once `path` has grown to num_bytes; False if the process ended before that."""
    while process.poll() is None:
        if path.exists() and path.stat().st_size >= num_bytes:
            process.send_signal(how)
            process.communicate()
            return True
    process.communicate()
    return False


def journal_bytes(num_members, num_frames, num_bodyparts=4):
    """Size of a journal that holds num_frames (layout: src/run/journal.cc)."""
    return 88 + num_frames * (24 + 8 * num_bodyparts * (9 + 3 * num_members))


def files_below(folder):
    """Path below the folder -> digest, of every file."""
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def table(folder, pattern="*members.h5"):
    """The one pose table of a results folder."""
    found = sorted(pathlib.Path(folder).glob(pattern))
    assert len(found) == 1, found
    return pd.read_hdf(found[0]) if found[0].suffix == ".h5" else read_csv(found[0])


def read_csv(path):
    return pd.read_csv(path, header=[0, 1, 2], index_col=0, float_precision="round_trip")


def plain_arrays(path):
    """The datasets under /posse of an .h5 of results."""
    with h5py.File(path, "r") as file:
        return {name: data[...] for name, data in file["posse"].items()}


def points(frame):
    """[frames, bodyparts, (x, y, likelihood)]"""
    return frame.to_numpy().reshape(len(frame), -1, 3)


def copy_of(member, target, replace=()):
    """A copy of a project folder with words replaced in its yaml files."""
    shutil.copytree(member, target)
    for path in pathlib.Path(target).rglob("*.yaml"):
        text = path.read_text()
        for old, new in replace:
            text = text.replace(old, new)
        path.chmod(0o644)
        path.write_text(text)
    return pathlib.Path(target)


def pictures(target):
    """A short video as a folder of pictures: three decoded frames of the demo's."""
    target = pathlib.Path(target)
    target.mkdir(parents=True)
    for path in sorted((DEMO / "golden").glob("frame-*.png")):
        shutil.copy(path, target)
    return target


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of its own of `size` bytes at `folder`; raises SkipTest where none can be mounted."""
    os.makedirs(folder, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        raise unittest.SkipTest("no small file system can be mounted: " + mounted.stderr.decode().strip())
    try:
        yield pathlib.Path(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def grow_disk(folder, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def limit_file_size(num_bytes):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))

    return limit


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own, in which anybody may write."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="posse-test-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.folder.chmod(0o777)

    def assert_code(self, done, code):
        self.assertEqual(done.code, code, done)
        return done

    def assert_error(self, done, code, *words):
        """A failure is one message with a reason: never a trace, never silence."""
        self.assert_code(done, code)
        self.assertNotIn("internal error", done.err, done)
        for word in words:
            self.assertIn(word, done.err, done)
        return done


def main():
    unittest.main(verbosity=1)
