"""Promotions and moves as the SDK hands them out."""

from typing import Any

from runyard.core.entity import ValueEntity


class PromotionComparison(ValueEntity):
    """What came of one comparison of a condition.

    Attributes
    ----------
    text: The comparison as it was written.
    holds: Does it hold?
    left, right: What its sides came to; None where that could not be told.
    reason: Why it does not hold, or why it was passed over.
    """

    __slots__ = ("holds", "left", "reason", "right", "text")
    _fields = ("text", "holds", "left", "right", "reason")

    def __init__(
        self,
        text: str,
        holds: bool,
        left: float | None = None,
        right: float | None = None,
        reason: str | None = None,
    ) -> None:
        self.text = text
        self.holds = holds
        self.left = left
        self.right = right
        self.reason = reason

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "PromotionComparison":
        """Build it from a JSON object of the protocol."""
        left, right = _number(fields.get("left")), _number(fields.get("right"))
        return cls(fields["text"], fields["holds"], left, right, fields.get("reason"))


class Promotion(ValueEntity):
    """What came of a promotion.

    Attributes
    ----------
    name, version: The version that was to be promoted.
    holds: Does the condition hold?
    promoted: Does the version have the alias or stage now? Not after a dry run.
    dry_run: Was it only tried?
    alias, stage: What was to be moved; one of them is None.
    previous: The version that had it before, if one had.
    comparisons: What came of each comparison.
    figures: Every metric the condition names with its value; None where there is none.
    """

    __slots__ = (
        "alias",
        "comparisons",
        "dry_run",
        "figures",
        "holds",
        "name",
        "previous",
        "promoted",
        "stage",
        "version",
    )
    _fields = (
        "name",
        "version",
        "holds",
        "promoted",
        "dry_run",
        "alias",
        "stage",
        "previous",
        "comparisons",
        "figures",
    )

    def __init__(
        self,
        name: str,
        version: str,
        holds: bool,
        promoted: bool,
        dry_run: bool,
        alias: str | None,
        stage: str | None,
        previous: str | None,
        comparisons: list[PromotionComparison],
        figures: dict[str, float | None],
    ) -> None:
        self.name = name
        self.version = version
        self.holds = holds
        self.promoted = promoted
        self.dry_run = dry_run
        self.alias = alias
        self.stage = stage
        self.previous = previous
        self.comparisons = comparisons
        self.figures = figures

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "Promotion":
        """Build it from a JSON object of the protocol."""
        return cls(
            fields["model_version"]["name"],
            fields["model_version"]["version"],
            fields["holds"],
            fields["promoted"],
            fields["dry_run"],
            fields.get("alias"),
            fields.get("stage"),
            fields.get("previous", {}).get("version"),
            [PromotionComparison.from_wire(comparison) for comparison in fields["comparisons"]],
            _figures(fields["figures"]) or {},
        )


class RegisteredModelMove(ValueEntity):
    """One change of an alias or a stage.

    Attributes
    ----------
    kind: ``alias`` or ``stage``.
    target: The alias, or the stage the version got.
    version: The version that got it; when `removed`, the one that lost it.
    previous: The version that had the alias before, or the stage the version had before; None if there was none.
    removed: Was the alias taken away?
    timestamp: When, milliseconds since the epoch.
    user_id, reason: Who moved it and why, as they said.
    condition, figures: What had to hold, and the metrics it was judged by, when it was a promotion.
    """

    __slots__ = (
        "condition",
        "figures",
        "kind",
        "previous",
        "reason",
        "removed",
        "target",
        "timestamp",
        "user_id",
        "version",
    )
    _fields = (
        "kind",
        "target",
        "version",
        "previous",
        "removed",
        "timestamp",
        "user_id",
        "reason",
        "condition",
        "figures",
    )

    def __init__(
        self,
        kind: str,
        target: str,
        version: str,
        previous: str | None,
        removed: bool,
        timestamp: int,
        user_id: str,
        reason: str,
        condition: str | None,
        figures: dict[str, float | None] | None,
    ) -> None:
        self.kind = kind
        self.target = target
        self.version = version
        self.previous = previous
        self.removed = removed
        self.timestamp = timestamp
        self.user_id = user_id
        self.reason = reason
        self.condition = condition
        self.figures = figures

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "RegisteredModelMove":
        """Build it from a JSON object of the protocol."""
        given: dict[str, Any] = {name: fields.get(name) for name in cls._fields}
        given["figures"] = _figures(given["figures"])
        return cls(**given)


def _number(value: float | str | None) -> float | None:
    """A number of the protocol, which spells NaN and infinities as text."""
    return None if value is None else float(value)


def _figures(values: dict[str, Any] | None) -> dict[str, float | None] | None:
    return None if values is None else {label: _number(value) for label, value in values.items()}
