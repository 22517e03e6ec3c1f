"""`runyard gc`: removes deleted runs, logged models and experiments for good."""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import click

from runyard.cli.artifact_places import ArtifactPlaces, artifacts_destination_option, backend_store_option
from runyard.cli.output import progress, show_rows
from runyard.core.amounts import plural
from runyard.core.clock import now_ms
from runyard.db.engine import require_database
from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter, RunyardException
from runyard.gate.gate import Gate
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.tracking.removal.remover import Claim, ExperimentClaim, Removable, Remover

BATCH = 200
"""Runs claimed in one transaction: a server's writes wait for it."""
ROWS_ON_A_TERMINAL = 50

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class Age(click.ParamType[int]):
    """A length of time such as `30d` or `1d12h`, as milliseconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the text; anything but numbers with units is wrong usage."""
        parts = re.findall(r"(\d+(?:\.\d+)?)([dhms])", str(value))
        if not parts or "".join(number + unit for number, unit in parts) != str(value):
            self.fail(f"{value!r} is not a length of time; write it like 30d, 12h or 1d12h30m.", param, ctx)
        return int(sum(float(number) * _SECONDS[unit] for number, unit in parts) * 1000)


@click.command()
@click.option("--older-than", type=Age(), help="Only what was deleted longer ago than this, such as 30d or 1d12h.")
@click.option("--run-ids", help="Only these runs, separated by commas; they must be deleted.")
@click.option("--experiment-ids", help="Only these experiments with all their runs; they must be deleted.")
@backend_store_option
@artifacts_destination_option
@click.option("--yes", is_flag=True, help="Remove without asking.")
def gc(
    older_than: int | None,
    run_ids: str | None,
    experiment_ids: str | None,
    backend_store_uri: str,
    artifacts_destination: str | None,
    yes: bool,
) -> None:
    """Remove deleted runs, logged models and experiments for good, with their artifacts.

    What a version of a registered model needs stays, and so does what a logged model in use needs; each is named with
    the reason. Shows what would be removed and asks; without a terminal it removes only with --yes. Servers may keep
    running. When artifacts cannot be deleted it stops; then, or when it was interrupted, repeat it: what it did not
    finish is still there.
    """
    before = None if older_than is None else now_ms() - older_than
    require_database(backend_store_uri)
    with closing(Gate.open(backend_store_uri)) as gate:
        remover = Remover(gate.administer, gate.inspect, NeededByVersions)
        found = remover.find(before, _names(run_ids), _names(experiment_ids))
        if not found.runs and not found.models and not found.experiments:
            click.echo("Nothing to remove.")
            _show_kept(found)
            return
        places = ArtifactPlaces(remover.noted_destination, artifacts_destination)
        places.require([*(run.artifact_uri for run in found.runs), *(model.artifact_uri for model in found.models)])
        _show(found, places)
        _show_kept(found)
        if yes or _confirmed():
            _remove(remover, found, places)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _show(found: Removable, places: ArtifactPlaces) -> None:
    rows = [("run", run.run_id, run.name, places.address(run.artifact_uri)) for run in found.runs]
    rows += [("logged model", one.model_id, one.name, places.address(one.artifact_uri)) for one in found.models]
    rows += [("experiment", experiment.experiment_id, experiment.name, "") for experiment in found.experiments]
    shown = rows[:ROWS_ON_A_TERMINAL] if sys.stdout.isatty() else rows
    show_rows(("What", "Id", "Name", "Artifacts"), shown)
    if len(shown) < len(rows):
        click.echo(f"… and {len(rows) - len(shown):,} more; all of them are listed when the output goes to a file.")


def _show_kept(found: Removable) -> None:
    for one in found.kept:
        click.echo(f"Keeping {one.what} {one.id}: {one.reason}.")


def _confirmed() -> bool:
    if sys.stdin.isatty():
        return click.confirm("Remove all of this for good?")
    click.echo("Nothing was removed. Repeat with --yes to remove this for good.")
    return False


