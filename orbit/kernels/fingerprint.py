"""Hash of what a kernel is compiled from: its machine code is valid for as long as this hash stays the same.

Hashed are the instructions of the function, the values of the constants and globals that it reads, its free variables
and defaults, and the same of every function it calls, and so on. Docstrings, comments, annotations and line numbers are
not part of it. numpy, numba and the standard library count by name, their versions are part of the cache's key.
"""

from __future__ import annotations

import builtins
import dis
import enum
import hashlib
import sys
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.types import BaseNamedTuple, BaseTuple, Type  # type: ignore[attr-defined]
from numba.core.types import Dispatcher as DispatcherType

# Compiled by name: their source is not ours, and their versions are part of the cache's key.
BY_NAME = frozenset({"numpy", "numba", "llvmlite"}) | sys.stdlib_module_names

PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))


@lru_cache(maxsize=4096)
def _instructions(code: CodeType) -> tuple[str, tuple[Any, ...], tuple[tuple[str, ...], ...]]:
    """Instructions of a code object as text, the constants they load, and the globals they read.

    A global is its name followed by the attributes taken of it, such as ("np", "float64"). The table of constants
    itself is not hashed: it also holds the docstring.
    """
    text, constants, reads = [], [], set()
    chain: tuple[str, ...] = ()
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name == "EXTENDED_ARG":  # part of the next instruction
            continue
        if instruction.opcode in dis.hasconst:
            constants.append(instruction.argval)
            text.append(name)
        else:
            text.append(f"{name} {instruction.argval!r}")
        if chain and name in {"LOAD_ATTR", "LOAD_METHOD"}:
            chain = (*chain, instruction.argval)
            continue
        if chain:
            reads.add(chain)
        chain = (instruction.argval,) if name in {"LOAD_GLOBAL", "LOAD_NAME"} else ()
    return "\n".join(text), tuple(constants), tuple(sorted(reads))


