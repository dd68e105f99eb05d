"""PyTorch as a worker that runs a snapshot of DeepLabCut 3 (resnet_50) or Lightning Pose (resnet50), traced, frozen, channels-last.

snapshot_worker.py FRAME.rgb WIDTH HEIGHT BATCH MEMBER   (needs torch and torchvision)

The networks are torchvision's with the snapshot's weights; the frame's preparation is inside, as the tools do it. The maps are the tools'
own, the highest of each bodypart as 0.
"""
import pathlib
import pickle
import re
import sys
import types
import warnings
from collections import OrderedDict

import torch
import torchvision

from worker import read_frame, serve

CHILDREN = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]


class Anything:
    """Stands for the objects beside the weights, whose classes need not be installed."""

    def __init__(self, *arguments, **named):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            return Anything


def part(state, start):
    return {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}


def filled(layers, state):
    """With these weights, of which none may be missing or left over."""
    known = layers.state_dict()
    layers.load_state_dict({key: value for key, value in state.items() if key in known})
    assert set(state) <= set(known), sorted(set(state) - set(known))
    return layers


def backbone_of(whole):
    return [(name, getattr(whole, name)) for name in CHILDREN]


class DeepLabCut(torch.nn.Module):
    """GroupNorm; dilation in the last stage begins behind its first block, in torchvision as in timm, which the tool uses."""

    def __init__(self, state):
        super().__init__()
        whole = torchvision.models.resnet50(norm_layer=lambda c: torch.nn.GroupNorm(32, c), replace_stride_with_dilation=[False, False, True])
        self.backbone = filled(torch.nn.Sequential(OrderedDict(backbone_of(whole))), part(state, "backbone.model."))
        head = part(state, "heads.bodypart.heatmap_head.deconv_layers.0.")
        self.head = filled(torch.nn.ConvTranspose2d(*head["weight"].shape[:2], 3, 2), head)

    def forward(self, picture):
        return self.head(self.backbone(picture))


class LightningPose(torch.nn.Module):
    def __init__(self, state, size):
        super().__init__()
        self.size = size
        self.backbone = filled(torch.nn.Sequential(*[layer for _, layer in backbone_of(torchvision.models.resnet50())]), part(state, "backbone."))
        head = part(state, "head.upsampling_layers.")
        layers = [torch.nn.ConvTranspose2d(*head[f"{i}.weight"].shape[:2], 3, 2, 1, 1) for i in (1, 2)]
        self.head = filled(torch.nn.Sequential(torch.nn.PixelShuffle(2), *layers), head)

    def forward(self, picture):
        resized = torch.nn.functional.interpolate(picture, size=self.size, mode="bilinear", align_corners=False)
        return self.head(self.backbone(resized))


class Prepared(torch.nn.Module):
    """From bytes [batch, height, width, 3] as float32 to maps [batch, bodyparts, h, w]."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("mean", 255 * torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("scale", 255 * torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, frame):
        return self.network((frame.permute(0, 3, 1, 2) - self.mean) / self.scale)


def network_of(member):
    snapshots = sorted(member.rglob("*.pt")) + sorted(member.rglob("*.ckpt"))
    assert len(snapshots) == 1, snapshots
    reader = types.SimpleNamespace(__name__="pickle", Unpickler=Unpickler, load=pickle.load)
    state = torch.load(snapshots[0], map_location="cpu", weights_only=False, pickle_module=reader)
    if snapshots[0].suffix == ".pt":
        return DeepLabCut(state["model"])
    config = (member / "config.yaml").read_text()
    resized = re.search(r"image_resize_dims:\s*\{?\s*height: (\d+),?\s*width: (\d+)", config)
    return LightningPose(state["state_dict"], [int(side) for side in resized.groups()])


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    frame_file, width, height, batch, member = sys.argv[1], *map(int, sys.argv[2:5]), pathlib.Path(sys.argv[5])
    frames = torch.from_numpy(read_frame(frame_file, width, height, batch))
    with torch.no_grad():
        network = Prepared(network_of(member)).eval().to(memory_format=torch.channels_last)
        frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, frames)))

        def run():
            maps = frozen(frames)[0].permute(1, 2, 0).numpy()
            return maps - maps.max(axis=(0, 1))

        serve(run, batch)


main()
