"""`posse run` and `posse render` from beginning to end on the demo's data.  usage: test_run.py POSSE"""

import json
import pathlib
import pickle
import shutil
import signal
import struct

from program import (FAST, MEMBERS, VIDEO, ProgramTest, copy_of, extras_of, files_below, h5py, journal_bytes, main, np,
                     pd, pictures, plain_arrays, points, posse, read_csv, results_below, run_words, start, stop_when, table)

WIDE = ["x", "y", "likelihood", "x_ens_median", "y_ens_median", "x_ens_var", "y_ens_var", "x_posterior_var",
        "y_posterior_var"]


def png_size(path):
    data = pathlib.Path(path).read_bytes()
    assert data.startswith(b"\x89PNG"), path
    return struct.unpack(">II", data[16:24])


def num_samples(path):
    """Frames of an mp4's only track, from its sample table."""
    data = pathlib.Path(path).read_bytes()
    at = data.index(b"stsz")
    return struct.unpack(">I", data[at + 12:at + 16])[0]


class Results(ProgramTest):
    """One run with everything that can be asked for, looked at from all sides."""

    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"

    def run_all(self, *more):
        words = run_words(VIDEO, MEMBERS[:3], self.out, "--frames", "40:70", "--format", "both", "--save-members",
                          "--wide-csv", "--smooth", "kalman", "--labeled-video", *more)
        return self.assert_code(posse(*words), 0)

    def test_are_the_files_that_the_program_lists(self):
        listed = {line.strip() for line in self.run_all().out.splitlines() if line.startswith("  ")}
        there = {str(self.folder / name) for name in files_below(self.folder)}
        self.assertEqual(there - listed, {str(self.out / "openarena" / ".posse-journal")})
        there &= listed
        self.assertEqual(there, listed)
        self.assertEqual(len(there), 2 + 1 + 9 + 2 + 1 + 1 + 1)
        results = self.out / "openarena"
        tables = [p.name for p in results.iterdir() if p.suffix in (".csv", ".h5")]
        self.assertEqual(len(tables), 1)  # tools that read whole folders find the consensus alone
        for name in tables:
            self.assertEqual(name.count("DLC"), 1)
            self.assertTrue(name.startswith("openarenaDLC_"))
        meta = pickle.loads(next(results.glob("*_meta.pickle")).read_bytes())["data"]
        self.assertIs(meta["cropping"], False)
        self.assertEqual(meta["nframes"], 30)
        self.assertIsNone(meta["DLC-model-config file"].get("partaffinityfield_graph"))
        self.assertEqual(num_samples(next(results.glob("*_labeled.mp4"))), 30)

    def test_hold_the_same_numbers_in_every_format(self):
        self.run_all()
        results = self.out / "openarena"
        h5, csv = table(results), table(extras_of(self.out) / "csv", "*members.csv")
        pd.testing.assert_frame_equal(h5, csv, check_exact=True)
        self.assertEqual(list(h5.index), list(range(40, 70)))
        self.assertEqual(list(h5.columns.names), ["scorer", "bodyparts", "coords"])
        likelihood = points(h5)[..., 2]
        self.assertTrue(np.all((likelihood >= 0) & (likelihood <= 1)))

    def test_hold_spread_and_distances_that_follow_from_the_members(self):
        self.run_all("--consensus", "mean")
        results = self.out / "openarena"
        consensus = points(table(results))[..., :2]
        members = np.array([points(pd.read_hdf(p))[..., :2] for p in sorted((extras_of(self.out) / "members").rglob("*.h5"))])
        arrays = plain_arrays(next(results.glob("*members.h5")))
        self.assertEqual(members.shape, (3, 30, 4, 2))
        # The same double arithmetic in another order: 640 px * 2e-16 * a few operations.
        np.testing.assert_allclose(arrays["members_std"], members.std(axis=0), atol=1e-10)
        distance = np.linalg.norm(members - consensus, axis=3)
        np.testing.assert_allclose(arrays["member_distance"], np.moveaxis(distance, 0, 1), atol=1e-10)
        self.assertTrue(np.all(arrays["num_members"] == 3))
        xx, xy, yy = np.moveaxis(arrays["map_covariance"], 2, 0)
        self.assertTrue(np.all((xx > 0) & (yy > 0) & (xx * yy >= xy * xy)))
        np.testing.assert_allclose(arrays["time_seconds"], np.arange(40, 70) / 30, atol=1e-4)  # ticks of 1/15360 s

        wide = read_csv(next((extras_of(self.out) / "wide").glob("*.csv")))
        self.assertEqual(list(wide.columns.get_level_values("coords"))[:9], WIDE)
        wide = wide.to_numpy().reshape(30, 4, 9)
        np.testing.assert_array_equal(wide[..., :2], consensus)
        np.testing.assert_array_equal(wide[..., 3:5], np.median(members, axis=0))
        np.testing.assert_allclose(wide[..., 5:7], members.var(axis=0), atol=1e-7)
        np.testing.assert_array_equal(wide[..., 7:], arrays["map_covariance"][..., [0, 2]])

    def test_include_the_smoothed_track_that_posse_smooth_makes_of_the_members(self):
        self.run_all()
        extras = extras_of(self.out)
        members = sorted((extras / "members-csv").rglob("*.csv"))
        self.assert_code(posse("smooth", "single", *members, "--out", self.folder / "s.h5", "--wide-csv",
                               self.folder / "w.csv"), 0)
        np.testing.assert_array_equal(pd.read_hdf(next((extras / "smoothed").glob("*.h5"))).to_numpy(),
                                      pd.read_hdf(self.folder / "s.h5").to_numpy())
        np.testing.assert_array_equal(read_csv(next((extras / "wide-smoothed").glob("*.csv"))).to_numpy(),
                                      read_csv(self.folder / "w.csv").to_numpy())

    def test_record_says_what_was_run_on_what(self):
        self.run_all("--consensus", "median", "--decode", "dgp", "--threads", "1", "--batch", "3")
        record = json.loads((self.out / "openarena" / "run.json").read_text())
        self.assertEqual(record["frames"], 30)
        self.assertEqual(len(record["members"]), 3)
        self.assertEqual([m["decode"] for m in record["members"]], ["dgp"] * 3)
        self.assertEqual((record["options"]["consensus"], record["options"]["frames"]), ("median", "40:70"))
        self.assertEqual((record["backend"]["threads"], record["backend"]["batch"]), (1, 3))
        self.assertEqual(record["video"]["bytes"], VIDEO.stat().st_size)
        self.assertEqual(record["video"]["frames_by_container"], 360)
        self.assertEqual(set(record["seconds"]), {"load", "wall", "decode", "networks_all_threads",
                                                  "consensus_all_threads", "results"})
        self.assertTrue((self.out / "openarena" / "openarenaDLC_posseMedian-dgp_openarena_3members.h5").exists())

    def test_causal_smoothing_does_not_look_ahead(self):
        for name, frames in [("short", "0:20"), ("long", "0:30")]:
            self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], self.folder / name, "--frames", frames, "--smooth",
                                              "causal")), 0)
        short, long = (points(pd.read_hdf(next(extras_of(self.folder / name).glob("smoothed/*.h5"))))
                       for name in ("short", "long"))
        np.testing.assert_array_equal(short, long[:20])

    def test_of_a_short_video_are_small_files(self):
        # 6 frames hold 3 kB of numbers, 5 kB of a track; a chunk of every dataset and HDF5's own tables come on top.
        for consensus in ("mean", "track"):
            done = posse(*run_words(VIDEO, MEMBERS, self.folder / consensus, "--frames", "0:6", "--consensus", consensus))
            self.assertIn(done.code, (0, 4), done)
            self.assertLess(next((self.folder / consensus).rglob("*.h5")).stat().st_size, 100_000)


