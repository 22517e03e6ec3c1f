"""Changing the stage or an alias of a version: what would change is shown before anything does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.model_versions.messages import TransitionModelVersionStage
from runyard.registry.names import ACTIVE_STAGES, check_alias, stage_named
from runyard.registry.registered_models.messages import DeleteRegisteredModelAlias, SetRegisteredModelAlias
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.presentation import stage_of
from runyard.ui.parts.registry import (
    MAX_SEARCHED,
    STAGES,
    Origin,
    model_crumbs,
    origin_of,
    read_model,
    read_version,
    search_versions,
    version_address,
)
from runyard.ui.site import Form, Site

Kind = Literal["choose", "stage", "alias", "unalias"]
MAX_METRICS = 30


@dataclass(frozen=True)
class Delta:
    """A metric of the candidate beside that of the version that the alias or stage names now."""

    key: str
    candidate: float | None
    holder: float | None

    @property
    def difference(self) -> float | None:
        """How much the candidate's is greater."""
        return None if self.candidate is None or self.holder is None else self.candidate - self.holder


@dataclass(frozen=True)
class MovePage:
    """All that move.html may use.

    Attributes
    ----------
    kind: What is to be confirmed; ``choose`` while nothing is chosen.
    holders: The other versions that have the stage or alias now, the highest first.
    can_archive: Whether the others may be moved out of the way.
    """

    version: ModelVersion
    stages: tuple[str, ...]
    kind: Kind
    target: str
    holders: tuple[ModelVersion, ...]
    deltas: tuple[Delta, ...]
    can_archive: bool
    unchanged: bool
    error: str | None


def show(site: Site, request: Request) -> Response:
    """The page that asks what to change, or whether to change it."""
    version = read_version(site, request.path_params["name"], request.path_params["version"])
    state = ListState.of(request)
    error = None
    kind: Kind = "choose"
    target = ""
    try:
        kind, target = _wanted(state)
    except InvalidParameter as problem:
        error = problem.message
    holders = _holders(site, version, kind, target)
    page = MovePage(
        version=version,
        stages=STAGES,
        kind=kind,
        target=target or state.text("alias"),
        holders=holders,
        deltas=_deltas(origin_of(site, version), origin_of(site, holders[0])) if holders else (),
        can_archive=kind == "stage" and target in ACTIVE_STAGES and bool(holders),
        unchanged=_unchanged(version, kind, target),
        error=error,
    )
    here = version_address(site, version.name, version.version)
    crumbs = model_crumbs(site, version.name, Crumb(f"Version {version.version}", here), Crumb("Change"))
    title = f"Change {version.name}, version {version.version}"
    return site.page(request, "move", page, Shell(title, "models", crumbs), 400 if error else 200)


def _wanted(state: ListState) -> tuple[Kind, str]:
    """What the address asks to change.

    Raises
    ------
    InvalidParameter: There is no such stage, or there can be no such alias.
    """
    if state.text("stage"):
        return "stage", stage_named(state.text("stage"))
    if state.text("unalias"):
        return "unalias", state.text("unalias")
    alias = state.text("alias")
    if not alias:
        return "choose", ""
    check_alias(alias)
    return "alias", alias


def _holders(site: Site, version: ModelVersion, kind: Kind, target: str) -> tuple[ModelVersion, ...]:
    if kind == "stage":
        found = search_versions(site, "name", version.name, "version_number DESC", MAX_SEARCHED)
        others = (one for one in found.model_versions if one.version != version.version)
        return tuple(one for one in others if stage_of(one) == target)
    if kind == "alias":
        number = read_model(site, version.name).aliases.get(target)
        if number is not None and number != version.version:
            return (read_version(site, version.name, number),)
    return ()


def _unchanged(version: ModelVersion, kind: Kind, target: str) -> bool:
    """Whether it is so already."""
    if kind == "stage":
        return stage_of(version) == target
    if kind == "unalias":
        return target not in version.aliases
    return kind == "alias" and target in version.aliases


def _deltas(candidate: Origin, holder: Origin) -> tuple[Delta, ...]:
    ours, theirs = candidate.own_metrics, holder.own_metrics
    keys = sorted({*ours, *theirs}, key=lambda key: (key not in ours or key not in theirs, key))
    return tuple(
        Delta(key, ours[key].value if key in ours else None, theirs[key].value if key in theirs else None)
        for key in keys[:MAX_METRICS]
    )


def set_stage(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Move a version to a stage."""
    message = TransitionModelVersionStage(
        name=path["name"],
        version=path["version"],
        stage=form.text("stage"),
        archive_existing_versions=form.text("archive") == "yes",
        user_id=form.text("who"),
        reason=form.text("reason"),
    )
    site.ask(message)
    return version_address(site, path["name"], path["version"], notice="stage-changed")


def set_alias(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Point an alias at a version."""
    message = SetRegisteredModelAlias(
        name=path["name"],
        alias=form.text("alias"),
        version=path["version"],
        user_id=form.text("who"),
        reason=form.text("reason"),
    )
    site.ask(message)
    return version_address(site, path["name"], path["version"], notice="alias-set")


def delete_alias(site: Site, form: Form, path: Mapping[str, Any]) -> str:
    """Remove an alias from a version; one that has moved on meanwhile stays where it is."""
    if form.text("alias") not in read_version(site, path["name"], path["version"]).aliases:
        raise InvalidParameter(
            f"Version {path['version']} of {path['name']!r} does not have the alias {form.text('alias')!r} any more. "
            "Look at the model's page for where it is now."
        )
    message = DeleteRegisteredModelAlias(
        name=path["name"], alias=form.text("alias"), user_id=form.text("who"), reason=form.text("reason")
    )
    site.ask(message)
    return version_address(site, path["name"], path["version"], notice="alias-deleted")
