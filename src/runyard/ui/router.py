"""Every route of the pages: which address leads to which view."""

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from runyard import _resources
from runyard.exceptions import DoesNotExist, RunyardException
from runyard.gate.gate import Gate
from runyard.ui.navigation import Urls
from runyard.ui.pages import (
    artifacts,
    compare,
    compare_many,
    docs,
    experiment,
    experiments,
    images,
    logged_model,
    logged_model_files,
    logged_models,
    metric,
    metric_points,
    model,
    models,
    move,
    notes,
    origin,
    output,
    patterns,
    run,
    run_changes,
    run_plots,
    run_system,
    runs_file,
    saved_views,
    search,
    tables,
    version,
    version_files,
)
from runyard.ui.parts.importance import Importances
from runyard.ui.render import Renderer
from runyard.ui.site import Action, Site, View, action_endpoint, page_endpoint
from runyard.ui.static import StaticFiles

_VIEWS: tuple[tuple[str, View], ...] = (
    ("/", experiments.show),
    ("/experiments", experiments.show),
    ("/experiments/{experiment_id}.{suffix}", runs_file.show),
    ("/experiments/{experiment_id}", experiment.show),
    ("/runs.{suffix}", runs_file.show),
    ("/runs", experiment.show),
    ("/experiments/{experiment_id}/runs/{run_id}", run.redirect),
    ("/experiments/{experiment_id}/models", logged_models.show),
    ("/experiments/{experiment_id}/models/{model_id}", logged_model.show),
    ("/experiments/{experiment_id}/models/{model_id}/files", logged_model_files.show),
    ("/experiments/{experiment_id}/models/{model_id}/files.zip", logged_model_files.archive),
    ("/experiments/{experiment_id}/models/{model_id}/files/framed", logged_model_files.framed),
    ("/runs/{run_id}", run.show),
    ("/runs/{run_id}/artifacts", artifacts.show),
    ("/runs/{run_id}/artifacts.zip", artifacts.archive),
    ("/runs/{run_id}/artifacts/framed", artifacts.framed),
    ("/runs/{run_id}/output", output.show),
    ("/runs/{run_id}/system", run_system.show),
    ("/runs/{run_id}/uncommitted.patch", origin.patch),
    ("/runs/{run_id}/requirements.txt", origin.requirements),
    ("/models", models.show),
    ("/models/{name}", model.show),
    ("/models/{name}/versions/{version}", version.show),
    ("/models/{name}/versions/{version}/files", version_files.show),
    ("/models/{name}/versions/{version}/files.zip", version_files.archive),
    ("/models/{name}/versions/{version}/files/framed", version_files.framed),
    ("/models/{name}/versions/{version}/move", move.show),
    ("/search", search.show),
    ("/compare", compare.show),
    ("/compare/many", compare_many.show),
    ("/images", images.show),
    ("/tables", tables.show),
    ("/metric", metric.show),
    ("/docs", docs.show),
    ("/docs/{name:path}", docs.show),
    ("/patterns", patterns.show),
    ("/ui/images", images.pictures),
    ("/ui/metrics", metric_points.show),
    ("/ui/plots/values", run_plots.values),
    ("/ui/plots/importance", run_plots.importance),
)
_TABLE_ACTIONS: tuple[tuple[str, Action], ...] = (
    ("delete-runs", experiment.delete_runs),
    ("restore-runs", experiment.restore_runs),
    ("remove-runs", experiment.remove_runs),
    ("tag-runs", run_changes.tag_runs),
    ("rename-runs", run_changes.rename_runs),
    ("move-runs", run_changes.move_runs),
    ("undo-change", run_changes.undo_change),
    ("star-run", experiment.star_run),
    ("choose-all", experiment.choose_all),
    ("views/save", saved_views.save),
    ("views/update", saved_views.update),
    ("views/rename", saved_views.rename),
    ("views/delete", saved_views.delete),
)
"""What the forms of the table of runs do, whether it is of one experiment or of several."""
_ACTIONS: tuple[tuple[str, Action], ...] = (
    ("/ui/experiments/create", experiments.create),
    ("/ui/experiments/star", experiments.star),
    ("/ui/experiments/restore", experiments.restore),
    ("/ui/experiments/remove", experiments.remove),
    ("/ui/experiments/{experiment_id}/views/first", saved_views.show_first),
    *((f"/ui/experiments/{{experiment_id}}/{name}", action) for name, action in _TABLE_ACTIONS),
    *((f"/ui/table/{name}", action) for name, action in _TABLE_ACTIONS),
    ("/ui/experiments/{experiment_id}/rename", experiment.rename),
    ("/ui/experiments/{experiment_id}/describe", experiment.describe),
    ("/ui/experiments/{experiment_id}/star", experiment.star),
    ("/ui/experiments/{experiment_id}/delete", experiment.delete),
    ("/ui/experiments/{experiment_id}/restore", experiment.restore),
    ("/ui/experiments/{experiment_id}/models/{model_id}/describe", logged_model.describe),
    ("/ui/experiments/{experiment_id}/models/{model_id}/set-tag", logged_model.set_tag),
    ("/ui/experiments/{experiment_id}/models/{model_id}/delete-tag", logged_model.delete_tag),
    ("/ui/models", models.create),
    ("/ui/models/{name}/describe", model.describe),
    ("/ui/models/{name}/rename", model.rename),
    ("/ui/models/{name}/set-tag", model.set_tag),
    ("/ui/models/{name}/delete-tag", model.delete_tag),
    ("/ui/models/{name}/delete", model.delete),
    ("/ui/models/{name}/versions/{version}/describe", version.describe),
    ("/ui/models/{name}/versions/{version}/set-tag", version.set_tag),
    ("/ui/models/{name}/versions/{version}/delete-tag", version.delete_tag),
    ("/ui/models/{name}/versions/{version}/delete", version.delete),
    ("/ui/models/{name}/versions/{version}/stage", move.set_stage),
    ("/ui/models/{name}/versions/{version}/alias", move.set_alias),
    ("/ui/models/{name}/versions/{version}/unalias", move.delete_alias),
    ("/ui/runs/{run_id}/rename", run.rename),
    ("/ui/runs/{run_id}/star", run.star),
    ("/ui/runs/{run_id}/describe", run.describe),
    ("/ui/runs/{run_id}/set-tag", run.set_tag),
    ("/ui/runs/{run_id}/delete-tag", run.delete_tag),
    ("/ui/runs/{run_id}/delete", run.delete),
    ("/ui/runs/{run_id}/restore", run.restore),
    ("/ui/runs/{run_id}/fail", run.fail),
    ("/ui/notes/preview", notes.preview),
)


