"""What the commands of `runyard registry` share."""

from collections.abc import Mapping

import click

from runyard.client import RunyardClient
from runyard.core.tracking_uri import get_registry_uri

PAGE = 100
"""Maximum number of entries in one request."""

version_argument = click.argument("version", metavar="VERSION|@ALIAS")


def registry_client() -> RunyardClient:
    """A client of the store where models are registered."""
    return RunyardClient(get_registry_uri())


def alias_in(version: str) -> str | None:
    """The alias in a version that is given as ``@champion``; None when it is given by its number."""
    return version.removeprefix("@") if version.startswith("@") else None


def number_of(client: RunyardClient, name: str, version: str) -> str:
    """The number of a version that may be given by an alias."""
    alias = alias_in(version)
    return version if alias is None else client.get_model_version_by_alias(name, alias).version


def pairs_text(pairs: Mapping[str, str]) -> str:
    """Tags or aliases in one cell."""
    return ", ".join(f"{name}={value}" for name, value in pairs.items())
