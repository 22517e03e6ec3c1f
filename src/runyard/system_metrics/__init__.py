"""Sampling of processor, memory, disk, network and GPUs while a run goes on."""

from runyard import settings
from runyard.exceptions import InvalidParameter


def enable_system_metrics_logging() -> None:
    """Sample system metrics of every run that starts from now on."""
    settings.ENABLE_SYSTEM_METRICS_LOGGING.set(True)


def disable_system_metrics_logging() -> None:
    """Stop sampling system metrics of runs that start from now on, unless they ask for it."""
    settings.ENABLE_SYSTEM_METRICS_LOGGING.set(False)


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Set the seconds between two samples; None restores the default."""
    _set(settings.SYSTEM_METRICS_SAMPLING_INTERVAL, interval)


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """Set the number of samples averaged into one logged point; None restores the default."""
    _set(settings.SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING, samples)


def set_system_metrics_node_id(node_id: str | None) -> None:
    """Name this machine in the keys of its metrics (``system/<node id>/…``); None removes the name."""
    if node_id is None:
        settings.SYSTEM_METRICS_NODE_ID.unset()
    else:
        settings.SYSTEM_METRICS_NODE_ID.set(node_id)


def _set(setting: settings.Setting, value: float | None) -> None:
    if value is None:
        setting.unset()
    elif value > 0:
        setting.set(value)
    else:
        raise InvalidParameter(f"Invalid value {value!r}: use a number greater than 0, or None for the default.")
