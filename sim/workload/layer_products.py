"""Matrix products of a layer, as columns and inner size on one accelerator; training and serving share them."""

from __future__ import annotations

from sim.workload.transformer import Model
from sim.workload.transformer_memory import kv_heads_per_rank

Products = list[tuple[float, float]]


def attention_products(model: Model, tensor: int) -> Products:
    """Projections of attention in which keys and values are computed from their compressed form.

    Parameters
    ----------
    model : Model
        Shape of the model.
    tensor : int
        Accelerators that share the layer.

    Returns
    -------
    list of (float, float)
        Columns and inner size of each product.

    Examples
    --------
    Llama 3 8B on one accelerator: 4,096 columns of queries with 2 x 1,024 of keys and values, and the output.

    >>> attention_products(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256), 1)
    [(6144.0, 4096.0), (4096.0, 4096.0)]
    """
    hidden = float(model.hidden)
    if model.kv_rank > 0:
        decompressed = model.heads * (model.head_size + model.value_size) / tensor
        return [*latent_products(model, tensor), (decompressed, float(model.kv_rank)), _output(model, tensor)]
    queries = model.heads * model.head_size / tensor
    keys = float(kv_heads_per_rank(model, tensor) * model.head_size)
    return [(queries + 2.0 * keys, hidden), _output(model, tensor)]


def latent_products(model: Model, tensor: int) -> Products:
    """Projections of latent attention before its compressed keys and values are used.

    Parameters
    ----------
    model : Model
        Shape of a model with latent attention.
    tensor : int
        Accelerators that share the layer.

    Returns
    -------
    list of (float, float)
        Columns and inner size of each product; compression is not split.
    """
    hidden, queries = float(model.hidden), model.heads * (model.head_size + model.rope_size) / tensor
    compressed = (float(model.kv_rank + model.rope_size), hidden)
    if not model.query_rank:
        return [(queries, hidden), compressed]
    return [(float(model.query_rank), hidden), (queries, float(model.query_rank)), compressed]


def absorbed_products(model: Model, tensor: int) -> Products:
    """Products of latent attention in decoding: queries into the space of compressed keys, and results out of it.

    Parameters
    ----------
    model : Model
        Shape of a model with latent attention.
    tensor : int
        Accelerators that share the layer.

    Returns
    -------
    list of (float, float)
        Columns and inner size of each product, all heads of an accelerator together.

    References
    ----------
    [deepseek-v2:section 2.1]
    """
    rank = model.heads * model.kv_rank / tensor
    return [(rank, float(model.head_size)), (rank, float(model.value_size))]


def feed_forward_products(model: Model, width: float) -> Products:
    """Products of a feed-forward network.

    Parameters
    ----------
    model : Model
        Shape of the model.
    width : float
        Inner width on the accelerator.

    Returns
    -------
    list of (float, float)
        Columns and inner size of each product; gate and linear part together.

    Examples
    --------
    >>> feed_forward_products(Model(8.03e9, 32, 4096, 32, 8, 128, 14336, 128256), 14336 / 2)
    [(14336.0, 4096.0), (4096.0, 7168.0)]
    """
    hidden = float(model.hidden)
    return [((2.0 if model.gated else 1.0) * width, hidden), (hidden, width)]


def _output(model: Model, tensor: int) -> tuple[float, float]:
    """Output matrix of attention."""
    size = model.value_size if model.kv_rank > 0 else model.head_size
    return float(model.hidden), model.heads * size / tensor
