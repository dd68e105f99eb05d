"""Usage: time_torch.py MODE WIDTH HEIGHT THREADS RUNS, MODE frozen or eager. Prints the median milliseconds per frame, batch 1.

A ResNet-50 pose network of output stride 16 with 4 bodyparts, built here with weights of its own: the arithmetic and its shapes
are those of the exported network, the values are not, which timing does not feel.
"""
import sys
import time

import torch
from torch import nn

mode, width, height, threads, runs = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(1)


def conv(cin, cout, kernel, stride=1, dilation=1, relu=True):
    pad = dilation * (kernel - 1) // 2
    layers = [nn.Conv2d(cin, cout, kernel, stride, pad, dilation, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class Unit(nn.Module):
    def __init__(self, cin, base, stride, dilation):
        super().__init__()
        self.residual = nn.Sequential(conv(cin, base, 1), conv(base, base, 3, stride, dilation),
                                      conv(base, 4 * base, 1, relu=False))
        self.shortcut = conv(cin, 4 * base, 1, relu=False) if cin != 4 * base else None
        self.stride = stride

    def forward(self, x):
        short = self.shortcut(x) if self.shortcut is not None else x[:, :, ::self.stride, ::self.stride]
        return torch.relu(short + self.residual(x))


class PoseNet(nn.Module):
    def __init__(self, bodyparts=4):
        super().__init__()
        units, cin = [], 64
        for base, count, last_stride, dilation in ((64, 3, 2, 1), (128, 4, 2, 1), (256, 6, 1, 1), (512, 3, 1, 2)):
            for i in range(count):
                units.append(Unit(cin, base, last_stride if i == count - 1 else 1, dilation))
                cin = 4 * base
        self.body = nn.Sequential(conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1), *units)
        self.head = nn.ConvTranspose2d(2048, bodyparts, 3, 2, 1, 1)

    def forward(self, x):
        return self.head(self.body(x))


net = PoseNet().eval()
frame = torch.rand(1, 3, height, width) * 255
with torch.no_grad():
    if mode == "frozen":
        net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, frame)))
    times = []
    for i in range(runs + 3):
        start = time.perf_counter()
        net(frame)
        times.append(1e3 * (time.perf_counter() - start))
print(sorted(times[3:])[runs // 2])
