"""PyTorch as a worker: torch_worker.py MODE FRAME.rgb WIDTH HEIGHT THREADS MODEL...; MODE is eager or frozen.

frozen: traced, frozen, optimize_for_inference; that is the fastest form PyTorch 1.13 offers on a processor.
"""
import sys
import warnings

import torch

from onnx_to_torch import OnnxModule
from worker import read_frame, serve

mode, frame_file, width, height, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)
warnings.simplefilter("ignore", torch.jit.TracerWarning)  # sizes become constants of the trace, as they should
frame = torch.from_numpy(read_frame(frame_file, width, height))


def prepare(path):
    net = OnnxModule(path).eval()
    if mode == "eager":
        return net
    return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, frame)))


nets = [prepare(path) for path in sys.argv[6:]]


def run():
    for net in nets:
        logits = net(frame)
    return logits.numpy()


serve(run)
