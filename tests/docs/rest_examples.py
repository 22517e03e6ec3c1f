"""Makes curl lines of the story's requests, runs them in one shell, and keeps what is answered.

`python -m tests.docs.rest_examples` (or `make docs`) writes the examples; a test runs them again and compares.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from runyard.core.wire import wire_fields
from runyard.gate.slices import load_messages
from runyard.protocol.message import OPERATIONS
from tests.docs.reference import LINE, compact
from tests.docs.rest_story import DESTINATION, STORY, FileStep, Step
from tests.support.http import Caller
from tests.support.s3 import ObjectStore, start_object_store
from tests.support.server import ROOT, RunningServer

load_messages()

EXAMPLES = ROOT / "web" / "docs" / "reference" / "examples.json"
FILES = {"weights.bin": "0.31 0.42\n", "report.md": "# Depth 3\n", "large.bin": "0.31 0.42\n"}
_ADDRESS = "$RUNYARD_URL"
_JSON = "-H 'Content-Type: application/json'"
_LONGEST_LIST = 2
_NOON = 1764331200000
_VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")
_ID = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{40}_)?[0-9a-f]{32}(?![0-9a-f])")
_SIGNED = re.compile(r"https?://[^/]+/([^?]*)\?.*X-Amz-.*")
_ABSENT_ID = "e" * 32
_NAMING = {
    **dict.fromkeys(("run_id", "source_run_id", "selection_id", "view_id", "change_id"), _ABSENT_ID),
    "model_id": f"m-{_ABSENT_ID}",
    "experiment_id": "987654",
}
"""Fields that name something, and values for which there is nothing."""


# ---------------------------------------------------------------------------------------------------------- curl lines


def method_and_path(step: Step) -> tuple[str, str]:
    """The method and the path of a request, as OpenAPI names it."""
    if isinstance(step, FileStep):
        return step.method, step.route
    operation = OPERATIONS[step.name].operation
    return operation.methods[0], operation.main_path


def curl_line(step: Step) -> str:
    """What a reader types for a request."""
    method, path = method_and_path(step)
    query: Mapping[str, Any] = {}
    body: Mapping[str, Any] = step.fields
    if isinstance(step, FileStep):
        path, query = step.address, step.query
    else:
        named = re.findall(r"{(\w+)}", path)
        path = re.sub(r"{(\w+)}", lambda part: str(step.fields[part[1]]), path)
        body = {name: value for name, value in step.fields.items() if name not in named}
        if method == "GET":
            query, body = body, {}
        else:
            query = {name: value for name, value in body.items() if name in OPERATIONS[step.name].operation.in_query}
            body = {name: value for name, value in body.items() if name not in query}
    words = [_method_option(step, method, bool(body)), _address(path, query, method)]
    words += _parameters(query) if method == "GET" else []
    words += [step.options] if isinstance(step, FileStep) and step.options else []
    words += [_JSON] if body else []
    lines = _wrapped(["curl --fail-with-body", *filter(None, words)])
    line = " \\\n  ".join([*lines, *([_body(body)] if body else [])])
    return step.before + line


def _method_option(step: Step, method: str, has_body: bool) -> str:
    if method == "GET":
        return "-G" if (step.query if isinstance(step, FileStep) else step.fields) else ""
    if method == "POST" and has_body:
        return ""  # curl's own for a body
    return "" if isinstance(step, FileStep) and step.options else f"-X {method}"


def _address(path: str, query: Mapping[str, Any], method: str) -> str:
    asked = "&".join(f"{name}={_text(value)}" for name, value in query.items()) if method != "GET" else ""
    return f'"{_ADDRESS}{path}{"?" if asked else ""}{asked}"'


def _parameters(query: Mapping[str, Any]) -> list[str]:
    options = []
    for name, value in query.items():
        for one in value if isinstance(value, list) else [value]:
            text = _text(one)
            is_plain = re.fullmatch(r"[\w$./-]+", text)
            options.append(f"-d {name}={text}" if is_plain else f"--data-urlencode '{name}={text}'")
    return options


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(body: Mapping[str, Any]) -> str:
    text = compact(body)
    assert "'" not in text, "the shell ends the text here"
    spliced = _VARIABLE.sub(r"'$\1'", text)
    return f"-d '{spliced}'"


def _wrapped(words: list[str]) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


# ------------------------------------------------------------------------------------------------------------- running


class Shell:
    """One shell that runs the lines, as a script would.

    Parameters
    ----------
    folder: Its working directory, with the files that are sent.
    """

    def __init__(self, folder: Path, address: str) -> None:
        for name, text in FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / ".curlrc").write_text('silent\nwrite-out = "%{stderr}%{http_code}\\n"\n', encoding="utf-8")
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**clean, "CURL_HOME": str(folder), "RUNYARD_URL": address}
        self._folder = folder
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> tuple[set[str], str]:
        """Run lines: the HTTP statuses that curl saw, and what was printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{{ {code}\n}} > printed 2> told < /dev/null; echo $?\n")
        self._process.stdin.flush()
        ended = self._process.stdout.readline().strip()
        printed, told = ((self._folder / name).read_text(encoding="utf-8") for name in ("printed", "told"))
        assert ended == "0", f"{code}\n{ended}: {printed}{told}"
        return set(told.split()), printed

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@contextmanager
def shell(folder: Path, address: str) -> Iterator[Shell]:
    """A shell that is ended."""
    opened = Shell(folder, address)
    try:
        yield opened
    finally:
        opened.close()


