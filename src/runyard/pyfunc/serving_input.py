"""Predicts for a request, to test a model before it is served."""

import json
from typing import Any

from runyard.models.scoring_input import parse_json
from runyard.pyfunc.loading import load_model


def validate_serving_input(model_uri: str, serving_input: str | dict[str, Any]) -> Any:
    """Predict for the body of a request, as a server of the model would.

    Parameters
    ----------
    model_uri: The model.
    serving_input: The body, JSON as text or as a dictionary.

    Returns
    -------
    The predictions.

    Raises
    ------
    InvalidParameter: The body is not JSON of a form that servers take, or does not fit the model's signature.
    """
    model = load_model(model_uri)
    signature = model.metadata.signature
    body = serving_input if isinstance(serving_input, str) else json.dumps(serving_input)
    as_given = bool(signature and signature._is_signature_from_type_hint)
    given = parse_json(body, signature.inputs if signature else None, as_given=as_given)
    return model.predict(given.data, params=given.params)
