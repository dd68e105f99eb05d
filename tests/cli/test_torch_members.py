"""Members of DeepLabCut 3's PyTorch engine and of Lightning Pose over a video, against the tables that the tools wrote.

usage: test_torch_members.py POSSE DATA. Skipped where the folder $POSSE_SHARED_DATA, else DATA, is not there.
"""

import json
import os
import pathlib
import pickle
import shutil
import sys

DATA = pathlib.Path(os.environ.get("POSSE_SHARED_DATA") or sys.argv[2])
del sys.argv[2]

import torch_models  # noqa: E402
from torch_models import SHUFFLE  # noqa: E402
from program import DEMO, MEMBERS, VIDEO, ProgramTest, extras_of, h5py, main, np, pd, posse, run_words, table  # noqa: E402  (argv first)

GOLDENS = DATA / "torch-goldens"
CLIP = GOLDENS / "clip" / "openarena-clip.mp4"
TRAINED_CLIP = GOLDENS / "clip" / "train-clip.mp4"

if not GOLDENS.is_dir():
    print("SKIPPED: data not there:", GOLDENS)
    sys.exit(77)


def cells(frame):
    """[frames, bodyparts, x y score]"""
    return frame.to_numpy().reshape(len(frame), -1, 3)


def tools_csv(path):
    return cells(pd.read_csv(path, header=[0, 1, 2], index_col=0))


