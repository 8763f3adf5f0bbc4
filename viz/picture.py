"""A page as one PNG picture of all of it, drawn by an installed browser."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from viz.browser import Browser, BrowserFailed

WIDTH_PX: Final = 1200  # the columns of the page and their margins
WINDOW_PX: Final = 900
SCALE: Final = 2
STRIP_PX: Final = 1500  # browsers draw nothing beyond 8,192 or 16,384 pixels: a long page is drawn in strips
LIMIT_S: Final = 180.0
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
CHANNELS: Final = {2: 3, 6: 4}  # colour types of 8 bits that browsers write
READY: Final = "document.documentElement?.dataset.ready === 'yes'"
WRONG: Final = "(document.querySelector('#error-message:not([hidden])')?.textContent ?? '')"
# controls that say nothing on a picture
STILL: Final = (
    ".modebar-container, #globe-hint, .controls button, .controls input[type=range], .controls label:has(#follow) { display: none !important; }"
)


def write_picture(page: Path, target: Path, limit_s: float = LIMIT_S) -> None:
    """Draw a page of `viz.page` into a PNG file.

    Parameters
    ----------
    page : Path
        The page.
    target : Path
        The picture.
    limit_s : float
        Time after which it is given up.

    Raises
    ------
    NoBrowser
        If there is no browser.
    BrowserFailed
        If the browser cannot draw the page in time.
    """
    with Browser(WIDTH_PX, WINDOW_PX, SCALE, limit_s) as browser:
        browser.open(page)
        browser.until(f"{READY} || Boolean({WRONG})")
        wrong = browser.ask(WRONG)
        if wrong:
            raise BrowserFailed(f"the page says: {wrong}")
        browser.ask(f"document.head.append(Object.assign(document.createElement('style'), {{textContent: {STILL!r}}}))")
        browser.ask("document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))")
        height_px = int(browser.ask("Math.ceil(document.documentElement.getBoundingClientRect().height)"))
        strips = (browser.picture(0, y, WIDTH_PX, min(STRIP_PX, height_px - y)) for y in range(0, height_px, STRIP_PX))
        target.write_bytes(stacked(strips))


def stacked(pictures: Iterable[bytes]) -> bytes:
    """PNG pictures of equal width, one below the other.

    Rows stay as they are compressed by their neighbours. Only the first of each picture, which has none above it, is
    written plainly, as in the stack there is another row above it.

    Parameters
    ----------
    pictures : iterable of bytes
        Pictures of 8 bits a channel, with or without transparency, not interlaced.

    Returns
    -------
    bytes
        The picture.

    Raises
    ------
    ValueError
        If there is none, or if they do not fit together.
    """
    head: bytes | None = None
    rows, squeeze, parts = 0, zlib.compressobj(6), []
    for picture in pictures:
        (width, height, *kind), data = _read(picture)
        if kind[0] != 8 or kind[1] not in CHANNELS or kind[4] != 0:
            raise ValueError(f"a picture of another kind: {kind}")
        if head is not None and head != (width, *kind):
            raise ValueError("pictures differ in width or colours")
        head, rows = (width, *kind), rows + height
        channels = CHANNELS[kind[1]]
        size = 1 + width * channels
        first = bytes(1) + _plain(data[0], data[1:size], channels)
        parts.append(squeeze.compress(first + data[size:]))
    if head is None:
        raise ValueError("no picture")
    parts.append(squeeze.flush())
    chunks = (b"IHDR", struct.pack(">IIBBBBB", head[0], rows, *head[1:])), (b"IDAT", b"".join(parts)), (b"IEND", b"")
    return SIGNATURE + b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks)


def _read(picture: bytes) -> tuple[tuple[int, ...], bytes]:
    """The header of a PNG picture, and its rows, each with a byte that says how it is filtered."""
    if not picture.startswith(SIGNATURE):
        raise ValueError("not a PNG picture")
    at, header, data = len(SIGNATURE), (), []
    while at < len(picture):
        length, name = struct.unpack_from(">I4s", picture, at)
        content = picture[at + 8 : at + 8 + length]
        if name == b"IHDR":
            header = struct.unpack(">IIBBBBB", content)
        elif name == b"IDAT":
            data.append(content)
        at += length + 12
    return header, zlib.decompress(b"".join(data))


def _plain(kind: int, row: bytes, channels: int) -> bytes:
    """A first row without its filter: above it is nothing, so that of Paeth's filter and the mean only the left is left."""
    if kind in (0, 2):  # none, or by the row above
        return row
    values = bytearray(row)
    for i in range(channels, len(values)):
        left = values[i - channels]
        values[i] = (values[i] + (left // 2 if kind == 3 else left)) & 0xFF
    return bytes(values)
