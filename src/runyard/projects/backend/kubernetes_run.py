"""A project's Job in a cluster: submitted, watched and removed through kubectl."""

import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

import yaml

from runyard.client import RunyardClient
from runyard.client.output import Output, RunStore
from runyard.exceptions import ExecutionException
from runyard.projects import runs
from runyard.projects.submitted_run import SubmittedRun, wait_for
from runyard.tracking.runs.entities import Run

log = logging.getLogger(__name__)

KUBECTL_TIMEOUT = 60.0
"""Seconds that kubectl may take, and the number of failures in a row after which the Job is given up."""


class WrittenRun(SubmittedRun):
    """A run whose Job was written but not submitted."""

    def __init__(self, client: RunyardClient, run_id: str) -> None:
        self._client, self._run_id = client, run_id

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run_id

    def wait(self) -> bool:
        """There is nothing to wait for here."""
        return True

    def get_status(self) -> str:
        """``SCHEDULED`` until the Job is submitted and begins."""
        return str(self._client.get_run(self._run_id).info.status)

    def cancel(self) -> None:
        """Mark the run: its Job should not be submitted any more."""
        runs.end(self._client, self._run_id, "KILLED", None)


def require_kubectl() -> None:
    """Check that kubectl is installed.

    Raises
    ------
    ExecutionException: It is not.
    """
    if shutil.which("kubectl") is None:
        raise ExecutionException("A kube-context is configured, and kubectl is not installed here.")


class Cluster:
    """A Job in a cluster, as kubectl sees it.

    Parameters
    ----------
    context: The cluster's name in kubectl's configuration.
    namespace: Where the Job is; the context's own when None.
    job: Its name.
    """

    def __init__(self, context: str, namespace: str | None, job: str) -> None:
        where = ["--namespace", namespace] if namespace else []
        self._kubectl = ["kubectl", "--context", context, *where]
        self._job = job

    def create(self, document: Mapping[str, Any]) -> None:
        """Submit the Job."""
        self._call("create", "--filename", "-", stdin=yaml.safe_dump(dict(document)))

    def state(self) -> str:
        """``RUNNING``, ``FINISHED``, ``FAILED``, or ``KILLED`` when there is no such Job any more."""
        text = self._call("get", "job", self._job, "--ignore-not-found", "--output", "yaml")
        if not text.strip():
            return "KILLED"
        conditions = (yaml.safe_load(text).get("status") or {}).get("conditions") or []
        met = {one.get("type") for one in conditions if one.get("status") == "True"}
        return "FINISHED" if "Complete" in met else "FAILED" if "Failed" in met else "RUNNING"

    def delete(self) -> None:
        """Remove the Job with its pods, and wait until they are gone."""
        self._call("delete", "job", self._job, "--ignore-not-found", "--cascade=foreground", "--wait=true")

    def logs(self) -> "subprocess.Popen[bytes]":
        """A program that prints what the Job's pod prints, until that ends."""
        follow = ["logs", "--follow", "--pod-running-timeout=1h", f"job/{self._job}"]
        return subprocess.Popen([*self._kubectl, *follow], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _call(self, *arguments: str, stdin: str | None = None) -> str:
        try:
            done = subprocess.run(
                [*self._kubectl, *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                timeout=KUBECTL_TIMEOUT,
                env=dict(os.environ),
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise ExecutionException(f"kubectl {arguments[0]} did not answer: {problem}") from None
        if done.returncode:
            raise ExecutionException(f"kubectl {arguments[0]} failed: {' '.join(done.stderr.split())[-500:]}")
        return done.stdout


class KubernetesSubmittedRun(SubmittedRun):
    """A run whose Job is in a cluster. A thread asks how it goes, and keeps what it prints."""

    def __init__(self, client: RunyardClient, run: Run, cluster: Cluster, pause: float) -> None:
        self._client, self._run, self._cluster, self._pause = client, run, cluster, pause
        self._cancelled, self._ended = threading.Event(), threading.Event()
        self._status = "RUNNING"
        threading.Thread(target=self._watch_to_the_end, name=f"runyard-job-{run.info.run_id}").start()

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self._run.info.run_id)

    def wait(self) -> bool:
        """Wait for its end; True when the Job completed."""
        wait_for(self._ended)
        return self._status == "FINISHED"

    def get_status(self) -> str:
        """The run's status now."""
        return self._status

    def cancel(self) -> None:
        """Remove the Job with its pods, and mark the run."""
        self._cancelled.set()
        self._cluster.delete()
        wait_for(self._ended)

    def _watch_to_the_end(self) -> None:
        try:
            self._watch()
        finally:
            self._ended.set()

    def _watch(self) -> None:
        status, misses = "RUNNING", 0
        output = Output(RunStore(self._client.connection, self.run_id))
        with self._cluster.logs() as printing:
            assert printing.stdout is not None
            reader = output.follow(printing.stdout, False)
            while status == "RUNNING":
                self._cancelled.wait(self._pause)
                try:
                    status, misses = self._cluster.state(), 0
                except ExecutionException as problem:
                    misses += 1  # the network may be away for a while: the Job goes on all the same
                    log.warning("%s", problem)
                    status = "FAILED" if misses > KUBECTL_TIMEOUT else "RUNNING"
                status = "KILLED" if self._cancelled.is_set() else status
            reader.join(timeout=5)
            printing.terminate()
        output.close()
        runs.end(self._client, self.run_id, status, None)
        self._status = status
