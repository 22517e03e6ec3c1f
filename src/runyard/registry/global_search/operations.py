"""Looking for a text in everything: a fixed number of statements for each kind."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from runyard.core.lifecycle import LifecycleStage
from runyard.db.conditions import number
from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.registry.global_search.candidates import (
    MAX_ROWS,
    MOST,
    Asked,
    Found,
    by_tag,
    column_of,
    first_of_each,
    newest_rows,
    runs_found,
)
from runyard.registry.global_search.messages import KINDS, SearchEverything
from runyard.registry.model_versions.tables import model_version_tags, model_versions
from runyard.registry.registered_models.tables import (
    registered_model_aliases,
    registered_model_tags,
    registered_models,
)
from runyard.tracking.experiments.tables import experiment_tags, experiments
from runyard.tracking.logged_models.tables import logged_model_tags, logged_models
from runyard.tracking.origins.silence import beat_while_running, lost_since
from runyard.tracking.runs.tables import runs

DELETED = LifecycleStage.DELETED
MAX_RECENT = 200
"""Runs, the newest, whose experiments are the recent ones."""


@performs(SearchEverything)
def search_everything(tx: Transaction, message: SearchEverything) -> Wire:
    """Of each kind the best matches."""
    asked = Asked(message.text.strip())
    answer: dict[str, Any] = {"matches": [], "more": []}
    for kind in (message.kind,) if message.kind else KINDS:
        found = _KINDS[kind](tx, asked)
        if asked.text:
            found.sort(key=lambda match: (match["deleted"], match["rank"], -(match["time"] or 0), match["id"]))
        answer["matches"] += [{"kind": kind, **_without_rank(match)} for match in found[: message.max_results]]
        if len(found) > message.max_results:
            answer["more"].append(kind)
    return answer


def _without_rank(match: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in match.items() if name != "rank" and value is not None}


def _match(asked: Asked, matched: str, entity_id: Any, name: str, **rest: Any) -> dict[str, Any]:
    given = {"id": str(entity_id), "name": name, "matched": matched, "rank": asked.rank(name, matched)}
    return {"deleted": False, **given, **{name: value for name, value in rest.items() if value is not None}}


def _experiments(tx: Transaction, asked: Asked) -> list[dict[str, Any]]:
    table = experiments.c
    if asked.text:
        same_id = sa.cast(table.experiment_id, sa.Text) == asked.text
        named = sa.select(table.experiment_id).where(sa.or_(asked.named(table.name, tx.dialect), same_id))
        rows = column_of(tx, named.order_by(table.last_update_time.desc()).limit(MOST))
        found = [(row, "id" if str(row) == asked.text else "name") for row in rows]
        found += by_tag(tx, asked, experiment_tags, experiment_tags.c.experiment_id)
    else:
        newest = sa.select(runs.c.id, runs.c.experiment_id).order_by(runs.c.id.desc()).limit(MAX_RECENT).subquery()
        found = [(row, "") for row in column_of(tx, sa.select(newest.c.experiment_id).order_by(newest.c.id.desc()))]
        found += newest_rows(tx, table.experiment_id, MOST)
    matched = first_of_each(found)
    chosen = sa.select(table.experiment_id, table.name, table.lifecycle_stage, table.last_update_time)
    shown = {row[0]: row for row in tx.execute(chosen.where(one_of(tx, table.experiment_id, list(matched))))}
    return [
        _match(asked, what, *shown[row][:2], deleted=shown[row][2] == DELETED, time=shown[row][3])
        for row, what in matched.items()
        if asked.text or shown[row][2] != DELETED
    ]


def _runs(tx: Transaction, asked: Asked) -> list[dict[str, Any]]:
    matched = first_of_each(runs_found(tx, asked) if asked.text else newest_rows(tx, runs.c.id, MOST))
    columns = (runs.c.run_uuid, runs.c.name, runs.c.lifecycle_stage, runs.c.start_time, runs.c.status)
    joined = runs.join(experiments, experiments.c.experiment_id == runs.c.experiment_id)
    beat = beat_while_running.label("beat")
    chosen = sa.select(runs.c.id, *columns, runs.c.experiment_id, experiments.c.name.label("experiment"), beat)
    rows = tx.execute(chosen.select_from(joined).where(one_of(tx, runs.c.id, list(matched))))
    shown = {row.id: row for row in rows}
    return [
        _match(
            asked,
            what,
            row.run_uuid,
            row.name,
            deleted=row.lifecycle_stage == DELETED,
            time=row.start_time,
            status=row.status,
            lost_since=lost_since(row.beat, tx.now_ms),
            experiment_id=str(row.experiment_id),
            experiment_name=row.experiment,
        )
        for number_, what in matched.items()
        if (row := shown[number_]).lifecycle_stage != DELETED or asked.text
    ]


def _models(tx: Transaction, asked: Asked) -> list[dict[str, Any]]:
    table = registered_models.c
    if asked.text:
        named = sa.select(table.id).where(asked.named(table.name, tx.dialect))
        rows = column_of(tx, named.order_by(table.last_updated_time.desc()).limit(MOST))
        found = [(row, "name") for row in rows]
        found += by_tag(tx, asked, registered_model_tags, registered_model_tags.c.registered_model_id)
    else:
        order = (table.last_updated_time.desc(), table.name)
        found = [(row, "") for row in column_of(tx, sa.select(table.id).order_by(*order).limit(MOST))]
    matched = first_of_each(found)
    chosen = sa.select(table.id, table.name, table.last_updated_time).where(one_of(tx, table.id, list(matched)))
    shown = {row.id: row for row in tx.execute(chosen)}
    return [
        _match(asked, what, shown[row].name, shown[row].name, time=shown[row].last_updated_time)
        for row, what in matched.items()
    ]


def _versions(tx: Transaction, asked: Asked) -> list[dict[str, Any]]:
    matched = first_of_each(_versions_found(tx, asked) if asked.text else newest_rows(tx, model_versions.c.id, MOST))
    joined = model_versions.join(registered_models)
    columns = (model_versions.c.id, model_versions.c.version, model_versions.c.last_updated_time)
    chosen = sa.select(*columns, registered_models.c.name).select_from(joined)
    rows = tx.execute(chosen.where(one_of(tx, model_versions.c.id, list(matched))))
    shown = {row.id: row for row in rows}
    return [
        _match(asked, what, row.version, row.name, time=row.last_updated_time)
        for number_, what in matched.items()
        for row in (shown[number_],)
    ]


def _versions_found(tx: Transaction, asked: Asked) -> list[Found]:
    """By words of the model's name with a number behind them, by an alias, and by tags."""
    found: list[Found] = []
    words, _, last = asked.text.replace("/", " ").rpartition(" ")
    joined = model_versions.join(registered_models)
    if words.strip() and last.isascii() and last.isdigit() and len(last) < 18:
        named = Asked(words.strip()).named(registered_models.c.name, tx.dialect)
        chosen = sa.select(model_versions.c.id).select_from(joined).where(named, model_versions.c.version == int(last))
        found += [(row, "name") for row in column_of(tx, chosen.order_by(model_versions.c.id.desc()).limit(MOST))]
    aliases = registered_model_aliases.c
    same = sa.and_(
        aliases.registered_model_id == model_versions.c.registered_model_id, aliases.version == model_versions.c.version
    )
    alias = asked.text.rpartition("@")[2] if "@" in asked.text else asked.text
    begins = Asked(alias).begins(aliases.alias) if alias else sa.true()
    chosen = sa.select(model_versions.c.id, aliases.alias).join(registered_model_aliases, same).where(begins)
    rows = tx.execute(chosen.order_by(model_versions.c.id.desc(), aliases.alias).limit(MOST))
    found += [(row, f"alias {name}") for row, name in rows]
    return found + by_tag(tx, asked, model_version_tags, model_version_tags.c.model_version_id)


