"""What OpenAPI says of the routes of artifacts: their parameters and the statuses of their answers."""

import re
from typing import Any

from runyard.server.openapi import refusals

_FIELDS = {
    "list_stored": {"path": False},
    "download_of_run": {"run_id": True, "path": True},
    "upload_to_run": {"run_id": True, "path": True},
    "download_of_version": {"name": True, "version": True, "path": True},
    "download_of_model": {"artifact_file_path": True},
}
"""Fields that handlers take from the query, and whether they must be there."""

_ALL = ("400", "403", "503")
_DOWNLOAD = {"404", "416"}
_STATUSES = {
    "list_stored": set[str](),
    "download_stored": _DOWNLOAD,
    "upload_stored": {"412", "507"},
    "delete_stored": set[str](),
    "begin_upload": {"413", "501"},
    "complete_upload": {"404", "413", "501"},
    "abort_upload": {"413", "501"},
    "sign_download": {"404", "501"},
    "download_of_run": _DOWNLOAD,
    "download_of_version": _DOWNLOAD,
    "download_of_model": _DOWNLOAD,
    "upload_to_run": {"404", "413", "507"},
}
"""Statuses of refusals, beside those of all."""

_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_PART = {"type": "object", "required": ["part_number", "etag"], "properties": {"part_number": _NUMBER, "etag": _TEXT}}
_END = {"path": _TEXT, "upload_id": _TEXT, "parts": {"type": "array", "items": _PART}}
_BODIES = {
    "begin_upload": (["path"], {"path": _TEXT, "num_parts": _NUMBER}),
    "complete_upload": (["path", "upload_id", "parts"], _END),
    "abort_upload": (["path", "upload_id"], _END),
}
"""Fields that handlers take from a JSON body: those that must be there, and all."""

_PARTS = {
    "206": {"description": "The part of the file that `Range` asks for."},
    "304": {"description": "The file has the tag of `If-None-Match`."},
}


def described_route(path: str, name: str) -> dict[str, Any]:
    """The parameters and the statuses of a route.

    Parameters
    ----------
    name: The function that answers to it.
    """
    parts = [(part, "path", True) for part in re.findall(r"{(\w+)", path)]
    fields = [(field, "query", is_needed) for field, is_needed in _FIELDS.get(name, {}).items()]
    required, body = _BODIES.get(name, ([], {}))
    schema = {"type": "object", "required": required, "properties": body}
    return {
        **({"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}} if body else {}),
        "parameters": [
            {"name": one, "in": place, "required": is_needed, "schema": {"type": "string"}}
            for one, place, is_needed in [*parts, *fields]
        ],
        "responses": {
            **(_PARTS if _STATUSES[name] is _DOWNLOAD else {}),
            **refusals(sorted({*_ALL, *_STATUSES[name]})),
        },
    }
