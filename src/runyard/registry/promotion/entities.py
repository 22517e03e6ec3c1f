"""Promotions and moves, on the wire and in Python."""

from dataclasses import field
from typing import Annotated

from runyard.core.entity import ValueEntity, entity
from runyard.core.wire import NotOnWire, OnWire
from runyard.registry.model_versions.entities import ModelVersion


@entity
class PromotionComparison(ValueEntity):
    """The result of one comparison of a condition.

    Attributes
    ----------
    text: The comparison as it was written.
    holds: Whether it holds.
    left, right: Values of its sides; None where they have none.
    reason: Why it does not hold, or why it was passed over.
    """

    text: str
    holds: bool
    left: float | None = None
    right: float | None = None
    reason: str | None = None


@entity
class Promotion(ValueEntity):
    """The result of a promotion.

    Attributes
    ----------
    name, version: The version that was to be promoted.
    holds: Whether the condition holds.
    promoted: Whether the version has the alias or stage now; false after a dry run.
    dry_run: Whether it was only a dry run.
    alias, stage: What was to be moved; one of them is None.
    previous: The version that had it before, if one had.
    comparisons: The result of each comparison.
    figures: Every metric the condition names with its value; None where there is none.
    texts: Every param and tag the condition names with its text; None where there is none.
    model_version, previous_model_version: Both versions as they were before the move.
    """

    name: Annotated[str, NotOnWire]
    version: Annotated[str, NotOnWire]
    holds: bool
    promoted: bool
    dry_run: bool
    alias: str | None
    stage: str | None
    previous: Annotated[str | None, NotOnWire]
    comparisons: list[PromotionComparison]
    figures: dict[str, float | None]
    model_version: ModelVersion
    previous_model_version: Annotated[ModelVersion | None, OnWire(at="previous")]
    texts: dict[str, str | None] = field(default_factory=dict)


@entity
class RegisteredModelMove(ValueEntity):
    """One change of an alias or a stage.

    Attributes
    ----------
    kind: ``alias`` or ``stage``.
    target: The alias, or the stage the version got.
    version: The version that got it; when `removed`, the one that lost it.
    previous: The version that had the alias before, or the stage the version had before; None if there was none.
    removed: Whether the alias was removed.
    timestamp: When, milliseconds since the epoch.
    user_id, reason: Who moved it and why, as given by the caller.
    condition, figures: The condition, and the values of its metrics, when it was a promotion.
    """

    kind: str
    target: str
    version: str
    previous: str | None
    removed: bool
    timestamp: int
    user_id: str
    reason: str
    condition: str | None
    figures: dict[str, float | None] | None
