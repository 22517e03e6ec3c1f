"""The Job document of a project."""

import copy
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.exceptions import InvalidProject
from runyard.projects.docker import WORKDIR

_MAX_NAME = 63
_COPIED = "copied from the environment of the submitter"


@dataclass(frozen=True)
class Job:
    """The content of a Job.

    Attributes
    ----------
    name: Made into a name that Kubernetes takes.
    command: For bash.
    variables: Where to log, and which run it is.
    copied: The project's own variables: names take the values that they have here, pairs bring theirs.
    """

    name: str
    image: str
    command: str
    run_id: str
    namespace: str | None
    variables: Mapping[str, str]
    copied: Sequence[str | tuple[str, str]] = ()


def job_document(job: Job, template: Mapping[str, Any]) -> dict[str, Any]:
    """The Job as Kubernetes takes it.

    Parameters
    ----------
    template: A Job to start from: its first container gets image, command and variables. Empty for a plain Job that
        is tried once.

    Raises
    ------
    InvalidProject: The template has no container.
    """
    document = copy.deepcopy(dict(template)) or _plain()
    metadata = document.setdefault("metadata", {})
    prefix = f"{metadata['name']}-{job.run_id[:12]}" if template and metadata.get("name") else job.name
    metadata["name"] = valid_name(prefix)
    if job.namespace:
        metadata["namespace"] = job.namespace
    labels = metadata.setdefault("labels", {})
    labels |= {"app.kubernetes.io/managed-by": "runyard", "runyard/run-id": job.run_id}
    container = _first_container(document)
    container.setdefault("name", "project")
    container["image"] = job.image
    container["command"] = ["bash", "-c", job.command]
    container.setdefault("workingDir", WORKDIR)
    own = {one["name"]: one for one in container.get("env") or ()}
    own |= {one["name"]: one for one in _variables(job)}
    container["env"] = list(own.values())
    return document


def without_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it may be kept with the run: variables of the submitter may be secrets."""
    kept = copy.deepcopy(dict(document))
    for one in _first_container(kept)["env"]:
        if "value" in one and not one["name"].startswith("MLFLOW_"):
            one["value"] = _COPIED
    return kept


def valid_name(text: str) -> str:
    """A name as Kubernetes takes them: small letters, digits and dashes, 63 at most. The end is kept: it is unique."""
    clean = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return clean[-_MAX_NAME:].strip("-")


def _variables(job: Job) -> list[dict[str, str]]:
    found = [{"name": name, "value": value} for name, value in job.variables.items()]
    for one in job.copied:
        name, value = (one, os.environ.get(one)) if isinstance(one, str) else one
        if value is not None:
            found.append({"name": name, "value": value})
    return found


def _first_container(document: Mapping[str, Any]) -> dict[str, Any]:
    try:
        container = document["spec"]["template"]["spec"]["containers"][0]
    except (KeyError, IndexError, TypeError):
        container = None
    if not isinstance(container, dict):
        raise InvalidProject("The Job template has no container at spec.template.spec.containers.")
    return container


def _plain() -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {},
        "spec": {
            "backoffLimit": 0,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "project"}]}},
        },
    }
