"""Asks an ASGI application without a network."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlencode


@dataclass
class Answer:
    """What the application answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as what its JSON text stands for."""
        return json.loads(self.body)

    @cached_property
    def elements(self) -> list[tuple[str, dict[str, str]]]:
        """Every element of the page: its tag and attributes, in order."""
        collector = _Collector()
        collector.feed(self.text)
        return collector.elements

    def attributes(self, tag: str, name: str) -> list[str]:
        """The attribute's value of every element of that tag that has it."""
        return [attributes[name] for found, attributes in self.elements if found == tag and name in attributes]

    @cached_property
    def words(self) -> str:
        """The page's text without its tags, its dashes as plain ones."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", self.text))).replace("\N{EN DASH}", "-")


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))


@dataclass
class Reader:
    """Sends requests to an application."""

    app: Any
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, address: str, **headers: str) -> Answer:
        """Ask for a page; follows no redirect."""
        return asyncio.run(self._ask("GET", address, b"", headers))

    def send(self, address: str, **fields: str | list[str]) -> Answer:
        """Send a form."""
        body = urlencode(fields, doseq=True).encode()
        return self.post(address, body, "application/x-www-form-urlencoded")

    def post(self, address: str, body: bytes, content_type: str) -> Answer:
        """Send a body as it is."""
        return asyncio.run(self._ask("POST", address, body, {"content-type": content_type}))

    async def _ask(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = address.partition("?")
        named = {"host": "runyard.example:5000", **self.headers, **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},  # who streams need not ask whether one still listens
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
            "server": ("runyard.example", 5000),
            "client": ("127.0.0.1", 1),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        named = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], named, b"".join(message.get("body", b"") for message in sent[1:]))
