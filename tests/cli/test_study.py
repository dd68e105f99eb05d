"""posse study on an experiment made here, against its formulas in numpy and scipy.  usage: test_study.py POSSE"""

import math
import pickle
import re
import sys
import unittest

try:
    import scipy.io
    import scipy.stats
except ImportError as missing:
    print("SKIPPED:", missing)
    sys.exit(77)

from program import DEMO, FAST, ROOT, ProgramTest, main, np, pd, posse

PARTS = ["nose", "paw", "hip"]
FRAMES = 40
# Two networks of each (frames, seed); who was trained on what.
TRAINED = {(2, 1): [3, 9], (2, 2): [9, 20], (5, 1): [3, 9, 12, 30, 31], (5, 2): [1, 9, 20, 22, 35]}
SEEN = sorted({frame for frames in TRAINED.values() for frame in frames})
TEST = [t for t in range(FRAMES) if t not in SEEN]


def write_table(path, poses, parts=PARTS):
    """poses [frames, parts, xy]"""
    columns = pd.MultiIndex.from_product([["s"], parts, ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"])
    values = np.concatenate([poses, np.ones(poses.shape[:2] + (1,))], axis=2).reshape(len(poses), -1)
    pd.DataFrame(values, columns=columns).to_csv(path)


class Study(ProgramTest):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(5)
        self.truth = random.uniform(50, 200, (FRAMES, 3, 2))
        self.members, self.names, self.groups = [], [], []
        rows = ["member,seed,frames,trained_on"]
        for (count, seed), frames in TRAINED.items():
            for network in (1, 2):
                noise = random.normal(0, 10 / count, self.truth.shape)
                noise[frames] *= 0.2
                name = f"F{count}S{seed}N{network}.csv"
                self.members.append(self.truth + noise)
                self.names.append(name)
                self.groups.append((count, seed))
                write_table(self.folder / name, self.members[-1])
                rows.append(f"{name},{seed},{count},{';'.join(map(str, frames))}")
        self.members = np.array(self.members)
        self.rows = rows
        self.manifest(rows)
        scipy.io.savemat(self.folder / "truth.mat", {"true_xy": self.truth.transpose(1, 0, 2)})

    def manifest(self, rows):
        (self.folder / "m.csv").write_text("\n".join(rows) + "\n")

    def study(self, *words, labels="truth.mat"):
        given = ["--labels", labels] if labels else []
        return posse("study", "m.csv", *given, *words, folder=self.folder)

    def report(self, *words, code=0, **more):
        return self.assert_code(self.study("--json", *words, **more), code).json

    def included(self, frame):
        return np.array([frame in TRAINED[group] for group in self.groups])

    def test_errors_of_members_and_consensus_are_those_on_frames_that_nobody_was_trained_on(self):
        tables = self.report("--only", "members", "consensus")["tables"]
        squares = ((self.members - self.truth) ** 2).sum(axis=3)
        for m, row in enumerate(tables["members"]):
            self.assertAlmostEqual(row["rmse"], math.sqrt(squares[m][TEST].mean()), 10)
            self.assertAlmostEqual(row["summed_rmse"], math.sqrt(squares[m][TEST].sum(axis=1).mean()), 10)
            self.assertAlmostEqual(row["rmse_paw"], math.sqrt(squares[m][TEST][:, 1].mean()), 10)
            self.assertLess(row["rmse_low"], row["rmse"])
            self.assertGreater(row["rmse_high"], row["rmse"])
        means = [row for row in tables["consensus"] if row["method"] == "mean"]
        for g, row in enumerate(means):
            mean = self.members[2 * g:2 * g + 2].mean(axis=0)
            self.assertAlmostEqual(row["rmse"], math.sqrt(((mean - self.truth) ** 2).sum(axis=2)[TEST].mean()), 10)
        small = [math.sqrt(squares[m][TEST].mean()) for m in range(4)]
        self.assertAlmostEqual(tables["sizes"][0]["mean"], np.mean(small), 10)
        self.assertAlmostEqual(tables["sizes"][0]["sd"], np.std(small, ddof=1), 10)

    def test_legacy_takes_the_last_groups_frames_off_alone_and_reads_four_parts_by_1302(self):
        test = [t for t in range(FRAMES) if t not in TRAINED[(5, 2)]]
        squares = ((self.members - self.truth) ** 2).sum(axis=3)
        for m, row in enumerate(self.report("--only", "members", "--legacy")["tables"]["members"]):
            self.assertAlmostEqual(row["summed_rmse"], math.sqrt(squares[m][test].sum(axis=1).mean()), 10)
        truth = np.random.default_rng(1).uniform(0, 9, (4, FRAMES, 2))
        scipy.io.savemat(self.folder / "four.mat", {"true_xy": truth})
        write_table(self.folder / "four.csv", truth[[1, 3, 0, 2]].transpose(1, 0, 2), ["a", "b", "c", "d"])
        self.manifest(["member,trained_on", "four.csv,1"])
        (row,) = self.report("--only", "members", "--legacy", labels="four.mat")["tables"]["members"]
        self.assertEqual(row["rmse"], 0)

    def test_legacy_looks_at_a_thousand_frames(self):
        truth = np.ones((1003, 1, 2))
        scipy.io.savemat(self.folder / "long.mat", {"true_xy": truth.transpose(1, 0, 2)})
        poses = truth.copy()
        poses[1001, 0, 0] = 51
        write_table(self.folder / "long.csv", poses, ["a"])
        self.manifest(["member,trained_on", "long.csv,1"])
        rmse = [self.report("--only", "members", *more, labels="long.mat")["tables"]["members"][0]["rmse"]
                for more in ([], ["--legacy"])]
        self.assertEqual(rmse, [math.sqrt(2500 / 1002), 0])

    def test_inclusion_has_a_row_for_each_group_and_its_order_is_by_performance(self):
        matrix = self.report("--only", "inclusion")["matrices"]["inclusion"]
        self.assertEqual(matrix["columns"], [f"frame {t}" for t in SEEN])
        self.assertEqual(matrix["values"][0], [[int(t in frames) for t in SEEN] for frames in TRAINED.values()])
        errors = [((self.members[2 * g:2 * g + 2].mean(axis=0) - self.truth) ** 2).sum(axis=2)[TEST].mean() for g in range(4)]
        self.assertEqual(matrix["order"], list(np.argsort(errors)))

    def test_influence_is_the_difference_of_those_trained_on_a_frame_and_the_others(self):
        report = self.report("--only", "influence", code=4)  # all were trained on frame 9
        errors = np.linalg.norm(self.members - self.truth, axis=3)
        names = report["matrices"]["influence_error"]["rows"]
        for i, name in enumerate(names):
            frame = int(name.split()[1])
            inside = self.included(frame)
            row = report["tables"]["influence_error"][i]
            if frame == 9:
                self.assertIsNone(row["on_test"])
                self.assertIsNone(report["matrices"]["influence_error"]["values"][0][i][0])
                continue
            a, b = errors[inside], errors[~inside]
            for matrix, expected in [("influence_error", a.mean(0) - b.mean(0)),
                                     ("influence_error_variance", a.var(0) - b.var(0)),
                                     ("influence_error_se", a.std(0) / math.sqrt(len(a)) - b.std(0) / math.sqrt(len(b)))]:
                got = np.array(report["matrices"][matrix]["values"])[:, i, :].astype(float)
                np.testing.assert_allclose(got, expected.T, atol=1e-10)
            bias = a.mean(0) - b.mean(0)
            self.assertAlmostEqual(row["on_test"], bias[TEST].mean(), 10)
            self.assertAlmostEqual(row["on_all"], bias.mean(), 10)
            self.assertAlmostEqual(row["on_itself"], bias[frame].mean(), 10)
            self.assertAlmostEqual(row["on_itself_hip"], bias[frame, 2], 10)
            at = np.unravel_index(bias.argmax() if bias.mean() > 0 else bias.argmin(), bias.shape)
            self.assertEqual((row["strongest_frame"], row["strongest_bodypart"]), (f"frame {at[0]}", PARTS[at[1]]))
            self.assertLess(row["on_itself"], 0)

    def test_components_are_those_of_the_singular_values_with_the_largest_score_positive(self):
        report = self.report("--only", "pca")
        rows = (self.truth - self.members)[:, TEST].transpose(0, 1, 3, 2).reshape(8, -1)
        mean = rows.mean(axis=0)
        u, s, v = np.linalg.svd(rows - mean, full_matrices=False)
        ratios = [row["explained_ratio"] for row in report["tables"]["pca_variance"]]
        np.testing.assert_allclose(ratios, s**2 / (s**2).sum(), atol=1e-12)
        for c in range(7):
            sign = np.sign(u[np.abs(u[:, c]).argmax(), c])
            got = [row[f"component_{c}"] for row in report["tables"]["pca_scores"]]
            np.testing.assert_allclose(got[:8], sign * u[:, c] * s[c], atol=1e-8)
            self.assertAlmostEqual(got[8], -sign * (mean @ v[c]), 8)
            got = np.array(report["matrices"]["pca_directions"]["values"][c]).ravel()
            np.testing.assert_allclose(got, sign * v[c], atol=1e-8)

    def outliers(self, count=58, bad=(5, 9, 41)):
        rows = [[f"img{i:03d}.png", "0", "1" if i in bad else "0"] for i in range(count)]
        (self.folder / "list.csv").write_text("".join(",".join(row) + "\n" for row in rows))
        (self.folder / "classified_list").write_bytes(pickle.dumps(rows))
        return bad

    def test_draws_are_those_of_numpy(self):
        bad = self.outliers()
        self.manifest(["member,seed,frames"] + [f",{seed},{n}" for seed in (2, 27, 7700) for n in (5, 17)])
        for file in ("list.csv", "classified_list"):
            for row in self.report("--outliers", file, "--only", "seeds", labels=None)["tables"]["seeds"]:
                np.random.seed(row["seed"])
                drawn = sorted(np.random.choice(58, row["frames"], replace=False))
                self.assertEqual(row["pictures"], ";".join(f"img{i:03d}.png" for i in drawn))
                self.assertEqual(row["outliers"], len(set(drawn) & set(bad)))

    def power(self, *words):
        (self.folder / "a.txt").write_text("10\n14\n9\n12\n")
        (self.folder / "b.txt").write_text("13\n14\n12\n")
        done = self.report("--outliers", "list.csv", "--only", "power", "--pilot", "a.txt", "b.txt", *words, labels=None)
        return done["tables"]["power"][0]

    def power_of(self, n1, n2, delta):
        freedom, shift = n1 + n2 - 2, delta * math.sqrt(n1 * n2 / (n1 + n2))
        t = scipy.stats.t.ppf(0.975, freedom)
        return scipy.stats.nct.sf(t, freedom, shift) + scipy.stats.nct.cdf(-t, freedom, shift)

    def test_power_and_cost(self):
        self.outliers(50, range(29))
        self.manifest(["member,seed,frames", ",1,2", ",1,3"])
        delta = abs(13 - 11.25) / np.std([10, 14, 9, 12])
        row = self.power()
        q = 1 - (scipy.stats.hypergeom.pmf(0, 50, 29, 2) + scipy.stats.hypergeom.pmf(0, 50, 29, 3)) / 2
        self.assertAlmostEqual(row["outlier_proportion"], q, 10)
        self.assertAlmostEqual(row["glass_delta"], delta, 10)
        self.assertAlmostEqual(row["n2"], row["n1"] * (1 - q) / q, 10)
        self.assertAlmostEqual(self.power_of(row["n1"], row["n2"], delta), 0.8, 6)
        self.assertEqual(row["networks"], math.ceil(row["n1"]) + math.ceil(row["n2"]))
        self.assertEqual(row["cost"], row["networks"] * 21)

    def test_legacy_power_rounds_the_outliers_down_and_counts_q_n1(self):
        self.assertEqual(int(29 / 50 * 50), 28)  # the fault
        self.outliers(50, range(29))
        self.manifest(["member,seed,frames", ",1,2", ",1,3"])
        row = self.power("--legacy")
        q = 1 - (scipy.stats.hypergeom.pmf(0, 50, 28, 5) + scipy.stats.hypergeom.pmf(0, 50, 28, 15)) / 2
        self.assertAlmostEqual(row["outlier_proportion"], q, 10)
        self.assertAlmostEqual(self.power_of(row["n1"], row["n1"] * (1 - q) / q, row["glass_delta"]), 0.8, 6)
        self.assertEqual(row["networks"], math.ceil(row["n1"]) + math.ceil(q * row["n1"]))

    def test_unknown_truth_is_left_out_and_counted(self):
        truth = self.truth.copy()
        truth[0, 1] = np.nan
        scipy.io.savemat(self.folder / "gap.mat", {"true_xy": truth.transpose(1, 0, 2)})
        row = self.report("--only", "members", labels="gap.mat")["tables"]["members"][0]
        squares = ((self.members[0] - truth) ** 2).sum(axis=2)[TEST]
        self.assertAlmostEqual(row["rmse"], math.sqrt(np.nanmean(squares)), 10)
        self.assertEqual(row["points"], len(TEST) * 3 - 1)
        legacy = self.report("--only", "members", "--legacy", labels="gap.mat")["tables"]["members"][0]
        self.assertIsNone(legacy["summed_rmse"])

    def test_writes_a_table_of_each_and_nothing_when_dry(self):
        plan = self.assert_code(self.study("--out", "out", "--dry-run"), 4)
        self.assertFalse((self.folder / "out").exists())
        for _ in range(2):
            self.assertIn("written", self.assert_code(self.study("--out", "out"), 4).out)
        planned = re.findall("would write out/(.*)", plan.out)
        self.assertEqual(sorted(planned), sorted(path.name for path in (self.folder / "out").iterdir()))
        table = pd.read_csv(self.folder / "out" / "members.csv")
        self.assertEqual(list(table["member"]), self.names)
        long = pd.read_csv(self.folder / "out" / "influence_error_matrix.csv")
        self.assertEqual(len(long), 3 * len(SEEN) * FRAMES)

    def test_what_does_not_fit_is_refused_by_name(self):
        write_table(self.folder / "other.csv", self.members[0][..., :], ["nose", "paw", "ear"])
        write_table(self.folder / "short.csv", self.members[0][:20])
        write_table(self.folder / "vDLC_a.csv", self.members[0])
        write_table(self.folder / "wDLC_a.csv", self.members[0])
        whole = ";".join(map(str, range(FRAMES)))
        one = self.names[0]
        for rows, code, said in [
            (["member", "gone"], 1, "gone"),
            (["member,trained_on", f"{one},1", f"./{one},2"], 2, "comes twice"),
            (["member,trained_on", f"{one},1", "other.csv,2"], 1, "different bodyparts"),
            (["member,trained_on", f"{one},1", "short.csv,2"], 2, "different videos"),
            (["member,trained_on", "vDLC_a.csv,1", "wDLC_a.csv,2"], 2, "different videos"),
            (["member", one], 2, "not known on which frames"),
            (["member,trained_on", f"{one},{whole}"], 2, "no frame is left to test on"),
            (["member,seed", f"{one},many"], 1, "whole number"),
            (["network", one], 1, "no column 'network'"),
            (["member"], 2, "names no member"),
        ]:
            with self.subTest(rows=rows):
                self.manifest(rows)
                self.assert_error(self.study(), code, said)
        self.manifest(self.rows)
        self.assert_error(self.study(labels=None), 2, "nothing to study")
        self.assert_error(self.study("--only", "members", labels=None), 2, "--labels")
        self.assert_error(self.study("--only", "colours"), 2, "colours")
        self.assert_error(self.study("--labels-unseen", "--only", "influence"), 2, "influence")

    def test_influence_on_maps_of_networks_is_that_of_their_reference_maps(self):
        members = [str(DEMO / f"member-{k}") for k in (1, 2)]
        labels = ROOT / "data/demo/labels/CollectedData_posse.csv"
        network = ["--labels", labels, "--video", ROOT / "data/demo/video/openarena.mp4", "--cache", "cache", "--only", "influence", "--json", *FAST]
        self.manifest(["member", *members])  # asked before networks run
        asked = posse("study", "m.csv", *network, folder=self.folder)
        self.assert_error(asked, 2, "not known on which frames")
        self.assertNotIn("maps", asked.err)
        self.manifest(["member,trained_on", f"{members[0]},img000.png", f"{members[1]},none"])
        made = self.assert_code(posse("study", "m.csv", *network, folder=self.folder), 0).json
        matrices = made["matrices"]
        self.assertEqual(matrices["influence_error"]["rows"], ["labeled-data/openarena/img000.png"])
        truth = pd.read_csv(labels, header=[0, 1, 2], index_col=0).values.reshape(-1, 4, 2)
        golden = ROOT / "data/demo/golden"
        points = [pd.read_csv(golden / f"member-{k}.csv", index_col="frame") for k in (1, 2)]
        for number in (60, 200):
            at = matrices["influence_error"]["columns"].index(f"labeled-data/openarena/img{number:03d}.png")
            here = truth[number // 10]
            columns, rows = np.rint((here - 4) / 8).astype(int).T
            maps = [1 / (1 + np.exp(-np.load(golden / f"member-{k}-frame-{number:04d}-logits.npy").astype(float))) for k in (1, 2)]
            values = [each[rows, columns, range(4)] for each in maps]
            shares = [value / each.sum(axis=(0, 1)) for value, each in zip(values, maps)]
            parts = made["bodyparts"]
            errors = [np.hypot(table.loc[number, [f"{part}_dlc_x" for part in parts]].values - here[:, 0],
                               table.loc[number, [f"{part}_dlc_y" for part in parts]].values - here[:, 1]) for table in points]
            for name, (a, b), near in [("error", errors, 0.02), ("confidence", values, 1e-3), ("probability", shares, 1e-3)]:
                got = np.array(matrices[f"influence_{name}"]["values"])[:, 0, at]
                np.testing.assert_allclose(got, a - b, atol=near, err_msg=f"{name} {number}")

    def test_members_that_saw_none_of_the_labels_and_yaml(self):
        (self.folder / "m.yaml").write_text("members:\n" + "".join(f"- {{member: {name}, group: a}}\n" for name in self.names))
        done = self.assert_code(posse("study", "m.yaml", "--labels", "truth.mat", "--labels-unseen", "--json", folder=self.folder), 0)
        self.assertEqual(sum(frame["test"] for frame in done.json["frames"]), FRAMES)
        self.assertEqual(done.json["tables"]["consensus"][0]["members"], 8)


if __name__ == "__main__":
    main()
