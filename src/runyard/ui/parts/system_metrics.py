"""System metrics of runs, ``system/cpu_utilization_percentage`` and the like, as people read them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.format import number

PREFIX = "system/"
_GPU = re.compile(r"gpu_(\d{1,4})_(.+)")
_UNITS = {"percentage": "%", "megabytes": "MB", "watts": "W"}
_DEVICES = {"cpu": "Processor", "system_memory": "Memory", "disk": "Disk", "network": "Network"}
_ORDER = ("Processor", "Memory", "GPU", "Disk", "Network", "")
_THOUSAND = 1000


@dataclass(frozen=True)
class Measure:
    """A system metric and its latest point.

    Attributes
    ----------
    node: The machine; empty when its name was not recorded.
    device: What was measured: ``GPU 0``; empty for what is not known.
    title: What of it: ``Memory usage``.
    unit: ``%``, ``MB``, ``W`` or nothing.
    """

    metric: Metric
    node: str
    device: str
    title: str
    unit: str

    @property
    def caption(self) -> str:
        """All of it in a line: ``GPU 0 · Memory usage, MB``."""
        unit = f", {self.unit}" if self.unit else ""
        return " · ".join(filter(None, (self.node, self.device, self.title))) + unit

    @property
    def value(self) -> str:
        """The latest value with its unit, thousands of megabytes as gigabytes."""
        value = self.metric.value
        if self.unit == "MB" and abs(value) >= _THOUSAND:
            return f"{number(value / _THOUSAND)} GB"
        return f"{number(value)} {self.unit}".rstrip()


def is_of_the_system(key: str) -> bool:
    """Whether a metric tells of the machine."""
    return key.startswith(PREFIX)


def has_system_metrics(run: Run) -> bool:
    """Whether the machine was measured while it ran."""
    return any(is_of_the_system(metric.key) for metric in run.data.latest_metrics)


def measures_of(metrics: Iterable[Metric]) -> list[Measure]:
    """The system metrics among some metrics: by machine, device and title."""
    found = [_measure(metric) for metric in metrics if is_of_the_system(metric.key)]
    return sorted(found, key=lambda one: (one.node, _rank(one.device), one.title, one.unit, one.metric.key))


def _rank(device: str) -> tuple[int, int]:
    kind, _, place = device.partition(" ")
    return _ORDER.index(kind), int(place or 0)


def _measure(metric: Metric) -> Measure:
    node, _, name = metric.key.removeprefix(PREFIX).rpartition("/")
    rest, _, last = name.rpartition("_")
    unit = _UNITS.get(last, "") if rest else ""
    words = rest if unit else name
    device = ""
    if gpu := _GPU.fullmatch(words):
        device, words = f"GPU {int(gpu[1])}", gpu[2]
    for prefix, title in _DEVICES.items():
        if not device and words.startswith(f"{prefix}_"):
            device, words = title, words.removeprefix(f"{prefix}_")
    title = words.replace("_", " ").strip() or words
    return Measure(metric, node, device, title[:1].upper() + title[1:], unit)


FILTERS: dict[str, Any] = {"has_system_metrics": has_system_metrics}
"""What templates may apply to a run."""
