"""README.md: its commands on the shipped data run and print what it shows.  usage: test_readme.py POSSE"""

import pathlib
import re
import shutil
import subprocess

from documents import blocks, commands
from program import POSSE, ROOT, ProgramTest, main, posse

README = (ROOT / "README.md").read_text()


class Readme(ProgramTest):
    def test_is_at_most_150_lines_long(self):
        self.assertLessEqual(len(README.splitlines()), 150)

    def test_commands_on_the_shipped_data_run(self):
        (self.folder / "posse").symlink_to(pathlib.Path(POSSE).resolve())
        shutil.copytree(ROOT / "data", self.folder / "data")
        ours = [c for c in commands(README, "./posse") if "data/demo" in c or "posse-results" in c or c == "./posse doctor"]
        self.assertGreaterEqual(len(ours), 8, ours)
        for command in ours:
            with self.subTest(command):
                done = subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True, text=True,
                                      timeout=300)
                self.assertEqual(done.returncode, 0, done)

    def test_other_commands_name_verbs_and_options_that_exist(self):
        for command in commands(README, "./posse"):
            verb = re.findall(r"\./posse (\w+)", command)[0]
            if verb in ("test", "python"):  # the launcher's own
                continue
            text = posse(verb, "--help").out
            for option in re.findall(r"--[a-z-]+", command):
                with self.subTest(command):
                    self.assertIn(option, text)

    def test_shows_the_demo_as_it_prints_it(self):
        shown = [line for block in blocks(README) for line in block.splitlines()
                 if line.startswith(("member-", "consensus ", " " * 20 + "    snout"))]
        printed = posse("demo", "--out", self.folder / "out", "--data", ROOT / "data" / "demo").out.splitlines()
        self.assertEqual(len(shown), 7, shown)
        for line in shown:
            self.assertIn(line, printed)

    def test_links_to_files_that_are_there(self):
        for target in re.findall(r"\]\(([^)#:]+)\)", README):
            self.assertTrue((ROOT / target).exists(), target)


if __name__ == "__main__":
    main()