class Pages:
    """The pages of one server.

    Parameters
    ----------
    gate: Performs the messages of the pages, in process.
    static_prefix: Path under which the server is reached, for the addresses in pages; routes do not carry it.
    """

    def __init__(self, gate: Gate, static_prefix: str = "") -> None:
        web: Path = _resources.web()
        urls = Urls(static_prefix)
        self._statics = StaticFiles(web / "static", urls)
        self.site = Site(gate, urls, Renderer(urls, self._statics), web, Importances(gate))

    def router(self) -> APIRouter:
        """The pages, their forms and the static files."""
        router = APIRouter(include_in_schema=False)
        serve = page_endpoint(self.site, lambda _, request: self._statics.answer(request))
        router.add_route("/static/{version}/{name:path}", serve, methods=["GET"])
        for path, view in _VIEWS:
            router.add_route(path, page_endpoint(self.site, view), methods=["GET"])
        for path, action in _ACTIONS:
            router.add_route(path, action_endpoint(self.site, action), methods=["POST"])
        return router

    def error(self, request: Request, error: RunyardException | None = None) -> Response:
        """The page for an error outside of the pages' routes; without one, for an address that leads nowhere."""
        missing = DoesNotExist(f"There is no page at {request.url.path}. Check the address.")
        return self.site.renderer.error(request, error or missing)

    def failure(self, request: Request, error: Exception) -> Response:
        """The page for an unexpected error."""
        return self.site.renderer.failure(request, error)


def routes(gate: Gate, static_prefix: str = "") -> APIRouter:
    """The router of `Pages`, for a server that needs nothing else of them."""
    return Pages(gate, static_prefix).router()
