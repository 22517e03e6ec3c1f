"""``runyard sync``: deliver what training processes logged and could not deliver themselves."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runyard.client.leftovers import Delivered


@click.command()
@click.option(
    "--spool-dir", type=click.Path(path_type=Path), help="Folder of the journals; RUNYARD_SPOOL_DIR by default."
)
@click.option("--output", type=click.Choice(["table", "json"]), default="table", help="How to print what was done.")
def sync(spool_dir: Path | None, output: str) -> None:
    """Deliver what was logged while a server was down, or by processes that were killed.

    Ends with 1 when something could not be delivered or was refused. Repeating it is harmless.
    """
    from runyard.client.leftovers import deliver_left_behind, left_behind  # noqa: PLC0415  (loads the client)

    outcomes: list[Delivered] = []
    for outcome in deliver_left_behind(spool_dir):
        outcomes.append(outcome)
        if output == "table":
            click.echo(_line(outcome))
    in_use = len(list(left_behind(spool_dir))) - sum(outcome.problem is not None for outcome in outcomes)
    if output == "json":
        click.echo(json.dumps({"journals": [_fields(outcome) for outcome in outcomes], "in_use": in_use}, indent=2))
    elif not outcomes:
        click.echo("Nothing was left behind." + (f" Journals in use: {in_use}." if in_use else ""))
    if any(outcome.problem or outcome.rejected for outcome in outcomes):
        raise SystemExit(1)


def _line(outcome: "Delivered") -> str:
    parts = [f"{outcome.delivered} delivered"]
    if outcome.rejected:
        parts.append(f"{outcome.rejected} refused (kept in {outcome.rejects})")
    parts.append(f"stopped: {outcome.problem}" if outcome.problem else "done")
    return f"{outcome.path.name}  {outcome.address}  {', '.join(parts)}"


def _fields(outcome: "Delivered") -> dict[str, object]:
    return {
        "journal": str(outcome.path),
        "store": outcome.address,
        "delivered": outcome.delivered,
        "rejected": outcome.rejected,
        "rejects": str(outcome.rejects) if outcome.rejects else None,
        "problem": outcome.problem,
    }
