"""Results of pure functions, kept between runs of a process by the content of their inputs.

A study runs a scenario again with one value changed. What does not depend on that value is found here instead of computed:
parallelism plans depend on a job and its links. The key is a
digest of every input, not the name of a field, so that a result is never taken for another.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b, sha256
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Input = NDArray[Any] | bytes
LIST_BYTES, ENTRY_BYTES = 56, 200  # of an empty list; of an entry beside its value


def digest(parts: Iterable[Input]) -> bytes:
    """Digest of arrays and byte strings, in order.

    Parameters
    ----------
    parts : iterable of ndarray or bytes
        Contiguous arrays or bytes.

    Returns
    -------
    bytes
        16 bytes that differ where length or content of a part differs.
    """
    found = blake2b(digest_size=16)
    for part in parts:
        view = memoryview(part)  # type: ignore[arg-type] # numpy declares its buffer for Python 3.12 and newer only
        found.update(view.nbytes.to_bytes(8, "little"))
        found.update(view)
    return found.digest()


@cache
def sources_hash() -> str:
    """Hash of every source file of `orbit` and `sim`, names included.

    A study is resumed, and its points are run by workers, only with the same sources throughout; runs that are kept in files belong to them.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    root = Path(__file__).resolve().parents[1]
    found = sha256()
    for package in ("orbit", "sim"):
        for path in sorted((root / package).rglob("*.py")):
            found.update(str(path.relative_to(root)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def size_bytes(value: Any) -> int:
    """Approximate memory of a value made of arrays, numbers, tuples and lists.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    int
        Size [bytes]; a number in a list counts as its reference.
    """
    if isinstance(value, np.ndarray):
        return value.nbytes + LIST_BYTES
    if isinstance(value, tuple | list):
        return LIST_BYTES + 8 * len(value) + sum(size_bytes(v) for v in value if isinstance(v, np.ndarray | tuple | list))
    return ENTRY_BYTES


class Memo(Generic[T]):
    """Values by digest of their inputs, of bounded memory; the least recently used are dropped first.

    Parameters
    ----------
    limit_bytes : int
        Memory of all values together [bytes].

    Examples
    --------
    >>> memo = Memo(10_000)
    >>> memo.remember([b"2"], lambda: (2.0**0.5,)), memo.remember([b"2"], lambda: (0.0,))
    ((1.4142135623730951,), (1.4142135623730951,))
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes, self.bytes = limit_bytes, 0
        self._values: OrderedDict[bytes, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def remember(self, inputs: Iterable[Input], compute: Callable[[], T]) -> T:
        """The value of these inputs, computed where it is not known.

        Parameters
        ----------
        inputs : iterable of ndarray or bytes
            All that the value depends on.
        compute : callable
            Computes the value.

        Returns
        -------
        object
            The value; the caller must not change it.
        """
        key = digest(inputs)
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = compute()
        size = ENTRY_BYTES + size_bytes(value)
        with self._lock:
            if key not in self._values and size <= self.limit_bytes:
                self._values[key] = value, size
                self.bytes += size
                while self.bytes > self.limit_bytes:
                    self.bytes -= self._values.popitem(last=False)[1][1]
        return value

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values.clear()
            self.bytes = 0
