"""Code that people copy from the pages of models."""

import json
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """Code to copy."""

    title: str
    code: str


def snippets_of(uri: str, address: str, folder: str) -> tuple[Snippet, ...]:
    """How to use a model, as code that runs when it is pasted.

    Parameters
    ----------
    uri: The model's address for clients.
    address: This server's address.
    folder: What to call the folder it is downloaded to.
    """
    tracking, model = (json.dumps(text, ensure_ascii=False) for text in (address, uri))
    shell_uri, shell_address = shlex.quote(uri), shlex.quote(address)
    target = shlex.quote(f"./{folder.lstrip('-')}")
    load = f"import mlflow\n\nmlflow.set_tracking_uri({tracking})\nmodel = mlflow.pyfunc.load_model({model})"
    serve = f"export MLFLOW_TRACKING_URI={shell_address}\nmlflow models serve -m {shell_uri} --port 5001"
    download = (
        f"export RUNYARD_TRACKING_URI={shell_address}\n"
        f"runyard artifacts download --artifact-uri {shell_uri} --dst-path {target}"
    )
    return Snippet("Load", load), Snippet("Serve", serve), Snippet("Download", download)


def resume_snippets(address: str, run_id: str, step: int) -> tuple[Snippet, ...]:
    """How to go on with a run, by either SDK and without a change of the program.

    Parameters
    ----------
    address: This server's address.
    step: The next step of its metrics.
    """
    code = "\n".join(
        (
            "import {package} as mlflow",
            "",
            f"mlflow.set_tracking_uri({json.dumps(address, ensure_ascii=False)})",
            f"with mlflow.start_run(run_id={json.dumps(run_id)}):",
            f'    mlflow.log_metric("loss", 0.5, step={step})',
        )
    )
    variables = f"export MLFLOW_TRACKING_URI={shlex.quote(address)}\nexport MLFLOW_RUN_ID={shlex.quote(run_id)}"
    return (
        Snippet("Runyard", code.replace("{package} as mlflow", "runyard as mlflow")),
        Snippet("MLflow", code.replace("{package} as mlflow", "mlflow")),
        Snippet("Any program, unchanged", f"{variables}\npython train.py"),
    )
