"""Fewer messages from the processes that run tests to the one that counts them, which took a processor for a while.

Each test sends five: that it begins, the results of its fixtures, of itself and of their end, and that it is over. What
is printed needs two of them, unless somebody asks how long fixtures take.
"""

from collections.abc import Callable
from typing import Any

import pytest


def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave out what nobody reads."""
    options = session.config.option
    if not hasattr(session.config, "workerinput") or options.durations is not None or options.xmlpath is not None:
        return
    for plugin in session.config.pluginmanager.get_plugins():
        if send := getattr(plugin, "sendevent", None):
            plugin.sendevent = _without_needless(send)


def _without_needless(send: Callable[..., None]) -> Callable[..., None]:
    def sendevent(name: str, **message: Any) -> None:
        if name != "logstart" and not (name == "testreport" and _says_nothing(message["data"])):
            send(name, **message)

    return sendevent


def _says_nothing(report: dict[str, Any]) -> bool:
    """Whether it is that fixtures were made, or ended, as they should be."""
    return report["when"] != "call" and report["outcome"] == "passed" and not report["sections"]
