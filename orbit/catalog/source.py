"""Content of a catalogue's file as bytes in UTF-8, within bounds, and what a file is that is no catalogue."""

from __future__ import annotations

import codecs
import errno
import html
import json
import os
import re
import stat
from pathlib import Path

MAX_FILE_BYTES = 1 << 28  # a day of 1,600 satellites at one state a minute, as text
MAX_FIELDS = 1_000  # of one element set
MAX_VALUE_CHARACTERS = 1 << 16  # of one line, one value of XML, or one set in JSON
MAX_DEPTH = 64  # elements of XML inside each other
MAX_STATES = 300_000  # of one segment of an ephemeris
MAX_BAD = 100_000  # errors after which a file is not read on
_NO_FILES = ("/proc", "/sys")  # folders whose files are made as they are read, without end or with waiting
_QUOTED = 80  # characters of a file in a message
_BOMS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_PAGE = re.compile(rb"<!doctype\s+html|<html\b", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"(\xb5/\xfd": "zstd"}


class FileError(Exception):
    """The file cannot be read from a location on.

    Parameters
    ----------
    line, column : int
        Location, from 1.
    message : str
        What is wrong and what to write.

    Attributes
    ----------
    line, column : int
        Location, from 1.
    message : str
        What is wrong and what to write.
    """

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


def read_regular(path: Path, most_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Content of a regular file of limited size. Pipes, devices, folders and system files are refused unread.

    Parameters
    ----------
    path : Path
    most_bytes : int, optional
        Largest size [B].

    Returns
    -------
    bytes

    Raises
    ------
    OSError
        The file cannot be opened, is not regular, or is larger than `most_bytes`.
    """
    status = path.stat()
    real = os.path.realpath(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode) or any(real == folder or real.startswith(folder + "/") for folder in _NO_FILES):
        raise OSError(errno.EINVAL, "not a regular file")
    if status.st_size > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes >> 20} MiB")
    with path.open("rb") as stream:
        return stream.read(status.st_size)  # what is written to it meanwhile is left out


def read_text(path: Path) -> bytes:
    """Content of a text file in UTF-8, without a byte order mark and without the end-of-file character of DOS.

    Parameters
    ----------
    path : Path
        Text in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.

    Returns
    -------
    bytes
        Line numbers are those of the file. Bytes that are not UTF-8 are left to the reader.

    Raises
    ------
    OSError
        The file cannot be opened or is not a regular file of limited size.
    FileError
        The file is a web page, an error answer of a server, compressed, or text in another encoding than it says.
    """
    data = read_regular(path)
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                data = data.decode(encoding).encode()
            except (UnicodeDecodeError, UnicodeEncodeError):
                raise FileError(1, 1, f"is not text in {encoding.upper()}; write the file in UTF-8") from None
            break
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.rstrip().endswith(b"\x1a"):
        data = data.rstrip().rstrip(b"\x1a")
    foreign = _foreign(data)
    if foreign:
        raise FileError(1, 1, foreign)
    return data


def _foreign(data: bytes) -> str:
    """What a file is, and what to do, where it is recognisably no catalogue; empty else."""
    packed = next((name for magic, name in _PACKED.items() if data.startswith(magic)), "")
    if packed:
        return f"is compressed ({packed}); unpack it first"
    start = data[:4000]
    if b"\0" in start[:400]:
        return "is not text in UTF-8 (it has null bytes); write the file in UTF-8"
    if _PAGE.search(start[:1000]):
        text = start.decode("utf-8", "replace")
        title = _TITLE.search(text)
        said = quoted(re.sub(r"<[^>]*>", " ", html.unescape(title[2]))) if title else "without a title"
        return f"is a web page ({said}), not a catalogue; download the file again"
    if data[:1] == b"{" and len(data) <= len(start):
        return _answer(data)
    return ""


def _answer(data: bytes) -> str:
    """What is wrong with a small JSON object that holds a message instead of elements; empty without one."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(given, dict) or "EPOCH" in given:
        return ""
    for key in ("error", "errors", "message", "detail", "status"):
        if given.get(key):
            text = given[key] if isinstance(given[key], str) else json.dumps(given[key])
            return f"is an error answer of a server ({quoted(text)}), not a catalogue; download the file again"
    return ""


def quoted(text: str) -> str:
    """The beginning of a text on one line, in quotation marks.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> quoted("403\\n  Forbidden")
    "'403 Forbidden'"
    """
    line = " ".join(text.split())
    return f"'{line[:_QUOTED]}{'…' if len(line) > _QUOTED else ''}'"
