"""Errors are the same with and without a server: a script that was tried at home catches them at work."""

import pickle
from collections.abc import Callable

import pytest

from runyard.client import RunyardClient
from runyard.exceptions import AlreadyExists, DoesNotExist, InvalidParameter, RestException, RunyardException
from tests.support.server import RunningServer

Act = Callable[[RunyardClient, str], object]

MISTAKES: dict[str, tuple[Act, type[RunyardException]]] = {
    "no experiment": (lambda c, _: c.get_experiment("777"), DoesNotExist),
    "no number": (lambda c, _: c.get_experiment("abc"), InvalidParameter),
    "a name that is taken": (lambda c, _: c.create_experiment("Default"), AlreadyExists),
    "an empty name": (lambda c, _: c.create_experiment(""), InvalidParameter),
    "no run": (lambda c, _: c.get_run("f" * 32), DoesNotExist),
    "a run in no experiment": (lambda c, _: c.create_run("777"), DoesNotExist),
    "another value of a param": (lambda c, run_id: c.log_param(run_id, "p", "2"), InvalidParameter),
    "a key with a line break": (lambda c, run_id: c.log_param(run_id, "p\n", "2"), InvalidParameter),
    "no tag": (lambda c, run_id: c.delete_tag(run_id, "nope"), DoesNotExist),
    "a filter": (lambda c, _: c.search_runs(["0"], "metrics.x ~ 1"), InvalidParameter),
    "an order": (lambda c, _: c.search_runs(["0"], order_by=["bogus.x"]), InvalidParameter),
    "a page token": (lambda c, _: c.search_runs(["0"], page_token="zzz"), InvalidParameter),
    "too many at once": (lambda c, _: c.search_runs(["0"], max_results=10**6), InvalidParameter),
    "no model": (lambda c, _: c.get_registered_model("nope"), DoesNotExist),
    "no version": (lambda c, _: c.get_model_version("nope", "9"), DoesNotExist),
    "no logged model": (lambda c, _: c.get_logged_model("m-" + "0" * 32), DoesNotExist),
    "a location": (lambda c, _: c.create_experiment("e", artifact_location="foo://x"), InvalidParameter),
    "a path upwards": (lambda c, run_id: c.log_text(run_id, "x", "../x"), InvalidParameter),
    "a status": (lambda c, run_id: c.set_terminated(run_id, "BOGUS"), InvalidParameter),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_the_same_error_with_and_without_a_server(
    mistake: str, local: RunyardClient, server: RunningServer
) -> None:
    """Class, code, status and text; the code is in the text of what a store answered, as scripts look for it."""
    act, kind = MISTAKES[mistake]
    found = []
    for client in (local, RunyardClient(server.url)):
        run_id = client.create_run("0").info.run_id
        client.log_param(run_id, "p", "1")
        with pytest.raises(kind) as caught:
            act(client, run_id)
        error = caught.value
        text = str(error).replace(run_id, "<run>")
        found.append((type(error), error.error_code, error.http_status, error.message.replace(run_id, "<run>"), text))
        if isinstance(error, RestException):
            assert str(error) == f"{error.error_code}: {error.message}"
            copy = pickle.loads(pickle.dumps(error))
            assert (type(copy), str(copy), copy.http_status) == (type(error), str(error), error.http_status)

    assert found[0] == found[1]
