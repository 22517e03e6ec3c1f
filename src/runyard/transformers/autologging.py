"""``transformers.autolog()``: what other libraries do inside of a training of Transformers is not logged by itself."""

from runyard.autologging import integrations
from runyard.autologging.imports import on_import
from runyard.autologging.patches import patch, revert
from runyard.autologging.watchers import Call, Watch
from runyard.core.libraries import required
from runyard.transformers.declared import FLAVOR


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = False,
    log_models: bool = False,
    log_datasets: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Keep the automatic logging of other libraries quiet while a Trainer of Transformers trains.

    The Trainer logs itself, through the callback that comes with it (``report_to="mlflow"``).

    Parameters
    ----------
    log_input_examples, log_model_signatures, log_models, log_datasets, exclusive: Taken for compatibility.
    disable: Let the others log again.
    disable_for_unsupported_versions, silent, extra_tags: As for other libraries.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    MissingPackage: Transformers is not installed.
    """
    options = dict(locals())
    required("transformers", "Watching the Trainer of Transformers")
    integrations.configure(FLAVOR.name, options)
    if disable:
        revert(FLAVOR.name)
    else:
        on_import.now_or_then("transformers.trainer", _watch_trainer)


def _watch_trainer() -> None:
    if not integrations.get_autologging_config(FLAVOR.name, "disable", default_value=False):
        patch(FLAVOR.name, required("transformers.trainer", "Watching it").Trainer, "train", _quietly)


def _quietly(call: Call) -> Watch:
    """Log nothing: calls within a watched one are not watched themselves."""
    yield
