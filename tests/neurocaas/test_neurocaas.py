"""posse-neurocaas as NeuroCAAS would start it, over a stand-in of its services (bin/).  usage: test_neurocaas.py POSSE

With --s3 WORDS... instead of the stand-in's folders: over a local S3, that of moto, reached by the real aws. Called so by
scripts/pypi_env.py, which has both; POSSE is then the word after --s3.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
S3 = "--s3" in sys.argv
if S3:
    sys.argv.remove("--s3")
sys.path.insert(0, str(HERE.parent / "cli"))
if S3:  # an environment without pandas: only what the services do is looked at
    POSSE = sys.argv.pop(1)
    ROOT = HERE.parent.parent
    DEMO = ROOT / "data" / "demo"
    VIDEO = DEMO / "video" / "openarena.mp4"
else:
    from program import DEMO, POSSE, VIDEO, h5py, np, pd, posse, read_csv

import tempfile  # noqa: E402

BUCKET, GROUP = "ensemble-dgp", "group1"
MODELS = "results/job__ensemble-dgp_0/process_results/"
SHORT = 'posse: {frames: "0:3", tune: off}\n'
SAID = "posse-neurocaas: error: "


def names(count):
    """Of models, as the job manager makes them."""
    return [f"ensemble-model{k}-2030-01-0{k}" for k in range(1, count + 1)]


def config(count=3, size=None, more=SHORT):
    listed = "".join(f"- {name}\n" for name in names(count))
    return (f"mode: predict\n__duration__: 60\nmodelpath: {MODELS}\nmodelnames:\n{listed}"
            + (f"ensemble_size: {size}\n" if size else "") + more)


class JobTest(unittest.TestCase):
    """A job with a home of its own, and a group's bucket with three trained models."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="posse test ")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.home = self.folder / "home"
        self.bucket = self.home / "s3" / BUCKET
        (self.bucket / GROUP / "inputs").mkdir(parents=True)
        (self.bucket / GROUP / "configs").mkdir()
        (self.bucket / GROUP / MODELS).mkdir(parents=True)
        for k, name in enumerate(names(3), start=1):
            (self.bucket / GROUP / MODELS / name).symlink_to(DEMO / f"member-{k}")
        self.script = pathlib.Path(POSSE).parent / "posse-neurocaas"
        self.environment = {"HOME": str(self.home), "TMPDIR": str(self.folder),
                            "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}"}

    def put(self, text, name="config.yaml"):
        """A configuration in the bucket; its key."""
        (self.bucket / GROUP / "configs" / name).write_text(text, encoding="utf-8")
        return f"{GROUP}/configs/{name}"

    def put_data(self, name="a.mp4", source=VIDEO):
        shutil.copy(source, self.bucket / GROUP / "inputs" / name)
        return f"{GROUP}/inputs/{name}"

    def contrib(self, *words):
        subprocess.run(["neurocaas-contrib", "workflow", *map(str, words)], env=self.environment, check=True, timeout=60)

    def register(self, data, configuration, results="results/job__ensemble-dgp_1"):
        for verb, key in (("dataset", data), ("config", configuration), ("resultpath", results)):
            self.contrib(f"register-{verb}", "-b", BUCKET, "-k", key)

    def start(self, *words, **more):
        """The script with both outputs in one stream, as the logger of NeuroCAAS reads it."""
        return subprocess.Popen([self.script, *map(str, words)], env={**self.environment, **more}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run_script(self, *words, **more):
        """(exit status, lines), which keep to the rules for what a job prints."""
        process = self.start(*words, **more)
        said = process.communicate(timeout=300)[0]
        self.check_said(said)
        return process.returncode, said.decode().splitlines()

    def check_said(self, said):
        self.assertTrue(all(byte == 10 or 32 <= byte < 127 for byte in said), said)
        self.assertNotIn(b"|", said)
        self.assertLess(said.count(b"\n"), 60)
        self.assertEqual(list(self.folder.glob("tmp.*")), [], "scratch is left")

    def assert_done(self, outcome):
        status, lines = outcome
        self.assertEqual((status, lines[-1]), (0, "[posse] done"), lines)
        return lines

    def assert_failed(self, outcome, status, *words):
        """The last line, and no other, says what failed."""
        found, lines = outcome
        self.assertEqual(found, status, lines)
        self.assertEqual([line.startswith(SAID) for line in lines], [False] * (len(lines) - 1) + [True], lines)
        self.assertNotIn("[posse] done", lines)
        for word in words:
            self.assertIn(word, lines[-1])
        return lines

    def process_results(self, job="results/job__ensemble-dgp_1"):
        return self.bucket / GROUP / job / "process_results"

    def unzipped(self, path):
        with zipfile.ZipFile(path) as archive:
            self.assertIsNone(archive.testzip())
            for name in archive.namelist():
                self.assertFalse(name.startswith(("/", "..")), name)
        # zip writes names as UTF-8 without saying so; unzip takes them so, Python's zipfile does not.
        subprocess.run(["unzip", "-qq", path, "-d", self.folder / "unzipped"], env={**os.environ, "LC_ALL": "C.UTF-8"}, check=True)
        return self.folder / "unzipped"

    def check_results(self, results, stem, num_members, num_frames=3, record="posse-run.json"):
        written = pd.read_hdf(results / f"{stem}_labeled_consensus.h5", "consensus")
        self.assertEqual(written.columns.names, ["scorer", "bodyparts", "coords"])
        self.assertEqual(list(written.columns.get_level_values("coords")[:3]), ["x", "y", "likelihood"])
        self.assertEqual(list(written.index), list(range(num_frames)))
        likelihood = written.xs("likelihood", axis=1, level="coords").to_numpy()
        self.assertTrue(np.all((likelihood > 0) & (likelihood <= 1)))
        with h5py.File(results / f"{stem}_labeled_consensus.h5", "r") as file:
            self.assertEqual(list(file), ["consensus"])
        pd.testing.assert_frame_equal(read_csv(results / f"{stem}_labeled_consensus.csv"), written, check_exact=True,
                                      check_names=False)
        members = sorted((results / "members").glob(f"*/{stem}DLC_*.h5"))
        self.assertEqual(len(members), num_members)
        for path in members:
            self.assertEqual(len(pd.read_hdf(path)), num_frames)
        with h5py.File(next((results / "posse-results" / stem).glob("*.h5")), "r") as file:
            self.assertIn("map_covariance", file["posse"])
        run = json.loads((results / record).read_text())
        self.assertEqual((run["verb"], run["consensus"]["method"], len(run["members"])), ("run", "mean", num_members))
        self.assertGreater((results / "posse.log").stat().st_size, 0)


@unittest.skipIf(S3, "the folders are another test")
class Registered(JobTest):
    def test_predicts_with_the_first_three_of_nine_names(self):
        self.register(self.put_data(), self.put(config(9, size=3)))
        self.assert_done(self.run_script())
        self.assertEqual([path.name for path in self.process_results().iterdir()], ["consensus_results_a.mp4.zip"])
        results = self.unzipped(self.process_results() / "consensus_results_a.mp4.zip")
        self.check_results(results, "a", 3)
        self.assertIn("the first 3 of 9 modelnames", (results / "posse.log").read_text())
        # The numbers are those of posse run.
        members = [DEMO / f"member-{k}" for k in (1, 2, 3)]
        out = self.folder / "out"
        done = posse("run", VIDEO, "--members", *members, "--out", out, "--frames", "0:3", "--tune", "off", "--consensus", "mean")
        self.assertEqual(done.code, 0, done)
        pd.testing.assert_frame_equal(pd.read_hdf(results / "a_labeled_consensus.h5", "consensus"),
                                      pd.read_hdf(next(out.rglob("*.h5"))), check_exact=True)

    def test_gives_the_whole_of_a_video_whatever_its_name(self):
        name = "-a b \u00e9'\"$(x)*|.avi.mp4"
        configuration = self.put(config(), "con fig \u00fc.yaml")
        self.register(self.put_data(name), configuration)
        lines = self.assert_done(self.run_script())
        self.assertIn("-a b ??'\"$(x)*/.avi.mp4", " ".join(lines))
        results = self.unzipped(self.process_results() / f"consensus_results_{name}.zip")
        self.check_results(results, name.removesuffix(".mp4"), 3)

    def test_reads_what_the_post_processing_step_writes(self):
        written = {"mode": "predict", "modelpath": MODELS, "modelnames": names(9), "ensemble_size": 2, "jobnb": "1",
                   "testing": True, "posse": {"frames": "0:3", "consensus": "median"}}
        self.put_data()
        data = f"{GROUP}/results/job__ensemble-dgp_0/process_results/ensemble-model1-2030-01-01/videos/a.mp4"
        target = self.bucket / data
        self.bucket.joinpath(GROUP, MODELS, names(1)[0]).unlink()
        shutil.copytree(DEMO / "member-1", self.bucket / GROUP / MODELS / names(1)[0], dirs_exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(VIDEO, target)
        self.register(data, self.put(json.dumps(written, indent="\t"), "prediction_autoconfig.json"))
        self.assert_done(self.run_script())
        results = self.unzipped(self.process_results() / "consensus_results_a.mp4.zip")
        run = json.loads((results / "posse-run.json").read_text())
        self.assertEqual((run["consensus"]["method"], len(run["members"])), ("median", 2))
        # Videos of a model are not fetched with it.
        self.assertFalse(list((self.home / "contribdata").rglob("videos/a.mp4")))

    def test_a_model_that_is_missing_within_the_ensemble_is_an_error(self):
        self.register(self.put_data(), self.put(config(9, size=4)))
        self.assert_failed(self.run_script(), 1, "model 'ensemble-model4-2030-01-04' is not there", f"{GROUP}/{MODELS}")
        # What there is of an explanation is kept; nothing that could be taken for results.
        self.assertEqual([path.name for path in self.process_results().iterdir()], ["posse_a.mp4.log"])

    def test_what_is_wrong_with_a_configuration_is_said_in_a_line(self):
        data = self.put_data()
        for text, words in [
            ("mode: evaluate\n", ["config.yaml line 1", "'evaluate', expected train or predict"]),
            ("modelnames: [a]\n", ["'mode' is missing"]),
            ("mode: [predict\n", ["config.yaml", "is not YAML"]),
            ("mode: predict\nmodelpath: x/\n", ["'modelnames' is missing"]),
            (config(more="posse: {batsh: 2}\n"), ["no option 'batsh', did you mean batch", "known are"]),
            (config(more="posse: {backend: abacus}\n"), ["posse run: ", "abacus"]),
            ("mode: train\n", ["'train'", "POSSE_NEUROCAAS_TRAIN"]),
        ]:
            with self.subTest(text=text):
                self.register(data, self.put(text))
                self.assert_failed(self.run_script(), 2, *words)
                if "backend" not in text and "train" not in text.splitlines()[0]:
                    done = posse("neurocaas-config", self.bucket / GROUP / "configs" / "config.yaml")
                    self.assertEqual((done.code, done.out, done.err.count("\n")), (2, "", 1), done)

    def test_local_data_takes_its_models_from_a_folder(self):
        (self.folder / "my config.yaml").write_text(config())
        self.contrib("register-dataset", "-l", VIDEO)
        self.contrib("register-config", "-l", self.folder / "my config.yaml")
        self.contrib("register-resultpath", "-l", self.folder / "results")
        self.assert_failed(self.run_script(), 1, "model 'ensemble-model1-2030-01-01' is not there", "POSSE_MODELS")
        models = self.bucket / GROUP / MODELS
        self.assert_failed(self.run_script(POSSE_MODELS=str(self.folder / "none")), 1, f"POSSE_MODELS is {self.folder}/none")
        self.assert_done(self.run_script(POSSE_MODELS=str(models)))
        zipped = self.folder / "results" / "process_results" / "consensus_results_openarena.mp4.zip"
        self.check_results(self.unzipped(zipped), "openarena", 3)

    def test_results_may_go_to_an_address_of_their_own(self):
        self.register(self.put_data(), self.put(config()), "s3://other-bucket/a prefix/job__ensemble-dgp_1")
        self.assert_done(self.run_script())
        there = self.home / "s3" / "other-bucket" / "a prefix" / "job__ensemble-dgp_1" / "process_results"
        self.assertEqual([path.name for path in there.iterdir()], ["consensus_results_a.mp4.zip"])

    def test_every_failure_of_a_step_fails_the_job(self):
        (self.folder / "no.mp4").write_bytes(b"no video at all" * 1000)
        good, configuration = self.put_data(), self.put(config())
        bad = self.put_data("no.mp4", self.folder / "no.mp4")
        for data, more, words in [
            (bad, {}, ["posse run ended with status 1", "no.mp4"]),
            (good, {"STAND_IN_FAILS": "put-result"}, ["put-result failed: S3UploadFailedError"]),
            (good, {"STAND_IN_FAILS": "aws"}, ["cannot be fetched", "Unable to locate credentials"]),
            (f"{GROUP}/inputs/none.mp4", {}, ["get-data failed: ClientError"]),
            (good, {"PATH": "/usr/bin:/bin"}, ["neurocaas-contrib is not installed"]),
        ]:
            with self.subTest(words=words):
                shutil.rmtree(self.process_results(), ignore_errors=True)
                self.register(data, configuration)
                self.assert_failed(self.run_script(**more), 1, *words)
                self.assertEqual(list(self.process_results().glob("*.zip")), [])

    def test_it_needs_no_variables_of_a_login(self):
        programs = self.folder / "programs"
        programs.mkdir()
        for name in ("neurocaas-contrib", "aws"):
            (programs / name).write_text(f"#!/bin/bash\nHOME='{self.home}' exec '{HERE}/bin/{name}' \"$@\"\n")
            (programs / name).chmod(0o755)
        self.register(self.put_data(), self.put(config(size=1)))
        self.environment = {"PATH": f"{programs}:/usr/bin:/bin"}
        self.assert_done(self.run_script())

    def test_a_wrong_call_is_said(self):
        self.assert_failed(self.run_script("a"), 2, "found 1")
        self.assert_failed(self.run_script("a", "b", "c"), 2, "found 3")

    def test_a_signal_stops_it_within_seconds(self):
        self.register(self.put_data(), self.put(config(more="posse: {tune: off, batch: 1, threads: 1}\n")))
        process = self.start()
        deadline = time.monotonic() + 60
        while not list(self.home.glob("contribdata/results/.posse-*/results/posse-results/a")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        said = process.communicate(timeout=60)[0]
        self.assertLess(time.monotonic() - begin, 5)
        self.check_said(said)
        self.assert_failed((process.returncode, said.decode().splitlines()), 75, "stopped by SIGTERM")
        self.assertEqual(list((self.home / "contribdata" / "results").iterdir()), [])


@unittest.skipIf(S3, "the folders are another test")
class Archives(JobTest):
    """The data may be a .zip of videos."""

    def put_archive(self, entries, name="two videos.zip"):
        path = self.folder / "made.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for inside, source in entries.items():
                if isinstance(source, bytes):
                    archive.writestr(inside, source)
                elif source.is_dir():
                    for file in source.rglob("*"):
                        if file.is_file():
                            archive.write(file, f"{inside}/{file.relative_to(source)}")
                else:
                    archive.write(source, inside)
        return self.put_data(name, path)

    def test_what_is_no_archive_is_said(self):
        broken = self.folder / "broken.zip"
        broken.write_bytes(b"no archive " * 300)
        self.register(self.put_data("broken.zip", broken), self.put(config()))
        self.assert_failed(self.run_script(), 1, "broken.zip is no zip file, or not all of it is there")

    def test_every_video_of_an_archive_is_run_with_models_from_it(self):
        with_videos = self.folder / "member"
        shutil.copytree(DEMO / "member-1", with_videos)
        (with_videos / "videos").mkdir(exist_ok=True)
        shutil.copy(VIDEO, with_videos / "videos" / "trained on.mp4")
        data = self.put_archive({"top/b \u00e9.mp4": VIDEO, "top/a.MP4": VIDEO, "top/notes.txt": b"x", "top/own": with_videos,
                                 "__MACOSX/top/._a.MP4": b"x", "top/._a.MP4": b"x"})
        text = config().replace("modelnames:\n", "modelnames:\n- own\n")
        self.register(data, self.put(text))
        lines = self.assert_done(self.run_script())
        self.assertIn("[posse] videos in two videos.zip: 2, models: 4, options: --frames=0:3 --tune=off --consensus=mean", lines)
        results = self.unzipped(self.process_results() / "consensus_results_two videos.zip.zip")
        for stem in ("a", "b \u00e9"):
            self.check_results(results, stem, 4, record=f"{stem}_posse-run.json")
        self.assertEqual(len(list(results.glob("*_labeled_consensus.h5"))), 2)

    def test_a_video_that_fails_costs_no_other_its_results_but_the_job_fails(self):
        data = self.put_archive({"a.mp4": VIDEO, "b.mp4": b"no video" * 1000})
        self.register(data, self.put(config()))
        self.assert_failed(self.run_script(), 1, "not complete", "b.mp4")
        results = self.unzipped(self.process_results() / "consensus_results_two videos.zip.zip")
        self.check_results(results, "a", 3, record="a_posse-run.json")

    def test_archives_without_videos_or_cut_off_are_errors(self):
        configuration = self.put(config())
        self.register(self.put_archive({"top/x.txt": b"x"}), configuration)
        self.assert_failed(self.run_script(), 1, "there is no video in two videos.zip")
        (self.folder / "cut.zip").write_bytes((self.folder / "made.zip").read_bytes()[:60])
        self.register(self.put_data("cut.zip", self.folder / "cut.zip"), configuration)
        self.assert_failed(self.run_script(), 1, "cut.zip is no zip file, or not all of it is there")


@unittest.skipIf(S3, "the folders are another test")
class Plain(JobTest):
    """With two words, without NeuroCAAS' services."""

    def setUp(self):
        super().setUp()
        self.io = self.home / "io-dir"
        (self.io / "inputs").mkdir(parents=True)
        (self.io / "configs").mkdir()
        shutil.copy(VIDEO, self.io / "inputs" / "-a clip.mp4")
        (self.io / "configs" / "c.yaml").write_text(config())

    def test_names_are_looked_up_and_results_are_not_packed(self):
        for k, name in enumerate(names(3), start=1):
            (self.io / "inputs" / name).symlink_to(DEMO / f"member-{k}")
        self.assert_done(self.run_script("-a clip.mp4", "c.yaml"))
        self.check_results(self.io / "results", "-a clip", 3)
        self.assertFalse((self.home / "calls").exists(), "neurocaas-contrib was called")
        self.assertEqual([path.name for path in (self.io / "results").iterdir() if path.name.startswith(".")], [])

    def test_paths_are_taken_as_they_are(self):
        self.assert_failed(self.run_script(VIDEO, self.io / "configs" / "c.yaml"), 1, "is not there: POSSE_MODELS names")
        self.assertIn("error: model", (self.io / "results" / "posse.log").read_text())
        models = str(self.bucket / GROUP / MODELS)
        self.assert_done(self.run_script(VIDEO, self.io / "configs" / "c.yaml", POSSE_MODELS=models))
        self.check_results(self.io / "results", "openarena", 3)

    def test_it_runs_without_the_variables_of_a_login(self):
        for name in ("HOME", "TMPDIR"):
            del self.environment[name]
        self.assert_failed(self.run_script("no such video.mp4", "no.yaml"), 2, "there is no 'no such video.mp4'")


STAND_IN_POSSE = """#!/bin/bash
case $1 in
  --version) echo "posse 9.9.9" ;;
  neurocaas-config) exec "$REAL" "$@" ;;
  train)
    [[ -z $NO_TRAIN && $2 == neurocaas ]] || exit 2
    [[ $3 == --help ]] || { mkdir -p "$5/ensemble-model1-2030-01-01" && echo x >"$5/ensemble-model1-2030-01-01/config.yaml"; }
    ;;
  run)
    for k in {1..3000}; do
      echo "posse: warning: a|$k"$'\\r\\xff' >&2
      echo "a.mp4: networks $k of 3000 frames (1 %), 9.0 frames/s" >&2
    done
    exit "$STATUS"
    ;;
esac
"""


@unittest.skipIf(S3, "the folders are another test")
class OverAnotherPosse(JobTest):
    """What a program does that posse does not, or not yet."""

    def setUp(self):
        super().setUp()
        self.script = shutil.copy(self.script, self.folder)
        program = self.folder / "posse"
        program.write_text(STAND_IN_POSSE)
        program.chmod(0o755)
        self.environment |= {"REAL": POSSE, "NO_TRAIN": "", "STATUS": "0"}

    def test_output_stays_short_and_success_is_not_taken_on_trust(self):
        self.register(self.put_data(), self.put(config()))
        lines = self.assert_failed(self.run_script(), 1, "there are no results")
        self.assertIn("[posse] 3000 warnings in all, see posse.log", lines)
        self.assertLess(len(lines), 30)

    def test_a_crash_is_no_success(self):
        self.register(self.put_data(), self.put(config()))
        self.assert_failed(self.run_script(STATUS="139"), 1, "status 139")

    def test_training_is_handed_over(self):
        data, configuration = self.put_data("project.zip"), self.put("mode: train\nensemble_size: 2\njobnb: 1\n")
        self.register(data, configuration)
        self.assert_done(self.run_script())
        self.assertTrue((self.process_results() / "ensemble-model1-2030-01-01" / "config.yaml").exists())
        self.contrib("register-resultpath", "-l", self.folder / "local")
        self.assert_done(self.run_script())
        self.assertTrue((self.folder / "local" / "process_results" / "ensemble-model1-2030-01-01" / "config.yaml").exists())
        trainer = self.folder / "my trainer"
        trainer.write_text('#!/bin/sh\necho "trained with $#"\nexit 7\n')
        self.assert_failed(self.run_script(NO_TRAIN="1", POSSE_NEUROCAAS_TRAIN=str(trainer)), 1, "is no program")
        trainer.chmod(0o755)
        status, lines = self.run_script(NO_TRAIN="1", POSSE_NEUROCAAS_TRAIN=str(trainer))
        self.assertEqual((status, lines[-1]), (7, "trained with 0"))
        self.assertEqual(list((self.home / "contribdata" / "results").iterdir()), [])


@unittest.skipUnless(S3, "a local S3 is another test")
class OverS3(JobTest):
    """The whole job, by the commands of aws."""

    def setUp(self):
        super().setUp()
        programs = pathlib.Path(sys.executable).parent
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.environment |= {"PATH": f"{programs}:{self.environment['PATH']}", "STAND_IN_S3": "aws",
                             "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1",
                             "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        server = subprocess.Popen([programs / "moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env=self.environment)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                self.assertLess(time.monotonic(), deadline, "moto_server does not answer")
                time.sleep(0.1)
        self.aws("mb", f"s3://{BUCKET}")

    def aws(self, *words):
        done = subprocess.run(["aws", "s3", *map(str, words)], env=self.environment, check=True, capture_output=True, timeout=120)
        return done.stdout.decode()

    def upload(self, source, key):
        more = ["--recursive"] if source.is_dir() else []
        self.aws("cp", "--only-show-errors", *more, source, f"s3://{BUCKET}/{GROUP}/{key}")

    def test_a_job_fetches_its_models_and_uploads_its_results(self):
        trained = self.folder / "trained"
        shutil.copytree(DEMO / "member-1", trained)
        (trained / "videos").mkdir(exist_ok=True)
        shutil.copy(VIDEO, trained / "videos")
        self.upload(trained, MODELS + names(3)[0])
        self.upload(DEMO / "member-2", MODELS + names(3)[1])
        # The prefix of another is no model of its own.
        self.upload(DEMO / "member-3", MODELS + names(3)[2] + "0")
        self.upload(VIDEO, "inputs/a video.mp4")
        for name, text in (("c 2.yaml", config(9, size=2)), ("c3.yaml", config(9, size=3))):
            (self.folder / name).write_text(text)
            self.upload(self.folder / name, f"configs/{name}")

        self.register(f"{GROUP}/inputs/a video.mp4", f"{GROUP}/configs/c 2.yaml")
        self.assert_done(self.run_script())
        there = self.aws("ls", "--recursive", f"s3://{BUCKET}/{GROUP}/results/job__ensemble-dgp_1/")
        self.assertEqual([line.split(None, 3)[3] for line in there.splitlines()],
                         [f"{GROUP}/results/job__ensemble-dgp_1/process_results/consensus_results_a video.mp4.zip"])
        self.aws("cp", f"s3://{BUCKET}/{GROUP}/results/job__ensemble-dgp_1/process_results/consensus_results_a video.mp4.zip",
                 self.folder / "results.zip")
        results = self.unzipped(self.folder / "results.zip")
        run = json.loads((results / "posse-run.json").read_text())
        self.assertEqual([member["name"] for member in run["members"]], names(2))
        table = (results / "a video_labeled_consensus.csv").read_text().splitlines()
        self.assertEqual((len(table), len(table[-1].split(","))), (3 + 3, 1 + 3 * 4))
        self.assertGreater((results / "a video_labeled_consensus.h5").stat().st_size, 0)
        self.assertNotIn("videos/", (results / "posse.log").read_text().replace("'videos*/*'", ""))

        self.register(f"{GROUP}/inputs/a video.mp4", f"{GROUP}/configs/c3.yaml", f"s3://{BUCKET}/elsewhere/job__ensemble-dgp_2")
        self.assert_failed(self.run_script(), 1, f"model '{names(3)[2]}' is not there", f"{MODELS}{names(3)[2]}/")
        there = self.aws("ls", "--recursive", f"s3://{BUCKET}/elsewhere/")
        self.assertIn("posse_a video.mp4.log", there)
        self.assertNotIn(".zip", there)


if __name__ == "__main__":
    if not shutil.which("zip") or not shutil.which("unzip"):
        print("SKIPPED: zip or unzip is not installed")
        sys.exit(77)
    unittest.main(verbosity=1)
