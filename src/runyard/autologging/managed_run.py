"""The run that a watched call logs to: the active one, or one made for the call."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from runyard._lazy import public_function
from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.reports import inform
from runyard.core.tags import AUTOLOGGING_TAG
from runyard.fluent.active import active_run
from runyard.fluent.stack import ActiveRun
from runyard.fluent.values import set_tags


def must_leave_run_alone(integration: str) -> bool:
    """Whether the program itself has started the active run, and ``exclusive`` rules out logging to it."""
    run = active_run()
    exclusive = bool(get_autologging_config(integration, "exclusive", default_value=False))
    return exclusive and run is not None and AUTOLOGGING_TAG not in run.data.tags


@contextmanager
def run_for(integration: str, tags: Mapping[str, str]) -> Iterator[ActiveRun]:
    """The run to log to. One that is made here ends with the block: FAILED if an exception leaves it.

    Parameters
    ----------
    integration: The library's name.
    tags: Tags to set. A new run gets the library's `extra_tags` too.
    """
    active = active_run()
    if active is not None:
        set_tags(tags, synchronous=False)
        yield active
        return
    extra = get_autologging_config(integration, "extra_tags") or {}
    run = public_function("start_run")(tags={**extra, AUTOLOGGING_TAG: integration, **tags})
    inform(integration, "Run %s was started for this call of %s.", run.info.run_id, integration)
    with run:
        try:
            yield run
        except GeneratorExit:  # the call need not finish: what it did so far counts
            return
