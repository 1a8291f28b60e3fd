"""Makes what the benchmarks read: a pickle of many instructions, many small pickles, a large PyTorch-shaped zip."""

import os
import pickle
import sys
import zipfile

if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
    sys.exit("usage: make.py FOLDER")
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def record(i):
    return {"id": i, "name": f"name{i % 5000}", "v": [i, i + 1, float(i), None, True], "t": (i, i * 2)}


def big(path, count):
    with open(path, "wb") as out:
        pickle.dump([record(i) for i in range(count)], out, 4)


def rows(path, count):
    with open(path, "wb") as out:
        pickle.dump([list(range(i, i + 8)) for i in range(count)], out, 4)


def small(path, count, records):
    os.makedirs(path, exist_ok=True)
    for i in range(count):
        with open(f"{path}/{i}.pkl", "wb") as out:
            pickle.dump([record(i * 100 + j) for j in range(records)], out, 4)


def torch_zip(path, size):
    """Laid out as torch.save does: stored members aligned to 64 bytes, the pickle first, raw storages after."""
    storages = 32
    each = size // storages

    class Storage:
        pass

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr("archive/data.pkl", state_dict(storages, each // 4))
        archive.writestr("archive/byteorder", "little")
        for key in range(storages):
            block = os.urandom(1 << 20)
            with archive.open(zipfile.ZipInfo(f"archive/data/{key}"), "w", force_zip64=True) as out:
                for _ in range(each >> 20):
                    out.write(block)
        archive.writestr("archive/version", "3\n")


def state_dict(storages, elements):
    """What torch.save writes for a dict of tensors, instruction by instruction (torch need not be installed)."""
    out = [b"\x80\x02ccollections\nOrderedDict\n)R("]
    for key in range(storages):
        name = f"layer{key}.weight".encode()
        text = str(key).encode()
        out.append(b"X" + len(name).to_bytes(4, "little") + name)
        out.append(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n")
        out.append(b"X" + len(text).to_bytes(4, "little") + text + b"X\x03\x00\x00\x00cpuJ" + elements.to_bytes(4, "little") + b"tQ")
        out.append(b"K\x00J" + elements.to_bytes(4, "little") + b"\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR")
    out.append(b"u.")
    return b"".join(out)


def varint(number):
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def field(number, value):
    """A field of a protobuf message: a number, a text or a message."""
    if isinstance(value, int):
        return varint(number * 8) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number * 8 + 2) + varint(len(content)) + content


def attribute(name, value):
    return field(5, field(1, name) + field(2, value))


def frozen_graph(path, megabytes):
    """A GraphDef of constants of a MiB, as a frozen graph holds its weights."""
    block = os.urandom(1 << 20)
    tensor = field(1, 1) + field(2, field(2, field(1, 1 << 18))) + field(4, block)
    with open(path, "wb") as out:
        for i in range(megabytes):
            node = field(1, f"c{i}") + field(2, "Const") + attribute("dtype", field(6, 1)) + attribute("value", field(8, tensor))
            out.write(field(1, node))


def graph(path, count):
    """A GraphDef of small operators."""
    with open(path, "wb") as out:
        for i in range(count):
            inputs = field(3, f"layer/add_{max(0, i - 1)}") + field(3, f"layer/add_{max(0, i - 2)}")
            out.write(field(1, field(1, f"layer/add_{i}") + field(2, "AddV2") + inputs + attribute("T", field(6, 1))))


frozen_graph(f"{folder}/frozen.pb", 512)
graph(f"{folder}/graph.pb", 100_000)
big(f"{folder}/big.pkl", 1_100_000)
rows(f"{folder}/rows.pkl", 3_200_000)
# A record is 24 instructions.
big(f"{folder}/nine-million.pkl", 375_000)
small(f"{folder}/small", 2_000, 64)
small(f"{folder}/four-hundred", 2_000, 16)
torch_zip(f"{folder}/big.pt", 1 << 30)
