"""Modules, classes and instances that have every hook a loader can reach, and write each use down. After `install`, any module
that does not exist is one of them: a name in lower case is a callable instance, any other a class."""

import importlib.abc
import importlib.machinery
import sys
import types

import record


def _said(hook):
    def method(self, *args, **kwargs):
        record.event("hook", f"{record.name_of(self)}.{hook}", record.show(args))
        return self

    return method


#: What takes arguments and gives nothing back that matters.
PLAIN = (
    "__call__ __setstate__ __setitem__ __delitem__ append extend add update items read readline keys __set__ __delete__ "
    "__set_name__ __array_prepare__ __iadd__ __or__ persistent_load"
).split()


class Meta(type):
    """A class of these classes: what a loader does to a class itself is written down too."""

    def __call__(cls, *args, **kwargs):
        record.event("hook", f"{record.name_of(cls)}()", record.show(args))
        return type.__call__(cls, *args, **kwargs)

    def __getattr__(cls, name):
        record.event("hook", f"{record.name_of(cls)}.__getattr__", name)
        raise AttributeError(name)

    def __setattr__(cls, name, value):
        record.event("hook", f"{record.name_of(cls)}.__setattr__", f"{name}, {record.show(value)}")

    def __setitem__(cls, key, value):
        record.event("hook", f"{record.name_of(cls)}.__setitem__", record.show((key, value)))

    def append(cls, item):
        record.event("hook", f"{record.name_of(cls)}.append", record.show(item))

    def __instancecheck__(cls, instance):
        record.event("hook", f"{record.name_of(cls)}.__instancecheck__")
        return type.__instancecheck__(cls, instance)

    def __subclasscheck__(cls, subclass):
        record.event("hook", f"{record.name_of(cls)}.__subclasscheck__")
        return type.__subclasscheck__(cls, subclass)

    def __iter__(cls):
        record.event("hook", f"{record.name_of(cls)}.__iter__")
        return iter(())


class Thing(metaclass=Meta):
    """An instance with every hook."""

    def __new__(cls, *args, **kwargs):
        record.event("hook", f"{record.name_of(cls)}.__new__", record.show((args, kwargs)))
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        record.event("hook", f"{record.name_of(self)}.__init__", record.show(args))

    def __getattr__(self, name):
        record.event("hook", f"{record.name_of(self)}.__getattr__", name)
        raise AttributeError(name)

    def __setattr__(self, name, value):
        record.event("hook", f"{record.name_of(self)}.__setattr__", f"{name}, {record.show(value)}")

    def __hash__(self):
        record.event("hook", f"{record.name_of(self)}.__hash__")
        return 1

    def __eq__(self, other):
        record.event("hook", f"{record.name_of(self)}.__eq__")
        return self is other

    def __bool__(self):
        record.event("hook", f"{record.name_of(self)}.__bool__")
        return True

    def __len__(self):
        record.event("hook", f"{record.name_of(self)}.__len__")
        return 2

    def __iter__(self):
        record.event("hook", f"{record.name_of(self)}.__iter__")
        return iter((1, 2))

    def __getitem__(self, key):
        record.event("hook", f"{record.name_of(self)}.__getitem__", record.show(key))
        raise IndexError(key)

    def __get__(self, instance, owner=None):
        record.event("hook", f"{record.name_of(self)}.__get__")
        return self

    def __buffer__(self, flags):
        record.event("hook", f"{record.name_of(self)}.__buffer__")
        return memoryview(b"")

    def __reduce_ex__(self, protocol):
        record.event("hook", f"{record.name_of(self)}.__reduce_ex__")
        return (Thing, ())

    def __del__(self):
        pass


for _hook in PLAIN:
    if _hook not in vars(Thing):
        type.__setattr__(Thing, _hook, _said(_hook))


class Bare(metaclass=Meta):
    """Without `extend`, `__setstate__` and the rest: a loader falls back to `append` and to the attributes."""

    def append(self, item):
        record.event("hook", f"{record.name_of(self)}.append", record.show(item))

    def __setattr__(self, name, value):
        record.event("hook", f"{record.name_of(self)}.__setattr__", f"{name}, {record.show(value)}")


class Module(types.ModuleType):
    """A module that has whatever is asked of it."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        record.event("hook", f"{record.name_of(self)}.__getattr__", name)
        made = type.__call__(Meta, name, (Bare if name.startswith("Bare") else Thing,), {"__module__": self.__name__})
        value = object.__new__(made) if name[:1].islower() else made
        types.ModuleType.__setattr__(self, name, value)
        return value


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last: only for what does not exist."""

    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = Module(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        record.event("hook", f"module {module.__name__} runs")


def install():
    sys.meta_path.append(_Finder())
