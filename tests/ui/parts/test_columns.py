"""Which columns a table of runs has."""

from runyard.tracking.runs.messages import MetricKey, ParamKey, RunsDescribed
from runyard.ui.parts.columns import ValueColumn, choose_columns


def test_system_metrics_are_not_default_columns() -> None:
    """Utilisation of disks would push losses off the table."""
    metrics = [MetricKey("system/cpu", runs=2), MetricKey("loss", runs=1)]
    described = RunsDescribed(runs=2, described=2, metric_keys=metrics, param_keys=[])

    choice = choose_columns(described, (), with_equal=False)

    assert (ValueColumn("metrics", "loss"),) == choice.shown
    assert 2 == len(choice.metrics)


def test_a_param_that_only_some_runs_have_varies() -> None:
    """Having it or not is the difference."""
    described = RunsDescribed(runs=2, described=2, metric_keys=[], param_keys=[ParamKey("extra", runs=1, distinct=1)])

    assert (ValueColumn("params", "extra"),) == choose_columns(described, (), with_equal=False).shown
