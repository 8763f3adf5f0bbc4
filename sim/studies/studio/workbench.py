"""The scenario that the studio has opened: its form, variants of it, their runs, and how each is reproduced."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sim.config.errors import InputError, Origin, RunError, bad_input
from sim.config.scenario import Loaded, load
from sim.config.validation.sizes import size
from sim.mission import Years
from sim.results import reader
from sim.results.store import Results, resolved_yaml
from sim.studies.studio import safety
from sim.studies.studio.days import mission_day
from sim.studies.studio.form import fields
from sim.studies.studio.orbits import Orbits, fleet_orbits
from sim.studies.studio.runs import Runs, Variant
from sim.studies.studio.saved import SavedVariants
from sim.studies.studio.worker import MISSION
from sim.studies.study_table import StudyTable, is_study, read_study

REMEMBERED = 64  # variants whose scenarios are kept


@dataclass(frozen=True)
class Check:
    """What is known of a variant before it is run.

    Attributes
    ----------
    loaded : Loaded or None
        The scenario; None where it is refused.
    problems : tuple of (str, str)
        Field and message of each problem.
    """

    loaded: Loaded | None
    problems: tuple[tuple[str, str], ...] = ()


class Workbench:
    """A scenario, or the scenario of a results folder or of a study, and its variants.

    Parameters
    ----------
    source : str
        Name of a shipped scenario, path of a file, a results folder, or the folder of a sweep.
    flags : dict of str to bool, optional
        Further options of `sim.api.load`.
    variants : Path, optional
        Folder to which variants are saved; without one, none is.

    Attributes
    ----------
    study : StudyTable or None
        The sweep that was opened.

    Raises
    ------
    InputError
        If the scenario is invalid, or the folder is not one of results or incomplete.
    """

    def __init__(self, source: str, flags: dict[str, bool] | None = None, variants: Path | None = None) -> None:
        self._saved = None if variants is None else SavedVariants(variants)
        self.source, self.flags = source, flags or {}
        self.study: StudyTable | None = None
        if is_study(Path(source)):
            self.study = read_study(Path(source))
            self.source = source = str(Path(source) / "scenario.yaml")
            self.flags = {**self.flags, "allow_infeasible": True}  # as the points of a sweep are run
        opened = reader.read(Path(source)) if _is_results(Path(source)) else None
        self.base = self._load(Variant())
        self._check = lru_cache(REMEMBERED)(self._checked)
        self.runs = Runs(self.source, self.flags)
        if opened is not None:
            self.runs.add(Variant(), opened)

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.base.scenario.name

    def variant(self, sets: tuple[str, ...], events: tuple[str, ...], seed: int | None) -> Variant:
        """A variant from its changes.

        Parameters
        ----------
        sets, events : tuple of str
            Overrides and events.
        seed : int or None
            Seed of all random streams.

        Returns
        -------
        Variant
            The variant.
        """
        return Variant(sets, events, seed)

    def problems(self, variant: Variant) -> list[tuple[str, str]]:
        """Why a variant cannot be run.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        list of (str, str)
            Field and message of each problem.
        """
        return list(self.check(variant).problems)

    def check(self, variant: Variant) -> Check:
        """Load a variant.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        Check
            The scenario, or its problems in the words of the command line.
        """
        return self._check(variant)

    def _checked(self, variant: Variant) -> Check:
        refused = safety.problems(variant)
        if refused:
            return Check(None, tuple(refused))
        try:
            return Check(self._load(variant))
        except InputError as error:
            return Check(None, tuple((p.field, p.message) for p in error.problems))

    def _load(self, variant: Variant) -> Loaded:
        given = self.flags.get
        return load(
            self.source, variant.sets, variant.events, variant.seed, given("allow_stale", False), given("skip_bad", False),
            given("allow_infeasible", False),
        )  # fmt: skip

    def page_state(self, sets: tuple[str, ...]) -> str:
        """What the address of the page ends with, so that it begins with a variant.

        Parameters
        ----------
        sets : tuple of str
            Overrides.

        Returns
        -------
        str
            State of the page, from `#` on; empty without overrides.

        Raises
        ------
        InputError
            If the variant is refused.
        """
        if not sets:
            return ""
        variant = Variant(sets)
        problems = self.problems(variant)
        if problems:
            self._load(variant)  # raises with the place of each problem, unless a page must not make such a change
            raise bad_input(Origin("--set"), *problems[0])
        shown = {"variants": [{"name": self.name, "sets": list(sets), "events": [], "seed": None}], "shown": 0, "pinned": None, "view": {}}
        return "#" + quote(json.dumps(shown, separators=(",", ":")), safe="")

    def document(self, variant: Variant) -> dict[str, Any]:
        """A variant as a form.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        dict
            `name`, `description`, `fields` (as in `sim.studies.studio.form.Field`), `base` (texts of the scenario as it was opened, by
            path), `problems`, `notes`, `satellites`, `accelerators`, `time_s` (estimate of the run), `sha256`.
        """
        checked = self.check(variant)
        shown = checked.loaded or self.base
        time_s = size(shown.scenario, shown.satellites, shown.accelerators).time_s
        return {
            "name": shown.scenario.name, "description": shown.scenario.description,
            "fields": [asdict(field) for field in fields(shown)], "base": self._base_texts,
            "problems": [list(problem) for problem in checked.problems], "notes": list(shown.notes),
            "satellites": shown.satellites, "accelerators": shown.accelerators, "time_s": time_s,
            "sha256": "" if checked.loaded is None else checked.loaded.sha256,
        }  # fmt: skip

    @cached_property
    def _base_texts(self) -> dict[str, str]:
        return {field.path: field.text for field in fields(self.base)}

    def yaml(self, variant: Variant) -> str:
        """A variant as a scenario file that needs nothing else but files of satellites.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        str
            YAML text.

        Raises
        ------
        InputError
            If the variant is refused.
        """
        checked = self.check(variant)
        if checked.loaded is None:
            self._load(variant)
        assert checked.loaded is not None
        return resolved_yaml(checked.loaded)

    def command(self, variant: Variant) -> str:
        """The command that runs a variant.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        str
            A line for the shell.
        """
        words = ["dawndusk", "run", self.source]
        for text in variant.sets:
            words += ["--set", text]
        for text in variant.events:
            words += ["--event", text]
        if variant.seed is not None:
            words += ["--seed", str(variant.seed)]
        return shlex.join(words + [f"--{name.replace('_', '-')}" for name, given in self.flags.items() if given])

    def saved(self) -> list[dict[str, Any]] | None:
        """Variants of the folder.

        Returns
        -------
        list of dict, or None
            `name`, `file`, `sets`, `events`, `seed` of each; None without a folder.
        """
        return None if self._saved is None else [asdict(one) for one in self._saved.all]

    def save(self, name: str, variant: Variant) -> dict[str, Any]:
        """Save a variant to the folder.

        Parameters
        ----------
        name : str
            Its name.
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        dict
            `name` and `file`; or `message`, where it cannot be saved.
        """
        assert self._saved is not None
        try:
            saved = self._saved.save(name, variant, self.yaml(variant), self.command(variant))
        except (InputError, RunError, OSError) as error:
            return {"message": str(error)}
        return {"name": saved.name, "file": str(self._saved.folder / saved.file)}

    def orbits(self, key: str) -> Orbits | None:
        """Mean orbits of a run that recorded only some of its satellites.

        Parameters
        ----------
        key : str
            Key of the run.

        Returns
        -------
        Orbits or None
            At most 50,000 of them, evenly chosen among those that were not recorded; None where every satellite was recorded.
        """
        results, variant = self.runs.results(key), self.runs.variant(key)
        if not isinstance(results, Results) or variant is None or results.summary["satellites"] <= results.series.sizes["sat"]:
            return None
        checked = self.check(variant)
        return None if checked.loaded is None else fleet_orbits(checked.loaded, results.series["sat"].values)

    def point(self, number: int) -> dict[str, Any] | None:
        """A point of the opened study as a variant of its scenario.

        Parameters
        ----------
        number : int
            Number of the point.

        Returns
        -------
        dict or None
            `name` and `sets`; None where there is no such point.
        """
        if self.study is None or not 0 <= number < len(self.study.sets):
            return None
        return {"name": f"point {number}", "sets": list(self.study.sets[number])}

    def years(self, variant: Variant) -> Years | None:
        """The mission of a variant, where it was run or opened with the results of a folder.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        Years or None
            None where it is not there.
        """
        found = self.runs.results(variant.key_of(MISSION))
        if isinstance(found, Years):
            return found
        opened = self.runs.results(variant.key)
        if not isinstance(opened, Results) or opened.summary.get("mission") is None:
            return None
        return Years(opened.summary["mission"], opened.series)

    def mission(self, variant: Variant) -> dict[str, int] | None:
        """How large the mission of a variant is.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        dict or None
            `days` (runs without failures, at most) and `replicas`; None where the scenario has no mission, or is refused.
        """
        loaded = self.check(variant).loaded
        mission = None if loaded is None else loaded.scenario.mission
        return None if mission is None else {"days": int(mission.dates) * int(mission.ages), "replicas": int(mission.replicas)}

    def day(self, variant: Variant, day: date) -> dict[str, Any]:
        """A day of the mission of a variant, as a variant.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario that has the mission.
        day : date
            The day, in UTC.

        Returns
        -------
        dict
            `name`, `sets` and `note`; or `message`, where the day cannot be run.
        """
        loaded, years = self.check(variant).loaded, self.years(variant)
        if loaded is None or loaded.scenario.mission is None or years is None:
            return {"message": "the mission has not been run; run it first"}
        try:
            found = mission_day(loaded, variant, years.arrays, day)
        except InputError as error:
            return {"message": "; ".join(p.message for p in error.problems)}
        problems = self.problems(Variant(found.sets, (), variant.seed))
        return {"message": "; ".join(f"{field}: {message}" for field, message in problems)} if problems else asdict(found)

    def results(self, variant: Variant) -> Any:
        """Results of a variant, where they are there.

        Parameters
        ----------
        variant : Variant
            Changes of the scenario.

        Returns
        -------
        Results or None
            None where it has not been run.
        """
        return self.runs.results(variant.key)

    def close(self) -> None:
        """End the process that runs."""
        self.runs.close()


def _is_results(path: Path) -> bool:
    return (path / "summary.json").is_file() or (path / "manifest.json").is_file()
