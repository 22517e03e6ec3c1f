"""`runyard registry`: move aliases and stages, promote on a condition, and see the history."""

import warnings

import click

from runyard.cli.output import output_option, show_json, show_rows, utc
from runyard.cli.registry_shared import PAGE, number_of, registry_client, version_argument
from runyard.core.model_uri import STAGES
from runyard.core.origin import user
from runyard.core.paged_list import all_pages
from runyard.exceptions import InvalidParameter
from runyard.registry.names import ACTIVE_STAGES
from runyard.registry.promotion.condition import parse_condition
from runyard.registry.promotion.entities import Promotion, RegisteredModelMove
from runyard.registry.promotion.verdicts import IF_NO_HOLDER, PASS

_stage_type = click.Choice(STAGES, case_sensitive=False)
_reason_option = click.option("--reason", default="", help="Why, for the history.")
_archive_option = click.option(
    "--archive-existing", is_flag=True, help="Move the other versions in the stage Staging or Production to Archived."
)


@click.command()
@click.argument("name")
@click.argument("alias")
@version_argument
@_reason_option
@output_option()
def set_alias(name: str, alias: str, version: str, reason: str, output: str) -> None:
    """Point an alias at a version, whichever version it pointed at before."""
    client = registry_client()
    version = number_of(client, name, version)
    client.set_registered_model_alias(name, alias, version, reason=reason, user_id=user())
    if output == "json":
        show_json({"name": name, "alias": alias, "version": version})
        return
    click.echo(f"Alias '{alias}' of registered model '{name}' is at version {version}.")


@click.command()
@click.argument("name")
@click.argument("alias")
@_reason_option
@output_option()
def delete_alias(name: str, alias: str, reason: str, output: str) -> None:
    """Remove an alias; a missing one is fine."""
    registry_client().delete_registered_model_alias(name, alias, reason=reason, user_id=user())
    if output == "json":
        show_json({"name": name, "alias": alias, "deleted": True})
        return
    click.echo(f"Registered model '{name}' has no alias '{alias}' any more.")


@click.command()
@click.argument("name")
@version_argument
@click.argument("stage", type=_stage_type)
@_archive_option
@_reason_option
@output_option()
def set_stage(name: str, version: str, stage: str, archive_existing: bool, reason: str, output: str) -> None:
    """Move a version to a stage."""
    _check_archiving(archive_existing, stage)
    client = registry_client()
    number = number_of(client, name, version)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the warning that stages are deprecated is for Python callers
        moved = client.transition_model_version_stage(
            name, number, stage, archive_existing, reason=reason, user_id=user()
        )
    if output == "json":
        show_json(moved)
        return
    click.echo(f"Version {moved.version} of registered model '{name}' is in stage {moved.current_stage}.")


def _check_archiving(archive: bool, stage: str | None) -> None:
    if archive and stage not in ACTIVE_STAGES:
        raise click.UsageError("--archive-existing makes room in the stage Staging or Production.")


@click.command()
@click.argument("name")
@click.option("--version", help="Only moves that concern this version.")
@click.option("--max-results", type=click.IntRange(min=1), help="Maximum number of results; all by default.")
@output_option()
def history(name: str, version: str | None, max_results: int | None, output: str) -> None:
    """Show who moved which alias and stage, when and why, the newest first."""
    client = registry_client()
    found = list(
        all_pages(
            lambda size, token: client.search_registered_model_moves(name, version, size, token), PAGE, max_results
        )
    )
    if output == "json":
        show_json(found)
        return
    rows = [(utc(move.timestamp), _what(move), move.version, move.previous, move.user_id, _why(move)) for move in found]
    show_rows(("Date", "What", "Version", "Before", "User", "Why"), rows)


def _what(move: RegisteredModelMove) -> str:
    return f"{move.kind} {move.target}" + (" removed" if move.removed else "")


def _why(move: RegisteredModelMove) -> str:
    return "; ".join(part for part in (move.reason, move.condition) if part)


@click.command()
@click.argument("name")
@version_argument
@click.option("--alias", help="Alias to move to the version.")
@click.option("--stage", type=_stage_type, help="Stage to move the version to.")
@click.option(
    "--if",
    "condition",
    required=True,
    help="Condition that must hold, such as 'metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005'.",
)
@click.option(
    "--if-no-holder",
    type=click.Choice(IF_NO_HOLDER),
    default=PASS,
    show_default=True,
    help="Result of comparisons with the version that has the alias or stage while there is none.",
)
@_archive_option
@_reason_option
@click.option("--dry-run", is_flag=True, help="Only report what would happen.")
@output_option()
@click.pass_context
def promote(
    context: click.Context,
    name: str,
    version: str,
    alias: str | None,
    stage: str | None,
    condition: str,
    if_no_holder: str,
    archive_existing: bool,
    reason: str,
    dry_run: bool,
    output: str,
) -> None:
    """Move an alias or a stage to a version if a condition on its metrics holds.

    Ends with 0 when the version was promoted (or would be, with --dry-run), with 1 when the condition does not hold or
    something failed, with 2 when the command or the condition was written wrongly. With --output json, an object with
    `holds` tells a condition that does not hold from an error.
    """
    if (alias is None) == (stage is None):
        raise click.UsageError("Give either --alias or --stage.")
    _check_archiving(archive_existing, stage)
    client = registry_client()
    promotion = client.promote_model_version(
        name,
        number_of(client, name, version),
        _checked(condition),
        alias=alias,
        stage=stage,
        archive_existing_versions=archive_existing,
        if_no_holder=if_no_holder,
        reason=reason,
        dry_run=dry_run,
    )
    if output == "json":
        show_json(promotion)
    else:
        _show_promotion(promotion)
    context.exit(0 if promotion.holds else 1)


def _checked(condition: str) -> str:
    try:
        parse_condition(condition)
    except InvalidParameter as problem:
        raise click.BadParameter(problem.message, param_hint="--if") from None
    return condition


def _show_promotion(promotion: Promotion) -> None:
    rows = [("yes" if one.holds else "no", one.text, one.left, one.right, one.reason) for one in promotion.comparisons]
    show_rows(("Holds", "Comparison", "Left", "Right", "Reason"), rows)
    click.echo()
    target = f"stage {promotion.stage}" if promotion.alias is None else f"alias '{promotion.alias}'"
    before = f" (before: version {promotion.previous})" if promotion.previous else ""
    verb = "does not get" if not promotion.holds else "would get" if promotion.dry_run else "has"
    click.echo(f"Version {promotion.version} of registered model '{promotion.name}' {verb} {target}{before}.")
