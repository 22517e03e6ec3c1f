"""Commands of `runyard models` as functions. Each runs in its own process, so the model's code stays out of ours."""

import json
import os
import posixpath
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.artifacts.addresses import local_path
from runyard.client import RunyardClient
from runyard.client.addresses import located
from runyard.core.model_uri import is_model_uri
from runyard.core.tracking_uri import get_registry_uri, get_tracking_uri
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.fluent.artifacts import download_artifacts
from runyard.models.example import convert_input_example_to_serving_input
from runyard.serving.requirements import edit_requirements


def predict(
    model_uri: str,
    input_data: Any = None,
    input_path: str | Path | None = None,
    content_type: str = "json",
    output_path: str | Path | None = None,
    env_manager: str = "uv",
    install_mlflow: bool = False,
    pip_requirements_override: Sequence[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
) -> None:
    """Predict with a model in an environment of its own, as the server that serves it would.

    Parameters
    ----------
    model_uri: The model's address.
    input_data: A request's JSON or CSV text, or data such as a table, an array, a list or a dictionary; this or
    input_path: the file of a request.
    content_type: What a text or a file is: ``json`` or ``csv``.
    output_path: The file for the answer, which is JSON; printed when left out.
    env_manager: What makes the environment: ``uv``, ``virtualenv`` or ``conda``; ``local`` for the one that is here.
    install_mlflow: Install Runyard into the environment even if the model does not ask for it.
    pip_requirements_override: Requirements that replace the model's own.
    extra_envs: Variables to set for the model.

    Raises
    ------
    InvalidParameter: There is no input, or both kinds of it.
    RunyardException: The prediction failed; says why.
    """
    if (input_data is None) == (input_path is None):
        raise InvalidParameter("Give one of 'input_data' and 'input_path' to predict for.")
    arguments = ["predict", "-m", model_uri, "-t", content_type, "--env-manager", env_manager]
    arguments += ["-o", str(output_path)] if output_path is not None else []
    arguments += ["--install-mlflow"] if install_mlflow else []
    arguments += ["-r", ",".join(pip_requirements_override)] if pip_requirements_override else []
    for name, value in (extra_envs or {}).items():
        arguments += ["--env", f"{name}={value}"]
    with tempfile.TemporaryDirectory(prefix="runyard-") as scratch:
        if input_path is None:
            input_path = Path(scratch) / f"request.{content_type}"
            input_path.write_text(_request(input_data, content_type), encoding="utf-8")
        _run([*arguments, "-i", str(input_path)])


def build_docker(
    model_uri: str | None = None,
    name: str = "mlflow-pyfunc",
    env_manager: str | None = None,
    mlflow_home: str | Path | None = None,
    install_java: bool = False,
    install_mlflow: bool = False,
    base_image: str | None = None,
) -> None:
    """Build an image of a container that serves a model, with Docker.

    Parameters
    ----------
    model_uri: The model's address; without one the image serves the model in its folder ``/opt/ml/model``.
    name: The image's name.
    env_manager: What makes the environment in the image.
    mlflow_home: A checkout of Runyard to install in it.
    install_java: Install Java into it.
    install_mlflow: Install Runyard into the model's environment.
    base_image: The image to begin with.

    Raises
    ------
    RunyardException: The image was not built; says why.
    """
    arguments = ["build-docker", "-n", name, "--install-java", str(install_java).lower()]
    for option, value in (
        ("-m", model_uri),
        ("--env-manager", env_manager),
        ("--runyard-home", mlflow_home),
        ("--base-image", base_image),
    ):
        arguments += [option, str(value)] if value is not None else []
    _run([*arguments, *(["--install-mlflow"] if install_mlflow else [])])


def update_model_requirements(model_uri: str, operation: str, requirement_list: Sequence[str]) -> list[str]:
    """Add requirements to a saved model's files, or remove packages from them; returns what it then requires.

    Parameters
    ----------
    model_uri: A folder, or the address of a run's model.
    operation: ``add`` or ``remove``.
    requirement_list: Lines for pip. Added ones replace those of the same package; versions are ignored on removal.

    Raises
    ------
    InvalidParameter: It is a version of a registered model, which never changes; or no saved model.
    """
    if operation not in ("add", "remove"):
        raise InvalidParameter(f"The operation is 'add' or 'remove', not {operation!r}.")
    if is_model_uri(model_uri):
        raise InvalidParameter("Versions of registered models never change. Log the model anew and register that.")
    place = Path(model_uri) if ":" not in model_uri else local_path(model_uri)
    if place is not None:
        return edit_requirements(place, operation, requirement_list)
    client = RunyardClient()
    root, path = located(client, model_uri)
    with tempfile.TemporaryDirectory(prefix="runyard-") as scratch:
        folder = Path(download_artifacts(artifact_uri=model_uri, dst_path=scratch))
        required = edit_requirements(folder, operation, requirement_list)
        for name in ("requirements.txt", "conda.yaml"):
            if (folder / name).exists():
                client.repository(root).put_file(folder / name, posixpath.join(path, name))
    return required


def _request(data: Any, content_type: str) -> str:
    """The body of a request for the data."""
    if isinstance(data, str):
        return data
    if content_type == "csv":
        if not hasattr(data, "to_csv"):
            raise InvalidParameter(f"A CSV request is a text or a table, not {type(data).__name__}.")
        return str(data.to_csv(index=False))
    if isinstance(data, dict) and {"dataframe_split", "dataframe_records", "instances", "inputs"} & data.keys():
        return json.dumps(data)
    return str(convert_input_example_to_serving_input(data))


def start(arguments: Sequence[str], **options: Any) -> "subprocess.Popen[str]":
    """Start a command of `runyard models` with the addresses that are chosen here.

    Parameters
    ----------
    options: Where its output goes, as `subprocess.Popen` takes it.
    """
    addresses = {"RUNYARD_TRACKING_URI": get_tracking_uri(), "RUNYARD_REGISTRY_URI": get_registry_uri()}
    command = [sys.executable, "-m", "runyard", "models", *arguments]
    return subprocess.Popen(command, env={**os.environ, **addresses}, text=True, **options)


def _run(arguments: Sequence[str]) -> None:
    """Run a command of `runyard models`; its answer goes to standard output."""
    running = start(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    answer, said = running.communicate()
    sys.stderr.write("".join(line for line in said.splitlines(True) if not line.startswith("Error: ")))
    sys.stdout.write(answer)
    if running.returncode:
        errors = [line.removeprefix("Error: ") for line in said.splitlines() if line.startswith("Error: ")]
        raise RunyardException(errors[-1] if errors else f"The command ended with exit code {running.returncode}.")