class Default(ProgramTest):
    """Which consensus a run takes, and where it says so."""

    def run_over(self, video, members, *more, out="out"):
        return self.assert_code(posse(*run_words(video, members, self.folder / out, *more)), 0)

    def test_is_the_track_for_a_video_with_three_members(self):
        line = "consensus track: a video with 3 members"
        words = ["--frames", "40:52", "--format", "both", "--as-member", "member-1"]
        self.assertIn(f"  {line}\n", self.run_over(VIDEO, MEMBERS[:3], *words, "--dry-run").out)
        done = self.run_over(VIDEO, MEMBERS[:3], *words)
        self.assertIn(f"openarena.mp4: {line}\n", done.err)
        record = json.loads((self.folder / "out" / "openarena" / "run.json").read_text())
        self.assertEqual(record["consensus"], {"method": "track", "why": "a video with 3 members"})
        self.assertEqual(record["options"]["consensus"], "track")
        again = self.run_over(VIDEO, MEMBERS[:3], *words, "--json")
        self.assertEqual([again.json[0]["status"], again.json[0]["consensus"]["method"]], ["skipped", "track"])
        self.run_over(VIDEO, MEMBERS[:3], *words, "--consensus", "track", out="asked")
        self.assertEqual(table(extras_of(self.folder / "out") / "csv", "*Track*.csv").to_numpy().tolist(),
                         table(extras_of(self.folder / "asked") / "csv", "*Track*.csv").to_numpy().tolist())
        guise = next((extras_of(self.folder / "out") / "as-member").rglob("*.h5"))
        with h5py.File(guise) as file:
            self.assertEqual(file["posse"].attrs["consensus"], b"track")

    def test_is_the_mean_for_all_else(self):
        still = pictures(self.folder / "stills")
        two, three = MEMBERS[:2], MEMBERS[:3]
        for video, members, words, why in [
            (still, three, [], "pictures are taken one by one"),
            (VIDEO, two, [], "2 members are too few votes for a track"),
            (VIDEO, three, ["--frames", "7:8"], "one frame has no neighbours"),
            (VIDEO, three, ["--frames", "::30"], "one frame of 30 is too few for a track"),
        ]:
            with self.subTest(why):
                done = self.run_over(video, members, *words, "--dry-run", out="none")
                self.assertIn(f"  consensus mean: {why}\n", done.out)
                self.assertIn("_posseMean_", done.out)

    def test_keeps_to_finished_results_until_forced(self):
        words = ["--frames", "0:6"]
        self.run_over(VIDEO, MEMBERS[:3], *words, "--consensus", "mean")
        before = files_below(self.folder / "out")
        self.assertIn("skipped", self.run_over(VIDEO, MEMBERS[:3], *words).out)
        more = self.run_over(VIDEO, MEMBERS[:3], *words, "--save-members")
        self.assertIn("consensus mean: that of the results that are there (--force makes them anew)", more.err)
        self.assertIn("no network was run", more.out)
        after = files_below(self.folder / "out")
        name = "openarena/openarenaDLC_posseMean_openarena_3members.h5"
        self.assertEqual(after[name], before[name])
        planned = self.run_over(VIDEO, MEMBERS[:3], *words, "--force", "--dry-run").out
        self.assertIn("  consensus track: a video with 3 members\n", planned)
        self.assertIn(f"  would remove {self.folder / 'out' / name}\n", planned)
        self.run_over(VIDEO, MEMBERS[:3], *words, "--force")
        tables = [p.name for p in (self.folder / "out" / "openarena").glob("*.h5")]
        self.assertEqual(tables, ["openarenaDLC_posseTrack_openarena_3members.h5"])


