"""`runyard registry`: find, make, rename and delete registered models and versions."""

import sys
from pathlib import Path
from typing import Any

import click

from runyard.artifacts.locations import address_parts
from runyard.cli.output import output_option, show_json, show_pairs, show_rows, utc
from runyard.cli.registry_shared import aliases_text, ask, ask_pages, find_version, tags_text
from runyard.core.limits import shown
from runyard.core.model_uri import with_small_scheme
from runyard.core.origin import user
from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    DeleteModelVersion,
    DescribeModelVersions,
    GetModelVersion,
)
from runyard.registry.registered_models.messages import (
    CreateRegisteredModel,
    DeleteRegisteredModel,
    GetRegisteredModel,
    RenameRegisteredModel,
    SearchRegisteredModels,
)


@click.command(name="list")
@click.option("--filter", "filter_string", help="Only models that match, such as \"name LIKE 'vision%'\".")
@click.option("--order-by", multiple=True, help="Sort by this, such as 'name DESC'; may be repeated.")
@click.option("--max-results", type=click.IntRange(min=1), help="At most this many; all when not given.")
@output_option()
def list_models(filter_string: str | None, order_by: tuple[str, ...], max_results: int | None, output: str) -> None:
    """List registered models, by name."""
    search = SearchRegisteredModels(filter=filter_string, order_by=list(order_by))
    found = list(ask_pages(search, "registered_models", max_results))
    if output == "json":
        show_json(found)
        return
    rows = [
        (model["name"], _newest(model), aliases_text(model), utc(model["last_updated_timestamp"])) for model in found
    ]
    show_rows(("Name", "Latest Version", "Aliases", "Last Updated"), rows)


def _newest(model: dict[str, Any]) -> str:
    """The highest version."""
    return str(max((int(version["version"]) for version in model.get("latest_versions", [])), default=""))


@click.command()
@click.argument("name")
@click.argument("version", required=False, metavar="[VERSION|@ALIAS]")
@output_option()
def show(name: str, version: str | None, output: str) -> None:
    """Show a registered model with its versions, or one version, by its number or by an alias such as @champion."""
    if version is None:
        _show_model(name, output)
        return
    _show_version(find_version(name, version, look_for_files=True), output)


def _show_model(name: str, output: str) -> None:
    model = ask(GetRegisteredModel(name=name))["registered_model"]
    search = DescribeModelVersions(filter=f"name = {_quoted(name)}", order_by=["version_number DESC"])
    versions = list(ask_pages(search, "model_versions"))
    if output == "json":
        show_json({**model, "versions": versions})
        return
    show_pairs(
        {
            "Name": model["name"],
            "Description": model.get("description"),
            "Aliases": aliases_text(model),
            "Tags": tags_text(model),
            "Created": utc(model["creation_timestamp"]),
            "Last Updated": utc(model["last_updated_timestamp"]),
        }
    )
    click.echo()
    rows = [
        (
            version["version"],
            version["current_stage"],
            ", ".join(version.get("aliases", [])),
            utc(version["creation_timestamp"]),
            version["run_id"],
        )
        for version in versions
    ]
    show_rows(("Version", "Stage", "Aliases", "Created", "Run ID"), rows)


def _quoted(name: str) -> str:
    """A name as a value of the search language."""
    quote = '"' if "'" in name else "'"
    if quote in name:
        raise InvalidParameter(f"Versions of {shown(name)} cannot be searched for: its name holds both kinds of quote.")
    return f"{quote}{name}{quote}"


def _show_version(version: dict[str, Any], output: str) -> None:
    if output == "json":
        show_json(version)
        return
    show_pairs(
        {
            "Name": version["name"],
            "Version": version["version"],
            "Stage": version["current_stage"],
            "Aliases": ", ".join(version.get("aliases", [])),
            "Description": version.get("description"),
            "Tags": tags_text(version),
            "Source": version["source"],
            "Run ID": version["run_id"],
            "Model ID": version.get("model_id"),
            "Status": version["status"],
            "Files": None if version.get("has_files", True) else "none: nothing is stored at its source",
            "User": version.get("user_id"),
            "Created": utc(version["creation_timestamp"]),
            "Last Updated": utc(version["last_updated_timestamp"]),
        }
    )


@click.command()
@click.argument("name")
@click.option("--description", help="Text shown on the model's page.")
@output_option()
def create(name: str, description: str | None, output: str) -> None:
    """Register a new name, without any version yet."""
    model = ask(CreateRegisteredModel(name=name, description=description))["registered_model"]
    if output == "json":
        show_json(model)
        return
    click.echo(f"Created registered model '{model['name']}'.")


@click.command()
@click.argument("name")
@click.option(
    "--source",
    required=True,
    help="Where the files are: runs:/<run id>/<path>, models:/m-<id>, a folder, or a URI such as s3://bucket/model.",
)
@click.option("--run-id", help="Run the model comes from; told by a source that begins with runs:/.")
@click.option("--model-id", help="Logged model it is; told by a source such as models:/m-<id>.")
@click.option("--description", default="", help="Text shown on the version's page.")
@output_option()
def create_version(
    name: str, source: str, run_id: str | None, model_id: str | None, description: str, output: str
) -> None:
    """Add a version to a registered model and print its number."""
    source = with_small_scheme(source)
    if run_id is None and source.startswith("runs:/"):
        run_id = source.removeprefix("runs:/").strip("/").partition("/")[0]
    created = ask(
        CreateModelVersion(
            name=name,
            source=source if not source or address_parts(source).scheme else str(Path(source).absolute()),
            run_id=run_id or "",
            model_id=model_id,
            description=description,
            user_id=user(),
        )
    )["model_version"]
    if output == "json":
        show_json(created)
        return
    click.echo(f"Created version {created['version']} of registered model '{created['name']}'.")


@click.command()
@click.argument("name")
@click.argument("new_name")
@output_option()
def rename(name: str, new_name: str, output: str) -> None:
    """Give a registered model another name; versions, tags and aliases follow."""
    model = ask(RenameRegisteredModel(name=name, new_name=new_name))["registered_model"]
    if output == "json":
        show_json(model)
        return
    click.echo(f"Registered model '{name}' is now named '{model['name']}'.")


@click.command()
@click.argument("name")
@click.option("--version", help="Delete only this version.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@output_option()
def delete(name: str, version: str | None, yes: bool, output: str) -> None:
    """Delete a registered model with its versions, or one version, for good. Files of the models stay.

    Asks before; without a terminal it deletes only with --yes.
    """
    if version is None:
        ask(GetRegisteredModel(name=name))
        what = f"registered model '{name}' with all its versions"
    else:
        ask(GetModelVersion(name=name, version=version))
        what = f"version {version} of registered model '{name}'"
    if not yes and not _confirmed(what):
        return
    ask(DeleteRegisteredModel(name=name) if version is None else DeleteModelVersion(name=name, version=version))
    if output == "json":
        show_json({"name": name, **({} if version is None else {"version": version}), "deleted": True})
        return
    click.echo(f"Deleted {what}.")


def _confirmed(what: str) -> bool:
    if sys.stdin.isatty():
        return click.confirm(f"Delete {what} for good?")
    raise click.UsageError(f"Nothing was deleted. Repeat with --yes to delete {what} for good.")
