"""Measurements of this machine, under MLflow's names."""

import logging
import os
from typing import Any

from runyard.core.libraries import lazy, psutil

pynvml = lazy("pynvml")

log = logging.getLogger(__name__)

MEGABYTE = 1e6


class Machine:
    """Processor, memory, disk and network."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # the first value is meaningless: it measures since this thread's previous call
        self._before: Any = psutil.net_io_counters()

    def sample(self) -> dict[str, float]:
        """What is measured now; traffic counts from the start of the sampler."""
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(os.sep)
        network: Any = psutil.net_io_counters()
        values = {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system_memory_usage_percentage": memory.used / memory.total * 100,
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / MEGABYTE,
            "disk_available_megabytes": disk.free / MEGABYTE,
        }
        if network and self._before:  # a container may have no network at all
            values["network_receive_megabytes"] = (network.bytes_recv - self._before.bytes_recv) / MEGABYTE
            values["network_transmit_megabytes"] = (network.bytes_sent - self._before.bytes_sent) / MEGABYTE
        return values


class Gpus:
    """NVIDIA's graphics processors."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        nvml.nvmlInit()
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]

    def sample(self) -> dict[str, float]:
        """Memory, load and power of each; what a card does not report is left out."""
        values: dict[str, float] = {}
        for index, handle in enumerate(self._handles):
            for measure in (self._memory, self._load, self._power):
                try:
                    values |= {f"gpu_{index}_{name}": value for name, value in measure(handle).items()}
                except self._nvml.NVMLError as problem:
                    log.debug("GPU %d does not report %s: %s", index, measure.__name__, problem)
        return values

    def _memory(self, handle: Any) -> dict[str, float]:
        memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
        return {
            "memory_usage_percentage": memory.used / memory.total * 100,
            "memory_usage_megabytes": memory.used / MEGABYTE,
        }

    def _load(self, handle: Any) -> dict[str, float]:
        return {"utilization_percentage": float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu)}

    def _power(self, handle: Any) -> dict[str, float]:
        used, limit = self._nvml.nvmlDeviceGetPowerUsage(handle), self._nvml.nvmlDeviceGetEnforcedPowerLimit(handle)
        return {"power_usage_watts": used / 1000, "power_usage_percentage": used / limit * 100}


def gpus() -> Gpus | None:
    """The machine's NVIDIA processors; None when there are none, or nvidia-ml-py is missing."""
    try:
        return Gpus(pynvml)
    except ModuleNotFoundError:
        return None
    except pynvml.NVMLError:
        return None
