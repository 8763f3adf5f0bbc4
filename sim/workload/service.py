"""A model as it is served, and whether it fits: integers and bytes, no arrays, so that a scenario is checked at once."""

from __future__ import annotations

from typing import NamedTuple

from sim.workload.transformer import Model, kv_bytes_per_token


class Service(NamedTuple):
    """A model as it is served; rates and sizes are of one accelerator."""

    model: Model
    tensor: int
    accelerators: int  # of a satellite
    batch: int  # sequences decoded together in a tensor group
    input_tokens: int
    output_tokens: int
    peak_flops: float  # dense, in the job's precision
    kernel_efficiency: float
    memory_byte_s: float
    memory_bytes: float
    memory_share: float  # that weights, keys and values may fill
    fabric_byte_s: float  # inside a satellite, in one direction
    fabric_latency_s: float
    weight_bytes: float = 2.0  # per parameter
    kv_element_bytes: float = 2.0
    element_bytes: float = 2.0  # of activations


def groups(service: Service) -> int:
    """Tensor groups of a satellite; accelerators that are left over serve nothing."""
    return service.accelerators // service.tensor


def degrees(model: Model, accelerators: int) -> list[int]:
    """Tensor degrees that divide both the accelerators of a satellite and the heads."""
    most = min(accelerators, model.heads)
    return [t for t in range(1, most + 1) if accelerators % t == 0 and model.heads % t == 0]


def max_batch(service: Service) -> int:
    """Sequences whose keys and values fit beside the weights, kept at full length from the start; 0: not even one."""
    room = (
        service.memory_share * service.memory_bytes * service.tensor - service.weight_bytes * service.model.parameters
    )
    kept = kv_bytes_per_token(service.model, service.kv_element_bytes)
    return max(0, int(room // (kept * (service.input_tokens + service.output_tokens))))


def service_problem(service: Service) -> str | None:
    """What does not divide or does not fit, and what to write instead; None where it can be served."""
    accelerators, heads = service.accelerators, service.model.heads
    able = degrees(service.model, accelerators)
    if service.tensor not in able:
        choice = ", ".join(str(t) for t in able)
        return f"tensor {service.tensor} does not divide {accelerators} accelerators and {heads} heads; write one of {choice}"
    most = max_batch(service)
    if most >= max(1, service.batch):
        return None
    wanted = max(1, service.batch)
    larger = [t for t in able if t > service.tensor and max_batch(service._replace(tensor=t)) >= wanted]
    has = f"{service.tensor} x {service.memory_share * service.memory_bytes / 1e9:.3g} GB"
    weights = f"{service.weight_bytes * service.model.parameters / 1e9:.3g} GB"
    lacks = f"{weights} of weights and {wanted} sequences do not fit into {has}"
    if larger:
        return f"{lacks}; write tensor: {larger[0]}"
    return f"{lacks}; write batch: {most}" if most else f"{lacks}, nor into a whole satellite; write a smaller model"
