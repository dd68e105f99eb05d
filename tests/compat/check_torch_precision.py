"""Deep residual networks with made weights: posse against PyTorch in double precision, beside PyTorch in single precision.

usage: scripts/pypi_env.py deeplabcut tests/compat/check_torch_precision.py POSSE

Truth: torchvision's networks in float64. Hundreds of layers one after the other enlarge the rounding of each, in PyTorch's float32
too: posse may be one and a half times as far off as that (1.0 to 1.35 was measured), or 1e-4 of the largest value.
"""

import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import torch
import torchvision

POSSE = pathlib.Path(sys.argv[1]).resolve()
FRAME = pathlib.Path(__file__).resolve().parent.parent.parent / "data" / "demo" / "golden" / "frame-0060.png"
CHANNEL_MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
CHANNEL_STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)

LIGHTNING = """data: {{image_resize_dims: {{height: 128, width: 256}}, num_keypoints: 4, keypoint_names: [a, b, c, d], downsample_factor: 2}}
model: {{backbone: resnet{depth}, model_type: heatmap}}
"""
DEEPLABCUT = """method: bu
net_type: resnet_101
metadata: {{bodyparts: [a, b, c, d], unique_bodyparts: [], individuals: [individual_1]}}
data: {{colormode: RGB, inference: {{normalize_images: true}}}}
model:
  backbone: {{type: ResNet, model_name: resnet101, output_stride: {stride}}}
  heads:
    bodypart:
      type: HeatmapHead
      predictor: {{type: HeatmapPredictor, apply_sigmoid: true, location_refinement: true, locref_std: 7.2801}}
      heatmap_config: {{channels: [2048, 4], kernel_size: [3], strides: [2]}}
      locref_config: {{channels: [2048, 8], kernel_size: [3], strides: [2]}}
"""


def seen_by_networks():
    """[1, 3, h, w] float64"""
    rgb = cv2.cvtColor(cv2.imread(str(FRAME)), cv2.COLOR_BGR2RGB)
    return (torch.from_numpy(rgb).permute(2, 0, 1)[None].double() / 255 - CHANNEL_MEAN) / CHANNEL_STD


def settle(network, inputs):
    """Made norms, with the statistics that the network's own values have."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.0)
            torch.nn.init.normal_(layer.bias, 0, 0.1)
            layer.reset_running_stats()
            layer.momentum = None
    network.train()(inputs)
    return network.eval()


def channels_last(outputs):
    return outputs[0].permute(1, 2, 0).double().numpy()


def in_both(network, inputs):
    """Outputs in float64 and in float32."""
    found = []
    for kind in (torch.float64, torch.float32):
        found.append(channels_last(network.to(kind)(inputs.to(kind))))
    return found


def maps_of(member, out):
    subprocess.run([str(word) for word in (POSSE, "scoremap", member, FRAME, "--out", out)], check=True, capture_output=True)
    return [np.load(out / f"{name}.npy")[0] for name in ("logits", "locref") if (out / f"{name}.npy").exists()]


def check(name, posse, exact, single):
    largest = np.abs(exact).max()
    errors = [np.abs(values - exact).max() / largest for values in (posse, single)]
    print(f"{name}: posse {errors[0]:.1e}, PyTorch in float32 {errors[1]:.1e} of the largest value")
    assert errors[0] <= max(1.5 * errors[1], 1e-4), name


def below_the_highest(maps):
    return maps - maps.max(axis=(0, 1))


def check_lightning(at, depth):
    inputs = torch.nn.functional.interpolate(seen_by_networks(), size=(128, 256), mode="bilinear", align_corners=False)
    whole = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    channels = whole.fc.in_features // 4
    backbone = settle(torch.nn.Sequential(*list(whole.children())[:-2]), inputs.float())
    layers = [torch.nn.ConvTranspose2d(given, 4, 3, 2, 1, 1) for given in (channels, 4)]
    head = torch.nn.Sequential(torch.nn.PixelShuffle(2), *layers)
    weights = {f"backbone.{key}": value for key, value in backbone.state_dict().items()}
    weights |= {f"head.upsampling_layers.{key}": value for key, value in head.state_dict().items()}
    snapshot = at / "tb_logs/x/version_0/checkpoints/epoch=1-step=9-best.ckpt"
    snapshot.parent.mkdir(parents=True)
    torch.save({"epoch": 1, "global_step": 9, "pytorch-lightning_version": "2.5.6", "state_dict": weights}, snapshot)
    (at / "config.yaml").write_text(LIGHTNING.format(depth=depth))
    # posse's maps are three times the tool's logits, less what makes the highest say how sure it is.
    posse = below_the_highest(maps_of(at, at / "maps")[0]) / 3
    check(f"Lightning Pose resnet{depth}", posse, *map(below_the_highest, in_both(torch.nn.Sequential(backbone, head), inputs)))


def check_deeplabcut(at, stride):
    inputs = seen_by_networks()
    net = torchvision.models.resnet101(weights=None, replace_stride_with_dilation=[False, stride == 8, True])
    backbone = torch.nn.Sequential(*list(net.children())[:-2])
    settle(backbone, inputs.float())
    heads = {name: torch.nn.ConvTranspose2d(2048, channels, 3, 2) for name, channels in (("heatmap_head", 4), ("locref_head", 8))}
    weights = {f"backbone.model.{key}": value for key, value in net.state_dict().items() if not key.startswith("fc.")}
    for name, head in heads.items():
        weights |= {f"heads.bodypart.{name}.deconv_layers.0.{key}": value for key, value in head.state_dict().items()}
    train = at / "train"
    train.mkdir(parents=True)
    torch.save({"metadata": {"epoch": 1}, "model": weights}, train / "snapshot-200.pt")
    (train / "pytorch_config.yaml").write_text(DEEPLABCUT.format(stride=stride))
    maps, locref = maps_of(train, at / "maps")
    posse = {"heatmap_head": maps, "locref_head": locref.reshape(*locref.shape[:2], 8) / 7.2801}
    for name, head in heads.items():
        check(f"DeepLabCut resnet_101, output stride {stride}, {name}", posse[name], *in_both(torch.nn.Sequential(backbone, head), inputs))


@torch.no_grad()
def main():
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory(prefix="posse-test-") as folder:
        at = pathlib.Path(folder).resolve()
        for depth in (34, 101, 152):
            check_lightning(at / f"lightning-{depth}", depth)
        for stride in (16, 8):
            check_deeplabcut(at / f"deeplabcut-{stride}", stride)


if __name__ == "__main__":
    main()
