"""Finding logged models by attributes, metrics, params and tags, in any order, a page at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.limits import MAX_SEARCH_RESULTS, check_key, shown
from runyard.db.conditions import (
    begins_with,
    binary,
    combine,
    compare,
    compare_text,
    contains,
    has_words,
    number,
    plannable,
)
from runyard.db.paging import SortColumn, decode_token, encode_token, read_page
from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter
from runyard.search.fields import LOGGED_MODEL_FIELDS, PATTERN, PRESENCE
from runyard.search.nodes import Comparison, Words, comparisons_in
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.logged_models.messages import MODEL_STATUSES, DatasetFilter, ModelOrder, SearchLoggedModels
from runyard.tracking.logged_models.tables import (
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)

DEFAULT_PAGE = 100
_TEXTS = {"param": logged_model_params, "tag": logged_model_tags}
_COLUMNS: dict[str, sa.ColumnElement[Any]] = {
    "name": logged_models.c.name,
    "model_id": logged_models.c.model_id,
    "model_type": logged_models.c.model_type,
    "status": logged_models.c.status,
    "source_run_id": logged_models.c.source_run_id,
    "artifact_location": logged_models.c.artifact_location,
    "creation_timestamp": logged_models.c.creation_time,
    "last_updated_timestamp": logged_models.c.last_updated_time,
}
_NUMBERS = frozenset(("status", "creation_timestamp", "last_updated_timestamp"))
_MAY_BE_EMPTY = frozenset(("model_type", "source_run_id"))
_STATUS_NUMBERS = {
    name: number for full, number in MODEL_STATUSES for name in (full, full.removeprefix("LOGGED_MODEL_"), str(number))
}


def search_model_numbers(tx: Transaction, message: SearchLoggedModels) -> tuple[list[int], str | None]:
    """Internal numbers of a page of logged models, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    experiments = sorted({experiment_number(experiment_id) for experiment_id in message.experiment_ids})
    conditions = parse_filter(message.filter, LOGGED_MODEL_FIELDS)
    asked = [combine(each, lambda single: _single(single, message.datasets, tx.dialect)) for each in conditions]
    if message.datasets and not any(comparison.kind == "metric" for comparison in comparisons_in(conditions)):
        asked.append(sa.exists().where(_metrics.logged_model_id == logged_models.c.id, _of_datasets(message.datasets)))
    chosen = sa.select(logged_models.c.id).where(
        logged_models.c.experiment_id.in_(experiments),
        logged_models.c.lifecycle_stage == "active",
        *plannable(asked, tx.dialect),
    )
    columns = [column for order in message.order_by for column in _order(order, tx.dialect)]
    columns += [
        SortColumn(logged_models.c.creation_time, "integer", descending=True, indexed=not columns),
        SortColumn(binary(logged_models.c.model_id, tx.dialect), "text"),
    ]
    asked_for = [part.to_wire() for part in (*message.datasets, *message.order_by)]
    query = ("logged models", experiments, message.filter or "", asked_for)
    page = min(message.max_results or DEFAULT_PAGE, MAX_SEARCH_RESULTS)
    return read_page(tx, chosen, columns, query, page, _own_token(message))


def _own_token(message: SearchLoggedModels) -> str | None:
    """The token in our form. MLflow's repeats the search and counts rows.

    Raises
    ------
    InvalidParameter: It is not a token, or MLflow's of another search.
    """
    if not message.page_token:
        return None
    fields = decode_token(message.page_token)
    if "experiment_ids" not in fields:
        return message.page_token
    if fields["experiment_ids"] != message.experiment_ids or (fields.get("filter_string") or None) != (
        message.filter or None
    ):
        raise InvalidParameter("The page token belongs to another search. Send what it came from, or no token.")
    return encode_token({"offset": fields.get("offset")})


_metrics = logged_model_metrics.c


def _of_datasets(datasets: Sequence[DatasetFilter]) -> sa.ColumnElement[bool]:
    """Logged with one of these datasets, whatever its digest where none is given."""
    return sa.or_(
        *(
            sa.and_(
                _metrics.dataset_name == one.dataset_name,
                *([_metrics.dataset_digest == one.dataset_digest] if one.dataset_digest is not None else []),
            )
            for one in datasets
        )
    )


