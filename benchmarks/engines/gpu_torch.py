"""PyTorch on a card, with the networks that posse exports: milliseconds per frame as JSON.

usage: gpu_torch.py DEVICE WIDTHxHEIGHT ROUNDS BATCH[,BATCH...] MODEL.onnx...

One network and all of them, one after another, on the same frames: bytes go to the device, maps come back, as in posse. Modes: eager in
float32 without TF32 and with it, eager in float16 with channels last, and that compiled. What fails stands there as an error. Needs PyTorch and NumPy alone.
"""
import json
import sys
import time

import torch

from onnx_to_torch import OnnxModule

COMPILE_SECONDS = 240  # after which no further form is compiled


class Timed:
    """The networks in one mode."""

    def __init__(self, paths, device, half, compiled):
        self.device, self.half = device, half
        self.nets = [OnnxModule(path).eval().to(device) for path in paths]
        for net in self.nets:
            net.constants = {name: value.to(device) for name, value in net.constants.items()}
            if half:
                net.half().to(memory_format=torch.channels_last)
                net.constants = {name: value.half() if value.is_floating_point() else value for name, value in net.constants.items()}
        self.calls = [torch.compile(net) if compiled else net for net in self.nets]

    def run(self, frames, count):
        on_device = frames.to(self.device, non_blocking=True)
        pictures = on_device.half() if self.half else on_device.float()
        return [call(pictures).float().cpu() for call in self.calls[:count]]

    def milliseconds(self, frames, count, rounds):
        """Per frame, the median of the rounds."""
        for _ in range(3):
            self.run(frames, count)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            self.run(frames, count)  # ends with the maps on the host
            times.append(1e3 * (time.perf_counter() - start) / len(frames))
        return sorted(times)[len(times) // 2]


def frames_of(size, batch, device):
    width, height = (int(part) for part in size.split("x"))
    torch.manual_seed(1)
    frames = torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8)
    return frames.pin_memory() if device.startswith("cuda") else frames


def figures(timed, arguments, deadline):
    device, size, rounds, batches, paths = arguments
    found = []
    for batch in batches:
        entry = {"batch": batch}
        for name, count in (("one", 1), ("all", len(paths))):
            try:
                if time.perf_counter() > deadline:
                    raise RuntimeError("left out: compiling takes too long")
                entry[name] = {"ms_per_frame": timed.milliseconds(frames_of(size, batch, device), count, rounds)}
            except Exception as error:  # the answer to the question
                entry[name] = {"error": str(error)[:500]}
        found.append(entry)
    return found


def main(device, size, rounds, batches, *paths):
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True
    arguments = device, size, int(rounds), [int(batch) for batch in batches.split(",")], paths
    name = torch.cuda.get_device_name() if device.startswith("cuda") else device
    said = {"torch": torch.__version__, "device": name, "networks": len(paths), "modes": {}}
    for mode, tf32, half, compiled in (("eager_fp32", False, False, False), ("eager_tf32", True, False, False),
                                       ("eager_fp16_channels_last", True, True, False), ("compiled_fp16_channels_last", True, True, True)):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        deadline = time.perf_counter() + (COMPILE_SECONDS if compiled else 1e9)
        try:
            said["modes"][mode] = figures(Timed(paths, device, half, compiled), arguments, deadline)
        except Exception as error:  # the answer to the question
            said["modes"][mode] = {"error": str(error)[:500]}
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
