"""The loaders, each a function of a path. A loader whose library is not installed is left out."""

import copyreg
import io
import pickle

import record


def _pickle_file(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def _pickle_memory(path):
    with open(path, "rb") as file:
        return pickle.load(io.BytesIO(file.read()))


def _pickle_python(path):
    with open(path, "rb") as file:
        return pickle._Unpickler(file).load()


#: What a caller may choose: Python 2's strings, no renaming, out-of-band buffers, persistent ids, an extension code.
CHOSEN = {"encoding": "latin1", "fix_imports": False}


def _chosen(make):
    """The same unpickler for a caller who chooses otherwise than the defaults."""

    def load(path):
        copyreg.add_extension("collections", "OrderedDict", 1)
        with open(path, "rb") as file:
            unpickler = make(file, buffers=iter(lambda: b"", None), **CHOSEN)
            unpickler.persistent_load = lambda id: None
            return unpickler.load()

    return load


LOADERS = {
    "pickle": [_pickle_file, _pickle_memory, _chosen(lambda *a, **k: record.Recording(*a, **k))],
    "pickle.py": [_pickle_python, _chosen(lambda *a, **k: pickle._Unpickler(*a, **k))],
}
VERSIONS = {}


def _joblib():
    import joblib

    LOADERS["joblib"] = [joblib.load]
    VERSIONS["joblib"] = joblib.__version__


def _numpy():
    import numpy

    def load(path, **chosen):
        loaded = numpy.load(path, allow_pickle=True, **chosen)
        if not isinstance(loaded, numpy.lib.npyio.NpzFile):
            return loaded
        failures = []
        for name in loaded.files:
            try:
                loaded[name]
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return None

    LOADERS["numpy"] = [load, lambda path: load(path, **CHOSEN)]
    VERSIONS["numpy"] = numpy.__version__


def _pandas():
    import pandas

    LOADERS["pandas"] = [pandas.read_pickle]
    VERSIONS["pandas"] = pandas.__version__


def _dill():
    import dill

    own = dill.Unpickler.find_class

    def find_class(self, module, name):
        value = own(self, module, name)
        # dill answers these two itself.
        if module == "__builtin__" and name in ("__main__", "NoneType"):
            record.event("resolve", f"{module}\n{name}")
        return value

    dill.Unpickler.find_class = find_class

    def load(path):
        with open(path, "rb") as file:
            return dill.load(file)

    LOADERS["dill"] = [load]
    VERSIONS["dill"] = dill.__version__


def _torch():
    import torch
    from torch import _weights_only_unpickler as restricted

    class Allowed(dict):
        def __getitem__(self, name):
            record.event("resolve", "\n".join(name.rsplit(".", 1)))
            return dict.__getitem__(self, name)

    allowed = Allowed(restricted._get_allowed_globals())
    restricted._get_allowed_globals = lambda: allowed

    LOADERS["torch"] = [
        lambda path: torch.load(path, weights_only=False),
        lambda path: torch.load(path, weights_only=False, **CHOSEN),
    ]
    LOADERS["torch-weights-only"] = [lambda path: torch.load(path, weights_only=True)]
    LOADERS["torchscript"] = [torch.jit.load]
    VERSIONS["torch"] = torch.__version__


def find():
    for find_one in (_numpy, _joblib, _pandas, _dill, _torch):
        try:
            find_one()
        except ImportError:
            pass
