"""Plain HTTP calls, without any SDK between the test and the server."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

API = "/api/2.0/mlflow/"


class Caller:
    """One keep-alive connection to a server."""

    def __init__(self, url: str, timeout: float = 30) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower-case names) and body of an answer."""
        self.connection.request(method, path, body, headers or {})
        reply = self.connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()

    def post(self, path: str, message: Any) -> tuple[int, Any]:
        """Send a JSON message to the API; returns status and decoded answer."""
        body = json.dumps(message).encode()
        status, _, answer = self.request("POST", API + path, body, {"Content-Type": "application/json"})
        return status, json.loads(answer) if answer else None

    def get(self, path: str) -> tuple[int, Any]:
        """Ask the API; returns status and decoded answer."""
        status, _, answer = self.request("GET", API + path)
        return status, json.loads(answer) if answer else None

    def call(self, path: str, message: Any) -> Any:
        """Send a message that must succeed."""
        status, answer = self.post(path, message)
        assert status == 200, f"{path}: {status} {answer}"
        return answer

    def new_experiment(self, name: str) -> str:
        """Create an experiment; returns its id."""
        return str(self.call("experiments/create", {"name": name})["experiment_id"])

    def new_run(self, experiment_id: str = "0") -> str:
        """Create a run; returns its id."""
        return str(self.call("runs/create", {"experiment_id": experiment_id, "start_time": 1})["run"]["info"]["run_id"])

    def ask(self, method: str, path: str, message: object = None) -> tuple[int, Any]:
        """Status and JSON of the answer to a JSON request for any path."""
        body = None if message is None else json.dumps(message).encode()
        status, _, answer = self.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        return status, json.loads(answer)
