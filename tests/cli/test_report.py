"""posse report and posse plot: one file that holds what the results hold, and says what it cannot show."""

import base64
import html.parser
import json
import re
import shutil
import struct
import subprocess
import tempfile
import pathlib

from program import DEMO, MEMBERS, POSSE, ProgramTest, VIDEO, h5py, main, plain_arrays, points, posse, run_words, table

import numpy as np

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(html.parser.HTMLParser):
    """Checks that tags are closed in order; keeps tables as lists of rows, and attributes that name addresses."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tables, self.addresses, self.ids, self.heads = [], {}, [], [], []
        self.images = []
        self._rows, self._cell = None, None
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.addresses += [value for name, value in attrs.items() if name in ("src", "href")]
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "img":
            self.images.append(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th", "caption", "h1", "h2", "h3", "h4"):
            self._cell = ""

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (self.open[-3:], tag)
        self.open.pop()
        if tag == "caption":
            self._caption = self._cell
        if tag in ("h1", "h2", "h3", "h4"):
            self.heads.append((tag, self._cell))
        if tag in ("td", "th"):
            self._rows[-1].append(self._cell)
        if tag == "table":
            self.tables[self._caption] = self._rows


def setUpModule():
    global HOLDER, RESULTS
    HOLDER = tempfile.TemporaryDirectory(prefix="posse-test-")
    RESULTS = pathlib.Path(HOLDER.name) / "results"
    done = posse(*run_words(VIDEO, MEMBERS[:3], RESULTS, "--frames", "0:60", "--save-members"))
    assert done.code == 0, done


def tearDownModule():
    HOLDER.cleanup()


class Report(ProgramTest):
    def page(self, *words, code=0):
        out = self.folder / "report.html"
        done = self.assert_code(posse("report", *words, "-o", out, "--force"), code)
        text = out.read_text()
        return Page(text), text, done

    def test_holds_the_numbers_of_the_results(self):
        page, _, _ = self.page(RESULTS)
        folder = RESULTS / "openarena"
        spread = np.linalg.norm(plain_arrays(next(folder.glob("*.h5")))["members_std"], axis=2)
        rows = {row[0]: row for row in page.tables["Bodyparts"][1:]}
        for part, name in enumerate(table(folder).columns.get_level_values("bodyparts").unique()):
            self.assertAlmostEqual(float(rows[name][6]), spread[:, part].max(), delta=0.00501)  # two decimals
            self.assertEqual(int(rows[name][7]), spread[:, part].argmax())
            self.assertAlmostEqual(float(rows[name][4]), np.median(spread[:, part]), delta=0.00501)
            self.assertAlmostEqual(float(rows[name][5]), np.quantile(spread[:, part], 0.95), delta=0.00501)
        self.assertIn("member-1", page.tables["Members"][1][0])

    def test_zoom_has_the_numbers_of_the_table_to_the_sixteenth_bit(self):
        _, text, _ = self.page(RESULTS)
        data = json.loads(re.search(r'class="traces">(.*?)</script>', text, re.S)[1])
        packed = data["figures"]["video0-part0-x"]["consensus"]
        raw = np.array(struct.unpack("<60H", base64.b64decode(packed["least"])))
        found = packed["low"] + raw / 65534 * (packed["high"] - packed["low"])
        expected = points(table(RESULTS / "openarena"))[:, 0, 0]
        np.testing.assert_allclose(found, expected, atol=(packed["high"] - packed["low"]) / 65534)

    def test_is_one_file_that_asks_for_no_other(self):
        page, text, _ = self.page(RESULTS)
        for address in page.addresses:
            self.assertRegex(address, r"^(#|data:)")
        self.assertNotRegex(re.sub(r'"http://www.w3.org/\d+/svg"|\'http://www.w3.org/2000/svg\'', "", text), r"https?://|@import|url\((?!#)")
        self.assertLess(len(text), 5_000_000)
        self.assertEqual(len(page.ids), len(set(page.ids)))

    def test_has_words_for_every_picture_and_heads_in_order(self):
        page, _, _ = self.page(RESULTS)
        self.assertGreater(len(page.images), 3)
        for image in page.images:
            self.assertRegex(image["alt"], r"^Frame \d+ with")
        levels = [int(tag[1]) for tag, _ in page.heads]
        self.assertEqual(levels[0], 1)
        self.assertTrue(all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels)

    def test_without_the_video_has_the_numbers_and_says_so(self):
        moved = self.folder / "moved"
        shutil.copytree(RESULTS, moved)
        record = moved / "openarena" / "run.json"
        record.write_text(record.read_text().replace(str(VIDEO), "/nowhere/openarena.mp4"))
        page, text, _ = self.page(moved)
        self.assertEqual(page.images, [])
        self.assertIn("There are no pictures", text)
        self.assertEqual(len(page.tables["Bodyparts"]), 5)

    def test_without_members_says_what_is_missing(self):
        moved = self.folder / "moved"
        shutil.copytree(RESULTS, moved)
        (moved / "openarena" / ".posse-journal").unlink()
        page, text, _ = self.page(moved)
        self.assertIn("The members&#39; own points are not there", text)
        self.assertEqual(len(page.tables["Bodyparts"]), 5)

    def test_of_a_bodypart_never_placed_gives_no_spread(self):
        moved = self.folder / "moved"
        shutil.copytree(RESULTS, moved)
        with h5py.File(next((moved / "openarena").glob("*.h5")), "r+") as file:
            spread = file["posse/members_std"][...]
            spread[:, 0] = np.nan
            file["posse/members_std"][...] = spread
        page, _, _ = self.page(moved)
        self.assertEqual(page.tables["Bodyparts"][1][4:], ["\u2013"] * 4)

    def test_refuses_mixed_results_unless_asked(self):
        other = self.folder / "other"
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], other, "--frames", "0:20")), 0)
        self.assert_error(posse("report", RESULTS, other, "-o", self.folder / "r.html"), 2, "members")
        self.assertFalse((self.folder / "r.html").exists())
        page, _, _ = self.page(RESULTS, other, "--mixed")
        self.assertEqual(len(page.tables["Videos, with the frame in which members disagree most"]), 3)

    def test_names_what_is_wrong_with_an_evaluation(self):
        out = self.folder / "r.html"
        for text in ("", "{", '{"members": 3}', "[]", '{"members": ["a"], "errors": []}'):
            bad = self.folder / "evaluation.json"
            bad.write_text(text)
            self.assert_error(posse("report", RESULTS, "-o", out, "--evaluation", bad), 1, "is no evaluation", "hint")
            self.assert_error(posse("report", RESULTS, "-o", out, "--study", bad), 1, "is no study")
            self.assert_error(posse("report", RESULTS, "-o", out, "--suggestions", bad), 1, "no suggestions")
        table_without_rows = {"name": "a", "member": True, "pictures": 1, "bodyparts": []}
        bad.write_text(json.dumps({"members": ["a"], "labels_scorer": "b", "pictures": [], "groups": "clips", "videos": 1, "refused": 0,
                                   "out_of_bag": True, "consensus": None, "uncertainty": [], "calibrated": [], "notes": [],
                                   "warnings": [], "errors": [table_without_rows]}))
        self.assert_error(posse("report", RESULTS, "-o", out, "--evaluation", bad), 1, "is no evaluation", "hint")
        self.assertFalse(out.exists())

    def test_draws_a_studys_matrix_in_the_order_of_the_study(self):
        study = self.folder / "study.json"
        matrix = {"unit": "1 or 0", "layers": [""], "rows": ["first", "second", "third"], "columns": ["img1.png", "img2.png"],
                  "order": [2, 0, 1], "values": [[[1, 0], [0, 1], [1, 1]]]}
        study.write_text(json.dumps({"format": "posse study", "version": 1, "legacy": False, "bodyparts": ["nose"],
                                     "members": ["first", "second", "third"], "frames": [], "tables": {"members": [{"member": "first", "rmse": 4.25}]},
                                     "matrices": {"inclusion": matrix}, "notes": [], "warnings": ["a made one"]}))
        page, text, _ = self.page(RESULTS, "--study", study)
        self.assertEqual(page.tables["members"], [["member", "rmse"], ["first", "4.250"]])
        places = [text.index(f"<title>{row}, img2.png: {value}.000</title>") for row, value in (("third", 1), ("first", 0), ("second", 1))]
        self.assertEqual(places, sorted(places))
        study.write_text(study.read_text().replace("[2, 0, 1]", "[2, 0, 0]"))
        self.assert_error(posse("report", RESULTS, "-o", self.folder / "r.html", "--study", study), 1, "is no study", "order")

    def test_replaces_nothing_unasked_and_dry_run_writes_nothing(self):
        out = self.folder / "r.html"
        out.write_text("mine")
        self.assert_error(posse("report", RESULTS, "-o", out), 2, "--force")
        self.assertEqual(out.read_text(), "mine")
        done = self.assert_code(posse("report", RESULTS, "-o", self.folder / "n.html", "--dry-run", "--json"), 0)
        self.assertEqual(done.json["videos"][0]["frames"], 60)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["r.html"])

    def test_in_a_browser_zooms_and_complains_of_nothing(self):
        browser = shutil.which("chromium")
        if browser is None:
            self.skipTest("chromium is not installed")
        _, text, _ = self.page(RESULTS)
        # Zooms in twice about frame 30, then leaves what the page says in its DOM.
        script = ("<script>const s=document.querySelector('section[data-charts]');for(let i=0;i<2;i++)"
                  "s.querySelector('[data-action=in]').click();s.querySelector('svg.zoom').focus();</script></body>")
        (self.folder / "zoomed.html").write_text(text.replace("</body>", script))
        done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
                               (self.folder / "zoomed.html").as_uri()], capture_output=True, text=True, timeout=120)
        self.assertNotIn("CONSOLE", done.stderr)
        self.assertEqual(re.findall(r'data-charts="(.*?)"', done.stdout), ["9"])
        # About frame 30, which stays where it is: 30 - 30/4 = 22.5 to 30 + 29/4 = 37.25.
        self.assertEqual(re.findall(r'data-view="(.*?)"', done.stdout), ["23 37"])
        self.assertEqual(len(re.findall(r"frame 30\. Disagreement of the members: spread \d", done.stdout)), 1)


class Plot(ProgramTest):
    def test_of_a_few_frames_holds_their_numbers(self):
        out = self.folder / "x.svg"
        self.assert_code(posse("plot", RESULTS / "openarena", "--bodypart", "leftear", "--frames", "10:20", "-o", out), 0)
        svg = out.read_text()
        plot = [float(one) for one in re.search(r'data-plot="(.*?)"', svg)[1].split()]
        span = [float(one) for one in re.search(r'data-range="(.*?)"', svg)[1].split()]
        d = re.search(r'<g data-role="consensus"><path d="(.*?)"', svg)[1]
        path = np.array([float(one) for one in re.findall(r"[\d.]+", d)]).reshape(-1, 2)
        frames = span[0] + (path[:, 0] - plot[0]) / (plot[2] - plot[0]) * (span[1] - span[0])
        values = span[2] + (plot[3] - path[:, 1]) / (plot[3] - plot[1]) * (span[3] - span[2])
        np.testing.assert_allclose(frames, np.arange(10, 20), atol=0.05)
        unit = (span[3] - span[2]) / (plot[3] - plot[1])
        np.testing.assert_allclose(values, points(table(RESULTS / "openarena"))[10:20, 1, 0], atol=0.051 * unit)  # one decimal
        self.assertIn('width="180mm"', svg)

    def test_as_png_has_the_size_on_paper(self):
        out = self.folder / "x.png"
        self.assert_code(posse("plot", RESULTS / "openarena", "--kind", "disagreement", "--width-mm", "50.8", "--dpi", "100", "-o", out), 0)
        self.assertEqual(struct.unpack(">I", out.read_bytes()[16:20])[0], 200)

    def test_says_what_is_not_there(self):
        out = self.folder / "x.svg"
        self.assert_error(posse("plot", RESULTS, "--bodypart", "ear", "-o", out), 1, "'ear'", "leftear")
        self.assert_error(posse("plot", RESULTS, "--frames", "100:200", "-o", out), 2, "no such frame")
        self.assert_error(posse("plot", RESULTS, "-o", self.folder / "x.pdf"), 2, ".svg or .png")
        self.assert_error(posse("plot", RESULTS, "--width-mm", "0", "-o", out), 2, "out of range")
        self.assertFalse(out.exists())


if __name__ == "__main__":
    assert POSSE and DEMO
    main()
