#!/usr/bin/env python3
"""The scripts behind the checks: what they must notice, they notice."""

import importlib.util
import pathlib
import subprocess
import tempfile
import unittest
import unittest.mock

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"


def script(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Skips(unittest.TestCase):
    def reasons(self, *lines):
        return list(script("run_tests").reasons_in("\n".join(lines)))

    def test_every_way_to_skip_is_counted_once(self):
        found = self.reasons("/src/a_test.cc:41: Skipped", "shared data not there: eks", "", "[  SKIPPED ] A.B (0 ms)",
                             "SKIPPED [3] tests/test_a.py:7: needs torch", "SKIPPED: no ffmpeg",
                             "/src/b_test.cc:9: Skipped", "SKIPPED: no PyPI")
        self.assertEqual(found, [(1, "shared data not there: eks"), (3, "needs torch"), (1, "no ffmpeg"), (1, "no PyPI")])

    def test_passing_tests_are_none(self):
        self.assertEqual(self.reasons("[ RUN      ] A.B", "[       OK ] A.B (0 ms)", "3 passed"), [])

    def test_summary_keeps_failures_and_loses_the_list_of_skips(self):
        lines = ["50% tests passed, 1 tests failed out of 2", "", "The following tests did not run:", "\t  1 - A.B (Skipped)", "",
                 "The following tests FAILED:", "\t  2 - A.C (Failed)", ""]
        self.assertEqual(script("run_tests").without_list_of_skips(lines),
                         ["50% tests passed, 1 tests failed out of 2", "", "", "The following tests FAILED:", "\t  2 - A.C (Failed)"])

    def test_tests_that_were_not_built_stay_in_the_summary(self):
        lines = ["99% tests passed, 1 tests failed out of 2", "The following tests did not run:", "\t  1 - A.B (Not Run)"]
        self.assertEqual(script("run_tests").without_list_of_skips(lines), lines)


class Layers(unittest.TestCase):
    def faults(self, files, layers):
        """What check_layers says of a source tree and a page."""
        check = script("check_layers")
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(check, "LAYERS", layers):
            root = pathlib.Path(folder)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            source = root / "src"
            found = check.problems_of_places(source)
            for path in sorted(source.glob("*/**/*")):
                if path.is_file():
                    found += check.problems_of(path, source)
            return found

    def test_page_and_checks_that_agree_are_sound(self):
        page = "```\nlayer 1   b: words\nlayer 0   a: other words\n```\n"
        files = {"docs/architecture.md": page, "src/a/a.h": "", "src/b/b.h": '#include "a/a.h"\n'}
        self.assertEqual(self.faults(files, {"a": 0, "b": 1}), [])

    def test_differences_and_upward_includes_are_told(self):
        page = "```\nlayer 1   b c: words\nlayer 1   a: other words\n```\n"
        files = {"docs/architecture.md": page, "src/a/a.h": '#include "b/b.h"\n', "src/b/b.h": "", "src/d/d.h": ""}
        found = "\n".join(self.faults(files, {"a": 0, "b": 1}))
        for words in ("docs/architecture.md: a on layer 1", "docs/architecture.md: c on layer 1", "src/d: module without",
                      "src/a/a.h:1: a (layer 0) uses b (layer 1)"):
            self.assertIn(words, found)


class Words(unittest.TestCase):
    def faults(self, name, *lines):
        return [number for number, _ in script("check_words").faults_of(pathlib.Path(name), "\n".join(lines))]

    def test_headers_that_say_what_they_are_pass(self):
        self.assertEqual(self.faults("src/a/a.h", "/// Reads tables.", "#pragma once", "int a;  ///< in pixels", "/// Of b.", "int b;"), [])
        self.assertEqual(self.faults("include/posse/posse.h", "/* The C interface. */"), [])

    def test_headers_without_a_first_sentence_are_told(self):
        self.assertEqual(self.faults("src/a/a.h", "#pragma once"), [1])
        self.assertEqual(self.faults("src/a/a.h", "/// understood by content"), [1])

    def test_comments_that_were_broken_behind_a_field_are_told(self):
        self.assertEqual(self.faults("src/a/a.h", "/// Reads.", "int a;  ///< in pixels of", "        ///< the frame"), [2])

    def test_first_lines_without_a_subject_are_told(self):
        for line in ("/// From a graph to a program.", "/// How far members are from the labels.", "/// What a run writes.",
                     "/// Which frame a picture is.", "/// Whether two tables are one.", "/// Where a library may lie."):
            self.assertEqual(self.faults("src/a/a.h", line, "#pragma once"), [1], line)
        self.assertEqual(self.faults("src/a/a.h", "/// Measures how far members are from the labels.", "#pragma once"), [])

    def test_comments_behind_and_above_fields_of_one_type_are_told(self):
        mixed = ["struct A {", "  int a = 0;  ///< in pixels", "  /// Frames, half-open.", "  std::function<void(int)> b;", "};"]
        self.assertEqual(self.faults("src/a/a.h", "/// Reads.", *mixed), [3])
        choice = ["enum class A {", "  /// The mean.", "  mean,", "  median  ///< of even numbers the mean of two", "};"]
        self.assertEqual(self.faults("src/a/a.h", "/// Reads.", *choice), [5])

    def test_comments_of_the_fields_of_c_are_looked_at(self):
        mixed = ["typedef struct a {", "  int b; /* in pixels */", "  /* Frames,", "   * half-open. */", "  int c;", "} a;"]
        self.assertEqual(self.faults("include/posse/posse.h", "/* The C interface. */", *mixed), [3])
        long = ["typedef struct a {", "  int b; /* in pixels of", "            the frame */", "  int c; /* in frames */", "} a;"]
        self.assertEqual(self.faults("include/posse/posse.h", "/* The C interface. */", *long), [3])

    def test_comments_all_behind_or_all_above_fields_pass(self):
        apart = ["struct A {", "  int a = 0;  ///< in pixels", "  /// Reads \"a { b\".",
                 "  bool read(int x = 0) const { return x > a; }", "};",
                 "class B {", " public:", "  /// Of B.", "  int b{3};", "  struct C {", "    int c;  ///< in frames", "  };",
                 "  /// Its C.", "  C c;", "};"]
        self.assertEqual(self.faults("src/a/a.h", "/// Reads.", *apart), [])

    def test_declarations_that_a_comment_broke_are_told(self):
        broken = ["struct A {", "  std::vector<std::string>", "      names;  ///< in the order of the file",
                  "  double share =", "      0;  ///< in [0, 1]", "};"]
        self.assertEqual(self.faults("src/a/a.h", "/// Reads.", *broken), [3, 5])

    def test_riddles_are_told(self):
        self.assertEqual(self.faults("README.md", "as the peer has it", "a TypeError of peering", "`facts[\"peer_adam\"]`"), [1])


class Kernels(unittest.TestCase):
    def faults(self, source):
        """What check_kernels says of an object compiled for AVX2 from `source`."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "posse_x_avx2.dir" / "x.o"
            path.parent.mkdir()
            subprocess.run(["c++", "-std=c++20", "-O1", "-c", "-x", "c++", "-", "-o", path], input=source, text=True, check=True)
            return script("check_kernels").faults_of(str(path))

    def test_a_shared_function_outside_the_namespace_is_told(self):
        source = "namespace posse::avx2 { %s void f(T*); extern void (*const table)(int*); void (*const table)(int*) = f<int>; }"
        inside = "template <typename T> __attribute__((noinline)) void f(T* x) { ++*x; } template <typename T>"
        self.assertEqual(self.faults(source % inside), [])
        outside = "namespace posse { template <typename T> __attribute__((noinline)) void g(T* x) { ++*x; } }\n"
        calling = "template <typename T> void f(T* x) { g(x); } template <typename T>"
        self.assertIn("posse::g<int>", "\n".join(self.faults(outside + source % calling)))


class Stages(unittest.TestCase):
    def check(self, *words):
        return subprocess.run([SCRIPTS / "check.sh", *words], capture_output=True, text=True)

    def test_a_stage_runs_and_the_table_of_times_ends_the_output(self):
        done = self.check("layers")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"Stages, \d+ s in all:\n  layers +\d+ s  passed\n$")

    def test_an_unknown_stage_is_an_error(self):
        for words in (["nonsense"], ["7"], ["layers", "7"]):
            done = self.check(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))


class Pairs(unittest.TestCase):
    def faults(self, **texts):
        """What check_pairs says of the files of a folder; x_h stands for x.h."""
        check = script("check_pairs")
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            paths = [root / ".".join(name.rsplit("_", 1)) for name in texts]
            for path, text in zip(paths, texts.values()):
                path.write_text(text, encoding="utf-8")
            return [fault for path in paths for fault in check.problems_of(path, root)]

    def test_pairs_and_headers_of_values_are_sound(self):
        inline = "namespace posse {\n\nstruct Point {\n  int size() const;\n};\n\ninline int twice(int x) { return 2 * x; }\n\n}\n"
        self.assertEqual(self.faults(grid_h="int f(int x);\n", grid_cc="", point_h=inline, main_cc="", cmd_run_cc="",
                                     grid_test_cc=""), [])

    def test_half_pairs_are_told(self):
        found = "\n".join(self.faults(lonely_cc="", reader_h="/// Words (and more);\nTable read(const Path& path,\n"
                                                              "           int rows);\n"))
        for words in ("lonely.cc: has no lonely.h", "reader.h: has no reader.cc, but declares 'Table read(const Path& path,'"):
            self.assertIn(words, found)


class ChangedSources(unittest.TestCase):
    def changed(self, *steps):
        """What tidy.py takes for changed in a repository made by the steps (file name: contents, or shell words)."""
        tidy = script("tidy")
        with tempfile.TemporaryDirectory() as folder:
            def git(*words):
                subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                               capture_output=True)
            git("init", "-q", "-b", "main")
            for step in steps:
                if isinstance(step, dict):
                    for name, text in step.items():
                        (pathlib.Path(folder) / name).write_text(text)
                    git("add", "-A")
                    git("commit", "-qm", "step")
                else:
                    git(*step)
            with unittest.mock.patch.object(tidy, "ROOT", pathlib.Path(folder)), \
                    unittest.mock.patch.dict("os.environ", POSSE_CHECK_SINCE=""):
                return tidy.changed_files()

    def test_since_the_branch_left_main(self):
        self.assertEqual(self.changed({"a.cc": "1"}, ("update-ref", "refs/remotes/origin/main", "HEAD"), {"b.cc": "2"}), ["b.cc"])

    def test_on_main_the_last_commits_count_newest_first(self):
        self.assertEqual(self.changed({"a.cc": "1"}, {"b.cc": "2"}, ("update-ref", "refs/remotes/origin/main", "HEAD")),
                         ["b.cc", "a.cc"])

    def test_a_renamed_file_has_not_changed(self):
        self.assertEqual(self.changed({"a.cc": "text\n" * 9}, ("update-ref", "refs/remotes/origin/main", "HEAD"),
                                      ("mv", "a.cc", "c.cc"), {"b.cc": "2"}), ["b.cc"])


if __name__ == "__main__":
    unittest.main()
