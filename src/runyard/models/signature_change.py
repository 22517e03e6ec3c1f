"""Replaces the signature of a model."""

import os
import tempfile
from pathlib import Path

from runyard.artifacts.transfers import log_artifact
from runyard.client import RunyardClient
from runyard.client.addresses import located
from runyard.core.model_uri import is_model_uri, parse_model_uri
from runyard.exceptions import InvalidParameter
from runyard.models.loading import described_at
from runyard.models.mlmodel import MLMODEL
from runyard.models.signature import ModelSignature


def set_signature(model_uri: str | os.PathLike[str], signature: ModelSignature) -> None:
    """Write another signature into the MLmodel file of a model.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/m-…`` or another address that can be written to.

    Raises
    ------
    InvalidParameter: There is no model; it is a registered version, which stays as it is; or `signature` is none.
    """
    if not isinstance(signature, ModelSignature):
        raise InvalidParameter(f"'signature' is a ModelSignature, not {type(signature).__name__}.")
    model_uri = os.fspath(model_uri)
    if is_model_uri(model_uri) and not parse_model_uri(model_uri).model_id:
        raise InvalidParameter(f"{model_uri!r} is a registered version, which stays as it is. Register the model anew.")
    model = described_at(model_uri)
    model.signature = signature
    client = RunyardClient()
    root, path = located(client, model_uri)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, MLMODEL)
        model.save(str(file))
        log_artifact(client.repository(root), str(file), path or None)
