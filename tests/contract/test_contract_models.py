"""Every submodel x every rule, numerically; and five spoiled submodels, each of which breaks its rule."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import BaseModel

import sim.spacecraft
from sim.config.schema import Scenario
from sim.schema import CAUSES, RESOLUTION
from sim.spacecraft import attitude, heater, policy, step
from sim.spacecraft.submodel import Submodel

REPO = Path(__file__).resolve().parents[2]
sys.path.append(str(REPO / "tests" / "unit" / "spacecraft"))
import submodel_cases as cases  # noqa: E402

KEYS = set(re.findall(r"^@\w+\{([^,]+),", (REPO / "docs" / "references.bib").read_text("utf-8"), re.M))
SAMPLES = 60


@pytest.fixture(scope="module")
def parameters() -> list[Any]:
    """Of satellites, one for each law of attitude and each policy; the radiator of one is canted and sees the array."""
    slewing = (
        "satellite.attitude.point=ahead", "satellite.attitude.array_drive=radial", "satellite.attitude.radiator_cant=20 deg",
        "satellite.thermal.radiator.view_to_array=0.1",
    )  # fmt: skip
    laws = [(f"satellite.attitude.law={law}", *(slewing if law == "slewing" else ())) for law in attitude.LAWS]
    times = "rate: 0.8, on: 20 min, off: 80 min, start_charge: 0.9, start_temperature: 40 degC, start_in_sunlight: true"
    modes = [(f"satellite.policy={{mode: {mode}, restart: 2 min, {times}}}", "duration=1 h") for mode in policy.MODES[1:]]
    found = [cases.example_parameters("suncatcher", *given) for given in (*laws, *modes)]
    # channels of terminals, which follow the links; the satellites are loaded without any
    return [p._replace(compute=p.compute._replace(channels_w=300.0), policy=p.policy._replace(channels_w=1e4)) for p in found]


def _inner(annotation: Any) -> Any:
    """The model behind Optional, list or Annotated; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part)) is not None), None)


def _samples(function: Any, seed: int = 5, corner: bool = False, count: int = SAMPLES) -> list[list[Any]]:
    rng = np.random.default_rng(seed)
    return [[cases.random_value(name, rng, corner) for name in cases.argument_names(function)] for _ in range(count)]


# --- rules ------------------------------------------------------------------------------------------------------------


def undeclared_inputs_have_no_effect(model: Submodel, every: list[Any]) -> None:
    """Changing a field that `reads` does not name changes no bit of the result."""
    p = every[0]
    for function in cases.functions(model):
        names = cases.argument_names(function)
        for sample, other in zip(_samples(function), _samples(function, seed=6), strict=True):
            before = cases.outputs(function, sample, p)
            for n, name in enumerate(names):
                for field in getattr(sample[n], "_fields", ()):
                    if f"{name}.{field}" not in model.reads:
                        changed = [*sample]
                        changed[n] = sample[n]._replace(**{field: getattr(other[n], field)})
                        assert np.array_equal(before, cases.outputs(function, changed, p)), f"{name}.{field}"


def declared_inputs_have_an_effect(model: Submodel, every: list[Any]) -> None:
    """Changing a field that `reads` names changes the result of some sample, for one of the satellites."""
    without = set(model.reads)
    for function, p in product(cases.functions(model), every):
        names = cases.argument_names(function)
        for sample, other in zip(_samples(function, count=2000), _samples(function, seed=6, count=2000), strict=True):
            if not without:
                return
            before = cases.outputs(function, sample, p)
            for n, name in enumerate(names):
                for field in getattr(sample[n], "_fields", ()):
                    changed = [*sample]
                    if hasattr(sample[n], "_fields") and f"{name}.{field}" in without:
                        changed[n] = sample[n]._replace(**{field: getattr(other[n], field)})
                        if not np.array_equal(before, cases.outputs(function, changed, p)):
                            without.discard(f"{name}.{field}")
    assert without == set()


def outputs_are_finite(model: Submodel, every: list[Any]) -> None:
    """Over the whole valid range, ends included."""
    for function, p in product(cases.functions(model), every):
        for sample in (*_samples(function), *_samples(function, seed=7, corner=True)):
            assert np.isfinite(cases.outputs(function, sample, p)).all()


