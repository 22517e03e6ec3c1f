"""What a run was started with, as files: its uncommitted changes, and its packages as a requirements file."""

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import DoesNotExist
from runyard.tracking.origins.messages import GetOrigin, Origin
from runyard.ui.site import Site


def patch(site: Site, request: Request) -> Response:
    """The uncommitted changes, for ``git apply``.

    Raises
    ------
    DoesNotExist: None are recorded.
    """
    changes = _origin(site, request).patch
    if not changes:
        raise DoesNotExist("No uncommitted changes are recorded of this run.")
    return _text(changes)


def requirements(site: Site, request: Request) -> Response:
    """The packages, for ``pip install -r``.

    Raises
    ------
    DoesNotExist: None are recorded.
    """
    packages = _origin(site, request).packages
    if not packages:
        raise DoesNotExist("No packages are recorded of this run.")
    return _text("".join(f"{line}\n" for line in packages))


def _origin(site: Site, request: Request) -> Origin:
    return site.ask(GetOrigin(run_id=request.path_params["run_id"]))


def _text(content: str) -> Response:
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    return Response(content.encode(), media_type="text/plain; charset=utf-8", headers=headers)
