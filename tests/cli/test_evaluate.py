"""posse evaluate on the demo's exact truth, and what it refuses.  usage: test_evaluate.py POSSE"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import scipy.io
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

from program import DEMO, FAST, MEMBERS, VIDEO, ProgramTest, h5py, main, np, pd, posse

LABELS = DEMO / "labels" / "CollectedData_posse.csv"
MEMBERSHIP = DEMO / "training-frames.json"
PARTS = ["snout", "leftear", "rightear", "tailbase"]
CACHE = tempfile.TemporaryDirectory()


def evaluate(*words, labels=LABELS, members=tuple(MEMBERS), membership=MEMBERSHIP, video=VIDEO, **more):
    given = ["--labels", labels, "--cache", CACHE.name, *FAST, *words]
    if "--window" not in words:
        given += ["--through-time", "off"]
    if membership is not None:
        given += ["--membership", membership]
    if video is not None:
        given += ["--video", video]
    return posse("evaluate", *members, *given, **more)


def truth(path=LABELS):
    """[frames, bodyparts, xy] and frame numbers."""
    table = pd.read_csv(path, header=[0, 1, 2], index_col=0)
    numbers = [int(pathlib.Path(name).stem[3:]) for name in table.index]
    return table.to_numpy().reshape(len(table), len(PARTS), 2), np.array(numbers)


def golden(name, rule):
    """[frames, bodyparts, xy] of data/demo/golden."""
    table = pd.read_csv(DEMO / "golden" / f"{name}.csv")
    return np.stack([table[[f"{part}_{rule}_x", f"{part}_{rule}_y"]].to_numpy() for part in PARTS], axis=1)


class Evaluate(ProgramTest):
    def test_errors_are_those_of_an_independent_implementation(self):
        report = self.assert_code(evaluate("--json", "--decode", "dgp"), 0).json
        labels, frames = truth()
        named = {table["name"]: table for table in report["errors"]}
        for name, rule in [(f"member-{k}", "dgp") for k in range(1, 6)] + [("mean", "mean"), ("median", "median")]:
            points = golden("consensus" if rule != "dgp" else name, rule)[frames]
            distances = np.hypot(*np.moveaxis(points - labels, -1, 0))
            rows = {row["bodypart"]: row for row in named[name]["bodyparts"]}
            self.assertAlmostEqual(rows["all"]["rmse"], np.sqrt(np.mean(distances**2)), delta=0.02)
            self.assertAlmostEqual(rows["all"]["median"], np.median(distances), delta=0.02)
            for part, column in zip(PARTS, distances.T):
                self.assertEqual(rows[part]["points"], 36)
                self.assertAlmostEqual(rows[part]["p95"], np.quantile(column, 0.95), delta=0.05)
            original = next(row for row in report["original"] if row["name"] == name)
            self.assertAlmostEqual(original["compare_groundtruth"], np.sqrt(np.mean((distances**2).sum(axis=1))),
                                   delta=0.04)

    def test_a_second_call_needs_no_network_and_gives_the_same(self):
        first = self.assert_code(evaluate("--json", "--window", "4"), 0)
        second = self.assert_code(evaluate("--json", "--window", "4"), 0)
        self.assertEqual(first.json, second.json)
        self.assertNotIn("around the labels", second.err)
        names = [row["method"] + ": " + row["uncertainty"] for row in second.json["uncertainty"]]
        self.assertEqual(names, ["track: raw ensemble", "mean: map covariance", "median: map covariance",
                                 "track: track covariance", "smoother: posterior variance", "track: calibrated"])

    def test_a_damaged_cache_is_made_anew(self):
        before = self.assert_code(evaluate("--json"), 0).json
        file = next(pathlib.Path(CACHE.name).rglob("*.bin"))
        file.write_bytes(file.read_bytes()[:-3])
        self.assertEqual(self.assert_code(evaluate("--json"), 0).json, before)

    def test_tables_say_what_a_lab_asks(self):
        text = self.assert_code(evaluate("--label-noise", "1.3"), 0).out
        for said in ["mean minus member-", "cover90 raw -> calibrated", "hardest quarter", "human floor",
                     "36 labelled pictures judged out of bag (5 of 5 members each)", "is no region",
                     "no guarantee for a new video", "compare_groundtruth"]:
            self.assertIn(said, text)

    def test_dense_truth_of_the_original_package_is_the_same_truth(self):
        labels, frames = truth(DEMO / "labels" / "openarena-groundtruth.csv")
        path, table = self.folder / "truth.mat", self.folder / "CollectedData_t.csv"
        order = [2, 0, 3, 1]  # of the file's columns
        scipy.io.savemat(path, {"true_xy": labels[:8, order].transpose(1, 0, 2)}, do_compression=True)
        rows = (DEMO / "labels" / "openarena-groundtruth.csv").read_text().splitlines(keepends=True)
        table.write_text("".join(rows[: 3 + 8]))
        words = ["--json", "--labels-unseen"]
        permutation = ",".join(str(order.index(k)) for k in range(4))
        dense = self.assert_code(evaluate(*words, "--partperm", permutation, labels=path, membership=None), 4).json
        expected = self.assert_code(evaluate(*words, labels=table, membership=None), 4).json
        for one, other in zip(dense["errors"], expected["errors"]):
            for a, b in zip(one["bodyparts"], other["bodyparts"]):
                self.assertAlmostEqual(a["rmse"], b["rmse"], places=5)  # the csv has six decimals
        self.assert_error(evaluate("--labels-unseen", "--partperm", "0,0,1,2", labels=path, membership=None), 2, "--partperm")

    def test_labels_outside_of_their_pictures_are_named(self):
        table = pd.read_csv(LABELS, header=[0, 1, 2], index_col=0)
        table.iloc[3, 0], table.iloc[4, 3], table.iloc[5, 1] = -50, 9999, -0.5  # the last is the edge itself
        moved = self.folder / "CollectedData_x.csv"
        table.to_csv(moved)
        done = self.assert_code(evaluate(labels=moved), 4)
        self.assertIn("2 labels lie outside of the picture", done.err)
        self.assertRegex(done.err, r"snout of labeled-data/openarena/img030.png at -50, \d+, leftear of labeled-data/openarena/img040.png at \d+, 9999")

    def test_a_second_rater_gives_the_labels_noise(self):
        table = pd.read_csv(LABELS, header=[0, 1, 2], index_col=0)
        table.iloc[:, 0::2] += 2  # along x alone: a variance of (4 + 0) / 2 / 2 per axis
        second = self.folder / "CollectedData_B.csv"
        table.to_csv(second)
        done = self.assert_code(evaluate("--json", "--second-rater", second), 0)
        self.assertAlmostEqual(done.json["label_noise"], 1, places=5)
        self.assertAlmostEqual(done.json["failure_distance"], 3, places=4)
        self.assertIn("rmse of 1.41 px", self.assert_code(evaluate("--second-rater", second), 0).out)

    def test_pictures_are_judged_by_members_that_were_not_trained_on_them(self):
        labels = DEMO / "labels" / "CollectedData_posse-train.csv"
        video = DEMO / "video" / "openarena-train.mp4"
        report = self.assert_code(evaluate("--json", labels=labels, video=video), 4).json
        trained = json.loads(MEMBERSHIP.read_text())["members"]
        seen = {member: set(entry["frames"]) for member, entry in trained.items()}
        self.assertEqual(report["refused"], sum(all(i in s for s in seen.values()) for i in range(80)))
        for picture in report["pictures"]:
            row = int(pathlib.Path(picture["name"]).stem[3:])
            self.assertEqual(picture["judges"], [m for m in sorted(seen) if row not in seen[m]])
        self.assertGreater(sum(p["near_training"] for p in report["pictures"]), 0)
        all_judge = evaluate("--allow-training-frames", labels=labels, video=video)
        self.assertIn("TRAINING FRAMES: NOT AN ESTIMATE OF ERROR", self.assert_code(all_judge, 4).out)


class Tables(ProgramTest):
    """Members of which only tables are at hand."""

    def setUp(self):
        super().setUp()
        self.members = []
        for k in range(1, 6):
            points = golden(f"member-{k}", "dgp")
            path = self.folder / f"member-{k}.csv"
            header = [",".join([word, *cells]) for word, cells in [
                ("scorer", ["net"] * 12), ("bodyparts", [p for p in PARTS for _ in range(3)]),
                ("coords", ["x", "y", "likelihood"] * 4)]]
            rows = [",".join([str(t), *(f"{x!r},{y!r},0.9" for x, y in frame.tolist())]) for t, frame in enumerate(points)]
            path.write_text("\n".join(header + rows) + "\n")
            self.members.append(path)

    def test_are_judged_as_numpy_does(self):
        stranger = self.assert_code(evaluate("--json", members=self.members, video=None), 4)
        self.assertIn("which no table is called after", stranger.err)
        done = self.assert_code(evaluate("--json", members=self.members), 0)
        report = done.json
        self.assertEqual(report["errors"], stranger.json["errors"])
        self.assertIn("tables hold no maps", done.err)
        labels, frames = truth()
        points = np.stack([golden(f"member-{k}", "dgp")[frames] for k in range(1, 6)])
        named = {table["name"]: table["bodyparts"][-1] for table in report["errors"]}
        said = {**{f"member-{k + 1}": points[k] for k in range(5)}, "mean": points.mean(axis=0),
                "median": np.median(points, axis=0)}
        self.assertEqual(set(named), set(said))
        for name, positions in said.items():
            distances = np.hypot(*np.moveaxis(positions - labels, -1, 0))
            self.assertAlmostEqual(named[name]["rmse"], np.sqrt(np.mean(distances**2)), places=6)
        self.assertEqual([row["uncertainty"] for row in report["uncertainty"]], ["raw ensemble", "calibrated"])

    def test_oddities_of_labels_and_members_are_told(self):
        """A bodypart that no table has, a picture in two equal rows, a member far off."""
        rows = LABELS.read_text().splitlines()
        odd = self.folder / "CollectedData_x.csv"
        odd.write_text("\n".join([rows[0] + ",A,A", rows[1].replace("snout", "nose") + ",snout,snout", rows[2] + ",x,y",
                                  *[row + "," + ",".join(row.split(",")[1:3]) for row in [*rows[3:], rows[3]]]]) + "\n")
        lines = self.members[3].read_text().splitlines()
        cells = [line.split(",") for line in lines[3:]]
        moved = [",".join([c[0], *[str(float(v) + 200) if i % 3 < 2 else v for i, v in enumerate(c[1:])]]) for c in cells]
        self.members[3].write_text("\n".join(lines[:3] + moved) + "\n")
        done = self.assert_code(evaluate("--json", members=self.members, labels=odd), 4)
        for said in ["left out: nose (labelled, but not of every member)", "1 row of pictures that are there already",
                     "member-4 is far off (RMSE 28"]:
            self.assertIn(said, done.err)
        self.assertEqual(len(done.json["pictures"]), 36)

    def test_a_manifest_may_name_pictures_by_file_or_number(self):
        names = [row.split(",")[0] for row in LABELS.read_text().splitlines()[3:]]
        files = [pathlib.PurePath(name).name for name in names]
        manifest = self.folder / "m.csv"

        def judged(pictures, code=0):
            rows = [f"member-{k},{picture}" for k, picture in enumerate(pictures, 1)]
            manifest.write_text("\n".join(["member,picture", *rows, ""]))
            return self.assert_code(evaluate("--json", members=self.members, membership=manifest), code)

        expected = judged(names[:5]).json["pictures"]
        self.assertEqual([len(picture["judges"]) for picture in expected[:6]], [4] * 5 + [5])
        self.assertEqual(judged(files[:5]).json["pictures"], expected)
        self.assertEqual(judged([int(file[3:-4]) for file in files[:5]]).json["pictures"], expected)
        self.assertIn(f"it has strange.png, the labels have openarena/{files[0]}", judged(["strange.png", *[""] * 4], 4).err)

    def test_what_needs_maps_says_so(self):
        self.assert_error(evaluate("--consensus", "track", members=self.members), 2, "which tables do not hold")
        done = posse("calibrate", *self.members, "--labels", LABELS, "--labels-unseen", "--out", self.folder / "c.json")
        self.assert_error(done, 2, "is made for networks")
        self.assert_error(evaluate(members=self.members, membership=None), 2, "tables, which do not say it")
        late = self.folder / "CollectedData_x.csv"
        late.write_text(LABELS.read_text().replace("/img", "/img9"))
        self.assert_error(evaluate(members=self.members, labels=late, video=None), 2, "no labelled frame is in the tables")


class Calibrate(ProgramTest):
    def calibrate(self, *words, out="c.json", labels=LABELS, members=tuple(MEMBERS)):
        return posse("calibrate", *members, "--labels", labels, "--membership", MEMBERSHIP, "--video", VIDEO, "--cache",
                     CACHE.name, *FAST, "--out", self.folder / out, *words)

    def run_with(self, *words, members=tuple(MEMBERS)):
        return posse("run", VIDEO, "--members", *members, "--out", self.folder / "r", "--frames", "0:12", *FAST, *words)

    def test_states_in_a_run_what_it_was_fitted_to(self):
        done = self.assert_code(self.calibrate("--consensus", "median"), 0)
        self.assertIn("the 90 % region covers", done.out)
        self.assertNotIn("calibrates that", done.err)
        fitted = json.loads((self.folder / "c.json").read_text())
        self.assert_code(self.run_with("--consensus", "median", "--calibration", self.folder / "c.json", "--radius", "7"), 0)
        (path,) = (self.folder / "r" / "openarena").glob("*.h5")
        with h5py.File(path) as file:
            stated = {name: file["posse"][name][:] for name in
                      ["covariance", "radius90", "likelihood_calibrated", "map_covariance", "members_std"]}
            self.assertEqual(file["posse"].attrs["calibration_radius"], b"7")
        model = fitted["model"]
        (bound,) = (region["bound"] for region in fitted["regions"] if region["share"] == 0.9)
        n = 5
        for k in range(4):  # the trace, by hand: members_std divides by n, the model's S by n - 1
            s = (stated["members_std"][:, k] ** 2).sum(axis=1) * n / (n - 1)
            s0 = model["pooled_members"][k][0] + model["pooled_members"][k][2]
            shrunk = (model["nu0"] * s0 + (n - 1) * s) / (model["nu0"] + n - 1)
            m = stated["map_covariance"][:, k, 0] + stated["map_covariance"][:, k, 2]
            trace = 2 * model["a"] ** 2
            if not model["constant"]:
                trace = trace + (model["beta"] + 1 / n) * shrunk + model["c"] ** 2 * m
            trace = model["scale"][k] * trace
            np.testing.assert_allclose(stated["covariance"][:, k, 0] + stated["covariance"][:, k, 2], trace, rtol=1e-9)
            xx, xy, yy = stated["covariance"][:, k].T
            np.testing.assert_allclose(stated["radius90"][:, k], np.sqrt(bound * np.sqrt(xx * yy - xy**2)), rtol=1e-9)
            curves = fitted["chance_within"]
            u = (np.log(np.sqrt(trace / 2)) - curves["center"]) / curves["width"]
            at_radii = [1 / (1 + np.exp(-(a + b * u))) for a, b in zip(curves["intercept"], curves["slope"])]
            at_radii = np.maximum.accumulate([0 * u, *at_radii])
            radii = [0, *curves["radii"]]
            self.assertLess(7, radii[-1])
            chance = [np.interp(7, radii, column) for column in at_radii.T]
            np.testing.assert_allclose(stated["likelihood_calibrated"][:, k], chance, atol=1e-9)

    def test_is_refused_for_anything_else(self):
        without = self.assert_code(self.calibrate("--through-time", "off"), 0)
        self.assertIn("consensus mean: as posse run takes of pictures; of a video it takes the track, which --through-time on judges", without.out)
        self.assert_error(self.calibrate(), 2, "exists already")
        self.assert_error(self.calibrate("--allow-training-frames", out="d.json"), 2, "promise too much")
        self.assertIn("nothing was written", self.assert_code(self.calibrate("--dry-run", out="e.json"), 0).out)
        self.assertFalse((self.folder / "e.json").exists())
        words = ["--calibration", self.folder / "c.json"]
        for done, said in [
            (self.run_with("--consensus", "median", *words), "is for --consensus mean, this run's is median"),
            (self.run_with(*words, members=MEMBERS[:3]), "is for other networks"),
            (self.run_with("--decode", "dgp", *words), "read by the dlc rule"),
            (self.run_with(*words, "--radius", "0"), "--radius is 0"),
        ]:
            self.assert_error(done, 2, said)
        taken = self.assert_code(self.run_with(*words, "--dry-run"), 0)  # the default is what the calibration is for
        self.assertIn("consensus mean: what the calibration is for", taken.out)
        self.assert_error(self.run_with("--consensus", "track", *words), 2, "is for --consensus mean, this run's is track")
        self.assert_error(self.run_with("--calibration", MEMBERSHIP), 1, "is no calibration")
        forced = self.run_with(*words, "--consensus", "median", "--force-calibration")
        self.assertIn("used all the same", self.assert_code(forced, 4).err)

    def test_a_bodypart_with_few_labels_has_no_figures_of_its_own(self):
        few = self.folder / "CollectedData_x.csv"
        rows = [row.split(",") for row in LABELS.read_text().splitlines()]
        few.write_text("\n".join(",".join(row if i < 11 else [*row[:-2], "", ""]) for i, row in enumerate(rows)) + "\n")
        done = self.assert_code(self.calibrate("--consensus", "mean", "--json", labels=few), 4)
        self.assertIn("tailbase has 8 judged labels; 20 are needed", done.err)
        rows = {row["bodypart"]: row for row in done.json["calibrated"]}
        self.assertEqual([rows["tailbase"][key] for key in ["radius90", "calibrated90", "raw90", "pooled"]], [None, None, None, True])
        self.assertFalse(rows["snout"]["pooled"])
        self.assertEqual(json.loads((self.folder / "c.json").read_text())["pooled_bodyparts"], ["tailbase"])
        ran = self.run_with("--calibration", self.folder / "c.json")
        self.assertIn("too few labelled points of tailbase", self.assert_code(ran, 0).err)
        (path,) = (self.folder / "r" / "openarena").glob("*.h5")
        with h5py.File(path) as file:
            self.assertEqual(file["posse"].attrs["calibration_pooled_bodyparts"], b"tailbase")
            radii = file["posse/radius90"][:, PARTS.index("tailbase")]
        self.assertTrue(np.isfinite(radii).all())  # stated, but not measured

    def test_further_regions_come_to_the_record_of_a_run(self):
        made = self.assert_code(self.calibrate("--consensus", "mean", "--alpha", "0.02", "0.1", "--json"), 0).json
        shares = [0.5, 0.8, 0.9, 0.95, 0.98]  # that of 0.1 is there anyhow
        self.assert_code(self.run_with("--calibration", self.folder / "c.json"), 0)
        record = json.loads((self.folder / "r" / "openarena" / "run.json").read_text())["calibration"]
        fitted = json.loads((self.folder / "c.json").read_text())["regions"]
        for regions in [record["regions"], fitted]:
            np.testing.assert_allclose([region["share"] for region in regions], shares, atol=1e-12)
        for region, whole, counted in zip(record["regions"], fitted, made["calibration"]["regions"]):
            self.assertEqual(region["bound"], whole["bound"])
            self.assertEqual([region["held"], region["held_interval"]], [counted["points_within"], counted["points_interval"]])
        held = [region["held"] for region in record["regions"]]
        self.assertEqual(held, sorted(held))
        (path,) = (self.folder / "r" / "openarena").glob("*.h5")
        with h5py.File(path) as file:
            self.assertNotIn("calibration_pooled_bodyparts", file["posse"].attrs)

    def test_two_members_have_no_track_to_look_for(self):
        report = self.assert_code(self.calibrate("--window", "2", "--json", members=MEMBERS[:2]), 0).json
        self.assertEqual([table["name"] for table in report["errors"]], ["member-1", "member-2", "mean", "median"])
        self.assertEqual(report["consensus"], "mean")

    def test_the_default_is_the_consensus_of_a_run(self):
        done = self.assert_code(self.calibrate("--window", "2"), 0)
        self.assertIn("consensus track: as posse run takes of a video with 5 members", done.out)
        self.assertEqual(json.loads((self.folder / "c.json").read_text())["consensus"], "track")

    def test_too_few_points_are_refused(self):
        few = self.folder / "CollectedData_x.csv"
        few.write_text("".join(LABELS.read_text().splitlines(keepends=True)[:5]))
        self.assert_error(self.calibrate(labels=few), 2, "too few")


def write_slp(path, videos):
    """A project of SLEAP as its format describes it. @param videos  name in the file, {frame: [bodyparts, xy]}"""
    skeleton = {"nodes": [{"id": i} for i in range(len(PARTS))], "links": []}
    described = {"nodes": [{"name": part} for part in PARTS], "skeletons": [skeleton]}
    frames, instances, points = [], [], []
    for number, (_, labels) in enumerate(videos):
        for frame, xy in labels.items():
            instances.append((len(instances), 0, len(frames), 0, -1, -1, 1.0, len(points), len(points) + len(PARTS)))
            frames.append((len(frames), number, frame, len(instances) - 1, len(instances)))
            points += [(x, y, True, True) for x, y in xy]
    with h5py.File(path, "w") as file:
        group = file.create_group("metadata")
        group.attrs["format_id"] = 1.2
        group.attrs["json"] = np.bytes_(json.dumps(described))
        names = [json.dumps({"backend": {"filename": name}}).encode() for name, _ in videos]
        file["videos_json"] = np.array(names)
        file["frames"] = np.array(frames, [("frame_id", "u8"), ("video", "u4"), ("frame_idx", "u8"),
                                           ("instance_id_start", "u8"), ("instance_id_end", "u8")])
        file["instances"] = np.array(instances, [("instance_id", "i8"), ("instance_type", "u1"), ("frame_id", "u8"), ("skeleton", "u4"), ("track", "i4"),
                                                 ("from_predicted", "i8"), ("score", "f4"), ("point_id_start", "u8"), ("point_id_end", "u8")])
        file["points"] = np.array(points, [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")])


class SleapProjects(ProgramTest):
    """Labels of several videos in one .slp, each placed in the video that the file names."""

    def setUp(self):
        super().setUp()
        points, frames = truth()
        self.first = dict(zip(frames.tolist(), points))
        project = self.folder / "project"
        (project / "videos").mkdir(parents=True)
        (project / "videos" / "openarena.mp4").symlink_to(VIDEO)
        (project / "second.mp4").symlink_to(VIDEO)
        self.slp = project / "labels.slp"
        self.second = {frame + 1: xy for frame, xy in list(self.first.items())[:6]}

    def write(self, second="second.mp4"):
        write_slp(self.slp, [("C:\\data\\videos\\openarena.mp4", self.first), (second, self.second)])

    def test_are_judged_in_their_videos(self):
        self.write()
        words = ["--labels-unseen", "--json"]
        done = self.assert_code(evaluate(*words, labels=self.slp, membership=None, video=None), 0).json
        self.assertEqual([len(done["pictures"]), done["videos"]], [42, 2])
        self.assertEqual(done["pictures"][0]["name"], "openarena/frame 0")
        one = self.folder / "one.slp"
        write_slp(one, [("x.mp4", {**self.first, **self.second})])
        same = self.assert_code(evaluate(*words, labels=one, membership=None), 0).json
        self.assertEqual([table["bodyparts"][-1]["rmse"] for table in done["errors"]],
                         [table["bodyparts"][-1]["rmse"] for table in same["errors"]])
        manifest = self.folder / "m.csv"
        manifest.write_text("member,picture\n" + "".join(f"{pathlib.Path(m).name},{'second/frame 1' if i == 0 else ''}\n" for i, m in enumerate(MEMBERS)))
        trained = self.assert_code(evaluate("--json", labels=self.slp, membership=manifest, video=None), 0).json
        judges = {picture["name"]: len(picture["judges"]) for picture in trained["pictures"]}
        self.assertEqual([judges["second/frame 1"], judges["openarena/frame 0"]], [4, 5])

    def test_a_video_that_is_not_there_is_named(self):
        self.write("D:/far/away/third.mp4")
        done = evaluate("--labels-unseen", labels=self.slp, membership=None, video=None)
        self.assert_error(done, 1, "D:/far/away/third.mp4")
        given = self.folder / "elsewhere" / "third.mp4"
        given.parent.mkdir()
        given.symlink_to(VIDEO)
        self.assert_code(evaluate("--labels-unseen", labels=self.slp, membership=None, video=given), 0)


class PicturesInVideos(ProgramTest):
    def test_are_found_whatever_their_numbers(self):
        """Pictures cut from the video, some renumbered: the same errors as by the true numbers."""
        frames = [30, 60, 90, 120, 150, 200]
        numbers = [30, 60, 1, 2, 3, 4]
        folder = self.folder / "project" / "labeled-data" / "openarena"
        folder.mkdir(parents=True)
        for frame, number in zip(frames, numbers):
            subprocess.run(["ffmpeg", "-v", "error", "-i", VIDEO, "-vf", rf"select=eq(n\,{frame})", "-vframes", "1",
                            folder / f"img{number:03d}.png"], check=True)
        rows = (DEMO / "labels" / "openarena-groundtruth.csv").read_text().splitlines(keepends=True)
        labelled = [rows[3 + frame].replace(f"img{frame:03d}", f"img{number:03d}") for frame, number in zip(frames, numbers)]
        (folder / "CollectedData_x.csv").write_text("".join(rows[:3] + labelled))
        by_number = self.folder / "CollectedData_y.csv"
        by_number.write_text("".join(rows[:3] + [rows[3 + frame] for frame in frames]))
        words = ["--json", "--window", "3", "--labels-unseen"]
        found = self.assert_code(evaluate(*words, labels=self.folder / "project", membership=None), 4)
        self.assertIn("4 pictures are other frames of their video than their numbers say", found.err)
        expected = self.assert_code(evaluate(*words, labels=by_number, membership=None), 4).json
        for one, other in zip(found.json["errors"], expected["errors"]):
            self.assertEqual(one["name"], other["name"])
            self.assertAlmostEqual(one["bodyparts"][-1]["median"], other["bodyparts"][-1]["median"], delta=0.3)
        self.assertEqual([p["group"] for p in found.json["pictures"]], [p["group"] for p in expected["pictures"]])


    def test_of_another_video_are_told(self):
        folder = self.folder / "project" / "labeled-data" / "stranger"
        folder.mkdir(parents=True)
        rows = (DEMO / "labels" / "openarena-groundtruth.csv").read_text().splitlines(keepends=True)
        for frame in [10, 20, 30]:
            subprocess.run(["ffmpeg", "-v", "error", "-i", VIDEO, "-vf", rf"select=eq(n\,{frame}),negate", "-vframes", "1",
                            folder / f"img{frame:03d}.png"], check=True)
        labelled = [rows[3 + frame].replace("/openarena/", "/stranger/") for frame in [10, 20, 30]]
        (folder / "CollectedData_x.csv").write_text("".join(rows[:3] + labelled))
        done = self.assert_code(evaluate("--labels-unseen", labels=self.folder / "project", membership=None), 4)
        self.assertIn("labels are of 'stranger', and only 0 of their 3 pictures are found", done.err)


class Refuses(ProgramTest):
    def test_what_cannot_be_judged(self):
        other = self.folder / "CollectedData_x.csv"
        other.write_text("scorer,A,A\nbodyparts,paw,paw\ncoords,x,y\nlabeled-data/v/img000.png,1,2\n")
        unnumbered = self.folder / "CollectedData_y.csv"
        unnumbered.write_text("scorer,A,A\nbodyparts,snout,snout\ncoords,x,y\nlabeled-data/v/picture.png,1,2\n")
        for done, code, said in [
            (evaluate(membership=None), 2, "it is not known on which pictures member-1"),
            (evaluate(video=None), 1, "neither a picture nor a video"),
            (evaluate(labels=other), 1, "no bodypart in common"),
            (evaluate(labels=self.folder / "none"), 1, "no labels here"),
            (evaluate("--clips", self.folder / "none.csv"), 1, "none.csv"),
            (evaluate("--consensus", "track"), 2, "--consensus track and --through-time off contradict each other"),
            (evaluate("--second-rater", self.folder / "none"), 1, "no labels here"),
            (evaluate(labels=unnumbered), 1, "its name leads to no frame of the video"),
            (evaluate("--partperm", "a"), 2, "--partperm"),
            (evaluate("--labels-unseen"), 2, "contradict each other"),
            (evaluate("--pck", "0"), 2, "--pck is 0"),
            (evaluate("--cache-limit=-1"), 2, "--cache-limit is -1"),
        ]:
            self.assert_error(done, code, said)

    def test_results_of_another_video(self):
        for video, folder in [(VIDEO, "right"), (DEMO / "video" / "openarena-train.mp4", "wrong")]:
            self.assert_code(posse("run", video, "--members", *MEMBERS, "--out", self.folder / folder, *FAST, "--consensus", "mean"), 0)
        done = evaluate("--video-results", self.folder / "wrong" / "openarena-train")
        self.assert_error(done, 2, "results of another video: openarena-train.mp4")
        fewer = evaluate("--video-results", self.folder / "right" / "openarena", members=MEMBERS[:3])
        self.assertIn("only in the results: member-4 (dlc), member-5 (dlc)", self.assert_error(fewer, 2, "are results of other members").err)
        self.assert_error(evaluate("--video-results", self.folder / "none"), 1, "there are no results here", "posse run --out OUT")
        whole = evaluate("--video-results", self.folder / "right")
        self.assert_error(whole, 1, f"in a folder of the video's name: {self.folder / 'right' / 'openarena'}")
        report = self.assert_code(evaluate("--json", "--video-results", self.folder / "right" / "openarena"), 0).json
        self.assertGreater(report["video_coverage"]["bins"], 2)
        self.assertLess(abs(report["video_coverage"]["video"] - 0.9), 0.1)

    def test_a_label_beyond_the_end_of_the_video(self):
        late = self.folder / "CollectedData_x.csv"
        late.write_text(LABELS.read_text().replace("img350.png", "img999.png"))
        self.assert_error(evaluate(labels=late), 1, "has no frame 999")

    def test_too_few_points_get_no_interval(self):
        few = self.folder / "CollectedData_x.csv"
        few.write_text("".join(LABELS.read_text().splitlines(keepends=True)[:5]))
        done = self.assert_code(evaluate("--json", labels=few), 4)
        self.assertIn("too few for intervals", done.err)
        self.assertEqual(done.json["calibrated"], [])
        self.assertEqual(done.json["errors"][0]["bodyparts"][0]["rmse_interval"], [None, None])

    def test_one_group_of_pictures_gets_no_interval(self):
        labels = [line.split(",")[0] for line in LABELS.read_text().splitlines()[3:]]
        clips = self.folder / "clips.csv"
        clips.write_text("picture,clip\n" + "".join(f"{name},a\n" for name in labels))
        done = self.assert_code(evaluate("--json", "--clips", clips), 4)
        self.assertIn("no interval", done.err)
        self.assertEqual(done.json["errors"][0]["bodyparts"][0]["rmse_interval"], [None, None])


if __name__ == "__main__":
    main()
