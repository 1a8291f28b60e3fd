"""The same as onnx-worker.mjs with the loaders of Python: the onnx package, and ONNX Runtime where it is installed. Each model is loaded in a process of
its own. Only for a jail: see jail.ts."""

import base64
import json
import os
import sys

ROOT = "/tmp/job"
INSIDE = f"{ROOT}/models"
NAMES = ["w.bin", "secret"]
OUTSIDE = [f"{folder}/{name}" for folder in ["", "/tmp", ROOT, f"{ROOT}/other", "/secrets"] for name in NAMES]
FLOATS = b"\x00\x00\xe0\x40" * 16


def prepare():
    for folder in [f"{INSIDE}/a", f"{ROOT}/other", "/secrets"]:
        os.makedirs(folder, exist_ok=True)
    for path in OUTSIDE + [f"{INSIDE}/{part}{name}" for part in ["", "a/"] for name in NAMES]:
        with open(path, "wb") as file:
            file.write(FLOATS)


def read():
    return [path for path in OUTSIDE if os.stat(path).st_atime != 1]


def load(path):
    import onnx

    end = "loaded"
    try:
        onnx.load(path)
    except Exception as error:
        end = f"{type(error).__name__}: {error}"[:200]
    try:
        import onnxruntime
    except ImportError:
        return end
    onnxruntime.set_default_logger_severity(4)
    try:
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:
        end = f"{type(error).__name__}: {error}"[:200]
    return end


def apart(request):
    path = f"{INSIDE}/m.onnx"
    with open(path, "wb") as file:
        file.write(base64.b64decode(request["model"]))
    for one in OUTSIDE:
        os.utime(one, (1, 2))
    if "control" in request:
        open(request["control"], "rb").read()
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(send, load(path).encode(errors="replace"))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        end = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    crashed = status != 0
    return {"end": f"ended with {status}" if crashed else end, "crashed": crashed, "outside": read()}


def main():
    # Imported once, before the forks.
    import onnx  # noqa: F401

    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        pass
    # Native code prints, too.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    prepare()
    for line in sys.stdin:
        print(json.dumps(apart(json.loads(line))), file=answers, flush=True)


main()
