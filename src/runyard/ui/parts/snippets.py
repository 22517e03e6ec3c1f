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
