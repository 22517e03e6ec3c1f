"""What can be searched of each entity: the table that the parser reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from runyard.core.tags import NOTE_TAG, PARENT_TAG, STARRED_TAG

EQUAL = frozenset(("=", "!="))
ORDERED = frozenset(("=", "!=", ">", ">=", "<", "<="))
PATTERN = frozenset(("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE", "~", "!~"))
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
    numeric: Whether a text may be compared with a number too, and is read as one then.
    unit: What its number is: a ``date`` is also given as one, a ``duration`` always with its unit.
    values: The only values it can have, where they are known.
    spellings: Other ways to write them.
    """

    value: Literal["text", "number", "integer", "id", "version", "loose"]
    operators: frozenset[str]
    sortable: bool = True
    numeric: bool = False
    unit: Literal["", "date", "duration"] = ""
    values: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
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
    tag_aliases: Names that stand for a tag, with its key.
    flags: Names that are true or false, with the key of the tag that is ``true`` where they are, and else not there.
    states: Names of attributes that are true or false, of what is still running, and change by themselves.
    repeats_allowed: Whether order_by may name a key twice; the second one has no effect.
    ordered_as_numbers: Kinds whose texts order_by may take as numbers: ``number(params.lr)``.
    """

    name: str
    prefixes: Mapping[str, str]
    keyed: Mapping[str, Mapping[str, Field]]
    free: Mapping[str, Field] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    order_aliases: Mapping[str, str] = field(default_factory=dict)
    tag_aliases: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    states: frozenset[str] = frozenset()
    repeats_allowed: bool = False
    ordered_as_numbers: frozenset[str] = frozenset()


RUN_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
STAGES = ("None", "Staging", "Production", "Archived")
MODEL_STATUSES = ("UNSPECIFIED", "PENDING", "READY", "FAILED")

TEXT = Field("text", EQUAL | PATTERN | LISTED)
_NUMBER = Field("number", ORDERED | LISTED | PRESENCE)
_TIME = Field("number", ORDERED | LISTED, unit="date")
_INTEGER_TIME = Field("integer", ORDERED | LISTED, unit="date")
_FILTERED_TIME = Field("integer", ORDERED | LISTED, sortable=False, unit="date")
_OPTIONAL_TEXT = Field("text", ORDERED | PATTERN | LISTED | PRESENCE, numeric=True)
_TAG = Field("text", ORDERED | PATTERN | LISTED | PRESENCE, sortable=False, numeric=True)
_ONLY_ORDERED = Field("integer", frozenset())
_FILTERED_TEXT = Field("text", EQUAL | PATTERN | LISTED, sortable=False)

RUN_FIELDS = EntityFields(
    name="runs",
    prefixes={
        **dict.fromkeys(("metrics", "metric"), "metric"),
        **dict.fromkeys(("params", "param", "parameters", "parameter"), "param"),
        **dict.fromkeys(("tags", "tag"), "tag"),
        **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attribute"),
        **dict.fromkeys(("datasets", "dataset"), "dataset"),
        "experiment": "experiment",
    },
    keyed={
        "attribute": {
            "run_id": TEXT,
            "run_name": TEXT,
            "status": Field("text", EQUAL | PATTERN | LISTED, values=RUN_STATUSES),
            "user_id": TEXT,
            "artifact_uri": TEXT,
            "start_time": _TIME,
            "end_time": Field("number", ORDERED | LISTED | PRESENCE, unit="date"),
            "duration": Field("number", ORDERED, unit="duration"),
        },
        "dataset": dict.fromkeys(("name", "digest", "context"), _FILTERED_TEXT),
        "experiment": {"name": _FILTERED_TEXT, "id": Field("id", EQUAL | LISTED, sortable=False)},
    },
    free={"metric": _NUMBER, "param": _OPTIONAL_TEXT, "tag": _OPTIONAL_TEXT},
    aliases={
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
        **dict.fromkeys(("created", "Created"), "start_time"),
    },
    order_aliases=dict.fromkeys(("created", "Created"), "start_time"),
    tag_aliases={"parent": PARENT_TAG, "note": NOTE_TAG},
    flags={"starred": STARRED_TAG},
    states=frozenset(("lost",)),
    ordered_as_numbers=frozenset(("param",)),
)

EXPERIMENT_FIELDS = EntityFields(
    name="experiments",
    prefixes={"attribute": "attribute", **dict.fromkeys(("tags", "tag"), "tag")},
    keyed={
        "attribute": {
            "name": TEXT,
            "experiment_id": Field("id", EQUAL | LISTED),
            "creation_time": _INTEGER_TIME,
            "last_update_time": _INTEGER_TIME,
            "last_activity_time": _ONLY_ORDERED,
            "runs": _ONLY_ORDERED,
            "folder": Field("text", EQUAL, sortable=False),
        }
    },
    free={"tag": _TAG},
    tag_aliases={"note": NOTE_TAG},
    flags={"starred": STARRED_TAG},
    repeats_allowed=True,
)

EXPERIMENT_FOLDER_FIELDS = EntityFields(
    name="folders of experiments",
    prefixes={"attribute": "attribute"},
    keyed={"attribute": dict.fromkeys(("name", "experiments", "last_activity_time"), _ONLY_ORDERED)},
)

_REGISTRY_PREFIXES = {"attribute": "attribute", **dict.fromkeys(("tags", "tag"), "tag")}

REGISTERED_MODEL_FIELDS = EntityFields(
    name="registered models",
    prefixes=_REGISTRY_PREFIXES,
    keyed={
        "attribute": {
            "name": TEXT,
            "description": _FILTERED_TEXT,
            "creation_timestamp": _FILTERED_TIME,
            "last_updated_timestamp": _INTEGER_TIME,
        },
    },
    free={"tag": _TAG},
    order_aliases={"timestamp": "last_updated_timestamp"},
)

MODEL_VERSION_FIELDS = EntityFields(
    name="model versions",
    prefixes=_REGISTRY_PREFIXES,
    keyed={
        "attribute": {
            "name": TEXT,
            "run_id": _FILTERED_TEXT,
            "source_path": _FILTERED_TEXT,
            "description": _FILTERED_TEXT,
            "stage": Field("text", EQUAL | LISTED, sortable=False, values=STAGES),
            "version_number": Field("version", ORDERED),
            "creation_timestamp": _INTEGER_TIME,
            "last_updated_timestamp": _INTEGER_TIME,
        }
    },
    free={"tag": _TAG},
)


def _model_statuses() -> Iterator[str]:
    """The ways to write the status of a logged model: MLflow has a long name and a number for each, in any case."""
    for number, name in enumerate(MODEL_STATUSES):
        for text in (name, f"LOGGED_MODEL_{name}"):
            yield from (text, text.lower(), text.capitalize())
        yield str(number)


_LOOSE = Field("loose", EQUAL | PATTERN | LISTED)
_LOOSE_TEXT = Field("loose", ORDERED | PATTERN | LISTED | PRESENCE, numeric=True)

LOGGED_MODEL_FIELDS = EntityFields(
    name="logged models",
    prefixes={"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"},
    keyed={
        "attribute": {
            "name": _LOOSE,
            "model_id": _LOOSE,
            "model_type": _LOOSE,
            "status": Field(
                "loose", EQUAL | PATTERN | LISTED, values=MODEL_STATUSES, spellings=tuple(_model_statuses())
            ),
            "source_run_id": _LOOSE,
            "artifact_location": _LOOSE,
            "creation_timestamp": _TIME,
            "last_updated_timestamp": _TIME,
        }
    },
    free={"metric": _NUMBER, "param": _LOOSE_TEXT, "tag": _LOOSE_TEXT},
    aliases={
        **dict.fromkeys(("creation_time", "creation_timestamp_ms"), "creation_timestamp"),
        **dict.fromkeys(("last_updated_time", "last_updated_timestamp_ms"), "last_updated_timestamp"),
    },
)
