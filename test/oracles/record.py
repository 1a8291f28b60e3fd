"""Writes down what a loader does with a file: the names it resolves, what is called, what is given a state. Nothing acts: functions
that could are replaced before any loader is imported, and an audit hook refuses what is left."""

import builtins
import io
import os
import pickle
import _pickle
import sys
import types

#: Functions that act, by module. Each is replaced by one that writes its arguments down and returns None.
SINKS = {
    "os": "system popen execv execve execvp execvpe execl execle execlp execlpe spawnv spawnve spawnl spawnle spawnvp spawnvpe "
    "spawnlp spawnlpe posix_spawn posix_spawnp",
    "posix": "system execv execve posix_spawn posix_spawnp",
    "subprocess": "Popen call run check_call check_output getoutput getstatusoutput",
    "pty": "spawn",
    "webbrowser": "open open_new open_new_tab get",
    "runpy": "run_path run_module _run_code",
}
#: The interpreter itself needs these, so only what a pickle is given is replaced.
BUILTIN_SINKS = ("eval", "exec", "compile", "open", "__import__", "breakpoint", "input")
REFUSED = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "subprocess.Popen", "pty.spawn", "socket.",
    "webbrowser.open", "ctypes.dlopen", "ctypes.call_function", "cpython.run_",
)
#: What is done to files happens in the jail's own memory, and is written down.
NOTED = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "shutil.")
MAX_EVENTS = 2000
MAX_TEXT = 200

_events = None
_seen = None


def event(kind, name, detail=None):
    """One line of the record; the same line again is left out."""
    if _events is None or len(_events) >= MAX_EVENTS:
        return
    line = [kind, _clean(name)] if detail is None else [kind, _clean(name), _clean(detail)]
    key = tuple(line)
    if key not in _seen:
        _seen.add(key)
        _events.append(line)


def _clean(text):
    return text[:MAX_TEXT].encode("utf-8", "backslashreplace").decode("utf-8")


def start():
    """From here on events are kept; the list that they go into."""
    global _events, _seen
    _events, _seen = [], set()
    return _events


def show(value, depth=0):
    """A value in a few words, without running any code of its own."""
    kind = type(value)
    if kind in (str, bytes, int, float, bool, type(None)):
        return repr(value) if kind is not str or len(value) < 100 else repr(value[:100]) + "..."
    if kind in (tuple, list) and depth < 3:
        inner = ", ".join(show(item, depth + 1) for item in value[:6])
        return f"({inner})" if kind is tuple else f"[{inner}]"
    if kind is dict and depth < 3:
        return "{" + ", ".join(f"{show(k, depth + 1)}: {show(v, depth + 1)}" for k, v in list(value.items())[:6]) + "}"
    return f"<{name_of(value)}>"


def name_of(value):
    kind = type(value)
    if kind is types.ModuleType or issubclass(kind, types.ModuleType):
        return "module " + str(types.ModuleType.__getattribute__(value, "__dict__").get("__name__"))
    if issubclass(kind, type):
        return f"class {type.__dict__['__module__'].__get__(value)}.{type.__dict__['__qualname__'].__get__(value)}"
    if kind in (types.FunctionType, types.BuiltinFunctionType):
        return f"function {value.__module__}.{value.__qualname__}"
    return f"instance of {kind.__module__}.{type.__dict__['__qualname__'].__get__(kind)}"


class Sink:
    """Stands for a function that acts."""

    def __init__(self, name):
        self.__name__ = self.__qualname__ = name.rsplit(".", 1)[-1]
        self.__module__ = name.rsplit(".", 1)[0]
        self._oracle_name = name

    def __call__(self, *args, **kwargs):
        event("call", self._oracle_name, show(args))
        return None


class SinkClass:
    """Stands for `subprocess.Popen`, which pickles use as a class as well."""

    _oracle_name = "subprocess.Popen"

    def __new__(cls, *args, **kwargs):
        event("call", cls._oracle_name, show(args))
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass


_builtin_sinks = {name: Sink(f"builtins.{name}") for name in BUILTIN_SINKS}


def replace_sinks():
    for module, names in SINKS.items():
        try:
            real = __import__(module)
        except ImportError:
            continue
        for name in names.split():
            if hasattr(real, name):
                setattr(real, name, SinkClass if name == "Popen" else Sink(f"{module}.{name}"))


def _instead(value):
    """What a pickle is given for a name: itself, or the stand-in of a built-in that acts."""
    if type(value) is types.BuiltinFunctionType and getattr(builtins, value.__name__, None) is value:
        return _builtin_sinks.get(value.__name__, value)
    return io.BytesIO if value is io.FileIO else value


class Recording(_pickle.Unpickler):
    """The C unpickler, which looks its own `find_class` up like any method: overriding it changes nothing else."""

    def find_class(self, module, name):
        return _resolve(_pickle.Unpickler.find_class, self, module, name)


def _resolve(find, unpickler, module, name):
    event("ask", f"{module}\n{name}")
    before = set(sys.modules)
    try:
        value = find(unpickler, module, name)
    except BaseException:
        # The name is not there, but its module ran.
        if set(sys.modules) - before:
            event("module", module)
        raise
    event("resolve", f"{module}\n{name}")
    _touched(sys.modules.get(module))
    _touched(value)
    return _instead(value)


#: Modules and classes that a pickle came to, with what they held then.
_held = {}


def _touched(value):
    if isinstance(value, (types.ModuleType, type)) and id(value) not in _held:
        _held[id(value)] = (value, dict(_attributes(value)))


def _attributes(value):
    if isinstance(value, types.ModuleType):
        return types.ModuleType.__getattribute__(value, "__dict__")
    return type.__dict__["__dict__"].__get__(value)


def note_changes():
    """What BUILD and its like left in modules and classes. Submodules that were imported are not of interest."""
    for value, before in _held.values():
        for key, now in dict(_attributes(value)).items():
            if type(now) is types.ModuleType or key in ("__warningregistry__", "__abstractmethods__") or str(key).startswith("_abc"):
                continue
            if key not in before or before[key] is not now:
                event("set", f"{name_of(value)}.{key}", show(now))


def _wrapped(name, method):
    def load(self):
        stack = self.stack
        if name == "BUILD" and len(stack) > 1:
            event("build", name_of(stack[-2]))
        elif name in ("REDUCE", "NEWOBJ") and len(stack) > 1:
            event("apply", f"{name} {name_of(stack[-2])}", show(stack[-1]))
        method(self)

    return load


def install():
    """Before any library is imported: they take the unpicklers from `pickle`."""
    replace_sinks()
    python = pickle._Unpickler
    find = python.find_class
    python.find_class = lambda self, module, name: _resolve(find, self, module, name)
    for name in ("BUILD", "REDUCE", "NEWOBJ"):
        code = getattr(pickle, name)[0]
        python.dispatch[code] = _wrapped(name, python.dispatch[code])
    pickle.Unpickler = Recording
    pickle.load = lambda file, **options: Recording(file, **options).load()
    pickle.loads = lambda data, **options: Recording(io.BytesIO(data), **options).load()


def arm():
    """From here on what acts is refused. A hook cannot be taken away again: for a process that ends after one file."""

    def hook(name, args):
        if name.startswith(REFUSED):
            event("refused", name)
            raise PermissionError(f"the oracle refuses {name}")
        if name == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
            event("opens to write", str(args[0]))
        elif name.startswith(NOTED):
            event("changes files", name)

    sys.addaudithook(hook)
