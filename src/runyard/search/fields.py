"""What can be searched of each entity: the table that the parser reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EQUAL = frozenset(("=", "!="))
ORDERED = frozenset(("=", "!=", ">", ">=", "<", "<="))
PATTERN = frozenset(("LIKE", "ILIKE"))
LISTED = frozenset(("IN", "NOT IN"))
PRESENCE = frozenset(("IS NULL", "IS NOT NULL"))


@dataclass(frozen=True)
class Field:
    """How one kind of field may be compared.

    Attributes
    ----------
    value: What it is compared with; an ``id`` is an integer in quotes, a ``version`` one with or without,
        ``loose`` is text with or without quotes.
    operators: The comparators it takes; none for what can only be ordered by.
    sortable: Whether order_by may name it.
    """

    value: Literal["text", "number", "integer", "id", "version", "loose"]
    operators: frozenset[str]
    sortable: bool = True


@dataclass(frozen=True)
class EntityFields:
    """What can be searched of an entity.

    Attributes
    ----------
    name: Plural, for messages.
    prefixes: The words before the dot, each with its kind. No prefix means ``attribute``.
    keyed: Kinds with a fixed set of keys, such as attributes.
    free: Kinds with any keys, such as metrics.
    aliases: Other spellings of attributes in filters.
    order_aliases: Other spellings of attributes in order_by.
    repeats_allowed: Whether order_by may name a key twice; the second one has no effect.
    """

    name: str
    prefixes: Mapping[str, str]
    keyed: Mapping[str, Mapping[str, Field]]
    free: Mapping[str, Field] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    order_aliases: Mapping[str, str] = field(default_factory=dict)
    repeats_allowed: bool = False


TEXT = Field("text", EQUAL | PATTERN)
NUMBER = Field("number", ORDERED)
INTEGER = Field("integer", ORDERED)
_OPTIONAL_TEXT = Field("text", EQUAL | PATTERN | PRESENCE)
_DATASET = Field("text", EQUAL | PATTERN | LISTED, sortable=False)

RUN_FIELDS = EntityFields(
    name="runs",
    prefixes={
        **dict.fromkeys(("metrics", "metric"), "metric"),
        **dict.fromkeys(("params", "param", "parameters", "parameter"), "param"),
        **dict.fromkeys(("tags", "tag"), "tag"),
        **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attribute"),
        **dict.fromkeys(("datasets", "dataset"), "dataset"),
    },
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
    free={"metric": NUMBER, "param": _OPTIONAL_TEXT, "tag": _OPTIONAL_TEXT},
    aliases={
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
        **dict.fromkeys(("created", "Created"), "start_time"),
    },
    order_aliases=dict.fromkeys(("created", "Created"), "start_time"),
)

EXPERIMENT_FIELDS = EntityFields(
    name="experiments",
    prefixes={"attribute": "attribute", **dict.fromkeys(("tags", "tag"), "tag")},
    keyed={
        "attribute": {
            "name": TEXT,
            "experiment_id": Field("id", EQUAL | LISTED),
            "creation_time": INTEGER,
            "last_update_time": INTEGER,
        }
    },
    free={"tag": Field("text", EQUAL | PATTERN | PRESENCE, sortable=False)},
    repeats_allowed=True,
)

_ORDER_ONLY = Field("integer", frozenset())
_REGISTRY_PREFIXES = {"attribute": "attribute", **dict.fromkeys(("tags", "tag"), "tag")}
_REGISTRY_TAG = Field("text", EQUAL | PATTERN | PRESENCE, sortable=False)

REGISTERED_MODEL_FIELDS = EntityFields(
    name="registered models",
    prefixes=_REGISTRY_PREFIXES,
    keyed={
        "attribute": {"name": Field("text", EQUAL | PATTERN | LISTED), "last_updated_timestamp": _ORDER_ONLY},
    },
    free={"tag": _REGISTRY_TAG},
    order_aliases={"timestamp": "last_updated_timestamp"},
)

MODEL_VERSION_FIELDS = EntityFields(
    name="model versions",
    prefixes=_REGISTRY_PREFIXES,
    keyed={
        "attribute": {
            "name": Field("text", EQUAL | PATTERN | LISTED),
            "run_id": Field("text", EQUAL | PATTERN | LISTED, sortable=False),
            "source_path": Field("text", EQUAL | PATTERN, sortable=False),
            "version_number": Field("version", ORDERED),
            "creation_timestamp": _ORDER_ONLY,
            "last_updated_timestamp": _ORDER_ONLY,
        }
    },
    free={"tag": _REGISTRY_TAG},
)

_LOOSE = Field("loose", EQUAL | PATTERN | LISTED)

LOGGED_MODEL_FIELDS = EntityFields(
    name="logged models",
    prefixes={"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"},
    keyed={
        "attribute": {
            "name": _LOOSE,
            "model_id": _LOOSE,
            "model_type": _LOOSE,
            "status": _LOOSE,
            "source_run_id": _LOOSE,
            "artifact_location": _LOOSE,
            "creation_timestamp": NUMBER,
            "last_updated_timestamp": NUMBER,
        }
    },
    free={"metric": NUMBER, "param": _LOOSE, "tag": _LOOSE},
    aliases={
        **dict.fromkeys(("creation_time", "creation_timestamp_ms"), "creation_timestamp"),
        **dict.fromkeys(("last_updated_time", "last_updated_timestamp_ms"), "last_updated_timestamp"),
    },
)