class Fingerprint:
    """SHA-256 over everything that is added, in an order that does not depend on the process."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._seen: dict[int, int] = {}  # functions are hashed once: they may call each other in a circle
        self._keep: list[Any] = []  # so that no other object gets the id of one that was seen

    def hexdigest(self) -> str:
        """Hash of what was added so far."""
        return self._digest.hexdigest()

    def text(self, *parts: str) -> None:
        """Add words; their number and lengths are part of the hash."""
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            self._digest.update(b"%d:" % len(data) + data)

    def value(self, value: Any) -> None:
        """Add the value of a global, a constant or a free variable as the compiler freezes it.

        Raises TypeError for objects that cannot be identified: they could change unnoticed.
        """
        if isinstance(value, enum.Enum):
            self._class(type(value))
            self.text("member", value.name)
        elif isinstance(value, PLAIN):
            self.text(type(value).__name__, repr(value))
        elif isinstance(value, tuple | list):
            self._items(value)
        elif isinstance(value, frozenset | set):
            self.text("set", *sorted(f"{type(item).__name__} {item!r}" for item in value))
        elif isinstance(value, np.ndarray | np.generic):
            array = np.asarray(value)
            order = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "A"
            self.text("array", repr(array.dtype), repr(array.shape), order, array.tobytes().hex())
        elif isinstance(value, CodeType):
            raise TypeError("a code object without its globals")
        else:
            self._callable(value)

    def _items(self, value: tuple[Any, ...] | list[Any]) -> None:
        if hasattr(value, "_fields"):
            self._class(type(value))
        self.text(type(value).__name__, str(len(value)))
        for item in value:
            self.value(item)

    def _callable(self, value: Any) -> None:
        """Add what can be called or taken attributes of: functions, classes, modules and the compiler's types."""
        if isinstance(value, Dispatcher):
            self.text("dispatcher")
            self.options(value.targetoptions)
            self.function(value.py_func)
        elif isinstance(value, _Intrinsic):
            self.text("intrinsic")
            self.function(value._defn)
        elif isinstance(value, Type):
            self.type(value)
        elif isinstance(value, ModuleType):
            if value.__name__.split(".")[0] not in BY_NAME:
                raise TypeError("a module as a whole")
            self.text("module", value.__name__)
        elif isinstance(value, np.ufunc):
            self.text("ufunc", value.__name__)
        elif isinstance(value, BuiltinFunctionType | MethodDescriptorType) or _by_name(value):
            self.text("name", str(getattr(value, "__module__", "")), getattr(value, "__qualname__", repr(value)))
        elif isinstance(value, FunctionType):
            self.function(value)
        elif isinstance(value, type):
            self._class(value)
        else:
            raise TypeError(f"a {type(value).__name__}")

    def function(self, function: FunctionType) -> None:
        """Add a Python function as it is compiled, with everything it reads and calls."""
        if id(function) in self._seen:
            self.text("seen", str(self._seen[id(function)]))
            return
        self._seen[id(function)] = len(self._seen)
        self._keep.append(function)
        self.text("function")
        try:
            self._code(function.__code__, function.__globals__)
            for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
                self.text("free", name)
                self.value(cell.cell_contents)
            self.value(function.__defaults__)
            for name, default in sorted((function.__kwdefaults__ or {}).items()):
                self.text("default", name)
                self.value(default)
        except TypeError as error:
            raise TypeError(f"{error}; {function.__qualname__}") from None

    def _code(self, code: CodeType, names: dict[str, Any]) -> None:
        text, constants, reads = _instructions(code)
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_varnames)
        self.text(text, repr(shape), code.co_exceptiontable.hex())
        for constant in constants:
            if isinstance(constant, CodeType):
                self._code(constant, names)
            else:
                self.value(constant)
        for chain in reads:
            self.text("read", *chain)
            value = names.get(chain[0], getattr(builtins, chain[0], NotImplemented))
            for attribute in chain[1:]:
                if not isinstance(value, ModuleType):
                    break
                value = getattr(value, attribute, NotImplemented)
            if value is NotImplemented:
                self.text("missing")
                continue
            try:
                self.value(value)
            except TypeError as error:
                if ";" in str(error):
                    raise
                raise TypeError(f"{'.'.join(chain)} is {error}") from None

    def _class(self, kind: type) -> None:
        """Add a class: the fields of a named tuple, the members of an enumeration, functions of a type, else by its name."""
        self.text("class", kind.__module__, kind.__qualname__)
        if issubclass(kind, enum.Enum):
            self.text(*(f"{name}={member.value!r}" for name, member in kind.__members__.items()))
        elif hasattr(kind, "_fields"):
            self.text(*kind._fields)
            for name, default in kind._field_defaults.items():  # type: ignore[attr-defined]
                self.text(name)
                self.value(default)
        elif issubclass(kind, Type) and not _by_name(kind):  # a type of our own for the compiler: by what its functions do
            for name, member in sorted(vars(kind).items()):
                found = member.__func__ if isinstance(member, staticmethod) else member
                if isinstance(found, FunctionType):
                    self.text(name)
                    self.function(found)
        elif not _by_name(kind):
            raise TypeError(f"a class {kind.__qualname__}")

    def options(self, options: dict[str, Any]) -> None:
        """Add the compiler's options."""
        for name in sorted(options):
            self.text("option", name)
            self.value(options[name])

    def type(self, kind: Any) -> None:
        """Add the type of an argument. The name of a named tuple's type tells no fields, so they are added."""
        if isinstance(kind, DispatcherType):
            self.value(kind.dispatcher)
            return
        if isinstance(kind, BaseNamedTuple):
            self._class(kind.instance_class)
        if isinstance(kind, BaseTuple):
            self.text("tuple", str(len(kind)))
            for item in kind:
                self.type(item)
        else:
            self.text("type", str(kind))


def _by_name(value: Any) -> bool:
    """Whether something belongs to Python, numpy or the compiler; its module says so."""
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.split(".")[0] in BY_NAME
