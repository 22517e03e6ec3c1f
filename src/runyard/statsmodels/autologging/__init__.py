"""``runyard.statsmodels.autolog()``: fits of statsmodels are logged as they happen."""

from runyard.autologging.integrations import configure, is_tested
from runyard.core.libraries import required

TESTED = (0, 14), (0, 15)


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
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of statsmodels that were not tested.
    silent: Log nothing on stderr, not even failures.
    registered_model_name: Register each model under this name.
    extra_tags: Tags for the runs that are started.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    MissingPackage: statsmodels is not installed.
    """
    version = required("statsmodels", "statsmodels.autolog()").__version__
    configure(
        "statsmodels",
        {
            "log_models": log_models,
            "log_datasets": log_datasets,
            "disable": disable or (disable_for_unsupported_versions and not is_tested(version, *TESTED)),
            "exclusive": exclusive,
            "disable_for_unsupported_versions": disable_for_unsupported_versions,
            "silent": silent,
            "registered_model_name": registered_model_name,
            "extra_tags": extra_tags,
        },
    )
    from runyard.statsmodels.autologging import installation  # noqa: PLC0415  (loads a part of statsmodels)

    installation.uninstall()
    if not disable:
        installation.install()
