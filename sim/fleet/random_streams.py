"""Random numbers by counter: a draw is a function of seed, process, replica and what is drawn, never of what was drawn before.

The generator is Philox 4x64-10 [salmon2011], as numpy has it: once compiled, for kernels and scalars, once for arrays.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.kernels.compile import compiled, exact_inlined

Words = NDArray[np.uint64]

# Philox 4x64-10
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
ROUNDS = 10
MASK = (1 << 64) - 1
MANTISSA = 2.0**-53

if compiled():
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    A, B, STEP, STEP_2 = (np.uint64(value) for value in (*MULTIPLIERS, *WEYL))

    @intrinsic  # type: ignore[untyped-decorator]
    def _upper(typingctx: Any, a: Any, b: Any) -> Any:
        """Upper 64 bits of the product of two words."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            wide = ir.IntType(128)
            product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
            return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

        return types.uint64(types.uint64, types.uint64), codegen

    @exact_inlined
    def words(a: Any, b: Any, c: Any, d: Any, k: Any, m: Any) -> tuple[Any, Any, Any, Any]:
        """The four random words of a counter (a, b, c, d) with the key (k, m), all of 64 bits, as of `philox`."""
        a, b, c, d, k, m = np.uint64(a), np.uint64(b), np.uint64(c), np.uint64(d), np.uint64(k), np.uint64(m)
        for _ in range(ROUNDS):
            a, b, c, d = _upper(B, c) ^ b ^ k, B * c, _upper(A, a) ^ d ^ m, A * a
            k, m = k + STEP, m + STEP_2
        return a, b, c, d

    @exact_inlined
    def to_unit(word: Any) -> float:
        """A random word as a number in [0, 1)."""
        return float(np.uint64(word) >> np.uint64(11)) * MANTISSA

else:

    def words(a: Any, b: Any, c: Any, d: Any, k: Any, m: Any) -> tuple[Any, Any, Any, Any]:
        """The same without the compiler."""
        return philox((int(a), int(b), int(c), int(d)), (int(k), int(m)))

    def to_unit(word: Any) -> float:
        """The same without the compiler."""
        return (int(word) >> 11) * MANTISSA

def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four random words of 64 bits from a counter, by Philox 4x64-10.

    Parameters
    ----------
    counter : tuple of int
        Four words of 64 bits.
    key : tuple of int
        Two words of 64 bits.

    Returns
    -------
    tuple of int
        Four words of 64 bits.

    Notes
    -----
    The generator of ``numpy.random.Philox``.

    Examples
    --------
    The same words as numpy draws; its generator increments the counter first:

    >>> numpy_words = np.random.Philox(key=[7, 0], counter=[0, 2, 5, 0]).random_raw(4)
    >>> philox((1, 2, 5, 0), (7, 0)) == tuple(numpy_words.tolist())
    True
    """
    a, b, c, d = counter
    k, m = key
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (second >> 64) ^ b ^ k, second & MASK, (first >> 64) ^ d ^ m, first & MASK
        k, m = (k + WEYL[0]) & MASK, (m + WEYL[1]) & MASK
    return a, b, c, d


def philox_words(counter: tuple[Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """The four random words of each of many counters, whose last word is 0.

    Parameters
    ----------
    counter : tuple of ndarray of uint64
        First three words of the counters.
    key : tuple of int
        Two words of 64 bits.

    Returns
    -------
    tuple of ndarray of uint64
        The words of `philox` for each counter.
    """
    a, b, c = counter
    d = np.zeros_like(a)
    k, m = key
    for _ in range(ROUNDS):
        (high, low), (high_c, low_c) = _product(MULTIPLIERS[0], a), _product(MULTIPLIERS[1], c)
        a, b, c, d = high_c ^ b ^ np.uint64(k), low_c, high ^ d ^ np.uint64(m), low
        k, m = (k + WEYL[0]) & MASK, (m + WEYL[1]) & MASK
    return a, b, c, d


def uniform(words: Words) -> NDArray[np.float64]:
    """Random words as numbers in [0, 1), as numpy makes them.

    Parameters
    ----------
    words : ndarray of uint64
        Random words.

    Returns
    -------
    ndarray
        Multiples of 2**-53.
    """
    return np.asarray((words >> np.uint64(11)) * MANTISSA)


def stream_key(seed: int, process: int, replica: int) -> tuple[int, int]:
    """Key of the generator of a process.

    Parameters
    ----------
    seed, process, replica : int
        Seed of the scenario, number of the process, number of the replica.

    Returns
    -------
    tuple of int
        Two words of 64 bits.
    """
    first, second = np.random.SeedSequence(seed, spawn_key=(process, replica)).generate_state(2, np.uint64).tolist()
    return int(first), int(second)


def process_number(name: str) -> int:
    """Number of a process in its spawn key, by its name: the draws of a process do not depend on which others there are.

    Parameters
    ----------
    name : str
        Name of the process.

    Returns
    -------
    int
        At least 2**32, so that it is none of the small numbers of the processes of the orbit clock.
    """
    return (1 << 32) | int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def _product(constant: int, words: Words) -> tuple[Words, Words]:
    """Upper and lower 64 bits of a product, from products of 32 bits."""
    half, low_bits = np.uint64(32), np.uint64(0xFFFFFFFF)
    x, y = np.uint64(constant >> 32), np.uint64(constant & 0xFFFFFFFF)
    u, v = words >> half, words & low_bits
    middle = x * v + ((y * v) >> half)
    other = y * u + (middle & low_bits)
    return x * u + (middle >> half) + (other >> half), np.uint64(constant) * words