def answers(folder: Path, address: str, variables: dict[str, str]) -> Iterator[tuple[Step, Any]]:
    """Run the whole story: each request with its answer, None where there is no JSON.

    Parameters
    ----------
    variables: Gets the shell's variables.

    Raises
    ------
    AssertionError: A request did not succeed; has its curl line and the answer.
    """
    with shell(folder, address) as opened:
        for step in STORY:
            line = curl_line(step)
            statuses, printed = opened.run(line)
            assert statuses == {"200"}, f"{line}\n{statuses}"
            answer = json.loads(printed) if printed else None
            for variable, place in step.keeps.items():
                variables[variable] = str(_at(answer, place))
                opened.run(f"{variable}='{variables[variable]}'")
            yield step, answer


def _at(answer: Any, place: str) -> Any:
    for name in place.split("."):
        answer = answer[int(name)] if isinstance(answer, list) else answer[name]
    return answer


def refusals(address: str) -> dict[str, int]:
    """Ask for the same of things that are not there: the status of each operation, 200 where it needs none.

    Uploads to the server's store are left out: they need nothing that is there.
    """
    with Caller(address) as caller:
        steps = {step.name: step for step in reversed(STORY) if step.name != "upload_stored"}
        last = sorted(steps, key=lambda name: name.startswith(("create_", "start_")))  # these make what was missing
        return {name: _status(caller, steps[name]) for name in last}


def _status(caller: Caller, step: Step) -> int:
    fields = json.loads(_missing(json.dumps(step.fields)))
    if isinstance(step, FileStep):
        query = urlencode(json.loads(_missing(json.dumps(step.query))))
        return _asked(caller, step.method, f"{_missing(step.address)}?{query}", fields)
    operation = OPERATIONS[step.name].operation
    kind: Any = OPERATIONS[step.name]
    known = {field.name for field in wire_fields(kind)}
    fields |= {name: value for name, value in _NAMING.items() if name in known and type(fields.get(name)) is not list}
    fields.pop("experiment_name" if "experiment_id" in fields else "", None)  # one of both is given
    fields.pop("model_id" if "run_id" in fields and step.name == "create_presigned_upload_url" else "", None)
    address = operation.address(fields)
    if operation.methods[0] == "GET":
        return _asked(caller, "GET", f"{address}?{urlencode(fields, doseq=True)}", {})
    return _asked(caller, operation.methods[0], address, fields)


def _asked(caller: Caller, method: str, address: str, body: Mapping[str, Any]) -> int:
    content, headers = (json.dumps(body).encode(), {"Content-Type": "application/json"}) if body else (None, {})
    return caller.request(method, address, content, headers)[0]


