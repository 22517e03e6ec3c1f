"""``mlflow.pyfunc.backend``: serving and scoring with a model, as other packages ask for it."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from runyard.exceptions import RunyardException
from runyard.serving import commands


class PyFuncBackend:
    """Serves models, and predicts with them, in processes of their own.

    Parameters
    ----------
    config: The settings of the model's pyfunc flavor; not needed.
    workers: Number of processes that serve it.
    env_manager: What makes its environment: ``uv``, ``virtualenv`` or ``conda``; ``local`` for the one that is here.
    others: What MLflow takes besides, such as `install_mlflow`. It changes nothing: Runyard is there anyway.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        workers: int | None = 1,
        env_manager: str | None = None,
        **others: Any,
    ) -> None:
        self._workers = workers
        self._env_manager = env_manager or ("local" if others.get("no_conda") else "uv")

    def can_score_model(self) -> bool:
        """Whether it can."""
        return True

    def serve(
        self,
        model_uri: str,
        port: int | None = None,
        host: str | None = None,
        timeout: float | None = None,
        enable_mlserver: bool = False,
        synchronous: bool = True,
        stdout: Any = None,
        stderr: Any = None,
    ) -> "subprocess.Popen[str]":
        """Serve a model.

        Parameters
        ----------
        timeout: Timeout of a request, in seconds.
        enable_mlserver: Taken for compatibility; Runyard serves it either way.
        synchronous: Wait until the server ends.
        stdout, stderr: Where its output goes, as `subprocess.Popen` takes it.

        Returns
        -------
        The server's process.

        Raises
        ------
        RunyardException: It ended with an error.
        """
        arguments = ["serve", "-m", model_uri, "--env-manager", self._env_manager]
        for option, value in (("-p", port), ("-h", host), ("-t", timeout), ("-w", self._workers)):
            arguments += [option, str(value)] if value is not None else []
        server = commands.start(arguments, stdout=stdout, stderr=stderr)
        if synchronous and server.wait():
            raise RunyardException(f"The server of {model_uri!r} ended with exit code {server.returncode}.")
        return server

    def predict(
        self,
        model_uri: str,
        input_path: str | None,
        output_path: str | None,
        content_type: str = "json",
        pip_requirements_override: Sequence[str] | None = None,
        extra_envs: Mapping[str, str] | None = None,
    ) -> None:
        """Predict for the request in a file, as `runyard.models.predict` does."""
        commands.predict(
            model_uri,
            input_path=input_path,
            content_type=content_type,
            output_path=output_path,
            env_manager=self._env_manager,
            pip_requirements_override=pip_requirements_override,
            extra_envs=extra_envs,
        )
