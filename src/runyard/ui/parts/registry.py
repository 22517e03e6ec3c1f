"""What the pages of the registry ask for: models, versions, where versions came from, what happened to them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from starlette.requests import Request

from runyard.core.model_uri import STAGES
from runyard.exceptions import RunyardException
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.model_versions.messages import (
    DescribeModelVersion,
    DescribeModelVersions,
    GetModelVersionDownloadUri,
    ModelVersionsFound,
)
from runyard.registry.promotion.entities import RegisteredModelMove
from runyard.registry.promotion.messages import SearchMoves
from runyard.registry.registered_models.entities import RegisteredModel
from runyard.registry.registered_models.messages import GetRegisteredModel
from runyard.search.writing import value_text
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import GetLoggedModel
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import GetRun
from runyard.ui.navigation import Crumb
from runyard.ui.parts.presentation import latest_metrics, latest_model_metrics
from runyard.ui.site import Site

MAX_METRIC_COLUMNS = 4
MAX_SEARCHED = 1_000

__all__ = ["STAGES", "Event", "Origin", "events_of", "model_crumbs", "origin_of", "read_model", "read_version"]


def read_model(site: Site, name: str) -> RegisteredModel:
    """A registered model."""
    return site.ask(GetRegisteredModel(name=name)).registered_model


def read_version(site: Site, name: str, version: str) -> ModelVersion:
    """A version of a registered model."""
    return site.ask(DescribeModelVersion(name=name, version=version)).model_version


def model_crumbs(site: Site, name: str, *rest: Crumb) -> tuple[Crumb, ...]:
    """The way to a registered model's page, and to those below it."""
    return Crumb("Models", site.urls("models")), Crumb(name, site.urls("models", name) if rest else None), *rest


def version_address(site: Site, name: str, version: str, notice: str | None = None) -> str:
    """The address of a version's page, with the code of what has just been done to it."""
    return site.urls("models", name, "versions", version, notice=notice)


def equals(field: str, text: str) -> str:
    """A filter for a field with this text."""
    return f"{field} = {value_text(text)}"


def search_versions(
    site: Site,
    field: Literal["name", "run_id"],
    text: str,
    order: str,
    most: int,
    token: str | None = None,
    within: str = "",
) -> ModelVersionsFound:
    """A page of the versions with this name or run, of those that a filter finds."""
    wanted = f"{equals(field, text)} AND ({within})" if within else equals(field, text)
    question = DescribeModelVersions(
        filter=wanted, order_by=[order] if order else [], max_results=most, page_token=token
    )
    found = site.ask(question)
    return replace(found, model_versions=[one for one in found.model_versions if getattr(one, field) == text])


@dataclass(frozen=True)
class Origin:
    """Where a version came from, as far as it is still there."""

    run: Run | None
    logged_model: LoggedModel | None

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The metrics of the run, and over them those that were logged of the model: as promotions count them."""
        of_run = latest_metrics(self.run) if self.run else {}
        of_model = latest_model_metrics(self.logged_model) if self.logged_model else {}
        return dict(sorted({**of_run, **of_model}.items()))

    @property
    def own_metrics(self) -> dict[str, Metric]:
        """The metrics without those of the machine."""
        return {key: metric for key, metric in self.metrics.items() if not key.startswith("system/")}


def origin_of(site: Site, version: ModelVersion) -> Origin:
    """Where a version came from."""
    return Origin(read_run(site, version.run_id), read_logged_model(site, version.model_id))


def read_run(site: Site, run_id: str | None) -> Run | None:
    """A run, when it exists."""
    if not run_id:
        return None
    try:
        return site.ask(GetRun(run_id=run_id)).run
    except RunyardException:  # versions outlive runs, and may name any
        return None


def read_logged_model(site: Site, model_id: str | None) -> LoggedModel | None:
    """A logged model, when it exists and is not deleted."""
    if not model_id:
        return None
    try:
        return site.ask(GetLoggedModel(model_id=model_id)).model
    except RunyardException:  # versions outlive logged models
        return None


def requested_logged_model(site: Site, request: Request) -> tuple[LoggedModel, Experiment]:
    """The logged model of an address, and its experiment."""
    model = site.ask(GetLoggedModel(model_id=request.path_params["model_id"])).model
    return model, site.ask(GetExperiment(experiment_id=model.experiment_id)).experiment


def location_of(site: Site, version: ModelVersion) -> str:
    """Where a version's files are kept."""
    return site.ask(GetModelVersionDownloadUri(name=version.name, version=version.version)).artifact_uri


def most_common_metrics(origins: Iterable[Origin]) -> tuple[str, ...]:
    """The keys that most versions have a metric of."""
    counts = Counter(key for origin in origins for key in origin.own_metrics)
    return tuple(sorted(counts, key=lambda key: (-counts[key], key))[:MAX_METRIC_COLUMNS])


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
    site: Site, name: str, versions: Sequence[ModelVersion], most: int, version: str | None = None
) -> tuple[Event, ...]:
    """What happened to a model, or to one version, the newest first.

    Parameters
    ----------
    versions: The versions that were made last, at least `most` of them or all.
    """
    moves = [_event(move) for move in site.ask(SearchMoves(name=name, version=version, max_results=most)).moves]
    made = [Event(one.creation_timestamp, "created", one.version, user=one.user_id or "") for one in versions]
    # stable: at the same moment a version was made before it was moved, and moves are in their own order
    return tuple(sorted([*moves, *made], key=lambda event: event.time, reverse=True)[:most])


def _event(move: RegisteredModelMove) -> Event:
    return Event(
        time=move.timestamp,
        kind="alias" if move.kind == "alias" else "stage",
        version=move.version,
        target=move.target,
        previous=move.previous or "",
        removed=move.removed,
        user=move.user_id,
        reason=move.reason,
        condition=move.condition or "",
        figures=tuple((move.figures or {}).items()),
    )