def _remove(remover: Remover, found: Removable, places: ArtifactPlaces) -> None:
    """Logged models, runs, then experiments, a batch at a time: artifacts first, then rows.

    Experiments are claimed first, so that nobody restores one that has lost runs.

    Raises
    ------
    RunyardException: Artifacts could not be deleted. What they belong to is still there, and nothing more was removed.
    """
    claims: dict[str, ExperimentClaim] = {}
    removed: set[str] = set()
    try:
        for experiment in found.experiments:
            try:
                claims[experiment.experiment_id] = remover.claim_experiment(experiment.experiment_id)
            except (Conflict, DoesNotExist, InvalidParameter) as reason:  # it was changed since it was listed
                click.echo(f"Keeping experiment {experiment.experiment_id}: {reason}")
        counts = _remove_contents(remover, found, places)
        for experiment_id in claims:
            kept = remover.remove_experiment(experiment_id)
            if kept:
                click.echo(f"Keeping experiment {experiment_id}: {kept}.")
            else:
                removed.add(experiment_id)
    finally:  # also when artifacts cannot be deleted, or Ctrl-C was pressed
        for experiment_id, claim in claims.items():
            if experiment_id not in removed:
                remover.release_experiment(experiment_id, claim)
    remover.remove_unused_datasets()
    remover.remove_unused_texts()
    counts = (*counts, (len(removed), "experiment"))
    parts = [plural(count, what) for count, what in counts if count]
    click.echo(f"Removed {', '.join(parts) or 'nothing'}.")


def _remove_contents(remover: Remover, found: Removable, places: ArtifactPlaces) -> tuple[tuple[int, str], ...]:
    models = [_Owner(f"logged model {one.model_id}", one.model_id, one.artifact_uri) for one in found.models]
    runs = [_Owner(f"run {run.run_id}", run.run_id, run.artifact_uri) for run in found.runs]
    with progress("Removing", len(models) + len(runs), of_bytes=False) as advance:
        removed_models = _in_batches(remover.claim_models, remover.remove_models, None, models, places, advance)
        removed_runs = _in_batches(remover.claim_runs, remover.remove_runs, remover.release_runs, runs, places, advance)
    return (removed_runs, "run"), (removed_models, "logged model")


@dataclass(frozen=True)
class _Owner:
    """A run or logged model to be removed with its artifacts."""

    what: str
    id: str
    artifact_uri: str


def _in_batches(
    claim: Callable[[Sequence[str]], Claim],
    remove: Callable[[Sequence[str]], None],
    release: Callable[[Sequence[str], Claim], None] | None,
    owners: Sequence[_Owner],
    places: ArtifactPlaces,
    advance: Callable[[int], None],
) -> int:
    """Remove runs or logged models; returns how many were. What was claimed in vain is released."""
    removed = 0
    for first in range(0, len(owners), BATCH):
        batch = owners[first : first + BATCH]
        claimed = claim([owner.id for owner in batch])
        for owner in batch:
            if owner.id in claimed.kept:
                click.echo(f"Keeping {owner.what}: {claimed.kept[owner.id]}.")
        going = [owner for owner in batch if owner.id not in claimed.kept]
        begun = 0
        without_artifacts: list[str] = []
        try:
            for owner in going:
                begun += 1
                _delete_artifacts(owner, places)
                without_artifacts.append(owner.id)
        finally:  # also when artifacts cannot be deleted, or Ctrl-C was pressed: nothing is done by halves
            if without_artifacts:
                remove(without_artifacts)
            if release and begun < len(going):
                release([owner.id for owner in going[begun:]], claimed)
        removed += len(going)
        advance(len(batch))
    return removed


def _delete_artifacts(owner: _Owner, places: ArtifactPlaces) -> None:
    """Delete the artifacts of what was claimed."""
    try:
        places.delete(owner.artifact_uri, owner.id)
    except (RunyardException, OSError) as problem:
        address = places.address(owner.artifact_uri)
        raise RunyardException(
            f"The artifacts of {owner.what} at {address} could not be deleted: {str(problem).rstrip('.')}. It stays "
            "deleted, and nothing more was removed. Repeat this once the reason is gone."
        ) from problem
