"""Logs trained estimators as models."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.reports import attempt, own_warnings_hidden
from runyard.models.signature import infer_signature
from runyard.sklearn.flavor import log_model


def log_trained(
    estimator: Any, name: str, sample: Any, params: Mapping[str, str], registered_model_name: str | None = None
) -> str | None:
    """Log an estimator as the options say. The model's id; None if models are not logged, or if it failed.

    Parameters
    ----------
    estimator: What was trained.
    name: The logged model's name.
    sample: Rows it was trained on, for the signature and the example; None if there are none.
    params: Settings to keep with the model.
    registered_model_name: Register it under this name too.
    """
    if not get_autologging_config("sklearn", "log_models", default_value=True):
        return None
    signature: Any = None
    info: Any = None
    with attempt("sklearn", "the model's signature"), own_warnings_hidden():
        signature = _signature(estimator, sample)
    with attempt("sklearn", f"the model {name!r}"), own_warnings_hidden():
        info = log_model(
            estimator,
            name=name,
            signature=signature,
            input_example=sample if get_autologging_config("sklearn", "log_input_examples") else None,
            serialization_format=get_autologging_config("sklearn", "serialization_format"),
            registered_model_name=registered_model_name,
            params=dict(params),
        )
    return None if info is None else str(info.model_id)


def _signature(estimator: Any, sample: Any) -> Any:
    if sample is None or not get_autologging_config("sklearn", "log_model_signatures", default_value=True):
        return None
    answer = next((method for method in ("predict", "transform") if hasattr(estimator, method)), None)
    if answer is None:
        return None
    return infer_signature(sample, getattr(estimator, answer)(sample.copy()))
