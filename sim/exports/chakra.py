"""Chakra execution traces: messages of the schema of MLCommons and their file. [chakra2023]

A file is a GlobalMetadata and the nodes of one rank, each message after its length as a varint. Of the schema there is what
is written here, with the field numbers of the published one: readers of the whole schema read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import IO, Any, Final, NamedTuple

from sim.config.errors import Origin, bad_input

VERSION: Final = "0.0.4"

# types of nodes, and of collectives
COMPUTE, SEND, RECEIVE, COLLECTIVE = 4, 5, 6, 7
ALL_REDUCE, ALL_GATHER, ALL_TO_ALL, REDUCE_SCATTER = 0, 2, 6, 7

_ATTRIBUTE = (
    ("name", 1, "string"), ("int32_val", 7, "int32"), ("int64_val", 9, "int64"), ("uint64_val", 13, "uint64"), ("bool_val", 27, "bool"),
    ("string_val", 29, "string"),
)  # fmt: skip
_NODE = (
    ("id", 1, "uint64"), ("name", 2, "string"), ("type", 3, "int32"), ("data_deps", 5, "*uint64"), ("duration_micros", 7, "uint64"),
    ("attr", 10, "*AttributeProto"),
)  # fmt: skip
_METADATA = (("version", 1, "string"), ("attr", 2, "*AttributeProto"))


class Node(NamedTuple):
    """A node of a rank; its number is its place among them.

    `num_ops`: floating-point operations. `size_bytes`: of a message, what the rank puts into it: its part of an all-gather, all
    of a reduce-scatter or all-reduce. `group`: number of the ranks of a collective. `peer`: rank at the other end of a message.
    """

    kind: int
    name: str
    after: tuple[int, ...] = ()
    duration_us: int = 0
    num_ops: int = 0
    size_bytes: int = 0
    collective: int = -1
    group: int = -1
    peer: int = -1
    tag: int = 0


@lru_cache(maxsize=1)
def messages() -> dict[str, Any]:
    """Classes of the messages, from a description of their own, apart from all others of the process.

    Returns
    -------
    dict
        Classes `AttributeProto`, `Node` and `GlobalMetadata`.

    Raises
    ------
    InputError
        If the package protobuf is missing.
    """
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        raise bad_input(
            Origin("--format traces"), "", "needs the package protobuf; install it: pip install 'dawndusk[export]'"
        ) from None
    file = descriptor_pb2.FileDescriptorProto(name="dawndusk_chakra.proto", package="ChakraProtoMsg", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for title, listed in (("AttributeProto", _ATTRIBUTE), ("Node", _NODE), ("GlobalMetadata", _METADATA)):
        message = file.message_type.add(name=title)
        if title == "AttributeProto":
            message.oneof_decl.add(name="value")
        for name, number, form in listed:
            many = kinds.LABEL_REPEATED if form.startswith("*") else kinds.LABEL_OPTIONAL
            field, form = message.field.add(name=name, number=number, label=many), form.lstrip("*")
            if form == "AttributeProto":
                field.type, field.type_name = kinds.TYPE_MESSAGE, ".ChakraProtoMsg.AttributeProto"
            else:
                field.type = getattr(kinds, f"TYPE_{form.upper()}")
            if title == "AttributeProto" and name != "name":
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        title: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"ChakraProtoMsg.{title}"))
        for title in ("AttributeProto", "Node", "GlobalMetadata")
    }


def varint(number: int) -> bytes:
    """A length before a message.

    Parameters
    ----------
    number : int
        Zero or more.

    Returns
    -------
    bytes
        Seven bits in each byte, the lowest first, the eighth set in all but the last.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def write(file: IO[bytes], nodes: Iterable[Node], rank: int) -> int:
    """Write the trace of a rank.

    Parameters
    ----------
    file : binary file
        Receives the messages.
    nodes : iterable of Node
        Nodes in order.
    rank : int
        The rank.

    Returns
    -------
    int
        Number of nodes.
    """
    made = messages()
    new, attribute = made["Node"], made["AttributeProto"]
    on_chip = attribute(name="is_cpu_op", bool_val=False)
    head = made["GlobalMetadata"](version=VERSION, attr=[attribute(name="rank", int32_val=rank)]).SerializeToString()
    parts, count = [varint(len(head)), head], 0
    for count, node in enumerate(nodes, 1):
        attributes = [on_chip]
        if node.kind == COMPUTE:
            attributes.append(attribute(name="num_ops", int64_val=node.num_ops))
        else:
            attributes.append(attribute(name="comm_size", int64_val=node.size_bytes))
        if node.kind == COLLECTIVE:
            attributes += [attribute(name="comm_type", int64_val=node.collective), attribute(name="pg_name", string_val=str(node.group))]
        elif node.kind in (SEND, RECEIVE):
            ends = (rank, node.peer) if node.kind == SEND else (node.peer, rank)
            attributes += [attribute(name=n, int32_val=v) for n, v in zip(("comm_src", "comm_dst", "comm_tag"), (*ends, node.tag), strict=True)]
        made_node = new(id=count - 1, name=node.name, type=node.kind, data_deps=node.after, duration_micros=node.duration_us, attr=attributes)
        body = made_node.SerializeToString()
        parts += [varint(len(body)), body]
    file.write(b"".join(parts))
    return count