def _single(single: Comparison | Words, datasets: Sequence[DatasetFilter], dialect: str) -> sa.ColumnElement[bool]:
    if isinstance(single, Words):
        tagged = sa.exists().where(_TEXTS["tag"].c.logged_model_id == logged_models.c.id)
        return sa.or_(
            contains(logged_models.c.name, single.text, dialect),
            begins_with(logged_models.c.model_id, single.text),
            tagged.where(has_words(_TEXTS["tag"].c, single.text, dialect)),
        )
    if single.kind == "metric":
        points = sa.exists().where(_metrics.logged_model_id == logged_models.c.id, _metrics.key == single.key)
        points = points.where(_of_datasets(datasets)) if datasets else points
        return _present(points, single, compare(_metrics.value, single, dialect))
    if single.kind in _TEXTS:
        texts = _TEXTS[single.kind].c
        has = sa.exists().where(texts.logged_model_id == logged_models.c.id, texts.key == single.key)
        return _present(has, single, compare_text(texts.value, single, dialect))
    if single.key == "status":
        return _status_condition(single)
    return compare(_COLUMNS[single.key], single, dialect)


def _present(has: sa.Exists, comparison: Comparison, holds: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    if comparison.operator in PRESENCE:
        return has if comparison.operator == "IS NOT NULL" else ~has
    return has.where(holds)


def _status_condition(comparison: Comparison) -> sa.ColumnElement[bool]:
    """Statuses are given by number or, in Runyard only, by name; an unknown status equals none."""
    given = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    if comparison.operator in PATTERN:
        raise InvalidParameter("A status is compared with =, !=, IN or NOT IN.")
    wanted = {_STATUS_NUMBERS[str(text).upper()] for text in given if str(text).upper() in _STATUS_NUMBERS}
    among = logged_models.c.status.in_(wanted)
    return among if comparison.operator in ("=", "IN") else ~among


def _order(order: ModelOrder, dialect: str) -> list[SortColumn]:
    descending = not order.ascending
    if order.field_name.startswith("metrics."):
        return _metric_order(order, descending)
    aliases = LOGGED_MODEL_FIELDS.aliases
    name = order.field_name.removeprefix("attributes.")
    name = aliases.get(name, name)
    if name not in _COLUMNS:
        known = ", ".join(_COLUMNS)
        raise InvalidParameter(
            f"Logged models cannot be ordered by {shown(order.field_name)}. Use metrics.<key> or one of: {known}."
        )
    if name in _NUMBERS:
        return [SortColumn(_COLUMNS[name], "integer", descending)]
    text = SortColumn(binary(_COLUMNS[name], dialect), "text", descending)
    if name in _MAY_BE_EMPTY:  # missing values come last in both directions
        return [SortColumn(sa.case((_COLUMNS[name] == "", number(1)), else_=number(0)), "integer"), text]
    return [text]


def _metric_order(order: ModelOrder, descending: bool) -> list[SortColumn]:
    """By the latest point, that of the greatest timestamp and step; models without one come last in both directions."""
    key = order.field_name.removeprefix("metrics.").strip('`"')
    check_key("order_by.field_name", key)
    wanted = [_metrics.logged_model_id == logged_models.c.id, _metrics.key == key]
    if order.dataset_name is not None:
        wanted.append(_metrics.dataset_name == order.dataset_name)
    if order.dataset_digest is not None:
        wanted.append(_metrics.dataset_digest == order.dataset_digest)
    newest = (_metrics.timestamp.desc(), _metrics.step.desc(), _metrics.id.desc())
    latest = sa.select(_metrics.value).where(*wanted).order_by(*newest).limit(1)
    value = latest.correlate(logged_models).scalar_subquery()
    missing = sa.case((value.is_(None), number(1)), else_=number(0))
    return [SortColumn(missing, "integer"), SortColumn(sa.func.coalesce(value, number(0.0)), "number", descending)]