class Doing(ProgramTest):
    def words(self, *more):
        return run_words(VIDEO, MEMBERS[:2], self.folder / "out", "--frames", "0:24", *more)

    def test_a_dry_run_says_what_would_be_and_writes_nothing(self):
        done = self.assert_code(posse(*self.words("--dry-run", "--labeled-video")), 0)
        for words in ["24 frames", "would write", "on the disk", "frames/s", "of memory", "nothing was written"]:
            self.assertIn(words, done.out)
        plan = self.assert_code(posse(*self.words("--dry-run", "--json")), 0).json[0]
        self.assertEqual((plan["frames"], plan["status"]), (24, "would be run"))
        self.assertTrue(plan["seconds"] > 0 and plan["memory_bytes"] > 1e6 and plan["disk_bytes"] > 1e3)
        self.assertEqual(files_below(self.folder), {})
        self.assert_code(posse(*self.words()), 0)
        self.assertIn("would be skipped", posse(*self.words("--dry-run")).out)

    def test_again_is_skipped_and_something_else_needs_force(self):
        first = self.assert_code(posse(*self.words("--json")), 0).json[0]
        self.assertEqual((first["status"], first["frames"], first["warnings"]), ("done", 24, []))
        before = files_below(self.folder)
        self.assertIn("skipped", self.assert_code(posse(*self.words()), 0).out)
        again = self.assert_code(posse(*self.words("--json")), 0).json[0]
        self.assertEqual((again["status"], again["frames"]), ("skipped", 24))
        self.assert_error(posse(*self.words("--consensus", "median")), 2, "--force", "--out")
        self.assertEqual(files_below(self.folder), before)
        self.assert_code(posse(*self.words("--force")), 0)
        self.assertEqual(table(self.folder / "out" / "openarena").shape, (24, 12))

    def test_what_force_removes_is_told_before_and_after(self):
        self.assert_code(posse(*self.words("--save-members")), 0)
        members = sorted(path.name for path in extras_of(self.folder / "out").rglob("members/*/*.h5"))
        self.assertTrue(members)
        for words, said in [(["--dry-run"], "would remove"), ([], "removed with it")]:
            done = self.assert_code(posse(*self.words("--consensus", "median", "--force", *words)), 0)
            for name in members:
                self.assertIn(name, done.out + done.err)
            self.assertIn(said, done.out + done.err)
        self.assertEqual(list(extras_of(self.folder / "out").rglob("members/*/*.h5")), [])
        plan = posse(*self.words("--consensus", "median", "--force", "--dry-run", "--json")).json[0]
        self.assertEqual(plan["removed"], [])  # the same run again replaces every file

    def test_a_file_that_went_missing_is_made_again(self):
        self.assert_code(posse(*self.words("--format", "both")), 0)
        before = files_below(self.folder)
        lost = next(self.folder.rglob("*.csv"))
        lost.unlink()
        self.assert_code(posse(*self.words("--format", "both")), 0)
        self.assertEqual(files_below(self.folder)[str(lost.relative_to(self.folder))],
                         before[str(lost.relative_to(self.folder))])

    def test_results_asked_for_later_need_no_network_and_are_those_of_one_run(self):
        """What each of the options adds to a finished run is made from its journal, whatever is there already."""
        more = ["--format", "both", "--save-members", "--wide-csv", "--smooth", "kalman", "--labeled-video"]
        self.assert_code(posse(*self.words()), 0)
        for words in [more[:2], more[2:3], more[4:6], more[6:], more]:
            plan = self.assert_code(posse(*self.words(*words, "--dry-run", "--json")), 0).json[0]
            self.assertEqual((plan["networks"], plan["frames_resumed"]), (False, 24))
            done = self.assert_code(posse(*self.words(*words, "--json")), 0).json[0]
            self.assertEqual((done["status"], done["networks"], done["seconds"]), ("done", False, 0))
        self.assertIn("skipped", posse(*self.words(*more)).out)
        later = results_below(self.folder / "out")
        folder = self.folder / "out" / "openarena"
        record = json.loads((folder / "run.json").read_text())
        listed = {str((folder / name).resolve().relative_to(self.folder.resolve())).replace("out-extras", "extras")
                  for name in record["files"]}
        self.assertEqual(listed | {"out/openarena/.posse-journal"}, set(later))
        self.assertGreater(record["seconds"]["networks_all_threads"], 0)  # of the pass that computed the frames
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:2], self.folder / "once", "--frames", "0:24", *more)), 0)
        once = results_below(self.folder / "once")
        self.assertEqual(set(later), set(once))
        for name in once:
            if name.endswith(".csv"):
                self.assertEqual(once[name], later[name], name)

    def test_a_discarded_journal_is_gone_and_a_kept_one_is_named(self):
        done = self.assert_code(posse(*self.words()), 0)
        self.assertIn(".posse-journal", done.err)
        words = run_words(VIDEO, MEMBERS[:2], self.folder / "other", "--frames", "0:4", "--keep-journal", "off")
        self.assertNotIn(".posse-journal", self.assert_code(posse(*words), 0).err)
        self.assertFalse((self.folder / "other" / "openarena" / ".posse-journal").exists())

    def test_a_result_that_fails_costs_neither_the_others_nor_the_networks(self):
        blocked = self.folder / "out" / "openarena" / "openarenaDLC_posseMean_openarena_2members_labeled.mp4"
        (blocked / "in the way").mkdir(parents=True)
        words = self.words("--labeled-video", "--save-members")
        self.assert_error(posse(*words), 3, "labelled video failed")
        self.assertEqual(table(self.folder / "out" / "openarena").shape, (24, 12))
        record = json.loads((blocked.parent / "run.json").read_text())
        self.assertEqual([f["output"] for f in record["failed"]], ["labelled video"])
        self.assertNotIn(blocked.name, record["files"])
        before = files_below(self.folder)
        shutil.rmtree(blocked)
        again = self.assert_code(posse(*words, "--json"), 0).json[0]
        self.assertEqual((again["status"], again["networks"]), ("done", False))
        self.assertEqual(num_samples(blocked), 24)
        for name, digest in files_below(self.folder).items():
            if not name.endswith(("run.json", "_labeled.mp4")):
                self.assertEqual(digest, before[name], name)  # left alone
        self.assertIn("skipped", posse(*words).out)

    def test_quiet_says_nothing_on_stderr(self):
        self.assertEqual(self.assert_code(posse(*self.words("--quiet")), 0).err, "")

    def test_two_videos_of_one_name_are_refused(self):
        twin = self.folder / "twin" / "openarena.mp4"
        twin.parent.mkdir()
        twin.write_bytes(VIDEO.read_bytes())
        self.assert_error(posse("run", VIDEO, twin, "--members", MEMBERS[0], "--out", self.folder / "out"), 2,
                          "both write")

    def test_a_folder_of_pictures_is_a_video(self):
        still = pictures(self.folder / "stills")
        self.assert_code(posse(*run_words(still, MEMBERS, self.folder / "out", "--decode", "dgp", "--labeled-video")), 0)
        found = points(table(self.folder / "out" / "stills"))[..., :2]
        golden = pd.read_csv(MEMBERS[0].parent / "golden" / "consensus.csv", index_col=0).loc[[60, 200, 300]]
        names = [f"{part}_mean_{axis}" for part in ["snout", "leftear", "rightear", "tailbase"] for axis in "xy"]
        # Same pictures, other float32 arithmetic: logits differ by up to 6e-4 (data/demo/README.md), and so do the
        # cells' weights; 0.02 px is a five hundredth of a cell of 8 px.
        np.testing.assert_allclose(found.reshape(3, 8), golden[names].to_numpy(), atol=0.02)

    def test_the_reference_backend_agrees(self):
        for backend in ["cpu", "reference"]:
            self.assert_code(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / backend, "--frames", "0:2", "--decode",
                                              "dgp", "--backend", backend)), 0)
        a, b = (points(table(self.folder / name / "openarena", "*member.h5")) for name in ("cpu", "reference"))
        np.testing.assert_allclose(a, b, atol=0.02)  # as above


