"""``mlflow.utils.time``: times as MLflow counts them, and a stopwatch."""

import datetime
import time
from typing import Self

from runyard.core.clock import now_ms as get_current_time_millis

__all__ = ["Timer", "conv_longdate_to_str", "get_current_time_millis"]


def conv_longdate_to_str(longdate: int, local_tz: bool = True) -> str:
    """A time in milliseconds since the epoch as text.

    Parameters
    ----------
    local_tz: Name the time zone of this machine behind it. The time is that of this machine either way.
    """
    moment = datetime.datetime.fromtimestamp(longdate / 1000).astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S" + (" %Z" if local_tz else ""))


class Timer:
    """Measures the time in a ``with`` block: ``elapsed`` seconds, also as ``float(timer)``."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_error: object) -> None:
        self.elapsed = time.perf_counter() - self._began

    def __float__(self) -> float:
        return self.elapsed

    def __format__(self, form: str) -> str:
        return format(self.elapsed, form)

    def __repr__(self) -> str:
        return repr(self.elapsed)

    def __str__(self) -> str:
        return str(self.elapsed)
