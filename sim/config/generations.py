"""Generations of the satellites of a mission: hardware that comes later, and what it costs."""

from __future__ import annotations

from sim.config.schema import Satellite, Scenario


def satellites(scenario: Scenario) -> list[Satellite]:
    """Hardware of each generation of a mission.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.

    Returns
    -------
    list of Satellite
        That of the scenario, then those of its later generations in the order of their dates.
    """
    assert scenario.mission is not None
    found = [scenario.satellite]
    for given in scenario.mission.generations:
        satellite = scenario.satellite if given.satellite is None else given.satellite
        chip, times = satellite.accelerator, given.performance
        fabric = chip.fabric
        if fabric.beyond is not None:
            fabric = fabric.model_copy(update={"beyond": fabric.beyond.model_copy(update={"rate": times * fabric.beyond.rate})})
        chip = chip.model_copy(update={
            "peak": {precision: times * rate for precision, rate in chip.peak.items()}, "memory": times * chip.memory,
            "memory_bandwidth": times * chip.memory_bandwidth, "fabric": fabric.model_copy(update={"rate": times * fabric.rate}),
            "price": None if chip.price is None else given.price * chip.price,
        })  # fmt: skip
        found.append(satellite.model_copy(update={"accelerator": chip}))
    return found


def of_generation(scenario: Scenario, number: int) -> Scenario:
    """A scenario whose satellites are of one generation.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.
    number : int
        Number of the generation; 0 is that of the scenario.

    Returns
    -------
    Scenario
        The same scenario for generation 0.
    """
    return scenario if number == 0 else scenario.model_copy(update={"satellite": satellites(scenario)[number]})


def peak_flops_per_s(scenario: Scenario) -> list[float]:
    """Nameplate of a satellite of each generation.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a mission.

    Returns
    -------
    list of float
        Rates at the reference precision [FLOP/s]; 0 where a generation has no peak at it.
    """
    return [s.accelerators * s.accelerator.peak.get(scenario.reference_precision, 0.0) for s in satellites(scenario)]
