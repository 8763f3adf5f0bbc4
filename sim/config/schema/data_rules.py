"""Where weights, prompts, checkpoints and data of sensors may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from sim.config.schema.base import Jurisdiction, Name, Section


class Rule(Section):
    """Jurisdictions and operators that may hold a kind of data; a place that does not state its own is not allowed."""

    jurisdictions: Annotated[list[Jurisdiction], Field(min_length=1)] | None = Field(
        default=None, description="Allowed jurisdictions, as country codes; without it, all"
    )
    operators: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None, description="Allowed operators; without it, all"
    )

    @model_validator(mode="after")
    def _restricts(self) -> Rule:
        if self.jurisdictions is None and self.operators is None:
            raise ValueError("allows everything; write jurisdictions: [US], or operators, or remove it")
        return self

    def allows(self, operator: str | None, jurisdiction: str | None) -> bool:
        """Whether a place may hold the data.

        Parameters
        ----------
        operator, jurisdiction : str or None
            Those of the place; None where they are not stated.

        Returns
        -------
        bool
            True where the place satisfies both lists.

        Examples
        --------
        >>> rule = Rule(jurisdictions=["US", "IE"])
        >>> rule.allows("any", "IE"), rule.allows("any", None)
        (True, False)
        """
        by_place = self.jurisdictions is None or jurisdiction in self.jurisdictions
        return by_place and (self.operators is None or operator in self.operators)


class DataRules(Section):
    """Rules for weights, prompts, checkpoints and data of sensors; what has no rule may be anywhere."""

    weights: Rule | None = Field(default=None, description="Where weights may be: every accelerator that computes holds some")
    prompts: Rule | None = Field(
        default=None, description="Where prompts may be: stations that carry them, and accelerators of inference"
    )
    checkpoints: Rule | None = Field(default=None, description="Where checkpoints may be: accelerators of training")
    data: Rule | None = Field(
        default=None,
        description="Where images of sensors and their results may be: satellites that capture them, stations that receive them; sites that "
        "hold the `data` of a contract",
    )