def order_does_not_matter(model: Submodel, every: list[Any]) -> None:
    """Satellites asked in another order give the same, bit by bit: nothing is carried from one to the next."""
    for function, p in product(cases.functions(model), every):
        samples = _samples(function)
        first = [cases.outputs(function, sample, p) for sample in samples]
        for n in np.random.default_rng(8).permutation(len(samples)):
            assert np.array_equal(first[n], cases.outputs(function, samples[n], p))


def compiled_equals_plain(model: Submodel, every: list[Any]) -> None:
    """Python's own arithmetic on the same source; fused multiply-add changes single roundings, 1e-12 of what is read."""
    for function, p in product(cases.functions(model), every):
        names = cases.argument_names(function)
        for sample in _samples(function):
            ours, theirs = cases.outputs(function, sample, p), cases.outputs(cases.plain(function), sample, p)
            read = [abs(getattr(sample[names.index(r.partition(".")[0])], r.partition(".")[2]))
                    for r in model.reads if r.partition(".")[0] in names]  # fmt: skip
            assert np.abs(ours - theirs).max() <= 1e-12 * max([1.0, *read, float(np.abs(theirs).max())])


def writes_are_what_it_returns(model: Submodel, every: list[Any]) -> None:
    """The named tuple of `advance` has the declared variables as fields, in order."""
    names = [v.name for v in model.writes]
    assert list(cases.plain(model.advance)(*_samples(model.advance)[0], every[0])._fields) == names
    for other in step.SUBMODELS:
        assert other.name == model.name or not {v.name for v in other.writes} & set(names), other.name


def reads_exist(model: Submodel, every: list[Any]) -> None:
    """Every name is a field of an argument that the step hands over."""
    for read in model.reads:
        name, _, field = read.partition(".")
        assert field in step.RECORDS[name]._fields, read
    arguments = {name for function in cases.functions(model) for name in cases.argument_names(function)}
    assert {read.partition(".")[0] for read in model.reads} <= arguments


def section_exists(model: Submodel, every: list[Any]) -> None:
    section: Any = Scenario
    for name in model.section.split("."):
        assert name in section.model_fields, model.section
        section = _inner(section.model_fields[name].annotation) or section
    assert section is not None


def references_resolve(model: Submodel, every: list[Any]) -> None:
    assert model.references
    for reference in model.references:
        assert reference.split(":")[0] in KEYS, reference


def parameters_are_named(model: Submodel, every: list[Any]) -> None:
    """A named tuple with words about itself."""
    kind = type(every[0])
    assert hasattr(kind, "_fields")
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")


def declarations_are_whole(model: Submodel, every: list[Any]) -> None:
    """Ranges in order, every sum over the fleet has a resolution, every cause is a row of the ledger."""
    for v in model.writes:
        assert v.low < v.high
        assert v.meaning
        assert all(f.how.startswith(("largest", "smallest")) or v.unit in RESOLUTION for f in v.fleet), v.name
        assert v.cause in ("", *CAUSES)
        for total in v.totals:
            assert re.fullmatch(r"((power|thermal)\.[a-z_]+)?", total.summary), total.summary
            assert total.summary or not total.per, total.name
            assert not total.per or total.how.endswith("integral"), total.name


