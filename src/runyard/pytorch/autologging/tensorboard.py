"""What a program writes with TensorBoard's ``SummaryWriter`` in a run is logged there too."""

from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.managed_run import must_leave_run_alone
from runyard.autologging.training import TrainingRun
from runyard.autologging.watchers import Call, Watch
from runyard.fluent.active import active_run


def watch_scalar(call: Call) -> Watch:
    """Log a number as a metric, at the steps that ``log_every_n_step`` divides."""
    yield
    given, every = call.all_arguments(), get_autologging_config("pytorch", "log_every_n_step")
    step = int(given.get("global_step") or 0)
    if every and step % every == 0 and (run := _run()) is not None:
        run.log_metrics({str(given["tag"]): float(given["scalar_value"])}, step)


def watch_hparams(call: Call) -> Watch:
    """Log settings as params, and what they led to as metrics."""
    yield
    given = call.all_arguments()
    if get_autologging_config("pytorch", "log_every_n_step") and (run := _run()) is not None:
        run.log_params(given["hparam_dict"])
        run.log_metrics({str(name): float(value) for name, value in given["metric_dict"].items()})


def _run() -> TrainingRun | None:
    run = active_run()
    return None if run is None or must_leave_run_alone("pytorch") else TrainingRun("pytorch", run)
