"""A folder from which `docker build` makes an image that serves a model."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runyard.environments.own_wheel import own_wheel
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.serving.requirements import wanted_environment

PORT = 8080
"""The port that images serve at."""

MODEL_FOLDER = "model_dir"
_SOURCES = "runyard_src"
_IN_IMAGE = "/opt/ml/model"
_PYTHON = "3.11"
_USER = 10001
"""The user of the image, by its number: Kubernetes cannot tell of a name that it is not root."""
_PARTS_OF_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "src", "web", "migrations")


@dataclass(frozen=True)
class Image:
    """An image to be made.

    Attributes
    ----------
    model: The model's files; None for an image that serves what is mounted at ``/opt/ml/model``.
    manager: ``local`` installs the model's requirements into the image itself; other managers make an environment.
    sources: A checkout of Runyard to install, instead of the one that runs.
    with_java: Install Java too.
    """

    model: Path | None
    manager: str
    sources: Path | None = None
    with_java: bool = False


def write_folder(image: Image, folder: Path) -> Path:
    """Write the Dockerfile and everything it copies; returns the Dockerfile.

    Raises
    ------
    InvalidParameter: The folder holds another model already, or the sources are not a checkout of Runyard.
    RunyardException: The Runyard that runs is not installed, so that it cannot be put into an image.
    """
    if image.manager == "local" and image.model is None:
        raise InvalidParameter(
            "An image without a model must make its environment when it starts: use uv or virtualenv."
        )
    if image.sources is not None and not (image.sources / "src" / "runyard").is_dir():
        raise InvalidParameter(f"There is no checkout of Runyard at {str(image.sources)!r}.")
    wheel = own_wheel() if image.sources is None else None
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in ((MODEL_FOLDER, image.model), (_SOURCES, image.sources)):
        if source is not None and (folder / name).exists():
            raise InvalidParameter(f"{str(folder / name)!r} already exists. Choose another folder, or remove it.")
    if image.model is not None:
        shutil.copytree(image.model, folder / MODEL_FOLDER)
    if image.sources is not None:
        _copy_sources(image.sources, folder / _SOURCES)
    if wheel is not None:
        shutil.copy2(wheel, folder / wheel.name)
    path = folder / "Dockerfile"
    path.write_text(_dockerfile(image, _SOURCES if wheel is None else wheel.name))
    return path


def _dockerfile(image: Image, own: str) -> str:
    """The text of the Dockerfile; `own` is what Runyard is installed from."""
    python = _PYTHON
    if image.model is not None:
        python = ".".join(wanted_environment(image.model).python.split(".")[:2])
    lines = [f"FROM python:{python}-slim", "ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1"]
    if image.with_java:
        lines.append(
            "RUN apt-get update && apt-get install -y --no-install-recommends default-jre-headless"
            " && rm -rf /var/lib/apt/lists/*"
        )
    tool = " uv" if image.manager == "uv" else ""
    lines += [f"COPY {own} /opt/{own}", f"RUN pip install /opt/{own}{tool}"]
    lines += [f"RUN useradd --uid {_USER} --create-home runyard", "ENV RUNYARD_ENV_ROOT=/opt/environments"]
    lines.append("RUN mkdir -p /opt/environments /opt/ml && chown runyard /opt/environments /opt/ml")
    if image.model is not None:
        lines.append(f"COPY --chown=runyard {MODEL_FOLDER} {_IN_IMAGE}")
        lines += _environment_lines(image)
    command = ["runyard", "models", "serve", "-m", _IN_IMAGE, "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104
    quoted = ", ".join(f'"{part}"' for part in [*command, "--env-manager", image.manager])
    check = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{PORT}/ping', timeout=3)"
    lines += [
        f"USER {_USER}",
        "WORKDIR /home/runyard",
        f"EXPOSE {PORT}",
        f'HEALTHCHECK --start-period=60s CMD ["python", "-c", "{check}"]',
        f"ENTRYPOINT [{quoted}]",
    ]
    return "\n".join([*lines, ""])


def build_image(image: Image, name: str, folder: Path) -> None:
    """Write the folder and let docker build the image.

    Raises
    ------
    InvalidParameter: Docker is not installed.
    RunyardException: Docker could not build it.
    """
    docker = shutil.which("docker")
    if docker is None:
        raise InvalidParameter("Building an image needs the program 'docker', which is not installed.")
    write_folder(image, folder)
    if subprocess.run([docker, "build", "--tag", name, str(folder)], check=False).returncode:
        raise RunyardException(f"docker could not build the image {name}; what it said is above.")


def _environment_lines(image: Image) -> list[str]:
    if image.manager != "local":
        return [
            f"USER {_USER}",
            f"RUN runyard models prepare-env -m {_IN_IMAGE} --env-manager {image.manager}",
            "USER root",
        ]
    assert image.model is not None
    if not (image.model / "requirements.txt").exists():
        return []
    # tables in requests need pandas, whatever the model does
    return [f"RUN cd {_IN_IMAGE} && pip install -r requirements.txt pandas"]


def _copy_sources(sources: Path, target: Path) -> None:
    target.mkdir()
    for part in _PARTS_OF_SOURCES:
        if (sources / part).is_dir():
            shutil.copytree(sources / part, target / part, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif (sources / part).exists():
            shutil.copy2(sources / part, target / part)
