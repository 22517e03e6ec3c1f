"""`runyard check`: compares a store with its artifacts, and lists what waits in journals of this machine."""

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click

from runyard.artifacts.locations import server_repository
from runyard.artifacts.schemes.local import LocalRepository
from runyard.cli.artifact_places import ArtifactPlaces, artifacts_destination_option, backend_store_option
from runyard.cli.output import output_option, show_json, utc
from runyard.client.orphans import deliver_orphans
from runyard.client.spool import IN_USE, spool_files
from runyard.core.amounts import plural
from runyard.db.engine import require_database
from runyard.db.facts import ARTIFACTS_DESTINATION, fact
from runyard.gate.gate import Gate
from runyard.registry.consistency import (
    FilesWithoutRows,
    Finding,
    Kind,
    files_without_rows,
    places_of,
    rows_without_files,
)

SHOWN = 100
"""Maximum number of findings of a kind that are printed."""

_REMEDIES = {
    Kind.FILES_MISSING: "Restore the files from a backup, or delete what needs them.",
    Kind.OWNER_MISSING: "It was removed for good; the files of the version, if it has any, still serve.",
    Kind.UNREADABLE: "Check that this user may read the place, and repeat this.",
    Kind.FILES_WITHOUT_ROWS: "Look at them, and delete by hand what nobody needs: --repair removes no file.",
    Kind.EMPTY_FOLDER: "Repeat with --repair to remove it.",
    Kind.INTERRUPTED: "Repeat with --repair to remove what is left of it: its end was never acknowledged.",
    Kind.JOURNAL: "Repeat with --repair to deliver it, or see: runyard sync --list",
}
"""What to do about each kind of finding."""


@dataclass
class _Report:
    """What was looked at, and what came out.

    Attributes
    ----------
    rows: Number of rows whose files were looked for.
    elsewhere: Number of rows whose files are where this machine cannot look, by scheme.
    """

    rows: int = 0
    found: list[Finding] = field(default_factory=list)
    repaired: list[Finding] = field(default_factory=list)
    elsewhere: dict[str, int] = field(default_factory=dict)


@click.command()
@backend_store_option
@artifacts_destination_option
@click.option(
    "--spool-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the journals; RUNYARD_SPOOL_DIR by default, else ~/.local/state/runyard/spool.",
)
@click.option("--repair", is_flag=True, help="Mend what can be mended without losing anything.")
@output_option()
def check(
    backend_store_uri: str, artifacts_destination: str | None, spool_dir: Path | None, repair: bool, output: str
) -> None:
    """Compare what the database says with the files of artifacts, and list what waits in journals of this machine.

    Finds logged models, versions and tables without their files, versions whose run or model is gone, files and
    folders that belong to nothing, uploads that were interrupted, and journals that were not delivered. With --repair
    it removes empty folders and what interrupted uploads left, and delivers journals; it removes no file that somebody
    wrote. The exit code is 1 while something is left. Servers may keep running. What the database keeps twice is
    compared by `runyard db check`.
    """
    require_database(backend_store_uri)
    report = _Report()
    with closing(Gate.open(backend_store_uri)) as gate:
        places = ArtifactPlaces(gate.inspect(lambda tx: fact(tx, ARTIFACTS_DESTINATION)), artifacts_destination)
        places.require_same()
        _check_rows(gate, places, report)
        _check_files(gate, places, report, repair=repair)
    _check_journals(spool_dir, report, repair=repair)
    (_show_json if output == "json" else _show)(report)
    if report.found:
        click.get_current_context().exit(1)


def _check_rows(gate: Gate, places: ArtifactPlaces, report: _Report) -> None:
    for count, found, elsewhere in rows_without_files(gate.inspect, places.opened):
        report.rows += count
        report.found += found
        for uri in elsewhere:
            scheme = urlsplit(uri).scheme or "file"
            report.elsewhere[scheme] = report.elsewhere.get(scheme, 0) + 1


def _check_files(gate: Gate, places: ArtifactPlaces, report: _Report, *, repair: bool) -> None:
    for one in files_without_rows(gate.inspect, places.destination):
        mended = repair and not one.files and _cleared(one)
        (report.repaired if mended else report.found).append(one.finding())
    for place in places_of(gate.inspect, places.destination):
        repository = server_repository(place)
        for left in repository.interrupted():
            problem = f"was interrupted; nothing has changed since {utc(left.began)}"
            if repair:
                repository.clear_interrupted(left)
            finding = Finding(Kind.INTERRUPTED, left.path, f"{place.rstrip('/')}/{left.path}", problem)
            (report.repaired if repair else report.found).append(finding)


def _cleared(one: FilesWithoutRows) -> bool:
    """Remove an empty folder and the empty ones in it; whether it is gone. What was stored in it meanwhile stays."""
    repository = server_repository(one.place)
    if isinstance(repository, LocalRepository):
        folders = [one.path]
        for path in folders:
            folders += [info.path for info in repository.list(path) if info.is_dir]
        for path in reversed(folders):
            repository.clear_away(path)
    return all(info.path != one.path for info in repository.list(one.path.rpartition("/")[0]))


def _check_journals(spool_dir: Path | None, report: _Report, *, repair: bool) -> None:
    try:
        for outcome in deliver_orphans(spool_dir) if repair else ():
            if not outcome.problem and not outcome.rejected:
                done = f"is delivered: {plural(outcome.delivered, 'entry', 'entries')}"
                report.repaired.append(Finding(Kind.JOURNAL, outcome.path.name, outcome.address, done))
        left = [one for one in spool_files(spool_dir) if one.state != IN_USE]
    except OSError as problem:
        text = f"cannot be read: {problem.strerror or problem}"
        report.found.append(Finding(Kind.UNREADABLE, "the folder of journals", str(problem.filename or ""), text))
        return
    for one in left:
        why = f": {one.reason.rstrip('.')}" if one.reason else ""
        text = f"has {plural(one.entries, 'entry', 'entries')}, {one.state}{why}"
        report.found.append(Finding(Kind.JOURNAL, one.path.name, one.address or "", text))


def _show_json(report: _Report) -> None:
    show_json(
        {
            "rows": report.rows,
            "elsewhere": report.elsewhere,
            "found": [finding.fields() for finding in report.found],
            "repaired": [finding.fields() for finding in report.repaired],
        }
    )


def _show(report: _Report) -> None:
    for finding in report.repaired:
        click.echo(f"Repaired: {_line(finding)}")
    for kind in Kind:
        found = [finding for finding in report.found if finding.kind == kind]
        for finding in found[:SHOWN]:
            click.echo(_line(finding))
        if len(found) > SHOWN:
            click.echo(f"… and {len(found) - SHOWN:,} more; --output json lists all.")
        if found:
            click.echo(f"  → {_REMEDIES[kind]}")
    for scheme, count in sorted(report.elsewhere.items()):
        click.echo(f"Not looked at: {plural(count, 'location')} of {scheme}:, which this machine cannot open.")
    verdict = plural(len(report.found), "finding") if report.found else "nothing is wrong"
    click.echo(f"Looked for the files of {plural(report.rows, 'row')}, and for files without rows: {verdict}.")


def _line(finding: Finding) -> str:
    where = f"  [{finding.where}]" if finding.where and finding.where != finding.what else ""
    return f"{finding.what} {finding.problem}.{where}"
