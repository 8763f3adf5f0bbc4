"""The decorators of compiled code: `@kernel` for loops over arrays, `@inlined` for the scalar functions they call; `exact_`
forms of both for infinities.

The machine code of kernels is kept on disk (`orbit.kernels.cache`) and used again for as long as nothing that is
compiled into them changes: their own instructions, the functions they call, the constants they read.

With the compiler off (`NUMBA_DISABLE_JIT=1`) both decorators return the plain function, and `compiled()` is False.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from orbit.kernels.cache import attach

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Singles = NDArray[np.float32]
F = TypeVar("F", bound=Callable[..., Any])

# No `reassoc`: it may legally undo the two-part range reduction in `simd.sincos`, and it would make results depend on
# the vector width. `nnan` and `ninf`: a kernel never signals with NaN; it uses masks.
FASTMATH = frozenset({"contract", "nnan", "ninf", "nsz", "arcp", "afn"})


def _wide() -> bool:
    """Whether the processor has vectors of 512 bits; the compiler then uses them, also where it is tuned to 256: a fifth slower here."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and not numba.config.CPU_FEATURES:
        numba.config.CPU_FEATURES = f"{features.flatten()},-prefer-256-bit"
    return bool(features.get("avx512f"))


def compiled() -> bool:
    """Whether kernels run as machine code (False under NUMBA_DISABLE_JIT=1)."""
    return not numba.config.DISABLE_JIT


WIDE = compiled() and _wide()


def kernel(function: F) -> F:
    """Compile a loop over arrays: no Python objects, GIL released, machine code kept on disk."""
    return _kernel(function, FASTMATH)


def exact_kernel(function: F) -> F:
    """The same with every rounding as written, and infinities: for arithmetic that is not the bulk of a run."""
    return _kernel(function, frozenset())


def _kernel(function: F, flags: frozenset[str]) -> F:
    if not compiled():
        return function
    dispatcher = numba.njit(nogil=True, fastmath=set(flags), error_model="numpy")(function)
    attach(dispatcher)
    return dispatcher  # type: ignore[no-any-return]


def inlined(function: F) -> F:
    """Compile a scalar function that kernels call; the compiler merges it into their loop."""
    return _inlined(function, FASTMATH)


def exact_inlined(function: F) -> F:
    """The same for `exact_kernel`."""
    return _inlined(function, frozenset())


def _inlined(function: F, flags: frozenset[str]) -> F:
    if not compiled():
        return function
    return numba.njit(forceinline=True, fastmath=set(flags), error_model="numpy")(function)  # type: ignore[no-any-return]


def exact_part(function: F) -> F:
    """Compile a function that `exact_kernel` calls and that is too long to be merged into it; not to be called from Python.

    It has no interface to Python, which takes longer to compile than the function itself where its arguments are many arrays.
    """
    if not compiled():
        return function
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    return numba.njit(**options)(function)  # type: ignore[no-any-return]