class Stopped(ProgramTest):
    def words(self, name, *more):
        return run_words(VIDEO, MEMBERS[:2], self.folder / name, "--format", "both", "--save-members", "--batch", "2",
                         *more)

    def contents(self, name):
        """Every number of the results: .h5 files hold times of creation, so their values are compared."""
        folder = self.folder / name
        tables = {p.relative_to(top): points(pd.read_hdf(p)) for top in (folder, extras_of(folder))
                  for p in sorted(top.rglob("*.h5"))}
        arrays = plain_arrays(next(folder.glob("openarena/*.h5")))
        texts = {k: v for k, v in results_below(folder).items() if k.endswith(".csv")}
        return tables, arrays, texts

    def assert_same_results(self, a, b):
        (tables_a, arrays_a, texts_a), (tables_b, arrays_b, texts_b) = self.contents(a), self.contents(b)
        self.assertEqual(texts_a, texts_b)
        self.assertEqual(len(texts_a), 3)
        for mine, other in [(tables_a, tables_b), (arrays_a, arrays_b)]:
            self.assertEqual(mine.keys(), other.keys())
            for key, values in mine.items():
                np.testing.assert_array_equal(values, other[key], err_msg=str(key))

    def test_by_kill_in_the_middle_the_same_command_goes_on_and_gives_the_same_bits(self):
        self.assert_code(posse(*self.words("whole")), 0)
        journal = self.folder / "parts" / "openarena" / ".posse-journal"
        for frames in [20, 90]:
            self.assertTrue(stop_when(start(*self.words("parts")), journal, journal_bytes(2, frames), signal.SIGKILL))
            self.assertEqual([p.name for p in journal.parent.iterdir()], [".posse-journal"])
        done = self.assert_code(posse(*self.words("parts", "--json")), 0).json[0]
        self.assertTrue(90 <= done["frames_resumed"] < 360, done)
        self.assertEqual(done["frames"], 360)
        self.assert_same_results("whole", "parts")
        self.assertIn("skipped", posse(*self.words("parts")).out)

    def test_by_ctrl_c_finished_videos_stay_and_the_next_one_goes_on(self):
        still = pictures(self.folder / "stills")
        words = ["run", still, VIDEO, "--members", *MEMBERS[:2], "--out", self.folder / "out", "--batch", "2", *FAST]
        journal = self.folder / "out" / "openarena" / ".posse-journal"
        process = start(*words)
        self.assertTrue(stop_when(process, journal, journal_bytes(2, 20), signal.SIGINT))
        self.assertEqual(process.returncode, 130)
        self.assertEqual(table(self.folder / "out" / "stills").shape, (3, 12))
        done = self.assert_code(posse(*words, "--json"), 0).json
        self.assertEqual([d["status"] for d in done], ["skipped", "done"])
        self.assertGreaterEqual(done[1]["frames_resumed"], 20)

    def test_a_second_process_in_one_folder_is_refused(self):
        journal = self.folder / "out" / "openarena" / ".posse-journal"
        first = start(*self.words("out"))
        while not (journal.exists() and journal.stat().st_size > 0) and first.poll() is None:
            pass
        self.assert_error(posse(*self.words("out")), 1, "another process")
        first.communicate()
        self.assertEqual(first.returncode, 0)


