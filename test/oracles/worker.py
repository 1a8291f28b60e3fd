"""Runs files through the loaders, each in a process of its own. Reads requests from stdin: a length and a JSON object, then a
length and the bytes of each file that it names. Writes a line of JSON for each. Only for a jail: see jail.ts."""

import json
import os
import resource
import select
import signal
import struct
import sys
import tempfile
import time
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
warnings.simplefilter("ignore")

import record  # noqa: E402

record.install()

import loaders  # noqa: E402
import synthetic  # noqa: E402

SECONDS = 8
MEMORY = 6 << 30
MAX_ANSWER = 1 << 20


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    loaders.find()
    versions = {"python": sys.version.split()[0], **loaders.VERSIONS}
    answers.write(json.dumps({"loaders": sorted(loaders.LOADERS), "versions": versions}) + "\n")
    stdin = sys.stdin.buffer
    while (head := stdin.read(4)) != b"":
        request = json.loads(stdin.read(struct.unpack("<I", head)[0]))
        files = [stdin.read(struct.unpack("<I", stdin.read(4))[0]) for _ in request["files"]]
        answers.write(json.dumps(answer(request, files)) + "\n")
    answers.flush()


def answer(request, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in zip(request["files"], files):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        path = os.path.join(folder, request["files"][0])
        names = [name for name in request.get("loaders") or loaders.LOADERS if name in loaders.LOADERS]
        return {name: merged([apart(load, path, request) for load in loaders.LOADERS[name]]) for name in names}


def merged(runs):
    """Ways of one loader (from a file, from memory): what any of them does, and how the first ended."""
    events = []
    for run in runs:
        events += [line for line in run["events"] if line not in events]
    return {"end": runs[0]["end"], "events": events}


def apart(load, path, request):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            run(load, path, request, write)
        finally:
            os._exit(0)
    os.close(write)
    data = collect(read, time.monotonic() + SECONDS)
    os.close(read)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        return json.loads(data)
    except ValueError:
        return {"end": "the process ended without an answer", "events": []}


def collect(read, until):
    data = b""
    while len(data) < MAX_ANSWER and (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([read], [], [], left)
        piece = os.read(read, 65536) if ready else b""
        if not piece:
            break
        data += piece
    return data


def run(load, path, request, write):
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)
    os.chdir(os.path.dirname(path))
    events = record.start()
    if request.get("synthetic"):
        synthetic.install()
    record.arm()
    try:
        load(path)
        end = "stop"
    except BaseException as error:
        end = f"{type(error).__name__}: {error}"[:300]
    record.note_changes()
    text = json.dumps({"end": end, "events": events}).encode("utf-8", "backslashreplace")
    while text:
        text = text[os.write(write, text) :]


main()
