"""Loads a model with the libraries that made it, and writes it in another format. Code of the model runs here: this program is only
for a sandbox. It reads a request from its standard input (JSON), and writes frames to descriptor 4: a type byte, a length, and bytes.
"""

import contextlib
import importlib
import io
import json
import os
import pickle
import struct
import sys
import warnings
import zipfile

warnings.simplefilter("ignore")

DATA, MESSAGE, DONE, FAIL = 3, 4, 5, 6
PIECE = 1 << 20
OPSET = 17
MODEL = "/tmp/model.onnx"

RESULTS = os.fdopen(4, "wb")


class Refusal(Exception):
    """What the user can do something about."""


def frame(kind, payload=b""):
    RESULTS.write(struct.pack("<BI", kind, len(payload)) + payload)
    RESULTS.flush()


def send(part, chunks, **facts):
    """Sends one part of the result: "model", "inputs" or "outputs"."""
    frame(MESSAGE, json.dumps({"part": part, **facts}).encode())
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        for start in range(0, len(view), PIECE):
            frame(DATA, bytes(view[start : start + PIECE]))
    frame(MESSAGE, json.dumps({"end": part}).encode())


def need(name, why):
    try:
        return __import__(name)
    except ImportError:
        raise Refusal(f"the environment has no {name}, which {why}: install it there (pip install {name})") from None


def versions(*names):
    return {name: str(getattr(sys.modules.get(name), "__version__", "")) for name in ("python", *names)} | {
        "python": sys.version.split()[0]
    }


# --- loading


def load(path):
    with open(path, "rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x89HDF\r\n\x1a\n") or (head.startswith(b"PK") and b"metadata.json" in head):
        keras = need("keras", "loads the model")
        own = dict(own_classes(keras_config(path, head)))
        return "keras", keras.models.load_model(path, custom_objects=own, safe_mode=False, compile=False)
    if head.startswith(b"PK") or b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19" in head[:64]:
        torch = need("torch", "loads the model")
        kwargs = {"map_location": "cpu"}
        try:
            return "torch", torch.load(path, weights_only=False, **kwargs)
        except TypeError:
            return "torch", torch.load(path, **kwargs)
    try:
        import joblib
    except ImportError:
        with open(path, "rb") as file:
            value = pickle.load(file)
    else:
        value = joblib.load(path)
    return kind_of(value), value


def keras_config(path, head):
    if head.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    with need("h5py", "reads the model").File(path, "r") as file:
        text = file.attrs.get("model_config", "{}")
        return json.loads(text if isinstance(text, str) else text.decode())


