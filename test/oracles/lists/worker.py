"""Loads pickles that are said to be clean, each in a fork of a process that has imported every listed module, and writes down what
loading does that it may not. Reads requests from stdin: a length and a JSON object, then a length and the bytes of the file. Writes a
line of JSON for each. Only for a jail: see ../jail.ts."""

import copy
import faulthandler
import gc
import importlib
import io
import json
import os
import pickle
import re
import resource
import signal
import struct
import sys
import time
import traceback
import warnings

try:
    import joblib
except ImportError:
    joblib = None
try:
    import torch
except ImportError:
    torch = None

sys.dont_write_bytecode = True
warnings.simplefilter("ignore")

CPU_SECONDS = 1.0
HARD_CPU_SECONDS = 20
#: Memory that a file may take beside a hundred times its size.
FLOOR = 64 << 20
DATA = 6 << 30

_armed = False
_names = frozenset()
_modules = frozenset()
_events = []


def hook(event, args):
    if _armed and not allowed(event, args):
        shown = args[0] if args and event in ("import", "open", "os.listdir") else args
        _events.append(f"{event} {show(shown)}")


def allowed(event, args):
    if event == "pickle.find_class":
        return f"{args[0]}.{args[1]}" in _names
    if event == "import":
        # A module whose name is in the report, and the packages that it lies in.
        return args[0] in _modules or args[0] in OPTIONAL
    if event == "os.listdir":
        return args[0] in sys.path or str(args[0]).startswith(tuple(folder for folder in sys.path if folder))
    if event == "open":
        # Time zones are files of the machine, under plain keys.
        return isinstance(args[0], str) and os.path.realpath(args[0]).startswith("/usr/share/zoneinfo/") and args[1] in ("r", "rb")
    if event in ("compile", "exec"):
        return generated(event, args[0])
    return event in HARMLESS


_compiled = None


def generated(event, code):
    """SciPy runs methods that it makes from the names of a distribution's parameters; inspect parses signatures and runs nothing."""
    global _compiled
    if event == "exec":
        return _compiled is not None and code.co_filename == "<string>"
    source = code.decode() if isinstance(code, bytes) else code
    template = isinstance(source, str) and source.startswith("\ndef _parse_args(self")
    _compiled = source if template else None
    return template or isinstance(source, str) and SIGNATURE.fullmatch(source) is not None


SIGNATURE = re.compile(r"def foo\([^()\n]*\): pass")


#: PyTorch asks for these whenever it compares versions, and goes on without.
OPTIONAL = {"packaging", "packaging.version"}
#: Python itself raises these while objects are made, copied and shown; none of them reaches outside of the process.
HARMLESS = {"object.__getattr__", "builtins.id", "array.__new__", "sys._getframe"}


#: Modules that a library imports when it first needs them, whatever the values are: to check one, to count days.
LATE = ["plotly.colors", "plotly.io", "plotly.graph_objects", "pandas.tseries.holiday"]


def show(value):
    try:
        return repr(value)[:160]
    except BaseException:
        return "?"


def prepare(request):
    missing = []
    for module in request["modules"]:
        try:
            importlib.import_module(module)
        except BaseException as error:
            missing.append(f"{module}: {type(error).__name__}")
    for module in LATE:
        if module.split(".")[0] in sys.modules:
            importlib.import_module(module)
    if torch is not None:
        # What compares versions is imported when it is needed.
        torch.__version__ == "1"
    classes, present = [], []
    for full in request["classes"]:
        module, name = full.split(":")
        value = sys.modules.get(module)
        for part in name.split("."):
            value = getattr(value, part, None)
        if isinstance(value, type):
            classes.append(value)
        if value is not None:
            present.append(full)
    return missing, present, classes


def warm(request, content):
    """Does with what real libraries wrote what is done with all files, so that what they import late and keep in caches is there."""
    try:
        exercise(request["loader"], io.BytesIO(content), [])
    except Exception:
        pass  # Of a release that is not the installed one: it changes nothing.


def attributes_of(classes):
    kept = [(name, vars(module), dict(vars(module))) for name, module in list(sys.modules.items()) if name not in ("__main__", "__mp_main__") and hasattr(module, "__dict__")]
    kept += [(f"{one.__module__}.{one.__qualname__}", vars(one), dict(vars(one))) for one in classes]
    return kept


#: Written by Python itself, by caches of classes and by forks.
PASSING = {"__warningregistry__", "__abstractmethods__", "_abc_impl", "__annotations__", "__annotations_cache__", "__doc__", "__slotnames__", "_shutdown_locks_lock", "_active_limbo_lock", "_shutdown_locks", "_test_dir", "_pkg_dir"}