class Members(ProgramTest):
    def test_with_other_bodyparts_are_an_error_unless_the_common_ones_are_asked_for(self):
        other = copy_of(MEMBERS[1], self.folder / "other", [("tailbase", "tailtip")])
        words = run_words(VIDEO, [MEMBERS[0], other], self.folder / "out", "--frames", "0:4")
        self.assert_error(posse(*words), 1, "tailbase", "tailtip", "--common-bodyparts")
        done = self.assert_code(posse(*words, "--common-bodyparts"), 0)
        self.assertIn("'tailbase' is left out", done.err)
        columns = table(self.folder / "out" / "openarena").columns
        self.assertEqual(list(columns.get_level_values("bodyparts").unique()), ["snout", "leftear", "rightear"])

    def test_in_another_order_are_matched_by_name(self):
        swapped = copy_of(MEMBERS[1], self.folder / "swapped",
                          [("leftear", "LEFT"), ("rightear", "leftear"), ("LEFT", "rightear")])
        for name, members in [("straight", MEMBERS[:1]), ("mixed", [MEMBERS[0], swapped])]:
            self.assert_code(posse(*run_words(VIDEO, members, self.folder / name, "--frames", "0:4", "--save-members")),
                             0)
        plain = copy_of(MEMBERS[1], self.folder / "plain")
        self.assert_code(posse(*run_words(VIDEO, [plain], self.folder / "alone", "--frames", "0:4", "--save-members")), 0)
        mixed = points(pd.read_hdf(next(extras_of(self.folder / "mixed").glob("members/swapped/*.h5"))))
        alone = points(pd.read_hdf(next(extras_of(self.folder / "alone").glob("members/plain/*.h5"))))
        np.testing.assert_array_equal(mixed, alone[:, [0, 2, 1, 3]])