def own_classes(config):
    """Classes of the user, by their names: Keras 3.15 does not import the modules that a model names."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
            module, name = part.get("module"), part.get("class_name")
            if isinstance(module, str) and isinstance(name, str) and module.split(".")[0] not in ("keras", "builtins"):
                yield name, getattr(importlib.import_module(module), name)


def kind_of(value):
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, (torch.nn.Module, torch.Tensor)):
        return "torch"
    return "sklearn" if hasattr(value, "predict") or hasattr(value, "transform") else "values"


# --- safetensors

NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
    "uint16": "U16", "uint32": "U32", "uint64": "U64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip


def tensors_of(value, torch, numpy, path=(), seen=()):
    if id(value) in seen:
        return
    if torch is not None and isinstance(value, torch.nn.Module):
        value = value.state_dict()
    if torch is not None and isinstance(value, torch.Tensor):
        yield ".".join(path) or "tensor", value.detach().cpu().contiguous()
    elif numpy is not None and isinstance(value, numpy.ndarray) and value.dtype.kind in "fiub":
        yield ".".join(path) or "tensor", numpy.ascontiguousarray(value.astype(value.dtype.newbyteorder("<")))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from tensors_of(item, torch, numpy, (*path, str(key)), (*seen, id(value)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from tensors_of(item, torch, numpy, (*path, str(index)), (*seen, id(value)))


def raw(tensor, torch):
    if torch is None or not isinstance(tensor, torch.Tensor):
        return tensor.reshape(-1).view("uint8")
    return tensor.reshape(-1).view(torch.uint8).numpy() if tensor.numel() else b""


def to_safetensors(value):
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    tensors, header, offset = [], {}, 0
    for name, tensor in tensors_of(value, torch, numpy):
        dtype = str(tensor.dtype).replace("torch.", "")
        if dtype not in NAMES:
            raise Refusal(f"{name} is of {dtype}, which safetensors does not have")
        size = tensor.numel() * tensor.element_size() if hasattr(tensor, "numel") else tensor.nbytes
        header[name] = {"dtype": NAMES[dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
        tensors.append(tensor)
    if not tensors:
        raise Refusal("it holds no tensor")
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    def pieces():
        yield struct.pack("<Q", len(text)) + text
        for tensor in tensors:
            yield raw(tensor, torch)

    send("model", pieces(), tensors=len(tensors), versions=versions("torch", "numpy"))


# --- ONNX


def flat(value):
    if isinstance(value, dict):
        return [one for item in value.values() for one in flat(item)]
    if isinstance(value, (list, tuple)):
        return [one for item in value for one in flat(item)]
    return [] if value is None else [value]


def torch_to_onnx(module, request):
    import torch

    if not isinstance(module, torch.nn.Module):
        raise Refusal(f"it holds {type(module).__module__}.{type(module).__qualname__}, not a module of torch")
    shapes = request["shapes"]
    if not shapes:
        raise Refusal("a module of torch does not say what its inputs are: give --input-shape, such as 3,224,224")
    module.eval()
    generator = torch.Generator().manual_seed(request["seed"])
    inputs = [torch.randn(request["rows"], *shape, generator=generator) for shape in shapes]
    with torch.no_grad():
        outputs = flat(module(*inputs))
    names = [f"input_{i}" if len(inputs) > 1 else "input" for i in range(len(inputs))]
    results = [f"output_{i}" if len(outputs) > 1 else "output" for i in range(len(outputs))]
    axes = {name: {0: "batch"} for name in [*names, *results]}
    kwargs = {"input_names": names, "output_names": results, "dynamic_axes": axes, "opset_version": OPSET}
    try:
        torch.onnx.export(module, tuple(inputs), MODEL, dynamo=False, **kwargs)
    except TypeError:
        torch.onnx.export(module, tuple(inputs), MODEL, **kwargs)
    finish(dict(zip(names, map(array, inputs))), dict(zip(results, map(array, outputs))), versions("torch"))


def array(tensor):
    return tensor.detach().cpu().numpy()


def sklearn_to_onnx(model, request):
    numpy = need("numpy", "holds the inputs")
    skl2onnx = need("skl2onnx", "writes ONNX for scikit-learn")
    width = getattr(model, "n_features_in_", None)
    if width is None:
        raise Refusal("it does not say how many features it takes")
    rows = numpy.random.default_rng(request["seed"]).normal(size=(request["rows"], width)).astype(numpy.float32)
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    converted = skl2onnx.to_onnx(model, rows[:1], target_opset=OPSET, options=options)
    names = [output.name for output in converted.graph.output]
    with open(MODEL, "wb") as file:
        file.write(converted.SerializeToString())
    if hasattr(model, "predict"):
        values = [model.predict(rows)] + ([model.predict_proba(rows)] if hasattr(model, "predict_proba") else [])
    else:
        values = [model.transform(rows)]
    outputs = {name: numpy.asarray(value) for name, value in zip(names, values)}
    finish({converted.graph.input[0].name: rows}, outputs, versions("sklearn", "skl2onnx"))


def keras_to_onnx(model, request):
    numpy = need("numpy", "holds the inputs")
    need("tf2onnx", "writes ONNX for Keras")
    random = numpy.random.default_rng(request["seed"])
    shapes = request["shapes"] or [one.shape[1:] for one in model.inputs]
    if any(size is None for shape in shapes for size in shape):
        raise Refusal("the sizes of its inputs are free: give --input-shape")
    inputs = [random.normal(size=(request["rows"], *shape)).astype(numpy.float32) for shape in shapes]
    outputs = flat(model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0))
    model.export(MODEL, format="onnx", verbose=False)
    onnx = need("onnx", "reads the names of the result")
    graph = onnx.load(MODEL).graph
    named = {one.name: value for one, value in zip(graph.input, inputs)}
    finish(named, {one.name: value for one, value in zip(graph.output, outputs)}, versions("keras", "tf2onnx"))


def finish(inputs, outputs, used):
    numpy = need("numpy", "holds the inputs")
    if len([name for name in os.listdir("/tmp") if name.startswith("model.onnx")]) > 1:
        raise Refusal("its ONNX model would have more than 2 GiB")
    with open(MODEL, "rb") as file:
        send("model", iter(lambda: file.read(PIECE), b""), tensors=0, versions=used)
    for part, values in (("inputs", inputs), ("outputs", outputs)):
        held = io.BytesIO()
        numpy.savez(held, **{name: plain(value, numpy) for name, value in values.items()})
        send(part, [held.getvalue()])


def plain(value, numpy):
    value = numpy.asarray(value)
    return value.astype(str) if value.dtype == object else value


TO_ONNX = {"torch": torch_to_onnx, "sklearn": sklearn_to_onnx, "keras": keras_to_onnx}


def main():
    request = json.load(sys.stdin)
    kind, value = load(request["path"])
    if request["target"] == "safetensors":
        to_safetensors(value)
    elif kind in TO_ONNX:
        TO_ONNX[kind](value, request)
    else:
        raise Refusal(f"it holds {type(value).__module__}.{type(value).__qualname__}, which is not a model")
    frame(DONE)


try:
    with contextlib.redirect_stdout(sys.stderr):
        main()
except Refusal as refusal:
    frame(FAIL, json.dumps({"code": "unsupported", "message": str(refusal)}).encode())
except ModuleNotFoundError as error:
    text = f"its code needs the module {error.name}: give the folder that holds it (--code), or install it for this Python"
    frame(FAIL, json.dumps({"code": "unsupported", "message": text}).encode())
except MemoryError:
    raise
except Exception as error:
    text = f"{type(error).__name__}: {error}"[:400]
    frame(FAIL, json.dumps({"code": "unsupported", "message": f"Python could not convert it ({text})"}).encode())
