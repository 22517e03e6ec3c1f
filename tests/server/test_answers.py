"""Answers of an application on the wire: those of a known length leave as one piece, others as uvicorn sends them."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runyard.http.answers import App
from runyard.http.deadlines import Deadlines
from runyard.http.process import OrderlyServer, listen
from runyard.http.settings import Limits

START = "http.response.start"
BODY = "http.response.body"


@contextlib.contextmanager
def serving(*messages: dict[str, Any]) -> Iterator[Callable[[bytes], bytes]]:
    """A server that answers every request with these messages; asks it, and returns all that comes."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for _ in range(2):
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
            return
        for message in messages:
            await send(dict(message))

    yield from _served(app)


def _served(app: App) -> Iterator[Callable[[bytes], bytes]]:
    listener, ready = listen("127.0.0.1", 0), threading.Event()
    server = OrderlyServer(app, Limits(), ready.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    assert ready.wait(30)

    def ask(method: bytes) -> bytes:
        with socket.create_connection(listener.getsockname()[:2], 30) as connection:
            connection.sendall(
                method
                + b" / HTTP/1.1\r\nhost: a\r\n\r\n"
                + method
                + b" / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
            )
            parts = list(iter(lambda: connection.recv(65536), b""))
        return b"".join(parts)

    try:
        yield ask
    finally:
        server.should_exit = True
        thread.join(30)


def head(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    """The beginning of an answer."""
    return {"type": START, "status": status, "headers": list(headers)}


def body(text: bytes, more: bool = False) -> dict[str, Any]:
    """A part of an answer's body."""
    return {"type": BODY, "body": text, "more_body": more}


LENGTH = (b"content-length", b"4")


@pytest.mark.parametrize(
    ("messages", "found", "answers"),
    [
        ([head(LENGTH), body(b"abcd")], b"\r\n\r\nabcd", 2),
        ([head(LENGTH, (b"x-a", b"1")), body(b"ab", True), body(b"cd")], b"x-a: 1\r\n\r\nabcd", 2),
        ([head((b"x-b", b"2")), body(b"abcd")], b"transfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", 2),
        ([head(LENGTH, (b"connection", b"close")), body(b"abcd")], b"connection: close\r\n\r\nabcd", 1),
        ([head(status=204), body(b"")], b"HTTP/1.1 204 No Content\r\n", 2),
        ([head(LENGTH, (b"x-c", b"1\r\nx-d: 2")), body(b"abcd")], b"", 0),
        ([head(LENGTH, (b"x e", b"1")), body(b"abcd")], b"", 0),
    ],
)
def test_answers_are_framed_as_their_headers_say(messages: list[dict[str, Any]], found: bytes, answers: int) -> None:
    """A header that would be two is not sent, and the connection serves the next request where it may."""
    with serving(*messages) as ask:
        answer = ask(b"GET")
    assert found in answer
    assert answers == answer.count(b"HTTP/1.1 ")
    assert b"x-d" not in answer


def test_a_head_without_a_body_has_its_length() -> None:
    """A HEAD request gets what a GET would, but for the body."""
    with serving(head(LENGTH), body(b"abcd")) as ask:
        answer = ask(b"HEAD")
    assert 2 == answer.count(b"content-length: 4\r\n")
    assert b"abcd" not in answer


@pytest.mark.parametrize("text", [b"abc", b"abcde"])
def test_a_body_of_another_length_ends_the_connection(text: bytes) -> None:
    """The client must not take the next answer for the rest of this one."""
    with serving(head(LENGTH), body(text)) as ask:
        answer = ask(b"GET")
    assert 1 >= answer.count(b"HTTP/1.1 200")


def test_deadlines_end_what_takes_too_long_and_nothing_else() -> None:
    """One timer serves all of them."""

    async def all_of_them() -> list[Any]:
        deadlines = Deadlines(0.05)
        quick = [deadlines.within(asyncio.sleep(0, place)) for place in range(3)]
        slow = [deadlines.within(asyncio.Event().wait()) for _ in range(2)]
        tasks = [asyncio.ensure_future(work) for work in (*quick, *slow)]
        given_up = asyncio.ensure_future(deadlines.within(asyncio.Event().wait()))
        await asyncio.sleep(0)
        given_up.cancel()
        found = await asyncio.gather(*tasks, given_up, return_exceptions=True)
        return [
            *found,
            await deadlines.within(asyncio.sleep(0, "after")),
            await Deadlines(0).within(asyncio.sleep(0, 1)),
        ]

    *kinds, after, unlimited = asyncio.run(all_of_them())
    assert ([0, 1, 2], "after", 1) == (kinds[:3], after, unlimited)
    assert [TimeoutError, TimeoutError, asyncio.CancelledError] == list(map(type, kinds[3:]))
