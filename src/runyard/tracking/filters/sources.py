"""What filters of each entity may name: where its keys and values are. The registry adds its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from runyard.db.conditions import number
from runyard.db.transaction import Prepared, Transaction
from runyard.search.fields import EXPERIMENT_FIELDS, LOGGED_MODEL_FIELDS, RUN_FIELDS, EntityFields
from runyard.tracking.experiments.tables import experiment_tags, experiments
from runyard.tracking.filters.texts import MAX_RUNS_SCANNED, Rows, Seeks, Texts, value_of
from runyard.tracking.inputs.tables import dataset_input_tags, datasets
from runyard.tracking.logged_models.tables import (
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)
from runyard.tracking.runs.ranges import TABLES
from runyard.tracking.runs.tables import params, runs, tags

PREFIXES = {"metric": "metrics", "param": "params", "tag": "tags"}


@dataclass(frozen=True)
class Source:
    """Where the keys and values of an entity are.

    Parameters
    ----------
    one: One of the entity, for messages.
    fields: What can be searched of it.
    tables: The tables of its keys, by kind.
    keys: Its keys, by kind.
    values: Its values, by kind and key; those of any key of a kind have the key "".
    """

    one: str
    fields: EntityFields
    tables: Mapping[str, sa.Table]
    keys: Mapping[str, Texts]
    values: Mapping[tuple[str, str], Texts] = field(default_factory=dict)
    _known: dict[str, Prepared] = field(init=False)

    def __post_init__(self) -> None:
        wanted = sa.bindparam("key", type_=sa.Text)
        known = {
            kind: Prepared(sa.select(number(1)).where(table.c.key == wanted).limit(1), "key")
            for kind, table in self.tables.items()
        }
        object.__setattr__(self, "_known", known)

    def knows(self, tx: Transaction, kind: str, key: str) -> bool:
        """Whether there is such a key. One statement."""
        return self._known[kind].row(tx, key) is not None

    def values_from(self, tx: Transaction, kind: str, key: str, begun: str, most: int) -> list[str]:
        """The first values that begin with a text, where it is known where they are. Up to one statement."""
        texts = self.values.get((kind, key)) or self.values.get((kind, ""))
        return texts.beginning(tx, begun, most, key) if texts else []


def small(tables: Mapping[str, sa.Table]) -> dict[str, Texts]:
    """The keys in tables that are not large."""
    return {kind: Rows(table, "key") for kind, table in tables.items()}


_OF_MODELS = {"metric": logged_model_metrics, "param": logged_model_params, "tag": logged_model_tags}

RUNS = Source(
    "run",
    RUN_FIELDS,
    TABLES,
    {kind: Seeks(table, lambda columns, _: columns.key) for kind, table in TABLES.items()},
    {
        ("param", ""): Seeks(params, value_of, of_key=True),
        ("tag", ""): Seeks(tags, value_of, of_key=True),
        ("experiment", "name"): Seeks(experiments, lambda columns, _: columns.name),
        ("attribute", "run_name"): Rows(runs, "name", scanned=MAX_RUNS_SCANNED),
        ("attribute", "user_id"): Rows(runs, "user_id", scanned=MAX_RUNS_SCANNED),
        ("dataset", "name"): Rows(datasets, "name"),
        ("dataset", "digest"): Rows(datasets, "digest"),
        ("dataset", "context"): Rows(dataset_input_tags, "value"),
    },
)

SOURCES: dict[str, Source] = {
    "runs": RUNS,
    "experiments": Source(
        "experiment",
        EXPERIMENT_FIELDS,
        {"tag": experiment_tags},
        small({"tag": experiment_tags}),
        {
            ("tag", ""): Rows(experiment_tags, "value", of_key=True),
            ("attribute", "name"): Seeks(experiments, lambda columns, _: columns.name),
        },
    ),
    "logged-models": Source(
        "logged model",
        LOGGED_MODEL_FIELDS,
        _OF_MODELS,
        small(_OF_MODELS),
        {
            ("param", ""): Rows(logged_model_params, "value", of_key=True),
            ("tag", ""): Rows(logged_model_tags, "value", of_key=True),
            ("attribute", "name"): Rows(logged_models, "name"),
            ("attribute", "model_type"): Rows(logged_models, "model_type"),
        },
    ),
}
"""Each entity's, by the word before the slash in the paths of its operations."""
