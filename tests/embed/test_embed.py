#!/usr/bin/env python3
"""The library as another project finds it: installed, linked by CMake and by pkg-config, its examples run.

Usage: test_embed.py BUILD_FOLDER PROGRAM DEMO
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, PROGRAM, DEMO = (Path(argument).resolve() for argument in sys.argv[1:4])
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "embed"


def run(*words: str | Path, passes: tuple[int, ...] = (0,), **options: object) -> str:
    """What a program prints; its complaints are shown if it ends with another status than `passes`."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600, **options)
    if done.returncode not in passes:
        raise AssertionError(f"{words[0]} exited with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Embedded(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="posse-embed-"))
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--component", "library", "--prefix", cls.prefix)
        cls.library = next(cls.prefix.rglob("libposse.so.1"))
        cls.environment = {**os.environ, "LD_LIBRARY_PATH": str(cls.library.parent)}
        built = cls.folder / "built"
        run("cmake", "-S", EXAMPLES, "-B", built, f"-DCMAKE_PREFIX_PATH={cls.prefix}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", built)
        cls.built = built
        cls.members = cls.folder / "members"
        cls.members.mkdir()
        for number in (1, 2, 3):
            (cls.members / f"member-{number}").symlink_to(DEMO / f"member-{number}")

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.folder)

    def test_only_functions_of_the_interface_are_visible(self) -> None:
        names = {line.split()[-1] for line in run("nm", "-D", "--defined-only", self.library).splitlines()}
        declared = set(re.findall(r"\b(posse_\w+)\(", (ROOT / "include/posse/posse.h").read_text(encoding="utf-8")))
        self.assertEqual({name for name in names if not name.startswith("posse_")}, set())
        self.assertEqual(names, declared & names)
        self.assertEqual(names, {name for name in declared if not name.endswith("_callback")})

    def test_the_soname_is_that_of_the_interface(self) -> None:
        self.assertIn("[libposse.so.1]", run("readelf", "-d", self.library))

    def test_a_picture_in_c_is_as_the_program_sees_it(self) -> None:
        pictures = self.folder / "pictures"
        pictures.mkdir()
        source, picture = pictures / "img0.png", self.folder / "picture.ppm"
        video = DEMO / "video" / "openarena.mp4"
        run("ffmpeg", "-v", "error", "-i", video, "-frames:v", "1", "-pix_fmt", "rgb24", source)
        run("ffmpeg", "-v", "error", "-i", source, "-pix_fmt", "rgb24", picture)
        options = ["tune=off", "threads=1"]
        found = list(csv.DictReader(
            run(self.built / "one_picture", self.members, picture, *options, env=self.environment).splitlines()))
        out = self.folder / "out"
        run(PROGRAM, "run", pictures, "--members", self.members, "--out", out, "--tune", "off", "--threads", "1",
            "--consensus", "mean", "--format", "csv")
        with open(next(out.rglob("*.csv")), encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual([row["bodypart"] for row in found], rows[1][1::3])
        numbers = [float(row[column]) for row in found for column in ("x", "y", "likelihood")]
        self.assertEqual(numbers, [float(text) for text in rows[3][1:]])

    def test_a_video_in_cpp_leaves_what_the_program_leaves(self) -> None:
        clip = self.folder / "clip.avi"
        video = DEMO / "video" / "openarena.mp4"
        run("ffmpeg", "-v", "error", "-i", video, "-frames:v", "6", "-c:v", "ffv1", clip)
        said = run(self.built / "one_video", self.members, clip, self.folder / "by-library", env=self.environment)
        self.assertIn("6 frames in", said)
        self.assertRegex(said, r"the members differ most in frame [0-5]: [0-9.]+ px")
        self.assertRegex(said, r"median of \w+ in the first frame: [0-9.]+, [0-9.]+")
        left = sorted(path.name for path in (self.folder / "by-library" / "clip").iterdir())
        run(PROGRAM, "run", clip, "--members", self.members, "--out", self.folder / "by-program",
            passes=(0, 4))  # six frames of fast mice are warned of
        self.assertEqual(left, sorted(path.name for path in (self.folder / "by-program" / "clip").iterdir()))

    def test_errors_say_what_to_do(self) -> None:
        done = subprocess.run([self.built / "one_picture", self.folder / "nothing", ROOT / "README.md"],
                              capture_output=True, text=True, env=self.environment, check=False)
        self.assertEqual(done.returncode, 1)
        picture = self.folder / "small.ppm"
        picture.write_bytes(b"P6 4 4 255\n" + bytes(48))
        done = subprocess.run([self.built / "one_picture", self.folder / "nothing", picture, "tread=2"],
                              capture_output=True, text=True, env=self.environment, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no option 'tread' here", done.stderr)
        self.assertIn("did you mean threads", done.stderr)

    def test_pkg_config_is_enough(self) -> None:
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.library.parent / "pkgconfig")}
        flags = run("pkg-config", "--cflags", "--libs", "posse", env=environment).split()
        program = self.folder / "by_pkg_config"
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", EXAMPLES / "one_picture.c", "-o", program, *flags)
        self.assertIn("libposse.so.1", run("readelf", "-d", program))

    def test_headers_stand_alone_in_cpp17(self) -> None:
        for header in sorted((self.prefix / "include" / "posse").glob("*.h")):
            with self.subTest(header.name):
                run("c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                    f"-I{self.prefix / 'include'}", "-x", "c++", "-", input=f"#include <posse/{header.name}>\n")

    @unittest.skipUnless(shutil.which("mcs") and shutil.which("mono"), "there is no compiler of C# (mono-mcs)")
    def test_csharp_has_the_numbers_of_c(self) -> None:
        black = self.folder / "black.ppm"
        black.write_bytes(b"P6 320 240 255\n" + bytes(320 * 240 * 3))
        said = run(self.built / "one_picture", self.members, black, env=self.environment)
        expected = [float(row[column]) for row in csv.DictReader(said.splitlines()) for column in ("x", "y", "likelihood")]
        program = self.folder / "PosseExample.exe"
        run("mcs", f"-out:{program}", EXAMPLES / "csharp" / "PosseExample.cs")
        got = [float(word) for word in run("mono", program, self.members, env={**self.environment, "LANG": "C"}).split(", ")]
        # The example prints fifteen digits.
        self.assertEqual([f"{value:.13g}" for value in got], [f"{value:.13g}" for value in expected])

    def test_structs_in_other_languages_are_as_large_as_in_c(self) -> None:
        source = self.folder / "sizes.c"
        source.write_text('#include <posse/posse.h>\n#include <stdio.h>\n'
                          'int main(void) { printf("%zu %zu\\n", sizeof(posse_image), sizeof(posse_frame)); return 0; }\n',
                          encoding="utf-8")
        program = self.folder / "sizes"
        run("cc", f"-I{self.prefix / 'include'}", source, "-o", program)
        sizes = run(program).split()
        matlab = (EXAMPLES / "matlab" / "posse_example.m").read_text(encoding="utf-8")
        self.assertEqual(sizes, [re.search(r"'struct_size', (\d+)", matlab)[1],
                                 re.search(r"frame\.struct_size = (\d+)", matlab)[1]])
        header = (ROOT / "include" / "posse" / "posse.h").read_text(encoding="utf-8")
        header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
        for struct, julia, csharp in (("posse_image", "PosseImage", "Image"), ("posse_frame", "PosseFrame", "Frame")):
            fields = re.search(rf"typedef struct {struct} {{(.*?)}} {struct};", header, re.DOTALL)[1]
            names = re.findall(r"(\w+);", fields)
            text = (EXAMPLES / "julia" / "posse_example.jl").read_text(encoding="utf-8")
            body = re.search(rf"struct {julia}\n(.*?)\nend", text, re.DOTALL)[1]
            self.assertEqual(names, re.findall(r"^\s*(\w+)::", body, re.MULTILINE))
            text = (EXAMPLES / "csharp" / "PosseExample.cs").read_text(encoding="utf-8")
            body = re.search(rf"public struct {csharp}\n    {{(.*?)\n    }}", text, re.DOTALL)[1]
            self.assertEqual([name.replace("_", "") for name in names],
                             [name.lower() for name in re.findall(r"public \w+ (\w+);", body)])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
