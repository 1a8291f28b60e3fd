"""Runs pickles under CPython's own unpicklers with nothing behind them: find_class records what it is asked for and returns a
dummy. Reads length-framed programs from stdin, writes for each a JSON line: the names asked for, by all loaders together."""

import io
import json
import pickle
import resource
import struct
import sys

resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
sys.setrecursionlimit(2000)


class Meta(type):
    def __setattr__(cls, name, value):
        pass

    def __setitem__(cls, key, value):
        pass

    def append(cls, item):
        pass


class Dummy(metaclass=Meta):
    """Stands for every global and everything that calls return."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(Dummy)

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return self

    def __setitem__(self, key, value):
        pass

    def __setattr__(self, name, value):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def add(self, item):
        pass

    def __setstate__(self, state):
        pass


def loaders(program, asked):
    class Recorder:
        def find_class(self, module, name):
            asked.add((module, name))
            return Dummy

        def persistent_load(self, pid):
            return Dummy()

    class C(Recorder, pickle.Unpickler):
        pass

    class Python(Recorder, pickle._Unpickler):
        pass

    # From a file without peek, the C unpickler reads frames in one piece; from BufferedReader it peeks.
    yield lambda: C(io.BytesIO(program)).load()
    yield lambda: C(io.BufferedReader(io.BytesIO(program))).load()
    yield lambda: Python(io.BytesIO(program)).load()


def main():
    stdin = sys.stdin.buffer
    while True:
        head = stdin.read(4)
        if len(head) < 4:
            return
        program = stdin.read(struct.unpack("<I", head)[0])
        asked = set()
        for load in loaders(program, asked):
            try:
                load()
            except RecursionError:
                pass
            except Exception:
                pass
            except MemoryError:
                pass
        print(json.dumps(sorted(asked)), flush=False)
    sys.stdout.flush()


main()
