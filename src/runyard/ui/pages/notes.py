"""What a note looks like, before it is saved."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, Response

from runyard.ui.parts.markdown import note
from runyard.ui.site import Form, Site


def preview(_site: Site, form: Form, _path: Mapping[str, Any]) -> Response:
    """The HTML of a note in Markdown, as the pages show it; nothing is stored."""
    return HTMLResponse(note(form.raw("text")), headers={"Cache-Control": "no-store"})
