"""Loads models of TorchScript with PyTorch and runs them with a tensor, each in a process of its own, and writes down the files that
this makes. Only for a jail: see jail.ts.

Reads frames (a length in four bytes, then the bytes): the name of a file, then its content. Answers with a line of JSON for each.
"""

import json
import os
import shutil
import struct
import sys

import torch
from torch.jit.mobile import _load_for_lite_interpreter

FOLDER = "/tmp/model"
SHAPES = {"ok-": (1, 1, 4, 4), "ok-flow": (2, 3), "ok-dynamic": (2, 3)}


def frame():
    head = sys.stdin.buffer.read(4)
    return sys.stdin.buffer.read(struct.unpack("<I", head)[0]) if head else None


def run(name):
    try:
        model = _load_for_lite_interpreter(name) if name.endswith(".ptl") else torch.jit.load(name)
        stem = name.split(".")[0]
        shape = SHAPES.get(stem, SHAPES["ok-"] if stem.startswith("ok-") else (2,))
        torch.backends.quantized.engine = "qnnpack"
        model(torch.ones(shape))
        return "ran"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[-300:]}"


def apart(name, content):
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    os.chdir(FOLDER)
    with open(name, "wb") as file:
        file.write(content)
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(send, run(name).encode(errors="replace"))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        end = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    made = sorted(one for one in os.listdir(FOLDER) if one != name)
    return {"end": end if status == 0 else f"ended with {status}", "made": made}


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    while (name := frame()) is not None:
        print(json.dumps(apart(name.decode(), frame())), file=answers, flush=True)


main()
