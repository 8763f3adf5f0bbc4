"""Write rows that are not read again soon without passing through the caches.

A plain store first fetches the line that it changes; results larger than the caches then cost twice their size in
traffic, and evict data that is still needed. Streaming stores do neither. They need lines of 64 bytes from an aligned
start: other rows are copied plainly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import Floats, compiled, inlined

LINE_BYTES, LINE = 64, 8  # of a cache line, and numbers in it
CACHED = 800_000  # numbers, 6 MB: up to there plain stores are 10 % faster, from 8 MB on they are 20 % slower


if compiled():
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def _store_line(typingctx: Any, target: Any, at: Any, source: Any, start: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            line = ir.VectorType(ir.DoubleType(), LINE).as_pointer()
            to, source_ = (
                builder.bitcast(builder.gep(context.make_array(kind)(context, builder, array).data, [index]), line)
                for kind, array, index in zip(signature.args[::2], args[::2], args[1::2], strict=True)
            )
            store = builder.store(builder.load(source_, align=8), to, align=LINE_BYTES)
            store.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
            return context.get_dummy_value()

        return types.void(target, types.intp, source, types.intp), codegen

else:

    def _store_line(target: Any, at: int, source: Any, start: int) -> None:
        """Without the compiler: a plain copy."""
        target[at : at + LINE] = source[start : start + LINE]


@inlined
def far(out: Floats) -> bool:
    """Whether an array is too large for the caches."""
    return out.size > CACHED


@inlined
def stream(source: Floats, target: Floats, past: bool) -> None:
    """Copy a contiguous row, past the caches if `past` is set and the target is aligned."""
    if past and target.ctypes.data % LINE_BYTES == 0 and target.size % LINE == 0:
        for k in range(0, target.size, LINE):
            _store_line(target, k, source, k)
    else:
        for k in range(target.size):
            target[k] = source[k]


def empty_lines(*shape: int) -> NDArray[np.float64]:
    """Uninitialised array of floats, aligned for `stream`."""
    size = int(np.prod(shape))
    raw = np.empty(size + LINE - 1)
    first = -(raw.ctypes.data // raw.itemsize) % LINE
    return raw[first : first + size].reshape(shape)