def _missing(text: str) -> str:
    """A request about a run, a model, an experiment that nobody made."""
    for name in ("weights.bin", "large.bin", "report.md", "spam-filter", "mail-filter", "spam-2025"):
        text = text.replace(name, "absent")
    text = text.replace("$EXPERIMENT_ID", _NAMING["experiment_id"]).replace("$MODEL_ID", _NAMING["model_id"])
    return _ID.sub(_ABSENT_ID, _VARIABLE.sub(_ABSENT_ID, text))


# ------------------------------------------------------------------------------------------------------------ examples


def told(folder: Path, address: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The story as it is shown, and the answers as they were, by the name of the operation.

    Each example has `curl`, `method` and `path`, `request` where JSON is sent, `parameters` of routes of artifacts,
    `keeps` where later ones need something of the answer, `answer` where it is JSON, and `absent` when it is answered
    404 for what is not there.
    """
    begun = time.time()
    variables = {"ETAG": hashlib.md5(FILES["large.bin"].encode()).hexdigest()}
    found: dict[str, Any] = {}
    told_of: dict[str, dict[str, Any]] = {}
    for step, answer in answers(folder, address, variables):
        if step.name not in found:
            found[step.name] = answer
            told_of[step.name] = _example(step, answer, variables)
    refused = refusals(address)
    for name, example in told_of.items():
        if refused.get(name) == 404:
            example["absent"] = True
    return _steady(told_of, begun), found


def _example(step: Step, answer: Any, variables: Mapping[str, str]) -> dict[str, Any]:
    method, path = method_and_path(step)
    parts = {
        "method": method,
        "path": path,
        "curl": curl_line(step),
        "keeps": dict(step.keeps),
        "request": dict(step.fields),
        "parameters": _of_route(step) if isinstance(step, FileStep) else {},
    }
    for name in ("request", "parameters"):
        parts[name] = json.loads(_VARIABLE.sub(lambda word: variables[word[1]], json.dumps(parts[name])))
    if answer is not None:
        parts["answer"] = _short(answer)
    return {name: value for name, value in parts.items() if value != {} or name == "answer"}


def _of_route(step: FileStep) -> dict[str, str]:
    """What is sent in the path and the query."""
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>.+)", step.route)
    in_path = re.fullmatch(pattern, step.address)
    assert in_path, step.address
    return {**in_path.groupdict(), **step.query}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(one) for one in value[:_LONGEST_LIST]]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return _SIGNED.sub(r"https://s3.example.com/\1?X-Amz-Signature=…", value) if isinstance(value, str) else value


def _steady(examples: dict[str, dict[str, Any]], begun: float) -> dict[str, dict[str, Any]]:
    """The same with other ids and times: those that the server made differ from run to run."""
    known: dict[str, str] = {}
    literal = set(_ID.findall("".join(example["curl"] for example in examples.values())))

    def other(found: re.Match[str]) -> str:
        if found[0] in literal:
            return found[0]
        number = str(len(known))
        return known.setdefault(found[0], hashlib.sha256(number.encode()).hexdigest()[:32])

    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walked(one) for name, one in value.items()}
        if isinstance(value, list):
            return [walked(one) for one in value]
        if type(value) is int and abs(value / 1000 - begun) < 3600:
            return _NOON
        return _ID.sub(other, value) if isinstance(value, str) else value

    return {name: {part: walked(value) for part, value in example.items()} for name, example in examples.items()}


# -------------------------------------------------------------------------------------------------------------- writing


@contextmanager
def server(folder: Path, objects: ObjectStore) -> Iterator[RunningServer]:
    """The server of the story: its artifacts are in a bucket."""
    for name in ("server", "work"):
        (folder / name).mkdir()
    running = RunningServer(
        folder / "server",
        f"sqlite:///{folder / 'server' / 'runyard.db'}",
        options=("--artifacts-destination", DESTINATION),
        environment=objects.environment(),
    )
    try:
        yield running.start()
    finally:
        running.kill()


def write_examples() -> None:
    """Write the file of examples from the answers of a server that is started for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        objects = start_object_store(folder)
        try:
            with server(folder, objects) as running:
                examples = told(folder / "work", running.url)[0]
        finally:
            objects.stop()
    EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_examples()
    sys.stdout.write(f"Wrote {EXAMPLES}\n")
