"""What can be searched of each entity: the table that the parser reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EQUAL = frozenset(("=", "!="))
ORDERED = frozenset(("=", "!=", ">", ">=", "<", "<="))
PATTERN = frozenset(("LIKE", "ILIKE"))
LISTED = frozenset(("IN", "NOT IN"))
PRESENCE = frozenset(("IS NULL", "IS NOT NULL"))


@dataclass(frozen=True)
class Field:
    """How one kind of thing may be compared.

    Attributes
    ----------
    value: ``text``, ``number``, ``integer`` or ``integer text`` (an integer in quotes).
    operators: The comparators it takes.
    sortable: May it stand in order_by?
    """

    value: str
    operators: frozenset[str]
    sortable: bool = True


TEXT = Field("text", EQUAL | PATTERN)
NUMBER = Field("number", ORDERED)


@dataclass(frozen=True)
class EntityFields:
    """What can be searched of an entity.

    Attributes
    ----------
    name: Plural, for messages.
    prefixes: What may stand before the dot, with the kind it means.
    kinds: Kinds with free keys, such as metrics.
    keyed: Kinds with a fixed set of keys, such as attributes.
    aliases: Other spellings of attributes in filters.
    order_aliases: Other spellings of attributes in order_by.
    repeats_allowed: May order_by name a key twice?
    """

    name: str
    prefixes: Mapping[str, str]
    kinds: Mapping[str, Field]
    keyed: Mapping[str, Mapping[str, Field]]
    aliases: Mapping[str, str] = field(default_factory=dict)
    order_aliases: Mapping[str, str] = field(default_factory=dict)
    repeats_allowed: bool = False


_METRIC = Field("number", ORDERED)
_FREE_TEXT = Field("text", EQUAL | PATTERN | PRESENCE)
_DATASET = Field("text", EQUAL | PATTERN | LISTED, sortable=False)

RUN_FIELDS = EntityFields(
    name="runs",
    prefixes={
        **dict.fromkeys(("metrics", "metric"), "metric"),
        **dict.fromkeys(("params", "param", "parameter", "parameters"), "param"),
        **dict.fromkeys(("tags", "tag"), "tag"),
        **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attribute"),
        **dict.fromkeys(("datasets", "dataset"), "dataset"),
    },
    kinds={"metric": _METRIC, "param": _FREE_TEXT, "tag": _FREE_TEXT},
    keyed={
        "attribute": {
            "run_id": Field("text", EQUAL | PATTERN | LISTED),
            "run_name": TEXT,
            "status": TEXT,
            "user_id": TEXT,
            "artifact_uri": TEXT,
            "start_time": NUMBER,
            "end_time": NUMBER,
        },
        "dataset": {"name": _DATASET, "digest": _DATASET, "context": _DATASET},
    },
    aliases={
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
        **dict.fromkeys(("created", "Created"), "start_time"),
    },
    order_aliases=dict.fromkeys(("created", "Created"), "start_time"),
)

EXPERIMENT_FIELDS = EntityFields(
    name="experiments",
    prefixes={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    kinds={"tag": Field("text", EQUAL | PATTERN | PRESENCE, sortable=False)},
    keyed={
        "attribute": {
            "name": TEXT,
            "experiment_id": Field("integer text", EQUAL | LISTED),
            "creation_time": Field("integer", ORDERED),
            "last_update_time": Field("integer", ORDERED),
        }
    },
    repeats_allowed=True,
)
