"""Makes `models/torch_*.onnx`: `python tests/support/make_torch_models.py`, with torch, onnx and onnxscript.

They were made by torch 2.13.0 and are committed: edgekit does not need torch. One network with both of its
exporters, each as it is by default. It has what PyTorch's image classifiers are made of: batch
normalizations, ReLU6, a depthwise convolution, a residual sum, adaptive pooling. Its weights are random, and
the batch normalizations are settled.
"""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

HERE = Path(__file__).parent / "models"
SIZE = 24


def block(inside, outside, stride=1, groups=1, kernel=3):
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU6(),
    )


class Small(nn.Module):
    """3 × 24 × 24 → logits of 4 classes."""

    def __init__(self):
        super().__init__()
        self.stem = block(3, 12, stride=2)
        self.wide = nn.Sequential(block(12, 24, kernel=1), block(24, 24, groups=24))
        self.narrow = nn.Sequential(nn.Conv2d(24, 12, 1, bias=False), nn.BatchNorm2d(12))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(12, 4)

    def forward(self, image):
        x = self.stem(image)
        x = x + self.narrow(self.wide(x))
        return self.head(torch.flatten(self.pool(x), 1))


def settled():
    torch.manual_seed(7)
    model = Small()
    nn.init.normal_(model.head.weight, std=4)
    nn.init.zeros_(model.head.bias)
    coarse = torch.rand(256, 3, 3, 3) * 2 - 1
    images = nn.functional.interpolate(coarse, SIZE)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # mean of all batches
            nn.init.constant_(layer.bias, 0.5)
    with torch.no_grad():
        model.train()(images)
        scores = model.eval()(images)
        model.head.bias -= scores.mean(0)  # so that every class is somebody's
    return model


def forget_where_it_was_made(path):
    """Remove the stack traces that torch writes into the file."""
    model = onnx.load(path, load_external_data=False)
    for each in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del each.metadata_props[:]
    del model.graph.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def main():
    warnings.simplefilter("ignore")
    model, image = settled(), torch.zeros(1, 3, SIZE, SIZE)
    names = {"input_names": ["image"], "output_names": ["logits"]}
    torch.onnx.export(model, (image,), HERE / "torch_dynamo.onnx", dynamo=True, **names)
    forget_where_it_was_made(HERE / "torch_dynamo.onnx")
    free = {"image": {0: "batch"}, "logits": {0: "batch"}}
    torch.onnx.export(model, (image,), HERE / "torch_script.onnx", dynamo=False, dynamic_axes=free, **names)


if __name__ == "__main__":
    main()
