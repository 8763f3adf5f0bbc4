"""Sources and documents use the standard terms of the field; words private to this project do not come back.

Source of truth: the tokens that Python's tokenizer reads from every source file of `orbit`, `sim` and `viz`
(identifiers, comments, docstrings, messages), and the text of scripts and documents.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# private word: standard term
WORDS = {
    "crew": "scheduler",
    "gang": "job",
    "gangs": "jobs",
    "roads": "ground routing",
    "told": "input, result, or what is stated",
    "mend": "repair, fix",
    "mends": "repairs, fixes",
    "mended": "repaired, fixed",
    "strays": "disconnected members",
    "hire": "create, allocate",
    "hired": "created, allocated",
    "whoever": "name the subject",
    "nobody": "no satellite, no user",
    "anybody": "any satellite, any user",
    "fruitful": "productive",
    "upkeep": "station keeping",
}
# Keys of earlier versions, read only to say what they are called now: (file, word).
RENAMED_KEYS = {("sim/config/error_text.py", "upkeep")}
TEXT_TOKENS = {tokenize.NAME, tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}

SOURCES = sorted(path for package in ("orbit", "sim", "viz") for path in (ROOT / package).rglob("*.py"))
TEXTS = sorted([*(ROOT / "viz/assets").glob("*.js"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"])


def words_of(text: str) -> Iterator[str]:
    """Words in lower case; identifiers are split at underscores, digits and capitals."""
    for match in re.finditer(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text):
        yield match[0].lower()


def python_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every identifier, string and comment of a Python file."""
    with io.BytesIO(path.read_bytes()) as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in TEXT_TOKENS:
                for offset, line in enumerate(token.string.splitlines()):
                    yield token.start[0] + offset, line


def private_words(texts: Iterator[tuple[int, str]], name: str) -> list[str]:
    """One line for every private word: file, line, word and the standard term."""
    return [
        f"{name}:{line}: '{word}'; write {WORDS[word]}"
        for line, text in texts
        for word in words_of(text)
        if word in WORDS and (name, word) not in RENAMED_KEYS
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_has_no_private_words(path: Path) -> None:
    """Identifiers, comments, docstrings and messages of a Python source file."""
    name = path.relative_to(ROOT).as_posix()
    found = private_words(python_texts(path), name)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_document_has_no_private_words(path: Path) -> None:
    """Scripts of the report, pages of the documentation and the README."""
    name = path.relative_to(ROOT).as_posix()
    found = private_words(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1), name)
    assert found == [], "\n".join(found)


def test_words_are_found_inside_identifiers() -> None:
    """By hand: snake case, camel case and capitals split into words; longer words that contain one do not count."""
    text = "load_told toldAgain TOLD_X UpKeep recommended amended untold roadsides"
    assert [w for w in words_of(text) if w in WORDS] == ["told", "told", "told"]


def test_private_words_are_reported_with_their_line(tmp_path: Path) -> None:
    """By hand: one word in a name, a comment and a docstring each; none in plain code."""
    source = tmp_path / "made.py"
    source.write_text('"""Nobody.\n\nFine.\n"""\ncrew_size = 3  # mended\nother = crew_size\n', encoding="utf-8")
    lines = [line.split(";")[0] for line in private_words(python_texts(source), "made.py")]
    assert lines == ["made.py:1: 'nobody'", "made.py:5: 'crew'", "made.py:5: 'mended'", "made.py:6: 'crew'"]