def _logged_models(tx: Transaction, asked: Asked) -> list[dict[str, Any]]:
    table = logged_models.c
    if asked.text:
        begun = asked.text.lower()
        prefix = sa.select(table.id, table.model_id).where(table.model_id >= begun).order_by(table.model_id).limit(MOST)
        ids = tx.execute(prefix).all() if begun.startswith("m-") else []
        found = [(row, "id") for row, model_id in ids if model_id.startswith(begun)]
        newest = sa.select(table.id, table.name).order_by(table.id.desc()).limit(MAX_ROWS).subquery()
        named = sa.select(newest.c.id).where(asked.named(newest.c.name, tx.dialect))
        found += [(row, "name") for row in column_of(tx, named.order_by((newest.c.id + number(0)).desc()).limit(MOST))]
        found += by_tag(tx, asked, logged_model_tags, logged_model_tags.c.logged_model_id)
    else:
        found = newest_rows(tx, table.id, MOST)
    matched = first_of_each(found)
    columns = (table.id, table.model_id, table.name, table.lifecycle_stage, table.creation_time, table.experiment_id)
    chosen = sa.select(*columns, experiments.c.name.label("experiment")).join(experiments)
    shown = {row.id: row for row in tx.execute(chosen.where(one_of(tx, table.id, list(matched))))}
    return [
        _match(
            asked,
            what,
            row.model_id,
            row.name,
            time=row.creation_time,
            experiment_id=str(row.experiment_id),
            experiment_name=row.experiment,
        )
        for number_, what in matched.items()
        if (row := shown[number_]).lifecycle_stage != DELETED
    ]


_KINDS: dict[str, Callable[[Transaction, Asked], list[dict[str, Any]]]] = {
    "experiment": _experiments,
    "run": _runs,
    "model": _models,
    "version": _versions,
    "logged_model": _logged_models,
}
