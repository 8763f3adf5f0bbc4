"""A folder of saved variants: each as a scenario file that runs by itself, and all of them in a list that the studio reads again."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sim.config.errors import Origin, bad_input
from sim.output import new_file
from sim.studies.studio.runs import Variant

LIST: Final = "variants.json"
MOST: Final = 500  # variants of a folder
MOST_BYTES: Final = 4_000_000
LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class SavedVariant:
    """A variant under a name.

    Attributes
    ----------
    name : str
        Its name.
    file : str
        Name of its scenario file.
    sets, events : tuple of str
        Overrides and events.
    seed : int or None
        Seed of all random streams.
    """

    name: str
    file: str
    sets: tuple[str, ...]
    events: tuple[str, ...]
    seed: int | None

    @property
    def variant(self) -> Variant:
        """Its changes."""
        return Variant(self.sets, self.events, self.seed)


class SavedVariants:
    """The variants of a folder.

    Parameters
    ----------
    folder : Path
        The folder; it is made when the first variant is saved.

    Raises
    ------
    InputError
        If its list cannot be read, or if the path is not a folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()  # two pages may save at the same time
        if folder.exists() and not folder.is_dir():
            raise bad_input(Origin(f"--variants {folder}"), "", "is not a folder; write the path of one")
        self.all: list[SavedVariant] = self._read()

    def _read(self) -> list[SavedVariant]:
        path = self.folder / LIST
        if not path.exists():
            return []
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError("too large")
            found = json.loads(path.read_text("utf-8"))
            return [_saved(one) for one in found["variants"][:MOST]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = str(error) or type(error).__name__
            raise bad_input(Origin(str(path)), "", f"is not a list of saved variants ({reason}); remove it, or write another folder") from None

    def save(self, name: str, variant: Variant, yaml: str, command: str) -> SavedVariant:
        """Write a variant; one of the same name is replaced.

        Parameters
        ----------
        name : str
            Its name; the file is named after its letters and digits.
        variant : Variant
            Its changes.
        yaml : str
            Scenario file that needs nothing else.
        command : str
            Command that reproduces it.

        Returns
        -------
        SavedVariant
            What was saved.

        Raises
        ------
        InputError
            If there are too many variants, or a file of that name that the studio did not write.
        RunError
            If it cannot be written.
        """
        with self._lock:
            return self._save(name, variant, yaml, command)

    def _save(self, name: str, variant: Variant, yaml: str, command: str) -> SavedVariant:
        name = " ".join(name.split())[:LONGEST_NAME] or "variant"
        stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST_NAME] or "variant"
        others = [one for one in self.all if one.name != name]
        before = next((one.file for one in self.all if one.name == name), None)
        if len(others) >= MOST:
            raise bad_input(Origin(str(self.folder)), "", f"holds {MOST} variants already; save to another folder")
        taken = {one.file for one in others}
        file = before or next(f for f in (f"{stem}{'' if n == 1 else f'_{n}'}.yaml" for n in range(1, MOST + 2)) if f not in taken)
        target = self.folder / file
        if before is None and target.exists():
            raise bad_input(Origin(str(target)), "", "exists already and is no saved variant; write another name")
        saved = SavedVariant(name, file, variant.sets, variant.events, variant.seed)
        self.folder.mkdir(parents=True, exist_ok=True)
        with new_file(target) as part:
            part.write_text(f"# {command}\n{yaml}", encoding="utf-8")
        self.all = [*others, saved]
        with new_file(self.folder / LIST) as part:
            part.write_text(json.dumps({"variants": [asdict(one) for one in self.all]}, indent=1), encoding="utf-8")
        return saved


def _saved(one: dict[str, Any]) -> SavedVariant:
    """A variant of the list; raises ValueError for anything else."""
    texts = (one["name"], one["file"], *one["sets"], *one["events"])
    seed = one["seed"]
    if not all(isinstance(text, str) for text in texts) or not (seed is None or isinstance(seed, int)) or isinstance(seed, bool):
        raise ValueError("a variant has other types")
    if not re.fullmatch(r"[a-z0-9_]+\.yaml", one["file"]):
        raise ValueError(f"{one['file']!r} is not a name that the studio gives")
    return SavedVariant(one["name"], one["file"], tuple(one["sets"]), tuple(one["events"]), seed)
