"""Numbers as text for Prometheus, by its library. Import this when it is first asked for: the library takes a while."""

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.registry import Collector


def prometheus_text(families: Collector, accepted: str) -> tuple[bytes, str]:
    """The families that a collector gives, as text, and its content type.

    Parameters
    ----------
    accepted: The ``Accept`` header: the text is in Prometheus' format or in that of OpenMetrics.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(families)
    encode, kind = exposition.choose_encoder(accepted)
    return encode(registry), kind
