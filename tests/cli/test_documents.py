"""Pages for readers: the tutorial's blocks run in their order, and so does every command of docs/coming-from.md.

usage: test_documents.py POSSE
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from documents import blocks, commands_in_tables
from program import DEMO, MEMBERS, POSSE, ROOT, VIDEO, ProgramTest, main, np, plain_arrays


class Page(ProgramTest):
    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "posse").symlink_to(pathlib.Path(POSSE).resolve())
        self.words = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "XDG_CACHE_HOME": str(self.folder / "cache"), "LC_ALL": "C.UTF-8"}

    def bash(self, script, folder):
        return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env={**os.environ, **self.words}, capture_output=True,
                              text=True, timeout=600)


class Tutorial(Page):
    PAGE = (ROOT / "docs" / "tutorial.md").read_text()

    def test_its_blocks_run_in_their_order_and_print_what_it_shows(self):
        clone = self.folder / "clone"
        clone.mkdir()
        (clone / "data").symlink_to(ROOT / "data")
        done = self.bash("\n".join(blocks(self.PAGE, "sh")), clone)
        self.assertEqual(done.returncode, 0, done)
        for block in blocks(self.PAGE):
            for line in block.splitlines():
                self.assertIn(line, done.stdout)
        mouse = clone / "mouse"
        for name in ("pictures/openarena-frames.png", "posse-suggestions/suggestions.png", "report.html"):
            self.assertGreater((mouse / name).stat().st_size, 10_000, name)
        radius = plain_arrays(next((mouse / "posse-results" / "openarena").glob("*members.h5")))["radius90"]
        self.assertEqual(radius.shape, (360, 4))
        self.assertTrue(np.isfinite(radius).all())
        snippets = blocks(self.PAGE, "python")
        self.assertTrue(snippets)
        for snippet in snippets:
            done = subprocess.run([sys.executable, "-c", snippet], cwd=mouse, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done)
            shown = [line.split("# ")[1].split(":")[0] for line in snippet.splitlines() if "print(" in line]
            self.assertEqual(done.stdout.splitlines(), shown)


class ComingFrom(Page):
    PAGE = (ROOT / "docs" / "coming-from.md").read_text()

    def lay_out(self):
        """The folders that the page speaks of, around a video of 16 frames."""
        if shutil.which("ffmpeg") is None:
            self.skipTest("ffmpeg is not installed")
        for name in ("videos", "networks", "pictures", "cameras", "mirrored", "pupil", "tables"):
            (self.folder / name).mkdir()
        for arguments in (["videos/mouse.mp4"], ["-frames:v", "3", "pictures/%03d.png"]):
            subprocess.run(["ffmpeg", "-v", "error", "-i", VIDEO, "-frames:v", "16", *arguments], cwd=self.folder, check=True)
        for member in MEMBERS[:3]:
            shutil.copytree(member, self.folder / "networks" / member.name)
        shutil.copytree(MEMBERS[0], self.folder / "project")
        labels = (DEMO / "labels" / "openarena-groundtruth.csv").read_text().splitlines()
        (self.folder / "labels.csv").write_text("\n".join(labels[:3 + 16]) + "\n")
        made = self.bash("posse run videos/mouse.mp4 --members networks --save-members --format csv --out first", self.folder)
        self.assertEqual(made.returncode, 0, made)
        for number, path in enumerate(sorted(self.folder.glob("first-extras/members/*/*.csv")), start=1):
            self.lay_out_tables(number, path.read_text())

    def lay_out_tables(self, number, text):
        """A member's table as it is, as that of two cameras, of two views in one picture, and of a pupil."""
        (self.folder / "tables" / f"member-{number}.csv").write_text(text)
        for camera in ("top", "side"):
            (self.folder / "cameras" / f"member-{number}_{camera}.csv").write_text(text)
        names = ("snout", "leftear", "rightear", "tailbase")
        for folder, others in (("mirrored", ("nose_top", "nose_bot", "tail_top", "tail_bot")),
                               ("pupil", ("pupil_top_r", "pupil_bottom_r", "pupil_right_r", "pupil_left_r"))):
            renamed = text
            for old, new in zip(names, others):
                renamed = re.sub(rf"\b{old}\b", new, renamed)
            (self.folder / folder / f"member-{number}.csv").write_text(renamed)

    def test_every_command_runs(self):
        self.lay_out()
        found = commands_in_tables(self.PAGE, "posse")
        self.assertGreater(len(found), 25)
        for command in dict.fromkeys(found):
            with self.subTest(command):
                done = self.bash(command, self.folder)
                # 4: finished, with warnings; sixteen labelled frames are few.
                self.assertIn(done.returncode, (0, 4), done)


if __name__ == "__main__":
    main()
