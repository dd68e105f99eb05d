"""A network exported by `posse export` as a PyTorch module, written as a PyTorch user would write it.

Covers the operators that posse exports; padding that PyTorch's own layers have is theirs, other padding comes before.
Needs PyTorch and NumPy.
"""
import torch
from torch import nn
from torch.nn import functional as F

from onnx_file import load


def same_padding(length, kernel, stride):
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


class Window(nn.Module):
    """A convolution or a max pool with ONNX's padding: SAME_UPPER, or numbers that may differ before and after."""

    def __init__(self, node_attributes, layer, value):
        super().__init__()
        self.layer, self.value = layer, value
        self.kernel, self.stride = node_attributes["kernel_shape"][0], node_attributes["strides"][0]
        self.same = node_attributes.get("auto_pad") == b"SAME_UPPER"
        self.pads = node_attributes.get("pads", [0, 0, 0, 0])

    def forward(self, x):
        if self.same:
            vertical, horizontal = (same_padding(n, self.kernel, self.stride) for n in x.shape[2:])
        else:
            vertical, horizontal = self.pads[0::2], self.pads[1::2]
        if not any(vertical) and not any(horizontal):
            return self.layer(x)
        if tuple(vertical) == tuple(horizontal) and vertical[0] == vertical[1]:
            self.layer.padding = (vertical[0], vertical[0])
            return self.layer(x)
        if isinstance(self.layer, nn.MaxPool2d) and tuple(vertical) == tuple(horizontal) == (0, 1):
            self.layer.ceil_mode = True  # the last window is cut off at the border, which is the same
            return self.layer(x)
        return self.layer(F.pad(x, (*horizontal, *vertical), value=self.value))


class Subsample(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return x[:, :, ::self.stride, ::self.stride]


class Call(nn.Module):
    """An operator without weights."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def convolution(attributes, weight, bias=None):
    groups = attributes.get("group", 1)
    layer = nn.Conv2d(weight.shape[1] * groups, weight.shape[0], weight.shape[2], attributes["strides"], 0,
                      attributes.get("dilations", [1, 1]), groups, bias is not None)
    layer.weight.data = weight
    if bias is not None:
        layer.bias.data = bias
    return Window(attributes, layer, 0.0)


def transposed(attributes, weight, bias):
    layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], weight.shape[2], attributes["strides"],
                               attributes["pads"][:2], attributes.get("output_padding", [0, 0]))
    layer.weight.data, layer.bias.data = weight, bias
    return layer


def max_pool(attributes):
    if attributes["kernel_shape"] == [1, 1]:
        return Subsample(attributes["strides"][0])
    return Window(attributes, nn.MaxPool2d(attributes["kernel_shape"], attributes["strides"]), float("-inf"))


def instance_norm(attributes, gamma, beta):
    layer = nn.InstanceNorm2d(len(gamma), attributes["epsilon"], affine=True)
    layer.weight.data, layer.bias.data = gamma, beta
    return layer


def crop(starts, ends, axes):
    assert starts.tolist() == [0, 0] and axes.tolist() == [2, 3]
    return Call(lambda x: x[:, :, :int(ends[0]), :int(ends[1])])


def reshape(shape):
    shape = shape.tolist()
    return Call(lambda x: x.reshape([x.shape[i] if extent == 0 else extent for i, extent in enumerate(shape)]))


def layer_of(node, attributes, constants):
    simple = {"Relu": torch.relu, "Sigmoid": torch.sigmoid, "Add": torch.add, "Mul": torch.mul, "Sub": torch.sub, "Div": torch.div,
              "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True)}
    if node.op_type in simple:
        return Call(simple[node.op_type])
    if node.op_type == "Clip":
        return nn.ReLU6() if (attributes["min"], attributes["max"]) == (0, 6) else None
    if node.op_type == "Transpose":
        return Call(lambda x: x.permute(*attributes["perm"]).contiguous())  # else convolutions get strides they are slow at
    makers = {"Conv": convolution, "ConvTranspose": transposed, "InstanceNormalization": instance_norm}
    if node.op_type in makers:
        return makers[node.op_type](attributes, *constants)
    if node.op_type == "MaxPool":
        return max_pool(attributes)
    if node.op_type == "Slice":
        return crop(*constants)
    if node.op_type == "Reshape":
        return reshape(*constants)
    raise SystemExit("onnx_to_torch.py: no operator " + node.op_type)


class OnnxModule(nn.Module):
    """Takes `frames` float32 [n, height, width, 3]; gives scoremap_logits [n, height, width, bodyparts]."""

    def __init__(self, path):
        super().__init__()
        nodes, constants = load(path)
        self.constants = {name: torch.from_numpy(values) for name, values in constants.items()}
        self.layers, self.steps = nn.ModuleList(), []
        with_weights = {"Conv", "ConvTranspose", "InstanceNormalization", "Slice", "Reshape"}
        for node in nodes:
            owns = [self.constants[i] for i in node.input[1:]] if node.op_type in with_weights else []
            self.layers.append(layer_of(node, node.attributes, owns))
            self.steps.append((node.output[0], list(node.input[:1] if owns else node.input)))
        last_use = {name: step for step, (_, inputs) in enumerate(self.steps) for name in inputs}
        self.dead_after = [[i for i in set(inputs) if last_use[i] == step] for step, (_, inputs) in enumerate(self.steps)]

    def forward(self, frames):
        values = dict(self.constants, frames=frames)
        for layer, (output, inputs), dead in zip(self.layers, self.steps, self.dead_after):
            values[output] = layer(*(values[i] for i in inputs))
            for name in dead:  # its memory is free for what follows
                del values[name]
        return values["scoremap_logits"]
