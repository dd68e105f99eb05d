"""Engines as processes that take turns, and what all comparisons share: frames, networks, medians, the machine's description."""
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PYPI = os.path.join(HERE, "..", "..", "scripts", "pypi_env.py")
PYTHON = "/usr/bin/python3"  # Debian's own, which has Debian's PyTorch and OpenCV


def output(words):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


def pinned(threads, words, first=0):
    return ["taskset", "-c", "%d-%d" % (first, first + threads - 1), *map(str, words)]


class Worker:
    """A process on processors first ... first + threads - 1 that answers orders line by line; started and warmed up."""

    def __init__(self, threads, words, first=0):
        self.process = subprocess.Popen(pinned(threads, words, first), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a worker ended early: " + " ".join(self.process.args))
        return json.loads(line)

    def send(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def ask(self, order):
        self.send(order)
        return self.read()

    def ms_per_frame(self, frames):
        return self.ask("run %d" % frames)["ms_per_frame"]

    def processor_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            ticks = file.read().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class ProcessorTime:
    """A worker whose milliseconds are those of the processor, not the clock's: for machines where others run too."""

    def __init__(self, worker):
        self.worker = worker

    def ms_per_frame(self, frames):
        before = self.worker.processor_seconds()
        self.worker.ms_per_frame(frames)
        return 1e3 * (self.worker.processor_seconds() - before) / frames


class Pair:
    """Workers side by side, one processor each, that share the frames between them."""

    def __init__(self, count, words):
        self.workers = [Worker(1, words, first=i) for i in range(count)]

    def ms_per_frame(self, frames):
        start = time.perf_counter()
        for worker in self.workers:
            worker.send("run %d" % frames)
        for worker in self.workers:
            worker.read()
        return 1e3 * (time.perf_counter() - start) / (frames * len(self.workers))

    def close(self):
        for worker in self.workers:
            worker.close()


def answers(words):
    return subprocess.run(list(map(str, words)), capture_output=True).returncode == 0


def has_onnxruntime():
    """Installs it on the first call."""
    return answers([PYPI, "onnxruntime"])


def has_tensorflow():
    return answers([PYPI, "deeplabcut-tensorflow", "-c", "import tensorflow"])


def has_python(module):
    return answers([PYTHON, "-c", "import " + module])


class Bench:
    """One build of posse, one frame size, one folder for models; makes workers of every engine."""

    def __init__(self, bin_folder, folder, width, height):
        self.bin, self.folder, self.size = bin_folder, folder, [str(width), str(height)]
        self.frame = os.path.join(folder, "frame-%dx%d.rgb" % (width, height))
        with open(self.frame, "wb") as file:  # smooth colours with noise, the same for all
            file.write(bytes((x * 200 // width + y * 40 // height + (x * 7919 + y * 104729 + c * 611953) % 15) & 255
                             for y in range(height) for x in range(width) for c in range(3)))

    def make_members(self, net, count):
        """Snapshot prefixes; made anew unless the folder has them from an earlier call."""
        made = [os.path.join(self.folder, "%s-%d/snapshot-1" % (net, i + 1)) for i in range(count)]
        if all(os.path.exists(prefix + ".index") for prefix in made):
            return made
        return output([self.bin + "/posse_bench_members", self.folder, net, count]).split()

    def export(self, member, *options):
        """The network as its users would want it: float input, and no output that is not asked for."""
        full, model = (os.path.join(self.folder, "-".join(member.split("/")[-2:]) + end) for end in ("-full.onnx", ".onnx"))
        if not os.path.exists(model):
            output([self.bin + "/posse", "export", member, "--onnx", full, "--float-input", "--decode", "dgp", *options])
            output([PYTHON, "-c", "import onnx.utils, sys; onnx.utils.extract_model(sys.argv[1], sys.argv[2], ['frames'], "
                    "['scoremap_logits'], check_model=False)", full, model])
            os.remove(full)
        return model

    def posse(self, members, threads, batch=0, memory="full"):
        return Worker(threads, [self.bin + "/posse_bench_worker", self.frame, *self.size, threads, batch, memory, *members])

    def onnxruntime_words(self, models, threads, batch=1):
        return [PYPI, "onnxruntime", HERE + "/onnxruntime_worker.py", self.frame, *self.size, threads, batch, *models]

    def torch_words(self, mode, models, threads):
        return [PYTHON, HERE + "/torch_worker.py", mode, self.frame, *self.size, threads, *models]

    def opencv_words(self, models, threads):
        return [PYTHON, HERE + "/opencv_worker.py", self.frame, *self.size, threads, *models]


    def tensorflow_words(self, member, net, threads):
        return [PYPI, "deeplabcut-tensorflow", HERE + "/tensorflow_worker.py", self.frame, *self.size, threads, member, net]


class work_folder:
    """The folder given, kept; or a temporary one."""

    def __init__(self, given):
        self.temporary = None if given else tempfile.TemporaryDirectory()
        self.path = given or self.temporary.name

    def __enter__(self):
        os.makedirs(self.path, exist_ok=True)
        return self.path

    def __exit__(self, *error):
        if self.temporary:
            self.temporary.cleanup()


def spread(values, form="%.1f"):
    return (form + " (" + form + " to " + form + ")") % (statistics.median(values), min(values), max(values))


def take_turns(engines, rounds, frames):
    """{engine: [ms per frame in each round]}; engines run one after another, each round begins with another one."""
    times = {name: [] for name in engines}
    names = list(engines)
    for round_index in range(rounds):
        shift = round_index % len(names)
        for name in names[shift:] + names[:shift]:
            times[name].append(engines[name].ms_per_frame(frames[name] if isinstance(frames, dict) else frames))
    return times


def ratios(times, of, to):
    """Round by round."""
    return [a / b for a, b in zip(times[of], times[to])]


def machine():
    """One line: processor, processors this process may use, versions of all engines."""
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    versions = []
    for name, words in (("ONNX Runtime", [PYPI, "onnxruntime", "-c", "import onnxruntime; print(onnxruntime.__version__)"]),
                        ("PyTorch", [PYTHON, "-c", "import torch; print(torch.__version__)"]),
                        ("OpenCV", [PYTHON, "-c", "import cv2; print(cv2.__version__)"]),
                        ("TensorFlow", [PYPI, "deeplabcut-tensorflow", "-c", "import tensorflow; print(tensorflow.__version__)"])):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode == 0:
            versions.append(name + " " + done.stdout.strip())
    return "%s, %d processors; %s" % (cpu, len(os.sched_getaffinity(0)), ", ".join(versions))
