"""``runyard sync``: deliver what training processes logged and could not deliver themselves."""

import json
from pathlib import Path

import click


@click.command()
@click.option(
    "--spool-dir", type=click.Path(path_type=Path), help="Folder of the journals; RUNYARD_SPOOL_DIR by default."
)
@click.option("--output", type=click.Choice(["table", "json"]), default="table", help="How to print what was done.")
def sync(spool_dir: Path | None, output: str) -> None:
    """Deliver what was logged while a server was down, or by processes that were killed."""
    from runyard.client.leftovers import deliver_left_behind, left_behind  # noqa: PLC0415  (loads the client)

    outcomes = deliver_left_behind(spool_dir)
    in_use = len(list(left_behind(spool_dir))) - sum(outcome.problem is not None for outcome in outcomes)
    if output == "json":
        click.echo(
            json.dumps(
                {
                    "journals": [
                        {
                            "journal": str(outcome.path),
                            "store": outcome.address,
                            "delivered": outcome.delivered,
                            "rejected": outcome.rejected,
                            "problem": outcome.problem,
                        }
                        for outcome in outcomes
                    ],
                    "in_use": in_use,
                },
                indent=2,
            )
        )
    else:
        for outcome in outcomes:
            end = f"stopped: {outcome.problem}" if outcome.problem else "done"
            click.echo(f"{outcome.address}  {outcome.delivered} delivered, {outcome.rejected} rejected, {end}")
        if not outcomes:
            click.echo("Nothing was left behind." + (f" {in_use} journals are in use." if in_use else ""))
    if any(outcome.problem or outcome.rejected for outcome in outcomes):
        raise SystemExit(1)
