"""MLflow's paths that this server does not serve, each with the reason.

Clients know these paths, so the advice to check the address would mislead.
"""

import re

from runyard.mlflow.reasons import REASONS, reason_for_method

_GENAI = REASONS["trace"]
_WORKSPACES = REASONS["get_workspace"]
_WEBHOOKS = reason_for_method("create_webhook") or ""
_USERS = "users and permissions are not offered. Put a proxy that asks for a login before the server."
_GRAPHQL = "GraphQL is for MLflow's own pages. Use the REST API; /api/docs describes it."
_PAGES = "it is for MLflow's own pages. Use the Python SDK or the REST API."

_API = re.compile(r"/(?:ajax-)?api/\d\.\d/(?:preview/)?mlflow/(.*)")

_BELOW_API: dict[str, tuple[str, str]] = {
    "traces": ("Traces are", _GENAI),
    "unified-traces": ("Traces are", _GENAI),
    "get-online-trace-details": ("Traces are", _GENAI),
    "get-trace-artifact": ("Traces are", _GENAI),
    "assessments": ("Assessments of traces are", _GENAI),
    "datasets": ("Evaluation datasets are", _GENAI),
    "scorers": ("Scorers are", _GENAI),
    "gateway": ("The gateway is", _GENAI),
    "gateway-proxy": ("The gateway is", _GENAI),
    "prompt-optimization": ("The optimisation of prompts is", _GENAI),
    "prompts": ("The registry of prompts is", _GENAI),
    "label-schemas": ("Label schemas are", _GENAI),
    "review-queues": ("Review queues are", _GENAI),
    "issues": ("Issues are", _GENAI),
    "mcp-servers": ("The registry of MCP servers is", _GENAI),
    "assistant": ("The assistant is", _GENAI),
    "runs/create-promptlab-run": ("The prompt lab is", _GENAI),
    "webhooks": ("Webhooks are", _WEBHOOKS),
    "workspaces": ("Workspaces are", _WORKSPACES),
    "users": ("Users are", _USERS),
    "roles": ("Roles are", _USERS),
    "signup": ("Users are", _USERS),
    "experiments/permissions": ("Permissions are", _USERS),
    "registered-models/permissions": ("Permissions are", _USERS),
    "scorers/permissions": ("Permissions are", _USERS),
    "jobs": ("Jobs of the server are", _PAGES),
    "ui-telemetry": ("Telemetry is", _PAGES),
    "demo": ("The demo of MLflow's pages is", _PAGES),
}

_ELSEWHERE: dict[str, tuple[str, str]] = {
    "v1/traces": ("Traces are", _GENAI),
    "graphql": ("GraphQL is", _GRAPHQL),
    "api/graphql": ("GraphQL is", _GRAPHQL),
    "ajax-api/graphql": ("GraphQL is", _GRAPHQL),
    "gateway": ("The gateway is", _GENAI),
    "api/2.0/endpoints": ("Deployments are", _GENAI),
    "api/2.0/gateway": ("The gateway is", _GENAI),
    "ajax-api/2.0/gateway": ("The gateway is", _GENAI),
    "signup": ("Users are", _USERS),
}

ROOTS = ("/v1/", "/graphql", "/gateway/")
"""Paths outside of the API that programs call: their errors are JSON."""


def reason_for_path(path: str) -> str | None:
    """Why one of MLflow's paths is not served; None for other paths."""
    below = _API.fullmatch(path)
    table, rest = (_BELOW_API, below[1]) if below else (_ELSEWHERE, path.lstrip("/"))
    parts = rest.strip("/").split("/")
    for length in range(min(3, len(parts)), 0, -1):
        found = table.get("/".join(parts[:length]))
        if found:
            return f"{found[0]} not in this version of Runyard: {found[1]}"
    return None