def changes_in(kept):
    for name, now, before in kept:
        if now == before:
            continue
        for key in set(now) | set(before):
            # Optimizers of PyTorch wrap their method when they are given a state.
            if key == "step" and name.startswith("torch.optim."):
                continue
            if key not in PASSING and now.get(key, kept) is not before.get(key, kept):
                yield f"{name}.{key}"


def exercise(loader, file, loaded):
    """What every caller does to what a file holds, one step after another."""
    result = LOADERS[loader](file)
    loaded.append(type(result).__name__)
    for step in (repr, hash, lambda one: one == one, copy.deepcopy):
        try:
            other = step(result)
            if step is copy.deepcopy:
                other == result
            del other
        except Exception as error:
            if isinstance(error, MemoryError):
                raise
    del result
    gc.collect()


def load_torch(file):
    try:
        return torch.load(file, map_location="cpu", weights_only=False)
    except TypeError:
        return torch.load(file, map_location="cpu")


LOADERS = {"pickle": pickle.load, "joblib": pickle.load if joblib is None else joblib.load, "torch": load_torch}


def memory():
    """The most that this process had at once; a fork begins with what its parent has now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def run(request, content, kept, write):
    global _armed, _names, _modules
    _names = frozenset(request["names"])
    _modules = frozenset(".".join(parts[:end]) for parts in (name.split(".") for name in _names) for end in range(1, len(parts)))
    start = memory()
    resource.setrlimit(resource.RLIMIT_CPU, (HARD_CPU_SECONDS, HARD_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA, DATA))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(HARD_CPU_SECONDS * 3)
    loaded, found = [], []
    end = "stop"
    began = time.process_time()
    _armed = True
    try:
        exercise(request["loader"], io.BytesIO(content), loaded)
    except MemoryError as error:
        end = f"MemoryError: {error}"[:200]
    except Exception as error:
        end = f"{type(error).__name__}: {error}"[:200]
    except BaseException as error:
        end = f"{type(error).__name__}"
        found.append(f"raises {end}")
    used = time.process_time() - began
    _armed = False
    found += _events[:20]
    found += [f"changes {name}" for name in list(changes_in(kept))[:20]]
    grown = memory() - start
    if used > CPU_SECONDS:
        found.append(f"takes {used:.1f} s")
    if grown > max(FLOOR, 100 * len(content)):
        found.append(f"takes {grown >> 20} MiB for {len(content)} bytes")
    if end.startswith("MemoryError"):
        found.append(end)
    text = json.dumps({"end": end, "loaded": loaded[:1], "found": found}).encode("utf-8", "backslashreplace")
    while text:
        text = text[os.write(write, text) :]


def apart(request, content, kept):
    read, write = os.pipe()
    errors = os.memfd_create("errors")
    child = os.fork()
    if child == 0:
        os.close(read)
        os.dup2(errors, 2)
        faulthandler.enable()
        try:
            run(request, content, kept, write)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(write)
    data = b""
    while piece := os.read(read, 65536):
        data += piece
    os.close(read)
    _, status = os.waitpid(child, 0)
    os.lseek(errors, 0, 0)
    said = os.read(errors, 4000).decode("utf-8", "replace")
    os.close(errors)
    if os.WIFSIGNALED(status):
        where = [line.strip() for line in said.splitlines() if "File " in line][:4]
        return {"end": "signal", "loaded": [], "found": [f"ends with {signal.Signals(os.WTERMSIG(status)).name}: {' | '.join(where)}"]}
    try:
        return json.loads(data)
    except ValueError:
        return {"end": "no answer", "loaded": [], "found": [f"gives no answer: {said[-300:]}"]}


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    stdin = sys.stdin.buffer

    def frame():
        head = stdin.read(4)
        return None if head == b"" else stdin.read(struct.unpack("<I", head)[0])

    about = json.loads(frame())
    missing, present, classes = prepare(about)
    for _ in range(about["warm"]):
        warm(json.loads(frame()), frame())
    sys.addaudithook(hook)
    kept = attributes_of(classes)
    answers.write(json.dumps({"missing": missing, "present": present}) + "\n")
    answers.flush()
    gc.collect()
    gc.freeze()
    while (head := frame()) is not None:
        answers.write(json.dumps(apart(json.loads(head), frame(), kept)) + "\n")
        answers.flush()


main()
