"""Every model x every rule: its record, its section, its imports."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

import sim.spacecraft
from sim.config.schema import Scenario
from sim.spacecraft.submodel import Model

REPO = Path(__file__).resolve().parents[2]
FILES = [importlib.import_module(f"sim.spacecraft.{m.name}") for m in pkgutil.iter_modules(sim.spacecraft.__path__) if m.name not in ("step", "submodel")]
MODELS = [value for module in FILES for value in vars(module).values() if isinstance(value, Model)]
KEYS = set(re.findall(r"^@\w+\{([^,]+),", (REPO / "docs" / "references.bib").read_text("utf-8"), re.M))

# What the step itself supplies: geometry of satellite and Sun, the power that is left for the accelerators, events.
FROM_THE_STEP = {
    "lit_fraction",
    "flux_w_m2",
    "radius_m",
    "radial",
    "orbit_normal",
    "sun_direction",
    "power_budget_w",
    "rate_cap",
    "busy",
}


def _inner(annotation: Any) -> Any:
    """The model behind Optional, list or Annotated; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part)) is not None), None)


def reads_are_written(model: Model) -> None:
    written = {name for other in MODELS if other is not model for name in other.writes}
    assert set(model.reads) <= written | FROM_THE_STEP


def writes_are_its_own(model: Model) -> None:
    assert model.writes
    for other in MODELS:
        assert other is model or not set(model.writes) & set(other.writes), other.name
    assert not set(model.writes) & FROM_THE_STEP
    assert len(set(model.writes)) == len(model.writes)


def section_exists(model: Model) -> None:
    section: Any = Scenario
    for name in model.section.split("."):
        assert name in section.model_fields, model.section
        section = _inner(section.model_fields[name].annotation)
    assert section is not None


def references_resolve(model: Model) -> None:
    assert model.refs
    for ref in model.refs:
        assert ref.split(":")[0] in KEYS, ref


def parameters_are_frozen(model: Model) -> None:
    """A named tuple with a unit or a plain share in every name, and words about itself."""
    assert issubclass(model.params, tuple)
    assert hasattr(model.params, "_fields")
    assert model.params.__doc__
    assert not model.params.__doc__.startswith(f"{model.params.__name__}(")


def name_is_its_own(model: Model) -> None:
    assert [m.name for m in MODELS].count(model.name) == 1
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", model.name)


RULES = [
    reads_are_written,
    writes_are_its_own,
    section_exists,
    references_resolve,
    parameters_are_frozen,
    name_is_its_own,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_contract(model: Model, rule: Any) -> None:
    rule(model)


def test_every_file_has_a_record() -> None:
    assert {m.name.split(".")[0] for m in MODELS} == {module.__name__.rsplit(".", 1)[1] for module in FILES}


@pytest.mark.parametrize("module", FILES, ids=lambda m: m.__name__)
def test_models_are_strangers(module: Any) -> None:
    """Source of truth: the import statements: nothing of sim but the record."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        for name in names:
            assert not name.startswith("sim") or name == "sim.spacecraft.submodel", name
            assert name.split(".")[0] not in ("viz", "xarray", "pydantic"), name


def test_the_step_uses_every_model() -> None:
    """Every record's parameters reach the loop."""
    from sim.spacecraft.step import SatelliteParams
    from sim.spacecraft.thermal import Stepper, Thermal

    held = set(get_type_hints(SatelliteParams).values())
    assert Stepper in held
    for model in MODELS:
        assert model.params in held | {Thermal}, model.name  # the network becomes its stepper
