"""What shells and man make of the files beside the program: words are completed, the manual's page is shown.

usage: test_shell.py POSSE
"""

import shutil
import subprocess
import unittest

from program import ROOT, ProgramTest, main

BASH_FILE = ROOT / "packaging" / "completion" / "posse.bash"
ZSH_FILE = ROOT / "packaging" / "completion" / "_posse"
MANUAL = ROOT / "packaging" / "man" / "posse.1"


def bash_completes(*words):
    """What bash offers for the last of the words after `posse`."""
    script = """source "$1"; shift; COMP_WORDS=(posse "$@"); COMP_CWORD=$#; _posse; printf '%s\\n' "${COMPREPLY[@]}" """
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", BASH_FILE, *words], capture_output=True, text=True,
                          check=True)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def zsh_completes(*words):
    """The lists that the function hands to zsh's own completion, which prints them here instead."""
    script = """
        _describe() { print -l -- ${(P)argv[-1]} }
        _files() { print files }
        compadd() { print -l -- ${argv[2,-1]} }
        file=$1; shift
        words=(posse "$@"); CURRENT=$#words; PREFIX=$words[-1]
        complete_posse() { source $file }
        complete_posse"""
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", ZSH_FILE, *words], capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    return [line.split(":")[0] for line in done.stdout.splitlines()]


class Bash(unittest.TestCase):
    def test_completes_verbs(self):
        self.assertEqual(bash_completes("ru"), ["run"])
        self.assertIn("calibrate", bash_completes(""))

    def test_completes_verbs_of_verbs(self):
        self.assertEqual(bash_completes("smooth", "mi"), ["mirrored"])

    def test_completes_options_of_the_verb(self):
        self.assertEqual(bash_completes("run", "video.mp4", "--dry"), ["--dry-run"])
        self.assertEqual(bash_completes("smooth", "pupil", "--diam"), ["--diameter-s"])
        self.assertEqual(bash_completes("smooth", "single", "--diam"), [])

    def test_completes_the_words_an_option_takes(self):
        self.assertEqual(bash_completes("smooth", "single", "--average", "me"), ["median", "mean"])

    def test_leaves_names_of_files_to_readline(self):
        self.assertEqual(bash_completes("run", "vid"), [])
        self.assertIn("complete -o default", BASH_FILE.read_text())

    def test_runs_nothing_that_was_typed(self):
        self.assertEqual(bash_completes("$(echo run >&2)", "a[$(echo run >&2)]", ""), bash_completes(""))


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(unittest.TestCase):
    def test_completes_verbs_options_words_and_files(self):
        self.assertIn("run", zsh_completes(""))
        self.assertIn("mirrored", zsh_completes("smooth", ""))
        self.assertIn("--dry-run", zsh_completes("run", "video.mp4", "--d"))
        self.assertEqual(zsh_completes("smooth", "single", "--average", ""), ["median", "mean"])
        self.assertEqual(zsh_completes("run", "v"), ["files"])


@unittest.skipUnless(shutil.which("man"), "man is not installed")
class Manual(ProgramTest):
    def test_is_shown_without_warnings(self):
        done = subprocess.run(["man", "--warnings", "-l", MANUAL], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "HOME": str(self.folder)})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for words in ("posse - consensus poses", "POSSE SMOOTH MIRRORED", "--dry-run", "EXIT STATUS"):
            self.assertIn(words, done.stdout)


if __name__ == "__main__":
    main()
