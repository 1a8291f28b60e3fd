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


big(f"{folder}/big.pkl", 1_100_000)
rows(f"{folder}/rows.pkl", 3_200_000)
# A record is 24 instructions.
big(f"{folder}/nine-million.pkl", 375_000)
small(f"{folder}/small", 2_000, 64)
small(f"{folder}/four-hundred", 2_000, 16)
torch_zip(f"{folder}/big.pt", 1 << 30)
