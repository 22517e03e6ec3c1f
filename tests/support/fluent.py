"""The state that a program's SDK keeps, for tests that use it in their own process."""

import runyard
from runyard.fluent import clients, experiments, run_end, stack


def forget_everything() -> None:
    """Leave no run, experiment, model or address behind for the next test."""
    run_end.end_all("FINISHED")
    experiments.activate(None)
    runyard.clear_active_model()
    runyard.set_tracking_uri(None)
    runyard.set_registry_uri(None)
    stack.forget()
    clients.forget()
