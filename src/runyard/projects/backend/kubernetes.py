"""Running a project as a Job of Kubernetes, through the kubectl command line.

The backend's configuration, with MLflow's names: ``kube-context``, the cluster to submit to; without it the Job is only
written. ``repository-uri``, the image that is built of the project and pushed; without it the image that the project
names must hold the project. ``kube-job-template-path``, a Job to start from. Ours: ``namespace``, ``job-path`` (a file
to write the Job to), ``poll-seconds``.
"""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from runyard.client import RunyardClient
from runyard.core.limits import shown
from runyard.exceptions import InvalidProject, RunyardException
from runyard.fluent.stack import innermost
from runyard.projects import config_keys, docker, runs, sources, tags
from runyard.projects.backend.abstract_backend import AbstractBackend
from runyard.projects.backend.kubernetes_job import Job, job_document, without_values
from runyard.projects.backend.kubernetes_run import Cluster, KubernetesSubmittedRun, WrittenRun, require_kubectl
from runyard.projects.entry_point import EntryPoint
from runyard.projects.parameters import is_local
from runyard.projects.project import load_project
from runyard.projects.request import Request
from runyard.projects.sources import Source
from runyard.projects.specification import DockerSpec
from runyard.projects.submitted_run import SubmittedRun
from runyard.projects.variables import of_run
from runyard.tracking.runs.entities import Run

log = logging.getLogger(__name__)

NAME = "kubernetes"
ARTIFACT = "kubernetes/job.yaml"


class KubernetesBackend(AbstractBackend):
    """Writes the Job of a project, and submits it when a cluster is named."""

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: Mapping[str, Any],
        version: str | None,
        backend_config: Mapping[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> SubmittedRun:
        """Submit a project, or only write what would be submitted.

        Raises
        ------
        InvalidProject: The project names no container, a parameter is a file of this machine, or the store cannot be
            reached from a cluster.
        ExecutionException: kubectl or docker is not installed, or does not do what it is asked.
        """
        context = backend_config.get("kube-context")
        _check_reachable(tracking_uri)
        if context:
            require_kubectl()
        source = sources.fetch(project_uri, version)
        try:
            project = load_project(source.folder)
            if project.docker is None:
                raise InvalidProject("A project that runs on Kubernetes must name a docker_env with an image.")
            chosen = project.get_entry_point(entry_point)
            values = chosen.values(params)
            command = chosen.shell_command(_reachable(chosen, values))
            template = _template(backend_config)
            image = _image(source, project.docker, backend_config)
            client = RunyardClient(tracking_uri)
            parent = innermost()
            request = Request(
                project_uri,
                entry_point,
                version,
                run_id=backend_config.get(config_keys.MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG),
                parent_run_id=parent.info.run_id if parent is not None else None,
            )
            about = runs.tags_of(request, source, command, NAME) | {tags.ENVIRONMENT: "docker", tags.IMAGE: image}
            run = runs.run_for(client, experiment_id, request, about, values)
        finally:
            source.close()
        job = Job(
            name=f"{project.name or 'project'}-{entry_point}-{run.info.run_id[:12]}",
            image=image,
            command=command,
            run_id=run.info.run_id,
            namespace=backend_config.get("namespace"),
            variables=of_run(client, run.info.run_id, run.info.experiment_id),
            copied=project.docker.environment,
        )
        document = job_document(job, template)
        return _submitted(client, run, document, context, backend_config)


def _submitted(
    client: RunyardClient, run: Run, document: dict[str, Any], context: Any, config: Mapping[str, Any]
) -> SubmittedRun:
    """The run with its Job kept, and submitted when there is a cluster to submit it to."""
    run_id = run.info.run_id
    try:
        _keep(client, run_id, document, config.get("job-path"))
        if not context:
            client.update_run(run_id, status="SCHEDULED")
            log.warning(
                "No kube-context is configured: the Job is written, not submitted. See %s of the run.", ARTIFACT
            )
            return WrittenRun(client, run_id)
        cluster = Cluster(str(context), document["metadata"].get("namespace"), document["metadata"]["name"])
        cluster.create(document)
    except (RunyardException, OSError):
        runs.end(client, run_id, "FAILED", None)
        raise
    return KubernetesSubmittedRun(client, run, cluster, float(config.get("poll-seconds", 2)))


def _check_reachable(tracking_uri: str) -> None:
    parts = urlsplit(tracking_uri)
    if parts.scheme.partition("+")[0] not in ("http", "https", "postgresql", "postgres"):
        raise InvalidProject(
            f"A cluster cannot log to {shown(tracking_uri)}. Set the tracking URI to a server's address."
        )
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        log.warning("The tracking URI names this machine (%s), which pods of a cluster cannot reach.", parts.hostname)


def _reachable(entry_point: EntryPoint, values: Mapping[str, str]) -> Mapping[str, str]:
    for name, one in entry_point.parameters.items():
        if one.type == "path" and is_local(values[name]):
            raise InvalidProject(
                f"Parameter {name!r} is the path {shown(values[name])}, which a cluster does not have. Give an "
                "address, or declare it as a string when the image has the file."
            )
    return values


def _template(config: Mapping[str, Any]) -> dict[str, Any]:
    path = config.get("kube-job-template-path")
    if not path:
        return {}
    try:
        found = yaml.safe_load(Path(str(path)).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise InvalidProject(f"The Job template {shown(str(path))} cannot be read: {problem}") from None
    if not isinstance(found, dict) or found.get("kind") != "Job":
        raise InvalidProject(f"The Job template {shown(str(path))} is not a document of kind Job.")
    return found


def _image(source: Source, spec: DockerSpec, config: Mapping[str, Any]) -> str:
    """The image to run: one that is built and pushed now, or the one that the project names."""
    repository = config.get("repository-uri")
    if not repository:
        return spec.image
    image = f"{repository}:{source.tags.get('mlflow.source.git.commit', 'latest')[:12]}"
    docker.build_image(spec.image, image, source.folder)
    docker.docker("push", "--", image, seconds=None)
    return image


def _keep(client: RunyardClient, run_id: str, document: dict[str, Any], path: Any) -> None:
    if path:
        Path(str(path)).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="runyard-job-") as scratch:
        file = Path(scratch, Path(ARTIFACT).name)
        file.write_text(yaml.safe_dump(without_values(document), sort_keys=False), encoding="utf-8")
        client.log_artifact(run_id, file, str(Path(ARTIFACT).parent))