class TorchMembers(ProgramTest):
    def deeplabcut_project(self):
        return torch_models.deeplabcut_project(GOLDENS, self.folder / "arena")

    def lightning_model(self):
        return torch_models.lightning_model(GOLDENS, self.folder / "model")

    def run_over(self, video, members, *more):
        out = self.folder / f"out-{len(list(self.folder.glob('out-*')))}"
        self.assert_code(posse(*run_words(video, members, out, "--save-members", *more)), 0)
        return out

    def assert_same(self, found, expected, points, scores):
        self.assertEqual(found.shape, expected.shape)
        error = np.linalg.norm(found[..., :2] - expected[..., :2], axis=2)
        print(f"median {np.median(error):.6f}, max {error.max():.6f} px, scores {np.abs(found - expected)[..., 2].max():.7f}")
        # Folded norms and Winograd round otherwise; where two cells are nearly equal, another may win.
        self.assertLess(np.median(error), points)
        self.assertLess(np.percentile(error, 99), 10 * points)
        self.assertLess(np.abs(found - expected)[..., 2].max(), scores)

    def test_deeplabcut_3_writes_the_same_table(self):
        out = self.run_over(CLIP, [self.deeplabcut_project()], "--shuffle", "3")
        name = "openarena-clipDLC_Resnet50_openarenaNov28shuffle3_snapshot_200"  # the tool's own
        found = pd.read_hdf(extras_of(out) / "members" / "arena" / f"{name}.h5")
        expected = pd.read_hdf(GOLDENS / "dlc-project" / "predictions" / f"{name}.h5")
        self.assertEqual(list(found.columns), list(expected.columns))
        self.assertEqual(set(found.dtypes), set(expected.dtypes), "float32, as the tool")
        self.assert_same(cells(found), cells(expected), 0.02, 1e-4)
        # The consensus of one member is that member.
        np.testing.assert_allclose(cells(table(out / CLIP.stem, "*.h5")), cells(found), rtol=0, atol=2e-5)

    def test_deeplabcut_3_leaves_the_same_files(self):
        out = self.run_over(CLIP, [self.deeplabcut_project()], "--shuffle", "3", "--format", "both", "--as-member", "arena")
        name = "openarena-clipDLC_Resnet50_openarenaNov28shuffle3_snapshot_200"  # the tool's own
        theirs = GOLDENS / "dlc-project" / "predictions"
        text = (extras_of(out) / "members-csv" / "arena" / f"{name}.csv").read_text().splitlines()
        self.assertEqual(text[:3], (theirs / f"{name}.csv").read_text().splitlines()[:3])
        self.assertLess(max(len(number) for line in text[3:] for number in line.split(",")[1:]), 13, "float32's shortest digits")
        # The snapshot's number is that of snapshotindex, which a guise goes by: here the only one.
        for kind in ("members", "as-member"):
            folder = extras_of(out) / kind / "arena"
            self.assertEqual({path.name for path in folder.iterdir()}, {f"{name}.h5", f"{name}_meta.pickle", f"{name}_full.pickle"})
            found = pd.read_hdf(folder / f"{name}.h5")
            self.assertEqual(set(found.dtypes), {np.dtype("float32")})
            told = pickle.loads((folder / f"{name}_meta.pickle").read_bytes())["data"]
            # In this order; written by 3.0.2 for this video.
            self.assertEqual(list(told), ["start", "stop", "run_duration", "Scorer", "pytorch-config", "fps", "batch_size", "frame_dimensions",
                                          "nframes", "iteration (active-learning)", "training set fraction", "cropping", "cropping_parameters",
                                          "individuals", "bodyparts", "unique_bodyparts"])
            self.assertEqual((told["frame_dimensions"], told["nframes"], told["iteration (active-learning)"], told["training set fraction"],
                              told["cropping"], told["individuals"], told["unique_bodyparts"]),
                             ((320, 240), 48, 0, 0.9, False, ["individual_1"], []))
            self.assertEqual(told["pytorch-config"]["model"]["backbone"]["model_name"], "resnet50_gn")
            full = pickle.loads((folder / f"{name}_full.pickle").read_bytes())
            self.assertEqual(full["metadata"]["key_str_width"], 2)
            for frame, row in enumerate(cells(found)):
                points = full[f"frame{frame:02d}"]
                np.testing.assert_array_equal(np.concatenate(points["coordinates"][0]), row[:, :2])
                np.testing.assert_array_equal(np.concatenate(points["confidence"])[:, 0], row[:, 2])

    def test_lightning_pose_writes_the_same_points(self):
        model = self.lightning_model()
        for video in (CLIP, TRAINED_CLIP):
            out = self.run_over(video, [model])
            found = pd.read_hdf(next((extras_of(out) / "members").glob("*/*.h5")))
            self.assert_same(cells(found), tools_csv(model / "video_preds" / f"{video.stem}.csv"), 0.05, 1e-4)

    def test_lightning_pose_with_boxes_writes_the_same_points(self):
        model = self.lightning_model()
        boxes = GOLDENS / "lp-model" / "with-bbox" / "openarena-clip_bbox.csv"
        expected = tools_csv(boxes.parent / "openarena-clip.with-bbox.csv")
        for given in (boxes, boxes.parent):  # a folder holds one for each video
            out = self.run_over(CLIP, [model], "--bbox", given)
            found = pd.read_hdf(next((extras_of(out) / "members").glob("*/*.h5")))
            self.assert_same(cells(found), expected, 0.05, 1e-3)
        record = json.loads((out / CLIP.stem / "run.json").read_text())
        self.assertEqual(record["boxes"]["rows"], 48)
        done = posse(*run_words(CLIP, [model], out))
        self.assertNotEqual(done.code, 0, "without boxes it is another run")
        many = self.folder / "many"
        self.assert_code(posse("plan", many, CLIP, "--members", model, "--bbox", boxes, "--unit-frames", "20", "--save-members"), 0)
        for verb in ("work", "finish"):
            self.assert_code(posse(verb, many), 0)
        one, joined = (next((extras / "members").glob("*/*.h5")) for extras in (extras_of(out), extras_of(many / "results")))
        self.assertEqual(joined.read_bytes(), one.read_bytes())

    def test_boxes_that_do_not_fit_are_told_before_anything_runs(self):
        model = self.lightning_model()
        boxes = self.folder / "few.csv"
        boxes.write_text("x,y,h,w\n" + "1,2,30,40\n" * 47)
        done = posse(*run_words(CLIP, [model], self.folder / "few", "--bbox", boxes))
        self.assertNotEqual(done.code, 0)
        self.assertIn("has 47 boxes for 48 frames", done.err)
        done = posse(*run_words(CLIP, [MEMBERS[0]], self.folder / "none", "--bbox", boxes))
        self.assertIn("none is one", done.err)
        boxes.write_text("x,y,h,w\n" + "400,2,30,40\n" * 48)
        done = posse(*run_words(CLIP, [model], self.folder / "out", "--bbox", boxes))
        self.assertIn("holds no pixel of frames of 320x240", done.err)

    def test_another_resize_of_frames_is_another_run(self):
        model = self.lightning_model()
        out = self.run_over(CLIP, [model], "--frames", "0:4")
        record = json.loads((out / CLIP.stem / "run.json").read_text())
        self.assertEqual(record["options"]["resize"], "float")
        self.assertIn("linear, in float", record["members"][0]["preparation"])
        tables = [cells(table(out / CLIP.stem, "*.h5"))]
        for resize in ("antialias", "linear", "cubic"):
            words = run_words(CLIP, [model], out, "--frames", "0:4", "--resize", resize)
            self.assertNotEqual(posse(*words).code, 0)
            done = posse(*words, "--force")
            self.assert_code(done, 0)
            self.assertEqual(json.loads((out / CLIP.stem / "run.json").read_text())["options"]["resize"], resize)
            tables.append(cells(table(out / CLIP.stem, "*.h5")))
        for i, one in enumerate(tables):
            for other in tables[:i]:
                self.assertGreater(np.abs(one - other).max(), 1e-3)

    def test_networks_of_two_tools_make_one_ensemble(self):
        # The track is the consensus for members of such different worth: the mixed one is not worse than its best part.
        truth = np.array(json.loads((GOLDENS / "clip" / "truth.json").read_text())["xy"])
        sets = {"tensorflow": MEMBERS[:3], "mixed": [*MEMBERS[:3], self.lightning_model()]}
        errors = {}
        for name, members in sets.items():
            found = cells(table(self.run_over(CLIP, members, "--consensus", "track") / CLIP.stem))
            errors[name] = np.sqrt(np.mean(np.sum((found[..., :2] - truth) ** 2, axis=2)))
        print("root mean square distance from the truth:", errors)
        self.assertLessEqual(errors["mixed"], errors["tensorflow"])

    def test_every_verb_takes_members_of_three_tools(self):
        members = {"member-1": MEMBERS[0], "arena": self.deeplabcut_project() / SHUFFLE, "model": self.lightning_model()}
        self.assert_infos(members)
        out = self.run_over(CLIP, members.values(), "--frames", "0:6", "--labeled-video", "--smooth", "kalman", "--wide-csv")
        record = json.loads((out / CLIP.stem / "run.json").read_text())
        self.assertEqual([member["name"] for member in record["members"]], list(members))
        self.assertEqual(len({member["index_sha256"] for member in record["members"]}), 3)
        self.assertEqual(record["consensus"]["method"], "track")
        self.assertTrue(np.isfinite(cells(table(out / CLIP.stem))).all())
        self.assert_code(posse("render", CLIP, out / CLIP.stem, "--out", self.folder / "pictures"), 0)
        self.assertTrue(list((self.folder / "pictures").glob("*.png")))
        tables = sorted((extras_of(out) / "members").glob("*/*.h5"))
        self.assertEqual(len(tables), 3)
        self.assert_code(posse("consensus", *tables, "--out", self.folder / "of-tables.h5"), 0)
        self.assertEqual(cells(pd.read_hdf(self.folder / "of-tables.h5")).shape, (6, 4, 3))
        for name, shape in {"arena": (2, 31, 41, 4), "model": (2, 32, 64, 4)}.items():
            self.assert_code(posse("scoremap", members[name], CLIP, "--frames", "0:2", "--out", self.folder / f"maps-{name}"), 0)
            self.assertEqual(np.load(self.folder / f"maps-{name}" / "logits.npy").shape, shape)
            self.assert_code(posse("export", members[name], "--onnx", self.folder / f"{name}.onnx"), 0)
        self.assert_judged(list(members.values()))

    def assert_infos(self, members):
        """What is there, and how frames are prepared."""
        found = {info["name"]: info for info in self.assert_code(posse("info", *members.values(), "--json"), 0).json["members"]}
        self.assertEqual(list(found), list(members))
        for name, info in found.items():
            self.assertEqual(info["problems"], [], name)
            self.assertEqual(info["bodyparts"], ["snout", "leftear", "rightear", "tailbase"])
        self.assertNotIn("frames", found["member-1"])
        self.assertEqual(found["arena"]["frames"]["preparation"], "")
        self.assertEqual(found["model"]["frames"]["preparation"], "resized to 256x128 pixels, linear, in float")
        np.testing.assert_allclose(found["model"]["frames"]["scale"], [255 * 0.229, 255 * 0.224, 255 * 0.225], rtol=1e-6)
        text = posse("info", members["model"]).out
        self.assertIn("(byte - 123.675, 116.28, 103.53) / 58.395, 57.12, 57.375", text)

    def assert_judged(self, members):
        """By 24 of the demo's labelled pictures: every member and every consensus has an error, and the uncertainty can be fitted."""
        lines = (DEMO / "labels" / "CollectedData_posse.csv").read_text().splitlines()
        labels = self.folder / "few.csv"
        labels.write_text("\n".join(lines[:3] + lines[3:27]) + "\n")
        words = [*members, "--labels", labels, "--video", VIDEO, "--labels-unseen", "--cache", self.folder / "cache", "--tune", "off"]
        judged = self.assert_code(posse("evaluate", *words, "--through-time", "off", "--json"), 0).json
        self.assertEqual(judged["members"], ["member-1", "arena", "model"])
        calibration = self.folder / "calibration.json"
        self.assert_code(posse("calibrate", *words, "--consensus", "mean", "--out", calibration), 0)
        out = self.run_over(CLIP, members, "--frames", "0:2", "--consensus", "mean", "--calibration", calibration)
        with h5py.File(next((out / CLIP.stem).glob("*.h5"))) as file:
            self.assertTrue((file["posse/radius90"][...] > 0).all())

    def test_an_ensemble_of_the_app_leaves_its_tables_where_the_viewer_looks(self):
        model = self.lightning_model()
        shutil.rmtree(model / "video_preds")
        (self.folder / "eks").mkdir()
        (self.folder / "eks" / "ensemble.yaml").write_text("members:\n- id: model\nview_names: []\n")
        out = self.run_over(CLIP, [self.folder / "eks"], "--frames", "0:3", "--video-preds")
        written = model / "video_preds" / f"{CLIP.stem}.csv"
        theirs = GOLDENS / "lp-model" / "openarena-resnet18" / "video_preds" / written.name
        self.assertEqual(written.read_text().splitlines()[:3], theirs.read_text().splitlines()[:3])
        self.assert_same(tools_csv(written), tools_csv(theirs)[:3], 0.05, 1e-4)
        before = written.read_bytes()
        refused = posse(*run_words(CLIP, [model], self.folder / "elsewhere", "--frames", "0:2", "--video-preds"))
        self.assert_code(refused, 2)
        self.assertIn("never replaced", refused.err)
        self.assertEqual(written.read_bytes(), before)
        self.assert_code(posse(*run_words(CLIP, [self.folder / "eks"], out, "--save-members", "--frames", "0:2", "--video-preds", "--force")), 0)
        self.assertEqual(len(written.read_text().splitlines()), 5)

    def test_a_network_of_lightning_pose_is_exported(self):
        file = self.folder / "network.onnx"
        self.assert_code(posse("export", self.lightning_model(), "--onnx", file), 0)
        written = file.read_bytes()
        for word in (b"heatmaps", b"scoremap_logits", b"DepthToSpace", b"[128,256]", b"softmax"):
            self.assertIn(word, written)

    def test_what_does_not_fit_together_is_named(self):
        project = self.deeplabcut_project()
        train = project / SHUFFLE
        config, snapshot = train / "pytorch_config.yaml", train / "snapshot-200.pt"
        text = config.read_text()
        for edited, words in {
            text.replace("model_name: resnet50_gn", "model_name: resnet101_gn"): ("backbone.model.layer3.6.conv1.weight' is missing", "another shuffle"),
            text.replace("model_name: resnet50_gn", "model_name: resnet50"): ("backbone.model.bn1.running_mean' is missing",),
            text.replace("        - 4\n", "        - 5\n"): ("5 maps for 4 bodyparts",),
            text[: text.index("model:\n")] + text[text.index("net_type:"):]: ("has no 'model'",),
        }.items():
            self.assertNotEqual(edited, text)
            config.write_text(edited)
            done = posse(*run_words(CLIP, [project], self.folder / "none", "--shuffle", "3", "--dry-run"))
            self.assertNotEqual(done.code, 0)
            for word in words:
                self.assertIn(word, done.err)
        config.write_text(text)
        project_config = project / "config.yaml"
        project_config.write_text(project_config.read_text().replace("- tailbase\nindividuals", "- tail_base\nindividuals"))
        done = posse("info", project, "--shuffle", "3")
        self.assertIn("trained with snout, leftear, rightear, tailbase; config.yaml now lists snout, leftear, rightear, tail_base", done.out)
        for name in ("snapshot-best-140.pt", "snapshot-best-090.pt"):
            shutil.copyfile(snapshot, train / name)
        found = posse("info", project, "--shuffle", "3", "--json").json["members"][0]
        self.assertEqual(found["snapshot"]["name"], "snapshot-best-140")
        self.assertIn("the later of several that its tool marked as the best", "\n".join(found["chosen"]))
        shutil.copyfile(project / SHUFFLE.replace("shuffle3", "shuffle1") / "snapshot-best-140.pt", snapshot)  # a CSPNeXt
        done = posse("run", CLIP, "--members", snapshot, "--out", self.folder / "none", "--dry-run")
        self.assertNotEqual(done.code, 0)
        self.assertIn("backbone.model.conv1.weight' is missing", done.err)

    def test_networks_that_cannot_be_run_are_refused_with_the_way_out(self):
        for name, network in {"dlc-hrnet_w18": "HRNet", "dlc-resnet_50-multianimal": "DLCRNetHead", "dlc-rtmpose_s": "top-down",
                              "lp-mhcrnn-resnet18": "heatmap_mhcrnn", "lp-vits_dino": "vits_dino", "lp-efficientnet_b0": "efficientnet_b0"}.items():
            member = self.folder / name
            lightning = name.startswith("lp-")
            config = member / ("config.yaml" if lightning else "pytorch_config.yaml")
            snapshot = member / ("tb_logs/x/version_0/checkpoints/epoch=1-step=1-best.ckpt" if lightning else "snapshot-200.pt")
            snapshot.parent.mkdir(parents=True)
            snapshot.write_bytes(b"")
            shutil.copyfile(GOLDENS / name / config.name, config)
            done = posse("info", member)
            self.assertNotEqual(done.code, 0, done)
            self.assertIn(network, done.err)
            self.assertIn("posse consensus", done.err)


if __name__ == "__main__":
    main()
