"""Finds the versions a condition compares, and their metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.registry.model_versions.rows import FoundVersion, version_of
from runyard.registry.model_versions.tables import model_version_tags, model_versions
from runyard.registry.promotion.expressions import Metric, Requirement
from runyard.registry.promotion.messages import PromoteModelVersion
from runyard.registry.promotion.verdicts import Contender
from runyard.registry.registered_models.aliases import aliased_version
from runyard.registry.registered_models.rows import FoundModel
from runyard.tracking.logged_models.tables import logged_model_metrics, logged_model_params, logged_models
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.tables import params, runs, tags


def holder_of_target(
    tx: Transaction, model: FoundModel, candidate: FoundVersion, message: PromoteModelVersion, stage: str
) -> int | None:
    """The version that has what is to be moved. Of several in a stage it is the candidate, or else the highest."""
    if message.alias is not None:
        return aliased_version(tx, model, message.alias)
    if candidate.current_stage == stage:
        return candidate.version
    columns = model_versions.c
    highest = sa.select(sa.func.max(columns.version)).where(
        columns.registered_model_id == model.id, columns.current_stage == stage
    )
    number: int | None = tx.scalar(highest)
    return number


def contenders(
    tx: Transaction,
    model: FoundModel,
    candidate: FoundVersion,
    target: Contender,
    alias: str | None,
    requirements: Sequence[Requirement],
) -> Mapping[str, Contender]:
    """The versions that a condition names, with what it names of them, by `Metric.holder`. Up to seven statements each.

    Parameters
    ----------
    target: The holder of what is to be moved, without its metrics.
    alias: What is to be moved, when it is an alias.
    """
    named: dict[str, list[Metric]] = {}
    for requirement in requirements:
        for metric in requirement.metrics():
            named.setdefault(metric.holder, []).append(metric)
    found: dict[str, Contender] = {}
    for holder, metrics in named.items():
        first = metrics[0]
        if first.whose == "candidate":
            found[holder] = _contender(tx, f"version {candidate.version}", candidate, metrics)
            continue
        moved = first.whose == "current" or first.alias == alias
        number = target.version if moved else aliased_version(tx, model, first.alias)
        known_as = target.known_as if moved else f"alias {first.alias!r}"
        if number is None:
            found[holder] = Contender(known_as, None, {}, holds_target=moved)
            continue
        version = version_of(tx, model, number)
        found[holder] = _contender(tx, f"version {number} ({known_as})", version, metrics, holds_target=moved)
    return found


def _contender(
    tx: Transaction, known_as: str, version: FoundVersion, named: Sequence[Metric], *, holds_target: bool = False
) -> Contender:
    keys = [one.key for one in named if one.kind == "metric"]
    texts = [one for one in named if one.kind != "metric"]
    figures = metrics_of(tx, version, keys) if keys else {}
    return Contender(known_as, version.version, figures, holds_target, _texts(tx, version, texts))


def _texts(tx: Transaction, version: FoundVersion, named: Sequence[Metric]) -> dict[tuple[str, str], str]:
    """Some params and tags of a version: of its run, and over them params of its logged model and its own tags."""
    found: dict[tuple[str, str], str] = {}
    for kind, of_run in (("param", params), ("tag", tags)):
        keys = {one.key for one in named if one.kind == kind}
        asked = []
        if keys and version.run_id:
            joined = sa.select(of_run.c.key, of_run.c.value).join(runs, runs.c.id == of_run.c.run_id)
            asked.append(joined.where(runs.c.run_uuid == version.run_id, of_run.c.key.in_(keys)))
        if keys and kind == "param" and version.logged_model_id:
            own, joint = logged_model_params.c, logged_models.c.id == logged_model_params.c.logged_model_id
            joined = sa.select(own.key, own.value).join(logged_models, joint)
            asked.append(joined.where(logged_models.c.model_id == version.logged_model_id, own.key.in_(keys)))
        if keys and kind == "tag":
            own = model_version_tags.c
            of_version = own.model_version_id == version.id
            asked.append(sa.select(own.key, own.value).where(of_version, own.key.in_(keys)))
        for chosen in asked:
            found.update({(kind, row.key): row.value for row in tx.execute(chosen)})
    return found


def metrics_of(tx: Transaction, version: FoundVersion, keys: Sequence[str]) -> dict[str, float]:
    """The latest values of some metrics of a version: its run's, and over them its logged model's. Two statements."""
    found: dict[str, float] = {}
    if version.run_id:
        series = metric_series.c
        of_run = sa.select(series.key, series.value).join(runs, runs.c.id == series.run_id)
        rows = tx.execute(of_run.where(runs.c.run_uuid == version.run_id, series.key.in_(set(keys))))
        found.update((key, _number(value)) for key, value in rows)
    if version.logged_model_id:
        rows = tx.execute(_latest_of_model(version.logged_model_id, keys))
        found.update((key, _number(value)) for key, value in rows)
    return found


def _latest_of_model(model_id: str, keys: Sequence[str]) -> sa.Select[Any]:
    """Key and value of the latest points: runs count steps from anywhere, so the latest is the last by time."""
    points = logged_model_metrics.c
    newest_first = (points.timestamp.desc(), points.step.desc(), points.id.desc())
    ranked = (
        sa.select(
            points.key,
            points.value,
            sa.func.row_number().over(partition_by=points.key, order_by=newest_first).label("place"),
        )
        .join(logged_models, logged_models.c.id == points.logged_model_id)
        .where(logged_models.c.model_id == model_id, points.key.in_(set(keys)))
        .subquery()
    )
    return sa.select(ranked.c.key, ranked.c.value).where(ranked.c.place == 1)


def _number(value: float | None) -> float:
    """A stored value; NULL stands for NaN."""
    return float("nan") if value is None else value
