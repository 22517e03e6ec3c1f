"""``runyard.statsmodels.autolog()``: fits of statsmodels are logged as they happen."""

from runyard.autologging.functions import autologging


@autologging("statsmodels", (0, 14), (0, 15))
def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Log fits of statsmodels automatically: the arguments of ``fit``, statistics, the summary, the results as a model.

    A fit logs to the active run, or starts one. It is logged for every class of models, those of the program too.

    Parameters
    ----------
    log_models: Log the results as a model.
    log_datasets: Taken for compatibility; data is not noted.
    registered_model_name: Register each model under this name.
    """
