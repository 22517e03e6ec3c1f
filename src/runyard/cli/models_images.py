"""`runyard models generate-dockerfile` and `build-docker`."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runyard.cli.choices import Command
from runyard.cli.models_options import environment_options, fetched

if TYPE_CHECKING:
    from runyard.serving.container import Image


def _image_options(command: Command) -> Command:
    for option in (
        click.option("--install-java", type=bool, default=False, help="Install Java into the image."),
        click.option("--runyard-home", "--mlflow-home", "home", help="A checkout of Runyard to install, "
                     "instead of the Runyard that runs.",
                     type=click.Path(exists=True, file_okay=False, path_type=Path)),
        environment_options("When left out: local with a model, virtualenv without one."),
        click.option("-m", "--model-uri", metavar="URI", help="The model to put into the image. Without one, the image "
                     "serves what is mounted at /opt/ml/model."),
    ):  # fmt: skip
        command = option(command)
    return command


def _image(model_uri: str | None, env_manager: str | None, home: Path | None, install_java: bool | None) -> "Image":
    from runyard.serving.container import Image  # noqa: PLC0415  (help must not wait for it)

    model = None if model_uri is None else fetched(model_uri)
    return Image(model, env_manager or ("virtualenv" if model is None else "local"), home, bool(install_java))


@click.command("generate-dockerfile")
@_image_options
@click.option("-d", "--output-directory", type=click.Path(file_okay=False, path_type=Path),
              default=Path("mlflow-dockerfile"), show_default=True, help="Folder to write.")  # fmt: skip
def generate_dockerfile(
    output_directory: Path,
    model_uri: str | None,
    env_manager: str | None,
    home: Path | None,
    install_java: bool | None,
    install_mlflow: bool,
) -> None:
    """Write a folder from which docker builds an image that serves the model at port 8080."""
    from runyard.serving.container import write_folder  # noqa: PLC0415  (as above)

    path = write_folder(_image(model_uri, env_manager, home, install_java), output_directory)
    click.echo(f"Wrote {path}. Build it with: docker build --tag my-model {output_directory}")


@click.command("build-docker")
@_image_options
@click.option("-n", "--name", default="mlflow-pyfunc-servable", show_default=True, help="Name of the image.")
def build_docker(
    name: str,
    model_uri: str | None,
    env_manager: str | None,
    home: Path | None,
    install_java: bool | None,
    install_mlflow: bool,
) -> None:
    """Build a docker image that serves the model at port 8080: docker run -p 5001:8080 NAME."""
    from runyard.serving.container import build_image  # noqa: PLC0415  (as above)

    with tempfile.TemporaryDirectory() as folder:
        build_image(_image(model_uri, env_manager, home, install_java), name, Path(folder))
