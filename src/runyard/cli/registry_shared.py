"""What the commands of `runyard registry` share."""

from collections.abc import Iterator
from typing import Any

import click

from runyard.client import RunyardClient
from runyard.core.paged_list import PagedList, all_pages
from runyard.core.tracking_uri import get_registry_uri
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import DescribeModelVersion

PAGE = 100

version_argument = click.argument("version", metavar="VERSION|@ALIAS")


def ask(message: AnyMessage) -> dict[str, Any]:
    """Send a message to the store where models are registered."""
    return RunyardClient(get_registry_uri()).connection.ask(message)


def ask_pages(message: Any, name: str, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Everything a search finds, page after page.

    Parameters
    ----------
    message: The search; its `max_results` and `page_token` are set here.
    name: Under which name the answer lists what was found.
    limit: Maximum number of results; no limit when None.
    """

    def page(size: int, token: str | None) -> PagedList[dict[str, Any]]:
        message.max_results, message.page_token = size, token
        answer = ask(message)
        return PagedList(answer.get(name, []), answer.get("next_page_token"))

    return all_pages(page, PAGE, limit)


def find_version(name: str, version: str, look_for_files: bool = False) -> dict[str, Any]:
    """A version by its number, or by an alias such as ``@champion``."""
    alias = version.removeprefix("@") if version.startswith("@") else None
    message = DescribeModelVersion(
        name=name, version=None if alias else version, alias=alias, look_for_files=look_for_files
    )
    return dict(ask(message)["model_version"])


def number_of(name: str, version: str) -> str:
    """The number of a version that may be given by an alias."""
    return str(find_version(name, version)["version"]) if version.startswith("@") else version


def aliases_text(model: dict[str, Any]) -> str:
    """The aliases of a registered model in one cell."""
    return ", ".join(f"{alias['alias']}={alias['version']}" for alias in model.get("aliases", []))


def tags_text(entity: dict[str, Any]) -> str:
    """The tags of a registered model or version in one cell."""
    return ", ".join(f"{tag['key']}={tag.get('value', '')}" for tag in entity.get("tags", []))
