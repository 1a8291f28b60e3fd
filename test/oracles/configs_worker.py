"""Loads configurations with the real Hydra and HyperPyYAML, and tells what they look up and what they do.

Reads a JSON array of [loader, text] of the standard input; writes a line of JSON for each: how it ended, the names that the loader
looked up, and what it did besides. Libraries that are missing are replaced by modules whose classes take anything.
"""

import fcntl
import importlib.abc
import importlib.machinery
import io
import json
import os
import pydoc
import sys
import types

SYNTHETIC = ("torch", "speechbrain", "ldm", "lightning", "my")
TOLD = ("os.", "shutil.", "socket.", "subprocess.", "ctypes.", "tempfile.", "urllib.", "pty.", "fcntl.", "signal.", "webbrowser.", "ftplib.", "http.")
READABLE = tuple({os.path.realpath(one) for one in (sys.prefix, sys.base_prefix, "/usr", "/lib", "/proc/cpuinfo", "/sys/devices")})
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
events, names = [], []
is_on = False


def hook(event, arguments):
    if not is_on:
        return
    if event == "open":
        path, mode, flags = arguments
        is_write = bool(set(str(mode or "")) & set("wax+")) or (isinstance(flags, int) and flags & WRITES)
        if is_write or not isinstance(path, str) or not os.path.realpath(path).startswith(READABLE):
            events.append(f"open {path!r} {mode}")
    elif event.startswith(TOLD) and event not in ("os.listdir", "os.scandir"):
        events.append(event)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Comes last: makes what no other finder has."""

    def find_spec(self, name, path=None, target=None):
        # Names of classes begin with a capital: they are attributes.
        known = name.split(".")[0] in SYNTHETIC and not name.rpartition(".")[2][:1].isupper() and name.rpartition(".")[2] not in FUNCTIONS
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec):
        return Synthetic(spec.name)

    def exec_module(self, module):
        pass


class Synthetic(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = synthetic_function(name) if name in FUNCTIONS else type(name, (), {"__init__": take, "__module__": self.__name__})
        setattr(self, name, value)
        return value


FUNCTIONS = ("manual_seed", "ctc_loss", "seed_everything")


def take(self, *args, **kwargs):
    pass


def synthetic_function(name):
    def function(*args, **kwargs):
        return None

    return function


def telling(locate):
    def told(path, *args, **kwargs):
        names.append(path)
        return locate(path, *args, **kwargs)

    return told


def hydra(text):
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    instantiate(OmegaConf.create(text))


def hyperpyyaml(text):
    from hyperpyyaml import load_hyperpyyaml

    load_hyperpyyaml(io.StringIO(text))


LOADERS = {"hydra": hydra, "hyperpyyaml": hyperpyyaml}


def load(loader, text):
    global is_on
    events.clear()
    names.clear()
    is_on = True
    try:
        LOADERS[loader](text)
        end = "loaded"
    except BaseException as error:
        end = f"{type(error).__name__}: {error}"[:300]
    is_on = False
    return {"end": end, "names": [str(one) for one in names], "events": events[:20]}


def main():
    import hydra._internal.instantiate._instantiate2 as instantiate
    import hyperpyyaml.core  # noqa: F401
    import omegaconf  # noqa: F401

    sys.meta_path.append(Finder())
    try:
        import torch  # noqa: F401
        import torch.optim.lr_scheduler  # noqa: F401
    except ImportError:
        pass
    pydoc.locate = telling(pydoc.locate)
    instantiate._locate = telling(instantiate._locate)
    sys.addaudithook(hook)
    # A configuration may close the descriptors that it can count.
    out, sys.stdout = os.fdopen(fcntl.fcntl(1, fcntl.F_DUPFD, 100), "w"), sys.stderr
    for loader, text in json.load(sys.stdin):
        print(json.dumps(load(loader, text)), file=out, flush=True)


main()