class Options(ProgramTest):
    """Options that change what the networks compute, or how."""

    def poses(self, members, *more, frames="10:16"):
        out = self.folder / f"out{len(list(self.folder.iterdir()))}"
        done = posse(*run_words(VIDEO, members, out, "--frames", frames, "--decode", "dlc", *more))
        self.assert_code(done, 0)
        return points(table(out / "openarena", "*.h5"))

    def test_low_memory_changes_no_number_that_counts(self):
        # other kernels add in another order: float32 scores, as for the reference backend
        np.testing.assert_allclose(self.poses(MEMBERS[:2], "--low-memory"), self.poses(MEMBERS[:2]), atol=0.02)

    def test_batch_norm_of_each_frame_is_what_a_mobilenet_gets(self):
        by_itself, frame, moving = (self.poses(MEMBERS[:1], *words)
                                    for words in [[], ["--batch-norm", "frame"], ["--batch-norm", "moving"]])
        np.testing.assert_array_equal(by_itself, frame)
        self.assertGreater(np.abs(by_itself - moving).max(), 0.1)

    def test_batch_norm_over_a_batch_is_that_of_frames_run_together(self):
        frame, one, three = (self.poses(MEMBERS[:1], "--batch-norm", mode) for mode in ["frame", "batch:1", "batch:3"])
        np.testing.assert_array_equal(frame, one)
        self.assertGreater(np.abs(frame - three).max(), 0.1)
        np.testing.assert_array_equal(three, self.poses(MEMBERS[:1], "--batch-norm", "batch:3", "--threads", "1"))
        first = self.poses(MEMBERS[:1], "--batch-norm", "batch:3", frames="10:13")
        np.testing.assert_array_equal(three[:3], first)
        self.assert_error(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / "out", "--batch-norm", "batch:0")), 2,
                          "batch:0", "batch:N")
        self.assert_error(posse(*run_words(VIDEO, MEMBERS[:1], self.folder / "out", "--batch-norm", "batch:8", "--batch",
                                           "4")), 2, "contradicts")
        self.assert_error(posse("export", MEMBERS[0], "--onnx", self.folder / "x.onnx", "--batch-norm", "batch:8"), 5,
                          "--batch-norm frame")
        self.assertFalse((self.folder / "x.onnx").exists())

    def test_snapshot_picks_one_by_name_or_age_or_all(self):
        member = copy_of(MEMBERS[0], self.folder / "member")
        trained = next(member.rglob("train"))
        trained.chmod(0o755)
        for path in next(MEMBERS[1].rglob("train")).glob("snapshot-*"):  # other weights, as if of fewer iterations
            shutil.copy(path, trained / path.name.replace("5000", "900"))
        first, second = self.poses(MEMBERS[:1]), self.poses(MEMBERS[1:2])
        for words in [[], ["--snapshot", "newest"], ["--snapshot", "snapshot-5000"], ["--snapshot", "-1"]]:
            np.testing.assert_array_equal(self.poses([member], *words), first)
        for words in [["--snapshot", "snapshot-900"], ["--snapshot", "0"]]:
            np.testing.assert_array_equal(self.poses([member], *words), second)
        np.testing.assert_array_equal(self.poses([member], "--snapshot", "all"), self.poses(MEMBERS[1::-1]))
        out = self.folder / "none"
        self.assert_error(posse(*run_words(VIDEO, [member], out, "--snapshot", "snapshot-7")), 1, "snapshot-7",
                          "snapshot-900", "snapshot-5000")
        self.assertFalse(out.exists())


