#!/usr/bin/env python3
"""A DeepLabCut 3 resnet_50 (GroupNorm, output stride 16) in posse and in PyTorch, on one thread, in turn.

Usage: deeplabcut3.py POSSE TRAINING_FOLDER [ROUNDS]   (needs torch and torchvision)

TRAINING_FOLDER holds pytorch_config.yaml and one snapshot. PyTorch runs the same weights, traced, frozen and channels-last,
on a made-up input of 640x480; posse bench runs made-up frames of that size with all its preprocessing. Milliseconds per frame.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

import torch
import torchvision

CHILDREN = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]


class Network(torch.nn.Module):
    """Dilation in the last stage begins behind its first block, in torchvision as in timm, which DeepLabCut uses."""

    def __init__(self, state):
        super().__init__()
        whole = torchvision.models.resnet50(norm_layer=lambda c: torch.nn.GroupNorm(32, c), replace_stride_with_dilation=[False, False, True])
        start = "backbone.model."
        found = {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}
        missing = whole.load_state_dict(found, strict=False).missing_keys
        assert set(missing) <= {"fc.weight", "fc.bias"}, missing
        self.backbone = torch.nn.Sequential(*[getattr(whole, name) for name in CHILDREN])
        self.heads = torch.nn.ModuleList()
        for head in ("heatmap_head", "locref_head"):
            weight = state[f"heads.bodypart.{head}.deconv_layers.0.weight"]
            layer = torch.nn.ConvTranspose2d(weight.shape[0], weight.shape[1], 3, 2)
            layer.load_state_dict({"weight": weight, "bias": state[f"heads.bodypart.{head}.deconv_layers.0.bias"]})
            self.heads.append(layer)

    def forward(self, picture):
        features = self.backbone(picture)
        return self.heads[0](features), self.heads[1](features)


def torch_milliseconds(frozen, picture):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        frozen(picture)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def posse_milliseconds(posse, folder):
    words = [posse, "bench", folder, "--threads", "1", "--size", "640x480", "--rounds", "3", "--json"]
    figures = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return figures["networks"][0]["ms_per_frame"]["median"]


def main():
    posse, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    state = torch.load(next(folder.glob("*.pt")), map_location="cpu", weights_only=True)["model"]
    picture = torch.randn(1, 3, 480, 640).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        network = Network(state).eval().to(memory_format=torch.channels_last)
        frozen = torch.jit.freeze(torch.jit.trace(network, picture))
        frozen(picture), frozen(picture)
        times = {"posse": [], f"PyTorch {torch.__version__}": []}
        for _ in range(rounds):
            times["posse"].append(posse_milliseconds(posse, folder))
            times[f"PyTorch {torch.__version__}"].append(torch_milliseconds(frozen, picture))
    for name, values in times.items():
        print(f"{name:<24} {statistics.median(values):7.1f}  ({min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main()
