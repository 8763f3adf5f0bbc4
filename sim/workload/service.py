"""An inference service and whether it fits a satellite: integers and bytes, no arrays, so that validation stays light."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sim.workload.fabric import Fabric
from sim.workload.kernel_work import ELEMENT_BYTES
from sim.workload.kernels import Kernels
from sim.workload.transformer import Model, embedding_parameters, parameter_count
from sim.workload.transformer_memory import kv_bytes_per_token


class Targets(NamedTuple):
    """Latencies that a share of the requests must keep."""

    ttft_s: float  # time to first token, with queue and the round trip to the user
    tpot_s: float  # time per further token
    percentile: float  # of requests that keep them, 0 to 1
    round_trip_s: float  # to the user, as it is assumed in the choice of span and batch


class Hops(NamedTuple):
    """Links of a replica that spans several satellites; by default messages take no time."""

    delay_s: float = 0.0  # over all borders between stages, and from the last stage back to the first
    byte_s: float = 0.0  # time of a byte over the slowest border [s]; every border is taken to be as slow


class Service(NamedTuple):
    """A model as it is served; kernels and sizes are those of one accelerator."""

    model: Model
    kernels: Kernels
    fabric: Fabric
    precision: str  # of arithmetic
    tensor: int  # tensor parallel degree
    accelerators: int  # of a satellite
    batch: int  # sequences decoded together by one copy of the model, at most
    input_tokens: int
    output_tokens: int
    peak_flops: float  # dense [FLOP/s], in the job's precision
    memory_bytes: float
    memory_share: float  # available to weights, keys and values
    weight_precision: str
    kv_precision: str
    chunk: int = 8192  # tokens of prompts in a step, at most
    host_s: float = 0.0  # scheduling of a step that no kernel hides
    targets: Targets | None = None
    pipeline: int = 1  # stages of a copy, each a tensor group of another satellite
    micro_batches: int = 1  # parts of the batch that are on their way through the stages, at most
    hops: Hops = Hops()

    @property
    def weight_bytes(self) -> float:
        """Bytes of the weights that a tensor group holds; of the fullest stage."""
        each = ELEMENT_BYTES[self.weight_precision]
        return max(each * stage_parameters(stage) for stage in stages(self))


class Stage(NamedTuple):
    """Consecutive layers of a model on one satellite."""

    model: Model  # with the layers of the stage, and both vocabulary tables
    first: bool  # holds the embedding
    last: bool  # holds the output matrix


@lru_cache(maxsize=1024)
def _stages(model: Model, pipeline: int) -> tuple[Stage, ...]:
    if pipeline == 1:
        return (Stage(model, True, True),)
    each, more = divmod(model.layers, pipeline)
    found, begin = [], 0
    apart = _tables(model) + model.hidden  # parameters in no layer
    given = (model.parameters - apart) / (parameter_count(model) - apart)  # over those of the shape
    for n in range(pipeline):
        end = begin + each + (1 if n < more else 0)
        windows = [model.window_layers * layer // model.layers for layer in (begin, end)]
        shape = model._replace(
            layers=end - begin, dense_layers=min(end, model.dense_layers) - min(begin, model.dense_layers),
            window_layers=windows[1] - windows[0],
        )  # fmt: skip
        layers = given * (parameter_count(shape) - apart)
        held = layers + _tables(model) + (model.hidden if n == pipeline - 1 else 0.0)
        found.append(Stage(shape._replace(parameters=held), n == 0, n == pipeline - 1))
        begin = end
    return tuple(found)


def _tables(model: Model) -> float:
    """Parameters of the vocabulary tables of the model."""
    return (1 if model.tied else 2) * embedding_parameters(model)


def stages(service: Service) -> tuple[Stage, ...]:
    """Stages of a copy of the model: layers are spread evenly, and the first stages hold those that are left over.

    Layers with a window are spread evenly over the model; layers without experts lead.

    Parameters
    ----------
    service : Service
        The service; its pipeline has at most as many stages as the model has layers.

    Returns
    -------
    tuple of Stage
        The stages in order; the whole model where there is one.

    Examples
    --------
    >>> from sim.workload.kernels import AssumedKernels
    >>> model = Model(671e9, 61, 7168, 128, 128, 128, 18432, 129280, experts=256, active_experts=8, expert_ffn=2048, dense_layers=3)
    >>> chip = AssumedKernels((("fp8", 1e14),), 0.5, 1e12, 0.8, 1e11, 0.0)
    >>> service = Service(model, chip, Fabric(8), "fp8", 8, 8, 1, 900, 100, 1e14, 80e9, 1.0, "fp8", "fp8", pipeline=4)
    >>> [(stage.model.layers, stage.model.dense_layers, stage.last) for stage in stages(service)]
    [(16, 3, False), (15, 0, False), (15, 0, False), (15, 0, True)]
    """
    return _stages(service.model, min(service.pipeline, service.model.layers))


def stage_parameters(stage: Stage) -> float:
    """Parameters that a stage holds.

    Parameters
    ----------
    stage : Stage
        The stage.

    Returns
    -------
    float
        Those of its layers, and of the vocabulary tables at either end; one table for both ends is held by both.
    """
    if stage.first and stage.last:
        return stage.model.parameters
    return stage.model.parameters - _tables(stage.model) + (stage.first + stage.last) * embedding_parameters(stage.model)


def groups(service: Service) -> int:
    """Tensor groups of a satellite; accelerators that do not fill a group stay idle.

    Parameters
    ----------
    service : Service
        The service.

    Returns
    -------
    int
        Number of groups.
    """
    return service.accelerators // service.tensor


def degrees(model: Model, accelerators: int) -> list[int]:
    """Tensor parallel degrees that divide both the accelerators of a satellite and the attention heads.

    Parameters
    ----------
    model : Model
        Shape of the model.
    accelerators : int
        Accelerators of a satellite, at least 1.

    Returns
    -------
    list of int
        Degrees, ascending.

    Examples
    --------
    >>> degrees(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256), 12)
    [1, 2, 4]
    """
    most = min(accelerators, model.heads)
    return [t for t in range(1, most + 1) if accelerators % t == 0 and model.heads % t == 0]


def max_batch(service: Service) -> int:
    """Largest batch whose key-value cache fits beside the weights, in the tensor group of every stage.

    Parameters
    ----------
    service : Service
        The service; its field `batch` is not used.

    Returns
    -------
    int
        Sequences, each with the cache of its full length from the start; 0 where not even one fits.

    References
    ----------
    [scaling-book:inference]

    Examples
    --------
    1 GB of weights on 9 GB; a sequence of 1,000 tokens takes 2 x 10 x 10 x 100 x 2 B x 1,000 = 40 MB:

    >>> model = Model(0.5e9, 10, 1000, 10, 10, 100, 3000, 32000)
    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e14),), 0.5, 1e12, 0.8, 1e11, 0.0)
    >>> service = Service(model, chip, Fabric(1), "bf16", 1, 1, 1, 900, 100, 1e14, 9e9, 1.0, "bf16", "bf16")
    >>> max_batch(service)
    200
    """
    has, each = service.memory_share * service.memory_bytes * service.tensor, ELEMENT_BYTES[service.weight_precision]
    rooms = (
        (has - each * stage_parameters(stage)) // (service.tensor * _stage_sequence_bytes(service, stage))
        for stage in stages(service)
    )
    return max(0, int(min(rooms)))


def sequence_bytes(service: Service) -> float:
    """Key-value cache of a whole request on the fullest accelerator of its group, of all stages together.

    Parameters
    ----------
    service : Service
        The service.

    Returns
    -------
    float
        Bytes of prompt and answer.
    """
    return sum(_stage_sequence_bytes(service, stage) for stage in stages(service))


def _stage_sequence_bytes(service: Service, stage: Stage) -> float:
    tokens = service.input_tokens + service.output_tokens
    return tokens * kv_bytes_per_token(stage.model, ELEMENT_BYTES[service.kv_precision], service.tensor, tokens)


def service_problem(service: Service, satellites: int = 1 << 30) -> str | None:
    """Check that a service divides and fits a satellite, or those of its pipeline.

    Parameters
    ----------
    service : Service
        The service.
    satellites : int
        Satellites that it has, for the advice.

    Returns
    -------
    str or None
        What is wrong; what to write instead. None where the service can run.

    Examples
    --------
    >>> model = Model(0.5e9, 10, 1000, 10, 10, 100, 3000, 32000)
    >>> from sim.workload.kernels import AssumedKernels
    >>> chip = AssumedKernels((("bf16", 1e14),), 0.5, 1e12, 0.8, 1e11, 0.0)
    >>> service_problem(Service(model, chip, Fabric(8), "bf16", 3, 4, 1, 900, 100, 1e14, 9e9, 1.0, "bf16", "bf16"))
    'tensor 3 does not divide 4 accelerators and 10 heads; write one of 1, 2'
    """
    layers = service.model.layers
    if service.pipeline > layers:
        return f"pipeline {service.pipeline} has more stages than the model has layers; write pipeline: {layers} or less"
    possible = degrees(service.model, service.accelerators)
    divisors = f"{service.accelerators} accelerators and {service.model.heads} heads"
    counts = _counts_that_fit(service)
    if service.tensor not in possible:
        choice = f"write one of {', '.join(str(t) for t in possible)}"
        if counts and not any(_fits(service, tensor) for tensor in possible):
            choice = f"no degree that does holds the model; write accelerators: {counts}"
        return f"tensor {service.tensor} does not divide {divisors}; {choice}"
    if _fits(service, service.tensor):
        return None
    requested, most = max(1, service.batch), max_batch(service)
    larger = [t for t in possible if t > service.tensor and _fits(service, t)]
    has = f"{service.tensor} x {service.memory_share * service.memory_bytes / 1e9:.3g} GB"
    weights = f"{service.weight_bytes / 1e9:.3g} GB of weights{' of a stage' if service.pipeline > 1 else ''}"
    lacks = f"{weights} and {requested} sequence{'s' if requested > 1 else ''} do not fit into {has}"
    if larger:
        return f"{lacks}; write tensor: {larger[0]}"
    if most:
        return f"{lacks}; write batch: {most}"
    if counts:
        needed = _smallest_degree(service)
        return f"{lacks}; it needs tensor {needed} or more, which must divide {divisors}; write accelerators: {counts}"
    narrower, longer = _narrower(service), fewest_stages(service, possible)
    if longer is not None and longer > satellites:
        lacks, longer = f"{lacks}, it needs {longer} satellites and the workload has {satellites}", None
        alone = max((max_batch(service._replace(tensor=t, pipeline=min(satellites, layers))) for t in possible), default=0)
        choices = [f"batch: {alone} with pipeline: {min(satellites, layers)}"] if alone > 0 else []
    else:
        choices = [f"pipeline: {longer}"] if longer is not None else []
    choices += [f"weight_precision: {narrower}"] if narrower else []
    return f"{lacks}, nor into a whole satellite; write {', or '.join([*choices, 'a smaller model'])}"


def fewest_stages(service: Service, spans: list[int]) -> int | None:
    """Fewest stages with which a copy of the model fits.

    Parameters
    ----------
    service : Service
        The service; its pipeline and span are not used.
    spans : list of int
        Tensor groups that are possible.

    Returns
    -------
    int or None
        Number of stages; None where not even one layer and its part of the batch fit.
    """
    for count in range(1, service.model.layers + 1):
        if any(_fits(service._replace(pipeline=count), tensor) for tensor in spans):
            return count
    return None


def _fits(service: Service, tensor: int) -> bool:
    """Whether a tensor group of this size holds the weights and the requested batch."""
    return max_batch(service._replace(tensor=tensor)) >= max(1, service.batch)


def _narrower(service: Service) -> str | None:
    """Widest narrower format of weights with which some tensor group of the satellite fits."""
    for stored in ("fp8", "fp4"):
        if ELEMENT_BYTES[stored] < ELEMENT_BYTES[service.weight_precision]:
            other = service._replace(weight_precision=stored)
            if any(_fits(other, tensor) for tensor in degrees(service.model, service.accelerators)):
                return stored
    return None


def _smallest_degree(service: Service) -> int | None:
    """Smallest divisor of the attention heads that holds the weights and the requested batch."""
    heads = service.model.heads
    return next((t for t in range(1, heads + 1) if heads % t == 0 and _fits(service, t)), None)


def _counts_that_fit(service: Service) -> str:
    """Nearest accelerator counts that a degree divides which fits; empty where a whole satellite lacks the memory."""
    needed, accelerators = _smallest_degree(service), service.accelerators
    if needed is None or not (needed <= accelerators or _fits(service, accelerators)):
        return ""

    def works(count: int) -> bool:
        return any(_fits(service, tensor) for tensor in degrees(service.model, count))

    below = next((count for count in range(accelerators - 1, needed - 1, -1) if works(count)), None)
    above = next(count for count in range(accelerators + 1, accelerators + needed + 1) if works(count))  # one is a multiple
    return f"{above}" if below is None else f"{below} or {above}"
