"""Runs and logged models that versions of registered models need, and that must not be removed."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

import sqlalchemy as sa

from runyard.artifacts.addresses import normal_location
from runyard.core.model_uri import parse_model_uri
from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.registered_models.tables import registered_model_aliases, registered_models

_columns = (
    model_versions.c.id,
    model_versions.c.registered_model_id,
    registered_models.c.name,
    model_versions.c.version,
    model_versions.c.current_stage,
    model_versions.c.run_id,
    model_versions.c.logged_model_id,
    model_versions.c.source,
    model_versions.c.storage_location,
)


class NeededByVersions:
    """Finds the version of a registered model that needs a run or a logged model, if any.

    A version needs the run it came from, whose metrics decide promotions, and everything that holds its files: a run
    or a logged model, by id or because they are in its artifacts.

    Parameters
    ----------
    kept_at: The folder or place in S3 behind ``mlflow-artifacts:``, None when unknown.
    """

    def __init__(self, kept_at: str | None) -> None:
        self._kept_at = kept_at
        self._newest = 0
        self._by_run: dict[str, str] = {}
        self._by_model: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._holders: dict[str, str] = {}
        self._below_runs: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)

    def refresh(self, tx: Transaction) -> None:
        """Read the versions created since the last call. What a version needs never changes."""
        aliases: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
        chosen = sa.select(*_columns).join(registered_models, registered_models.c.id == _columns[1])
        found = tx.execute(chosen.where(model_versions.c.id > self._newest).order_by(model_versions.c.id)).all()
        if found:
            for alias in tx.execute(sa.select(registered_model_aliases)):
                aliases[alias.registered_model_id, alias.version].append(f"@{alias.alias}")
        for row in found:
            names = aliases[row.registered_model_id, row.version]
            self._note(row, _described(row.name, row.version, row.current_stage, names))
            self._newest = row.id

    def run(self, run_id: str, artifact_uri: str) -> str | None:
        """The version that needs a run, described; None when none does."""
        return self._by_run.get(run_id) or self._at(artifact_uri)

    def model(self, model_id: str, name: str, run_id: str, location: str) -> str | None:
        """The version that needs a logged model, described; None when none does."""
        below = (version for path, version in self._below_runs.get(run_id, ()) if f"{path}/".startswith(f"{name}/"))
        return self._by_model.get(model_id) or self._at(location) or next(below, None)

    def _note(self, row: "sa.Row[*tuple[object, ...]]", version: str) -> None:
        if row.run_id:
            self._by_run.setdefault(row.run_id, version)
        if row.logged_model_id:
            self._by_model.setdefault(row.logged_model_id, version)
        for uri in {row.source, row.storage_location}:
            self._note_place(uri, version)

    def _note_place(self, uri: str, version: str) -> None:
        parts = urlsplit(uri)
        scheme = parts.scheme.lower()
        if scheme == "runs":
            run_id, _, path = parts.path.strip("/").partition("/")
            self._by_run.setdefault(run_id, version)
            self._below_runs[run_id].append((path, version))
        elif scheme == "models":
            model_id = _model_id(uri)
            if model_id:
                self._by_model.setdefault(model_id, version)
        else:
            place = normal_location(uri, self._kept_at)
            self._files[place] = version
            for holder in (place, *_above(place)):
                self._holders.setdefault(holder, version)

    def _at(self, uri: str) -> str | None:
        """The version whose files are in a location, or around it."""
        place = normal_location(uri, self._kept_at)
        around = (self._files[folder] for folder in _above(place) if folder in self._files)
        return self._holders.get(place) or next(around, None)


def _above(place: str) -> Iterator[str]:
    """The folders around a path, from the inside out."""
    while (above := posixpath.dirname(place)) != place:
        yield above
        place = above


def _model_id(uri: str) -> str | None:
    try:
        return parse_model_uri(uri).model_id
    except InvalidParameter:
        return None  # another program wrote it: not a location


def _described(name: str, version: int, stage: str, aliases: list[str]) -> str:
    more = [*sorted(aliases), *([stage] if stage != "None" else [])]
    return f"version {version} of {name!r}" + (f" ({', '.join(more)})" if more else "")
