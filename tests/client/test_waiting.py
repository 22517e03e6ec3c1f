"""What a call returns with ``synchronous=False``: waiting for it tells what became of what the call logged."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from runyard.client import RunyardClient
from runyard.entities import Metric, Param, RunTag
from runyard.exceptions import RunyardException

CALLS: dict[str, Callable[[RunyardClient, str], Any]] = {
    "log_param": lambda client, run_id: client.log_param(run_id, "lr", 2, synchronous=False),
    "log_metric": lambda client, run_id: client.log_metric(run_id, "m", 2.0, synchronous=False),
    "set_tag": lambda client, run_id: client.set_tag(run_id, "k", "v", synchronous=False),
    "log_batch of metrics": lambda client, run_id: client.log_batch(
        run_id, [Metric("m", 1.0, 1, step) for step in range(2500)], synchronous=False
    ),
    "log_batch of params": lambda client, run_id: client.log_batch(
        run_id, params=[Param("lr", "2")], tags=[RunTag("k", "v")], synchronous=False
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_waiting_raises_what_the_store_refused(client: RunyardClient, run_id: str, call: str) -> None:
    """The run was deleted meanwhile. Another run's calls are none of it, and a refusal is told once."""
    other = client.create_run("0").info.run_id
    client.delete_run(run_id)

    refused, taken = CALLS[call](client, run_id), CALLS[call](client, other)

    taken.wait()
    with pytest.raises(RunyardException, match=run_id):
        refused.wait()
    refused.wait()


def test_a_param_that_is_there_with_another_value_is_told(client: RunyardClient, run_id: str) -> None:
    """As when the call itself waits."""
    client.log_param(run_id, "lr", 1)

    with pytest.raises(RunyardException, match="lr"):
        client.log_param(run_id, "lr", 2, synchronous=False).wait()


@pytest.mark.parametrize("name", ["flush_async_logging", "flush_artifact_async_logging"])
def test_flushing_raises_what_was_refused_since(name: str, client: RunyardClient, fluent: ModuleType) -> None:
    """Points and params that nobody waited for; after that the next flush is fine."""
    deleted = client.create_run("0").info.run_id
    client.delete_run(deleted)
    with fluent.start_run():
        client.log_metric(deleted, "m", 1.0)
        fluent.log_param("lr", 1)
        fluent.log_param("lr", 2, synchronous=False)
        fluent.log_metric("fine", 1.0)

        with pytest.raises(RunyardException, match=deleted):
            getattr(fluent, name)()
        getattr(fluent, name)()


def test_the_functions_of_the_module_wait_alike(client: RunyardClient, fluent: ModuleType) -> None:
    """Each returns something to wait for."""
    with fluent.start_run() as run:
        client.delete_run(run.info.run_id)
        for returned in (
            fluent.log_param("a", 1, synchronous=False),
            fluent.log_params({"b": 1}, synchronous=False),
            fluent.set_tag("a", 1, synchronous=False),
            fluent.set_tags({"b": 1}, synchronous=False),
            fluent.log_metric("a", 1, synchronous=False),
            fluent.log_metrics({"b": 1}, synchronous=False),
        ):
            with pytest.raises(RunyardException, match=run.info.run_id):
                returned.wait()
        client.restore_run(run.info.run_id)
