"""The formats, by name, and the export of a results folder to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.config.errors import Origin, bad_input
from sim.exports.opened import Opened, Options, Progress
from sim.output import NewFolder, check_place, new_file


@dataclass(frozen=True, slots=True)
class Format:
    """A format: module that writes it, whether it is a folder, suffix of its file, options that it takes, what it is."""

    module: str
    folder: bool
    suffix: str
    options: tuple[str, ...]
    meaning: str


FORMATS = {
    "czml": Format("czml", False, ".czml", ("step_s", "satellites"), "satellites, stations and links on Cesium's globe"),
    "tle": Format("tle", False, ".tle", ("satellites", "span_s"), "two-line elements: those of the file, or fitted to the trajectory"),
    "oem": Format("oem", False, ".oem", ("step_s", "satellites", "split"), "CCSDS orbit ephemeris message: positions and velocities"),
    "csv": Format("tables", True, "-csv", (), "a folder of tables"),
    "traces": Format("traces", True, "-traces", ("ranks",), "a folder: power, links, and one step of each training job as Chakra traces"),
}
OPTION_NAMES = {"step_s": "--step", "satellites": "--satellites", "ranks": "--ranks", "span_s": "--span", "split": "--split"}


def chosen(name: str, options: Options) -> Format:
    """A format by name.

    Parameters
    ----------
    name : str
        Name of the format.
    options : Options
        What it is asked for.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    InputError
        If there is none of this name, or it does not take one of the options.
    """
    if name not in FORMATS:
        raise bad_input(Origin(f"--format {name}"), "", f"is not a format; write one of: {', '.join(FORMATS)}")
    found = FORMATS[name]
    for option, spoken in OPTION_NAMES.items():
        if getattr(options, option) is not None and option not in found.options:
            takers = ", ".join(key for key, one in FORMATS.items() if option in one.options)
            raise bad_input(Origin(spoken), "", f"does not apply to {name}; it goes with {takers}")
    return found


def export(
    result: str | Path | Opened, name: str, out: str | Path | None = None, options: Options | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Write a results folder in another format.

    Parameters
    ----------
    result : str, Path or Opened
        A folder written by a run, or one that is opened.
    name : str
        Name of the format, a key of `FORMATS`.
    out : str or Path, optional
        File, or folder for `csv`, `traces` and what is split; must not exist yet. By default the name of the results with the
        suffix of the format, in the working folder.
    options : Options, optional
        What the format is asked for.
    progress : callable, optional
        Called as `progress(done, total)`.

    Returns
    -------
    dict
        `format`, `path`, `bytes`, `files`, and what the format says of itself.

    Raises
    ------
    InputError
        If the format is unknown, the folder is no results folder of this version, lacks what the format needs, or `out` exists.
    """
    options = Options() if options is None else options
    found, folder = chosen(name, options), result.folder if isinstance(result, Opened) else Path(result)
    several = found.folder or bool(options.split)
    suffix = found.suffix.replace(".", "-") if several else found.suffix
    target = Path(f"{folder.absolute().name}{suffix}") if out is None else Path(out)
    check_place(target, "folder" if several else "file")
    write = import_module(f"sim.exports.{found.module}").write
    opened = result if isinstance(result, Opened) else Opened(folder)
    if several:
        with NewFolder(target, target.name) as place:
            facts = write(opened, place.path, options, progress)
            target = place.publish()
        files = sorted(path for path in target.rglob("*") if path.is_file())
    else:
        with new_file(target) as part:
            facts = write(opened, part, options, progress)
        files = [target]
    return {"format": name, "path": str(target), "files": len(files), "bytes": sum(path.stat().st_size for path in files), **facts}
