"""Named tuples of arrays by reference: a kernel of many functions hands on one address instead of hundreds of words.

The compiler passes a named tuple of arrays by value, seven words for a vector; with forty arrays a call then costs more than what it does.
`by_reference` puts the tuple on the stack of the kernel and gives its address; members are read by name as before. Arrays that come from it
carry no count of their users: the kernel's own arguments keep them alive, so that a reference must not outlive the call.
"""

from __future__ import annotations

from typing import Any, TypeVar

from orbit.kernels.compile import compiled

T = TypeVar("T")

if compiled():
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.core.datamodel import models
    from numba.core.datamodel.registry import register_default
    from numba.core.typing.templates import AttributeTemplate
    from numba.extending import infer_getattr, intrinsic, lower_getattr_generic

    def _member(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
        place = kind.of.fields.index(name)
        member = builder.load(cgutils.gep_inbounds(builder, value, 0, place))
        if isinstance(kind.of[place], types.Array):
            member = builder.insert_value(member, ir.Constant(member.type.elements[0], None), 0)  # no count of users
        return member

    class Reference(types.Type):  # type: ignore[misc]
        """Type of the address of a named tuple."""

        read = staticmethod(_member)  # here for the cache of kernels, which sees it change

        def __init__(self, of: Any) -> None:
            self.of = of
            types.Type.__init__(self, f"Reference({of})")

    @register_default(Reference)
    class ReferenceModel(models.PrimitiveModel):  # type: ignore[misc]
        """An address."""

        def __init__(self, manager: Any, kind: Any) -> None:
            super().__init__(manager, kind, manager.lookup(kind.of).get_value_type().as_pointer())

    @infer_getattr
    class ReferenceAttribute(AttributeTemplate):  # type: ignore[misc]
        """Types of the members."""

        key = Reference

        def generic_resolve(self, reference: Any, name: str) -> Any:
            return reference.of[reference.of.fields.index(name)] if name in reference.of.fields else None

    lower_getattr_generic(Reference)(_member)

    @intrinsic  # type: ignore[untyped-decorator]
    def by_reference(typingctx: Any, value: Any) -> Any:
        """The address of a named tuple, on the stack of the kernel that calls this."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return cgutils.alloca_once_value(builder, args[0])

        return Reference(value)(value), codegen

else:

    def by_reference(value: T) -> T:
        """The same without the compiler: the named tuple itself."""
        return value
