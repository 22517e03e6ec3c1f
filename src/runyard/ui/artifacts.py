"""A run's artifacts: the tree of files, and a look into one of them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import RunyardException
from runyard.tracking.artifacts.messages import ListArtifacts
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.messages import GetRun
from runyard.ui.listing import Place
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.preview import Preview, preview_of
from runyard.ui.records import ExperimentRecord, RunRecord
from runyard.ui.run import run_crumbs
from runyard.ui.site import Site

MOST_FILES = 1000


@dataclass(frozen=True)
class Entry:
    """A file or folder of the tree; open folders hold their entries."""

    name: str
    path: str
    is_folder: bool
    size: int | None
    href: str
    current: bool
    is_open: bool
    entries: tuple["Entry", ...]


@dataclass(frozen=True)
class ArtifactsPage:
    """All that artifacts.html may use."""

    run: RunRecord
    experiment: ExperimentRecord
    entries: tuple[Entry, ...]
    path: str
    preview: Preview | None
    download: str | None
    trouble: str | None
    tab: str = "artifacts"


def show(site: Site, request: Request) -> Response:
    """The artifacts of a run, with a preview of the one named in the address."""
    run = RunRecord.from_wire(site.perform(GetRun(run_id=request.path_params["run_id"]))["run"])
    experiment = ExperimentRecord.from_wire(site.perform(GetExperiment(experiment_id=run.experiment_id))["experiment"])
    path = Place.of(request).text("path").strip("/")
    entries: tuple[Entry, ...] = ()
    preview, trouble = None, None
    try:
        entries = _entries(site, run, "", path)
        chosen = _chosen(entries)
        if chosen is not None and not chosen.is_folder:
            preview = preview_of(site, run, chosen.path, chosen.size)
        elif path and chosen is None:
            trouble = f"This run has no artifact {path!r}."
    except RunyardException as error:
        trouble = error.message
    page = ArtifactsPage(
        run=run,
        experiment=experiment,
        entries=entries,
        path=path,
        preview=preview,
        download=site.urls("get-artifact", run_id=run.run_id, path=path) if preview else None,
        trouble=trouble,
    )
    crumbs = run_crumbs(site, experiment, run, Crumb("Artifacts"))
    return site.page(request, "artifacts", page, Shell(f"Artifacts of {run.name}", "experiments", crumbs))


def _entries(site: Site, run: RunRecord, folder: str, chosen: str) -> tuple[Entry, ...]:
    """The entries of a folder; folders on the way to the chosen path are open."""
    listed = site.perform(ListArtifacts(run_id=run.run_id, path=folder or None)).get("files", ())
    entries = []
    for file in sorted(listed, key=lambda file: (not file["is_dir"], file["path"]))[:MOST_FILES]:
        path = file["path"]
        is_open = file["is_dir"] and (chosen == path or chosen.startswith(f"{path}/"))
        entries.append(
            Entry(
                name=path.rpartition("/")[2],
                path=path,
                is_folder=file["is_dir"],
                size=None if file["is_dir"] else file.get("file_size", 0),
                href=site.urls("runs", run.run_id, "artifacts", path=path),
                current=chosen == path,
                is_open=is_open,
                entries=_entries(site, run, path, chosen) if is_open else (),
            )
        )
    return tuple(entries)


def _chosen(entries: tuple[Entry, ...]) -> Entry | None:
    for entry in entries:
        found = entry if entry.current else _chosen(entry.entries)
        if found is not None:
            return found
    return None
