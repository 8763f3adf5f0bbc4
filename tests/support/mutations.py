"""Text files with seeded damage: bytes flipped, lines cut and repeated, fields blanked, huge numbers, encodings, nesting."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

WORDS = (
    b"\0", b"\xff", b"\n", b"\r", b"\x0c", b"\x85", b"\x1a", b"<", b">", b"{", b"}", b"[", b"]", b",", b";", b'"', b"'", b"&", b":", b"#",
    b" ", b"\t", b"9", b"-", b"=", b"%", b"*", b"nan", b"inf", b"null", b"true", b"1e999", b"1e-320", b"-0", b"0x1F", b"1_000", b"\xc3\xa9",
    b"\xef\xbb\xbf", b"\xe2\x80\xae", b"<!DOCTYPE a>", b"<![CDATA[", b"&amp;", b"COMMENT ", b"99999999999999999999999", b"0000-01-01T00:00:00",
    b"9999-12-31T23:59:59.9", b"2026-366T00:00:00", b"2016-12-31T23:59:60",
)  # fmt: skip
ENOUGH = 100_000  # bytes: a file that has grown so far is changed no more
_FIELD = re.compile(rb"[^\s,;:=<>\"{}\[\]]+")
_NUMBER = re.compile(rb"\d[\d.]*")
_HUGE = (b"9" * 400, b"1e308", b"-1e308", b"9" * 5000, b"0." + b"0" * 3000 + b"1", b"18446744073709551616")


def mutated(data: bytes, seed: str, number: int, words: Sequence[bytes] = WORDS) -> bytes:
    """A damaged copy of a file, the same for the same seed and number.

    Parameters
    ----------
    data : bytes
        The valid file, not empty.
    seed : str
        Name of the series.
    number : int
        Number in the series.
    words : sequence of bytes
        What is written into the file.

    Returns
    -------
    bytes
        The file after one to four changes.
    """
    dice = random.Random(f"{seed}/{number}")
    for _ in range(dice.randrange(1, 5)):
        if len(data) < ENOUGH:
            data = dice.choice(_CHANGES)(data, dice, words) or b"x"
    return data


def _cut(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.randrange(1, 30) :]


def _insert(data: bytes, dice: random.Random, words: Sequence[bytes]) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + dice.choice(words) + data[at:]


def _flip(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _copy_part(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    at, other = dice.randrange(len(data)), dice.randrange(len(data))
    return data[:at] + data[other : other + dice.randrange(80)] + data[at:]


def _lines(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    """A line is left out, repeated, moved or cut short."""
    lines = data.split(b"\n")
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines[at:at] = [lines[other]] * dice.randrange(1, 20)
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
    return b"\n".join(lines)


def _replace(pattern: re.Pattern[bytes], by: Callable[[bytes, random.Random], bytes]) -> Callable[..., bytes]:
    def change(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
        found = list(pattern.finditer(data))
        if not found:
            return data
        one = dice.choice(found)
        return data[: one.start()] + by(one[0], dice) + data[one.end() :]

    return change


def _repeat_all(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    return data * dice.randrange(2, 30)


def _encode(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    coded = (
        text.encode("utf-16"), text.encode("utf-16-le"), text.encode("utf-32"), text.encode("latin-1", "replace"), text.encode("utf-8-sig"),
        data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), text.encode("utf-16")[:-1],
    )  # fmt: skip
    return dice.choice(coded)


def _nest(data: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    begin, end = dice.choice(((b"[", b"]"), (b"{\"a\":", b"}"), (b"<a>", b"</a>"), (b"(", b")")))
    at, depth = dice.choice((0, dice.randrange(len(data)))), dice.choice((3, 70, 100_000))
    return data[:at] + begin * depth + data[at:] + end * dice.choice((0, depth))


_CHANGES = (
    _cut, _insert, _flip, _copy_part, _lines, _lines, _replace(_FIELD, lambda old, _: b" " * len(old)), _replace(_FIELD, lambda *_: b""),
    _replace(_NUMBER, lambda _, dice: dice.choice(_HUGE)), _repeat_all, _encode, _nest,
)  # fmt: skip
