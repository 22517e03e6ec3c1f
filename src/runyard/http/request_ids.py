"""Ids of requests: what joins an answer with the lines of the log that tell of it."""

import itertools
import os
import re
from contextvars import ContextVar

HEADER = b"x-request-id"
"""Clients and proxies may send an id of their own in it; every answer has it."""

_CURRENT: ContextVar[str] = ContextVar("runyard_request_id", default="")
_GIVEN = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_numbers = itertools.count(1)


def request_id() -> str:
    """The id of the request that is being answered here; empty outside of one."""
    return _CURRENT.get()


def begin_request(given: bytes | None) -> str:
    """The id of a new request: the one that was given if it is plain, else a new one."""
    current = given.decode() if given and _GIVEN.fullmatch(given) else f"{_process}-{next(_numbers):x}"
    _CURRENT.set(current)
    return current


def incident_id() -> str:
    """An id under which a failure is logged: the request's, or a new one outside of requests."""
    return request_id() or os.urandom(6).hex()


def _name_process() -> None:
    """Choose a random text that is this process' own, also after a fork."""
    global _process
    _process = os.urandom(6).hex()


_process = ""
_name_process()
os.register_at_fork(after_in_child=_name_process)
