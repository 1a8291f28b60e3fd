"""Whether CPython's C and Python unpicklers take operands of text. Reads JSON from stdin, a list of pickles in hexadecimal; writes
a JSON list with a pair for each: whether C, and whether Python, reads it to its STOP."""

import io
import json
import pickle
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class C(pickle.Unpickler):
    def find_class(self, module, name):
        return None

    def persistent_load(self, pid):
        return None


class Python(pickle._Unpickler):
    def find_class(self, module, name):
        return None

    def persistent_load(self, pid):
        return None


def takes(unpickler, data):
    try:
        unpickler(io.BytesIO(data), encoding="latin1").load()
        return True
    except Exception:  # Whatever it raises, the reading ends.
        return False


pickles = [bytes.fromhex(line) for line in json.load(sys.stdin)]
print(json.dumps([[takes(C, data), takes(Python, data)] for data in pickles]))
