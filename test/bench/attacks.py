"""Writes ResNet-18 and ViT-Ti/16 with random weights as ONNX, and measures the CPU time of PGD
by torch.autograd on the same rows: attacks.py FOLDER."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROWS, STEPS, EPS = 2, 20, 0.01


class Basic(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        self.first, self.second = nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.a, self.b = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        same = before == width and stride == 1
        self.way = nn.Identity() if same else nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return torch.relu(self.b(self.second(torch.relu(self.a(self.first(x))))) + self.way(x))


def resnet18():
    layers, before = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for width, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Basic(before, width, stride), Basic(width, width, 1)]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        rows, length, width = x.shape
        q, k, v = self.qkv(self.first(x)).reshape(-1, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        shares = (q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5).softmax(-1)
        x = x + self.out((shares @ v).transpose(1, 2).reshape(-1, length, width))
        return x + self.narrow(F.gelu(self.wide(self.second(x))))


class Vit(nn.Module):
    def __init__(self, width=192, heads=3, depth=12):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.places = nn.Parameter(torch.randn(1, 196, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1000)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.places
        return self.head(self.norm(self.blocks(x)).mean(1))


def attack(model, x, classes, steps):
    point = x.clone()
    for _ in range(steps):
        point.requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(point), classes, reduction='sum'), point)
        point = torch.min(torch.max(point.detach() + EPS / 8 * gradient.sign(), x - EPS), x + EPS).clamp(0, 1)
    return point


def main(folder):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.rand(ROWS, 3, 224, 224)
    x.numpy().tofile(str(folder / 'rows.f32'))
    found = {}
    for name, make in [('resnet18', resnet18), ('vit', Vit)]:
        model = make().eval()
        for one in model.parameters():
            one.requires_grad_(False)
        head = model.head if name == 'vit' else model[-1]
        # The first class is so far above the others that no row falls, and all steps are taken.
        head.bias[0] += 50
        classes = torch.zeros(ROWS, dtype=torch.long)
        torch.onnx.export(model, x, str(folder / f'{name}.onnx'), input_names=['x'], output_names=['y'], opset_version=17,
                          dynamic_axes={'x': {0: 'batch'}, 'y': {0: 'batch'}})
        attack(model, x, classes, 1)
        started = time.process_time()
        attack(model, x, classes, STEPS)
        found[name] = 1000 * (time.process_time() - started)
    print(json.dumps(found))


if __name__ == '__main__':
    main(Path(sys.argv[1]))
