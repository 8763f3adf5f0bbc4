"""An array seen as rows of a fixed number and length: the compiler knows every offset as a constant."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from orbit.kernels.compile import Floats, compiled


def _plain(array: Floats, rows: int, length: int) -> Floats:
    """The same in plain Python."""
    if array.shape != (rows, length):
        raise ValueError(f"an array of shape {array.shape}; it must have {rows} rows of {length}")
    return array


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _fixed(typing_context: Any, array: Any, rows: Any, length: Any) -> Any:
    """A contiguous array as (rows, length); both must be constants of the program, and the shape of the array."""
    result = types.Array(array.dtype, 2, "C")
    shape = (rows.literal_value, length.literal_value)
    itemsize = 8

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = make_array(array)(context, builder, arguments[0])
        view = make_array(result)(context, builder)
        word = ir.IntType(64)
        populate_array(
            view, data=source.data, shape=cgutils.pack_array(builder, [word(n) for n in shape]),
            strides=cgutils.pack_array(builder, [word(shape[1] * itemsize), word(itemsize)]),
            itemsize=word(itemsize), meminfo=source.meminfo, parent=source.parent,
        )  # fmt: skip
        return impl_ret_borrowed(context, builder, result, view._getvalue())

    return result(array, rows, length), generate


fixed_rows = _fixed if compiled() else _plain