RULES: list[Callable[[Submodel, list[Any]], None]] = [
    undeclared_inputs_have_no_effect, declared_inputs_have_an_effect, outputs_are_finite, order_does_not_matter,
    compiled_equals_plain, writes_are_what_it_returns, reads_exist, section_exists, references_resolve,
    parameters_are_named, declarations_are_whole,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("model", step.SUBMODELS, ids=lambda m: m.name)
def test_contract(model: Submodel, rule: Callable[[Submodel, list[Any]], None], parameters: list[Any]) -> None:
    rule(model, [getattr(p, model.name) for p in parameters])


# --- spoiled submodels ------------------------------------------------------------------------------------------------


def _reads_more(state: Any, inputs: Any, forecast: Any, effects: Any, p: Any) -> Any:
    flows = cases.plain(heater.advance)(state, inputs, forecast, effects, p)
    return flows._replace(heater_w=flows.heater_w + 1e-9 * state.charge_j)


def _reads_less(state: Any, inputs: Any, forecast: Any, effects: Any, p: Any) -> Any:
    return cases.plain(heater.advance)(state, inputs._replace(bus_available=1.0), forecast, effects, p)


def _divides(state: Any, inputs: Any, forecast: Any, effects: Any, p: Any) -> Any:
    flows = cases.plain(heater.advance)(state, inputs, forecast, effects, p)
    return flows._replace(heater_w=flows.heater_w * (np.float64(inputs.bus_available) / inputs.bus_available))


_SEEN = [0]


def _remembers(state: Any, inputs: Any, forecast: Any, effects: Any, p: Any) -> Any:
    _SEEN[0] += 1
    flows = cases.plain(heater.advance)(state, inputs, forecast, effects, p)
    return flows._replace(heater_w=flows.heater_w + _SEEN[0])


class _Differs:
    """Compiled code that is not its source."""

    py_func = staticmethod(cases.plain(heater.advance))

    def __call__(self, state: Any, inputs: Any, forecast: Any, effects: Any, p: Any) -> Any:
        flows = self.py_func(state, inputs, forecast, effects, p)
        return flows._replace(heater_w=flows.heater_w * (1.0 + 1e-6))


SPOILS = [
    (_reads_more, undeclared_inputs_have_no_effect), (_reads_less, declared_inputs_have_an_effect),
    (_divides, outputs_are_finite), (_remembers, order_does_not_matter), (_Differs(), compiled_equals_plain),
]  # fmt: skip


@pytest.mark.parametrize(("advance", "broken"), SPOILS, ids=[rule.__name__ for _, rule in SPOILS])
def test_a_spoiled_heater_breaks_its_rule(advance: Any, broken: Callable[[Submodel, list[Any]], None], parameters: list[Any]) -> None:
    """Source of truth: the rule's name: that rule fails, and it holds for the heater as it ships."""
    every = [p.heater for p in parameters]
    spoiled = replace(heater.MODEL, advance=advance, limits=None)
    with np.errstate(invalid="ignore"), pytest.raises(AssertionError):
        broken(spoiled, every)
    broken(replace(heater.MODEL, limits=None), every)


# --- files ------------------------------------------------------------------------------------------------------------

OF_THE_STEP = {"step", "passes", "loop", "rows", "inputs", "submodel"}
PARTS = {"battery_ageing_life", "battery_chemistry", "thermal_network", "thermal_response"}  # further files of a submodel, named after it
GENERAL = {"thermal_integration", "fin"}  # networks and radiators of any satellite, flown ones among them
OF_BATTERIES = ("sim.spacecraft.battery_chemistry", "sim.spacecraft.battery_ageing_life")
BETWEEN = {"near", "neighbours"}  # what couples satellites
FILES = [
    importlib.import_module(f"sim.spacecraft.{m.name}")
    for m in pkgutil.iter_modules(sim.spacecraft.__path__)
    if m.name not in OF_THE_STEP | PARTS | GENERAL | BETWEEN
]


def test_every_file_is_in_the_tuple() -> None:
    assert {module.MODEL.name for module in FILES} == {m.name for m in step.SUBMODELS}


@pytest.mark.parametrize("module", FILES, ids=lambda m: m.__name__)
def test_submodels_are_strangers(module: Any) -> None:
    """Source of truth: the import statements: nothing of sim but the declarations, the record of a submodel, its own parts, and formulas
    of batteries, which checks of scenarios use as well."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        for name in names:
            shared = name in ("sim.schema", "sim.spacecraft.submodel", *OF_BATTERIES) or name.startswith(f"{module.__name__}_")
            assert not name.startswith("sim") or shared, name
            assert name.split(".")[0] not in ("viz", "xarray", "pydantic"), name


def test_every_variable_has_one_writer() -> None:
    """Source of truth: definition: a name is declared once."""
    names = [v.name for v in step.VARIABLES]
    assert len(set(names)) == len(names)
    fields = [t.summary for v in step.VARIABLES for t in v.totals if t.summary]
    assert len(set(fields)) == len(fields)
