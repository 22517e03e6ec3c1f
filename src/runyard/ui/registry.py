"""What the pages of the registry ask for: models, versions, where versions came from, what happened to them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from runyard.core.model_uri import STAGES
from runyard.exceptions import RunyardException
from runyard.registry.model_versions.messages import (
    DescribeModelVersion,
    DescribeModelVersions,
    GetModelVersionDownloadUri,
)
from runyard.registry.promotion.messages import SearchMoves
from runyard.registry.registered_models.messages import GetRegisteredModel
from runyard.tracking.logged_models.messages import GetLoggedModel
from runyard.tracking.runs.messages import GetRun
from runyard.ui.navigation import Crumb
from runyard.ui.records import MetricRecord, RunRecord
from runyard.ui.registry_records import LoggedModelRecord, ModelRecord, MoveRecord, VersionRecord
from runyard.ui.site import Site

MOST_METRIC_COLUMNS = 4
MOST_SEARCHED = 1_000

__all__ = ["STAGES", "Event", "Origin", "events_of", "model_crumbs", "origin_of", "read_model", "read_version"]


def read_model(site: Site, name: str) -> ModelRecord:
    """A registered model."""
    return ModelRecord.from_wire(site.perform(GetRegisteredModel(name=name))["registered_model"])


def read_version(site: Site, name: str, version: str) -> VersionRecord:
    """A version of a registered model."""
    return VersionRecord.from_wire(site.perform(DescribeModelVersion(name=name, version=version))["model_version"])


def model_crumbs(site: Site, name: str, *rest: Crumb) -> tuple[Crumb, ...]:
    """The way to a registered model's page, and to those below it."""
    return Crumb("Models", site.urls("models")), Crumb(name, site.urls("models", name) if rest else None), *rest


def equals(field: str, text: str) -> str:
    """A filter for a field with this text. The language cannot quote both kinds of quotes: then one is a joker."""
    if "'" not in text:
        return f"{field} = '{text}'"
    if '"' not in text:
        return f'{field} = "{text}"'
    return f"{field} LIKE '{text.replace(chr(39), '_')}'"


def search_versions(
    site: Site, field: Literal["name", "run_id"], text: str, order: str, most: int, token: str | None = None
) -> tuple[list[VersionRecord], str | None]:
    """A page of the versions with this name or run, and the next page's token."""
    question = DescribeModelVersions(
        filter=equals(field, text), order_by=[order] if order else [], max_results=most, page_token=token
    )
    found = site.perform(question)
    versions = [VersionRecord.from_wire(version) for version in found.get("model_versions", ())]
    return [one for one in versions if getattr(one, field) == text], found.get("next_page_token")


@dataclass(frozen=True)
class Origin:
    """Where a version came from, as far as it is still there."""

    run: RunRecord | None
    logged_model: LoggedModelRecord | None

    @cached_property
    def metrics(self) -> dict[str, MetricRecord]:
        """The metrics of the run, and over them those that were logged of the model: as promotions count them."""
        of_run = self.run.metrics if self.run else {}
        of_model = self.logged_model.latest_metrics if self.logged_model else {}
        return dict(sorted({**of_run, **of_model}.items()))

    @property
    def own_metrics(self) -> dict[str, MetricRecord]:
        """The metrics without those of the machine."""
        return {key: metric for key, metric in self.metrics.items() if not key.startswith("system/")}


def origin_of(site: Site, version: VersionRecord) -> Origin:
    """Where a version came from."""
    return Origin(read_run(site, version.run_id), read_logged_model(site, version.model_id))


def read_run(site: Site, run_id: str) -> RunRecord | None:
    """A run, when it exists."""
    if not run_id:
        return None
    try:
        return RunRecord.from_wire(site.perform(GetRun(run_id=run_id))["run"])
    except RunyardException:  # versions outlive runs, and may name any
        return None


def read_logged_model(site: Site, model_id: str) -> LoggedModelRecord | None:
    """A logged model, when it exists and is not deleted."""
    if not model_id:
        return None
    try:
        return LoggedModelRecord.from_wire(site.perform(GetLoggedModel(model_id=model_id))["model"])
    except RunyardException:  # versions outlive logged models
        return None


def location_of(site: Site, version: VersionRecord) -> str:
    """Where a version's files are kept."""
    asked = GetModelVersionDownloadUri(name=version.name, version=version.version)
    return str(site.perform(asked)["artifact_uri"])


def most_common_metrics(origins: Iterable[Origin]) -> tuple[str, ...]:
    """The keys that most versions have a metric of."""
    counts = Counter(key for origin in origins for key in origin.own_metrics)
    return tuple(sorted(counts, key=lambda key: (-counts[key], key))[:MOST_METRIC_COLUMNS])


@dataclass(frozen=True)
class Event:
    """Something that happened to a registered model: a version was made, or an alias or a stage moved."""

    time: int
    kind: Literal["created", "alias", "stage"]
    version: str
    target: str = ""
    previous: str = ""
    removed: bool = False
    user: str = ""
    reason: str = ""
    condition: str = ""
    figures: tuple[tuple[str, float | None], ...] = ()


def events_of(
    site: Site, name: str, versions: Sequence[VersionRecord], most: int, version: str | None = None
) -> tuple[Event, ...]:
    """What happened to a model, or to one version, the newest first.

    Parameters
    ----------
    versions: The versions that were made last, at least `most` of them or all.
    """
    found: dict[str, Any] = site.perform(SearchMoves(name=name, version=version, max_results=most))
    moves = [_event(MoveRecord.from_wire(move)) for move in found.get("moves", ())]
    made = [Event(one.created, "created", one.version, user=one.user) for one in versions]
    # stable: at the same moment a version was made before it was moved, and moves are in their own order
    return tuple(sorted([*moves, *made], key=lambda event: event.time, reverse=True)[:most])


def _event(move: MoveRecord) -> Event:
    return Event(
        time=move.time,
        kind="alias" if move.kind == "alias" else "stage",
        version=move.version,
        target=move.target,
        previous=move.previous,
        removed=move.removed,
        user=move.user,
        reason=move.reason,
        condition=move.condition,
        figures=tuple(move.figures.items()),
    )
