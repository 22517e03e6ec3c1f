"""What counts as a refusal for good: what a store itself says about the message. Everything else is tried again."""

import pytest

from runyard.client import RunyardClient
from runyard.client.delivery import deliver
from runyard.client.errors import Unreachable
from runyard.client.journal import Change, Entry, Point, spool_folder
from runyard.client.transports import transport_to
from runyard.exceptions import RunyardException
from runyard.tracking.runs.messages import SetTag
from tests.client.reading import journals
from tests.client.scripted import Answer, ScriptedServer

POINT = Point(0, "a" * 32, "m", 1.0, 1, 1)
TAG = Change(0, SetTag(run_id="a" * 32, key="k", value="v"))


def refused(scripted: ScriptedServer, entry: Entry) -> list[str]:
    """The reasons for which an entry is set aside."""
    reasons: list[str] = []
    deliver(transport_to(scripted.url), [entry], lambda _, error: reasons.append(error.message), 0.0)
    return reasons


@pytest.mark.parametrize("entry", [POINT, TAG], ids=["point", "change"])
@pytest.mark.parametrize(
    "body",
    [b"<html>no</html>", b"", b"null", b"[1]", b'{"message": "no"}', b'{"error_code": 413, "message": "no"}'],
)
def test_an_answer_of_something_on_the_way_refuses_nothing(body: bytes, entry: Entry, scripted: ScriptedServer) -> None:
    """Whatever its status: a proxy's limit, its login page, its wrong path, its fault."""
    for status in [201, 202, 203, 206, 300, 301, 302, 303, 307, 308, *range(400, 452), 499, *range(500, 512), 520, 599]:
        scripted.answers = [Answer(status, body)]

        with pytest.raises(Unreachable):
            refused(scripted, entry)


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"", b"null", b"[]"])
def test_a_page_with_status_200_does_not_count_as_delivered(body: bytes, scripted: ScriptedServer) -> None:
    """The page that a captive network shows."""
    scripted.answers = [Answer(200, body)]

    with pytest.raises(Unreachable):
        refused(scripted, POINT)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_login_page_refuses_nothing(status: int, scripted: ScriptedServer) -> None:
    """Followed, and answered with a page."""
    scripted.answers = [Answer(status, headers={"Location": "/login"}), Answer(200, b"<html>log in</html>")]

    with pytest.raises(Unreachable):
        refused(scripted, POINT)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "ENDPOINT_NOT_FOUND"),
        (405, "BAD_REQUEST"),
        (415, "INVALID_PARAMETER_VALUE"),
        (500, "INTERNAL_ERROR"),
        (500, "INVALID_PARAMETER_VALUE"),
        (501, "NOT_IMPLEMENTED"),
        (503, "TEMPORARILY_UNAVAILABLE"),
        (507, "RESOURCE_EXHAUSTED"),
    ],
)
def test_what_a_store_says_about_the_caller_or_the_way_refuses_nothing(
    status: int, code: str, scripted: ScriptedServer
) -> None:
    """Expired credentials, a method or content type that a proxy changed, a fault, a full disk: it can be mended."""
    scripted.answers = [Answer.error(status, code, "no")]

    with pytest.raises(Unreachable):
        refused(scripted, POINT)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_PARAMETER_VALUE"),
        (400, "BAD_REQUEST"),
        (400, "RESOURCE_ALREADY_EXISTS"),
        (404, "RESOURCE_DOES_NOT_EXIST"),
        (409, "RESOURCE_CONFLICT"),
        (413, "BAD_REQUEST"),
    ],
)
def test_what_a_store_says_about_the_message_is_final(status: int, code: str, scripted: ScriptedServer) -> None:
    """Or one bad point would hold up all that follow."""
    scripted.answers = [Answer.error(status, code, "not this one")]

    (reason,) = refused(scripted, POINT)

    assert "not this one" in reason


@pytest.mark.parametrize("status", [302, 400, 404, 405, 413, 500, 502])
def test_a_page_instead_of_an_answer_loses_no_param_and_stops_no_training(
    status: int, scripted: ScriptedServer, impatient: None
) -> None:
    """Params and tags are kept like points, and delivered when the proxy lets them through."""
    scripted.answers = [Answer(status, b"<html>no</html>")] * 1000
    client = RunyardClient(scripted.url)

    client.log_param("a" * 32, "lr", 1)
    client.set_tag("a" * 32, "k", "v")
    assert len(journals()) == 1
    scripted.answers.clear()
    client.connection.flush()

    assert [asked.path.rpartition("/")[2] for asked in scripted.asked[-2:]] == ["log-parameter", "set-tag"]
    assert not list(spool_folder().glob("*.rejected"))


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_are_told_at_once(status: int, scripted: ScriptedServer) -> None:
    """Waiting does not mend them."""
    scripted.answers = [Answer(status, b"<html>who are you?</html>")]

    with pytest.raises(RunyardException, match="who are you"):
        RunyardClient(scripted.url).log_param("a" * 32, "lr", 1)
