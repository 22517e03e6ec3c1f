"""`runyard doctor`: what a bug report needs to say."""

import importlib.metadata
import os
import platform
import sys

import click

from runyard import settings
from runyard.cli.output import output_option, show_json, show_pairs

_SECRETS = ("PASSWORD", "TOKEN", "SECRET", "KEY")
_PACKAGES = (
    "runyard",
    "alembic",
    "click",
    "fastapi",
    "msgspec",
    "orjson",
    "psycopg",
    "pydantic",
    "sqlalchemy",
    "starlette",
    "urllib3",
    "uvicorn",
    "boto3",
    "matplotlib",
    "mlflow",
    "mlflow-skinny",
    "numpy",
    "pandas",
    "scikit-learn",
)


@click.command()
@click.option("--mask-envs", is_flag=True, help="Do not print the values of environment variables at all.")
@output_option()
def doctor(mask_envs: bool, output: str) -> None:
    """Print versions and settings for a bug report. Passwords and tokens are masked always."""
    report = {
        "system": {
            "Python": platform.python_version(),
            "Interpreter": sys.executable,
            "Platform": platform.platform(),
            "Working directory": os.getcwd(),  # noqa: PTH109  (text is wanted)
        },
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
        "settings": {
            name: "***" if mask_envs else _masked(name, os.environ[name])
            for setting in settings.ALL
            for name in setting.names
            if name in os.environ
        },
    }
    if output == "json":
        show_json(report)
        return
    for title, pairs in report.items():
        click.echo(f"{title.capitalize()}:{'' if pairs else ' none'}")
        show_pairs({f"  {name}": value for name, value in pairs.items()})


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _masked(name: str, value: str) -> str:
    """The value without what must not reach a bug report: secrets, and credentials inside addresses."""
    if any(word in name for word in _SECRETS):
        return "***"
    scheme, separator, rest = value.partition("://")
    if separator and "@" in rest:
        return f"{scheme}://***@{rest.rpartition('@')[2]}"
    return value