class Render(ProgramTest):
    def setUp(self):
        super().setUp()
        self.assert_code(posse(*run_words(VIDEO, MEMBERS[:3], self.folder / "out", "--frames", "0:100", "--save-members")), 0)
        self.results = self.folder / "out" / "openarena"

    def test_draws_the_frames_that_are_asked_for(self):
        out = self.folder / "pictures"
        done = self.assert_code(posse("render", VIDEO, self.results, "--out", out, "--frames", "10:20:5"), 0)
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["openarena-frame000010.png", "openarena-frame000015.png"])
        self.assertEqual(len(done.out.split()), 2)
        self.assertEqual(png_size(out / "openarena-frame000010.png"), (320, 240))
        self.assert_error(posse("render", VIDEO, self.results, "--out", out, "--frames", "10:20:5"), 2, "--force")
        self.assert_code(posse("render", VIDEO, self.results, "--out", out, "--frames", "10:20:5", "--force"), 0)

    def test_draws_something_and_members_only_where_there_are_any(self):
        for name, source in [("all", self.results), ("consensus", next(self.results.glob("*.h5")))]:
            self.assert_code(posse("render", VIDEO, source, "--out", self.folder / name, "--frames", "60:61"), 0)
        self.assert_code(posse("render", VIDEO, self.results, "--out", self.folder / "by", "--frames", "60:61",
                               "--by-member"), 0)
        self.assertEqual(len({p.read_bytes() for p in self.folder.rglob("*frame000060.png")}), 3)

    def test_picks_the_frames_of_largest_disagreement_and_of_lowest_likelihood(self):
        arrays = plain_arrays(next(self.results.glob("*members.h5")))
        disagreement = arrays["members_std"].sum(axis=(1, 2))
        likelihood = points(table(self.results))[..., 2].min(axis=1)
        for pick, best in [("disagreement", disagreement.argmax()), ("likelihood", likelihood.argmin())]:
            out = self.folder / pick
            self.assert_code(posse("render", VIDEO, self.results, "--out", out, "--pick", pick, "--count", "1"), 0)
            self.assertEqual([p.name for p in out.iterdir()], [f"openarena-frame{best:06}.png"])

    def test_without_members_the_frames_of_lowest_likelihood_are_picked(self):
        likelihood = points(table(self.results))[..., 2].min(axis=1)
        out = self.folder / "alone"
        file = next(self.results.glob("*members.h5"))
        self.assert_code(posse("render", VIDEO, file, "--out", out, "--count", "1"), 0)
        self.assertEqual([p.name for p in out.iterdir()], [f"openarena-frame{likelihood.argmin():06}.png"])

    def test_random_frames_are_the_same_ones_again(self):
        for name in ["a", "b"]:
            self.assert_code(posse("render", VIDEO, self.results, "--out", self.folder / name, "--pick", "random",
                                   "--count", "3"), 0)
        self.assertEqual(files_below(self.folder / "a"), files_below(self.folder / "b"))
        self.assertEqual(len(files_below(self.folder / "a")), 3)

    def test_a_contact_sheet_holds_all_frames(self):
        self.assert_code(posse("render", VIDEO, self.results, "--out", self.folder / "sheet", "--count", "4",
                               "--contact-sheet"), 0)
        self.assertEqual(png_size(self.folder / "sheet" / "openarena-frames.png"), (2 * 320 + 4, 2 * 240 + 4))

    def test_of_a_folder_without_tables_or_frames_that_are_not_there_is_an_error(self):
        self.assert_error(posse("render", VIDEO, VIDEO.parent, "--out", self.folder / "x"), 1, "no pose table")
        self.assert_error(posse("render", VIDEO, self.results, "--out", self.folder / "x", "--frames", "500:600"), 2,
                          "frames 0 to 99")


if __name__ == "__main__":
    main()
