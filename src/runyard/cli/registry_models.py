"""`runyard registry`: find, make, rename and delete registered models and versions."""

import sys
from pathlib import Path

import click

from runyard.artifacts.addresses import address_parts
from runyard.cli.output import output_option, show_json, show_pairs, show_rows, utc
from runyard.cli.registry_shared import PAGE, alias_in, pairs_text, registry_client
from runyard.core.limits import shown
from runyard.core.model_uri import with_small_scheme
from runyard.core.paged_list import PagedList, all_pages
from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.entities import DescribedModelVersion
from runyard.registry.registered_models.entities import RegisteredModel


@click.command(name="list")
@click.option("--filter", "filter_string", help="Only models that match, such as \"name LIKE 'vision%'\".")
@click.option("--order-by", multiple=True, help="Sort by this, such as 'name DESC'; may be repeated.")
@click.option("--max-results", type=click.IntRange(min=1), help="Maximum number of results; all by default.")
@output_option()
def list_models(filter_string: str | None, order_by: tuple[str, ...], max_results: int | None, output: str) -> None:
    """List registered models, by name."""
    client = registry_client()

    def page(size: int, token: str | None) -> PagedList[RegisteredModel]:
        return client.search_registered_models(filter_string, size, list(order_by), token)

    found = list(all_pages(page, PAGE, max_results))
    if output == "json":
        show_json(found)
        return
    rows = [
        (model.name, _newest(model), pairs_text(model.aliases), utc(model.last_updated_timestamp)) for model in found
    ]
    show_rows(("Name", "Latest Version", "Aliases", "Last Updated"), rows)


def _newest(model: RegisteredModel) -> str:
    """The highest version."""
    return str(max((int(version.version) for version in model.latest_versions), default=""))


@click.command()
@click.argument("name")
@click.argument("version", required=False, metavar="[VERSION|@ALIAS]")
@output_option()
def show(name: str, version: str | None, output: str) -> None:
    """Show a registered model with its versions, or one version, by its number or by an alias such as @champion."""
    if version is None:
        _show_model(name, output)
        return
    alias = alias_in(version)
    found = registry_client().describe_model_version(name, version if alias is None else None, alias=alias)
    _show_version(found, output)


def _show_model(name: str, output: str) -> None:
    client = registry_client()
    model = client.get_registered_model(name)
    condition, order = f"name = {_quoted(name)}", ["version_number DESC"]
    versions = list(all_pages(lambda size, token: client.search_model_versions(condition, size, order, token), PAGE))
    if output == "json":
        show_json({**model.to_wire(), "versions": versions})
        return
    show_pairs(
        {
            "Name": model.name,
            "Description": model.description,
            "Aliases": pairs_text(model.aliases),
            "Tags": pairs_text(model.tags),
            "Created": utc(model.creation_timestamp),
            "Last Updated": utc(model.last_updated_timestamp),
        }
    )
    click.echo()
    rows = [
        (
            version.version,
            version.current_stage,
            ", ".join(version.aliases),
            utc(version.creation_timestamp),
            version.run_id,
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


def _show_version(version: DescribedModelVersion, output: str) -> None:
    if output == "json":
        show_json(version)
        return
    show_pairs(
        {
            "Name": version.name,
            "Version": version.version,
            "Stage": version.current_stage,
            "Aliases": ", ".join(version.aliases),
            "Description": version.description,
            "Tags": pairs_text(version.tags),
            "Source": version.source,
            "Run ID": version.run_id,
            "Model ID": version.model_id,
            "Status": version.status,
            "Files": "none: nothing is stored at its source" if version.has_files is False else None,
            "User": version.user_id,
            "Created": utc(version.creation_timestamp),
            "Last Updated": utc(version.last_updated_timestamp),
        }
    )


@click.command()
@click.argument("name")
@click.option("--description", help="Text shown on the model's page.")
@output_option()
def create(name: str, description: str | None, output: str) -> None:
    """Register a new name, without any version yet."""
    model = registry_client().create_registered_model(name, description=description)
    if output == "json":
        show_json(model)
        return
    click.echo(f"Created registered model '{model.name}'.")


@click.command()
@click.argument("name")
@click.option(
    "--source",
    required=True,
    help="Where the files are: runs:/<run id>/<path>, models:/m-<id>, a folder, or a URI such as s3://bucket/model.",
)
@click.option("--run-id", help="Run that the model comes from; not needed for a source that begins with runs:/.")
@click.option("--model-id", help="Id of the logged model; not needed for a source such as models:/m-<id>.")
@click.option("--description", default="", help="Text shown on the version's page.")
@output_option()
def create_version(
    name: str, source: str, run_id: str | None, model_id: str | None, description: str, output: str
) -> None:
    """Add a version to a registered model and print its number."""
    source = with_small_scheme(source)
    if run_id is None and source.startswith("runs:/"):
        run_id = source.removeprefix("runs:/").strip("/").partition("/")[0]
    address = source if not source or address_parts(source).scheme else str(Path(source).absolute())
    created = registry_client().create_model_version(name, address, run_id, description=description, model_id=model_id)
    if output == "json":
        show_json(created)
        return
    click.echo(f"Created version {created.version} of registered model '{created.name}'.")


@click.command()
@click.argument("name")
@click.argument("new_name")
@output_option()
def rename(name: str, new_name: str, output: str) -> None:
    """Give a registered model another name; versions, tags and aliases follow."""
    model = registry_client().rename_registered_model(name, new_name)
    if output == "json":
        show_json(model)
        return
    click.echo(f"Registered model '{name}' is now named '{model.name}'.")


@click.command()
@click.argument("name")
@click.option("--version", help="Delete only this version.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@output_option()
def delete(name: str, version: str | None, yes: bool, output: str) -> None:
    """Delete a registered model with its versions, or one version, for good. Files of the models stay.

    Asks before; without a terminal it deletes only with --yes.
    """
    client = registry_client()
    if version is None:
        client.get_registered_model(name)
        what = f"registered model '{name}' with all its versions"
    else:
        client.get_model_version(name, version)
        what = f"version {version} of registered model '{name}'"
    if not yes and not _confirmed(what):
        return
    if version is None:
        client.delete_registered_model(name)
    else:
        client.delete_model_version(name, version)
    if output == "json":
        show_json({"name": name, **({} if version is None else {"version": version}), "deleted": True})
        return
    click.echo(f"Deleted {what}.")


def _confirmed(what: str) -> bool:
    if sys.stdin.isatty():
        return click.confirm(f"Delete {what} for good?")
    raise click.UsageError(f"Nothing was deleted. Repeat with --yes to delete {what} for good.")
