"""An answer with runs, decoded to what a table shows of them: at one go, a third of the time that dictionaries take."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec


class Point(msgspec.Struct, gc=False):
    """The latest point of a metric; its value is a text for NaN and infinities."""

    key: str
    value: float | str = 0.0


class Text(msgspec.Struct, gc=False):
    """A param or a tag."""

    key: str
    value: str = ""


class Info(msgspec.Struct, gc=False):
    """What a table shows of a run's info."""

    run_id: str
    experiment_id: str
    status: str
    artifact_uri: str | None = None
    start_time: int = 0
    end_time: int | None = None


class Data(msgspec.Struct, gc=False):
    """The latest metrics, the params and the tags of a run."""

    metrics: list[Point] = []
    params: list[Text] = []
    tags: list[Text] = []


class FoundRun(msgspec.Struct, gc=False):
    """A run."""

    info: Info
    data: Data = msgspec.field(default_factory=Data)


class FoundRuns(msgspec.Struct):
    """The answer: runs, each as JSON text, and the token of the next page."""

    runs: list[msgspec.Raw] = []
    next_page_token: str | None = None


AT_ONCE = 100
"""Runs that are decoded before they are looked at: of more, the first would have left the processor's cache by then."""

_decode_answer = msgspec.json.Decoder(FoundRuns).decode
_decode_run = msgspec.json.Decoder(FoundRun).decode


def answer_in(text: bytes) -> FoundRuns | None:
    """The answer; None when it has another form than most servers give it."""
    try:
        return _decode_answer(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


DecodeRun = Callable[[msgspec.Raw], FoundRun]


def decoder_for(keys: Mapping[str, Sequence[str]]) -> DecodeRun:
    """Decodes runs whose metrics, params and tags have these keys: no text is made for a key, which saves a third."""
    data = msgspec.defstruct("KnownData", [(kind, _entries(kind, keys[kind]), []) for kind in keys], gc=False)
    run = msgspec.defstruct("KnownRun", [("info", Info), ("data", data, msgspec.field(default_factory=data))], gc=False)
    decoder: Any = msgspec.json.Decoder(run)
    decode: DecodeRun = decoder.decode
    return decode


def _entries(kind: str, keys: Sequence[str]) -> Any:
    """The type of a list of metrics, params or tags that have no other keys than these."""
    general: Any = Point if kind == "metrics" else Text
    if keys:
        value = next(each for each in msgspec.structs.fields(general) if each.name == "value")
        general = msgspec.defstruct(
            "Known", [("key", Literal[tuple(keys)]), ("value", value.type, value.default)], gc=False
        )
    return list[general]


def decoded(runs: Sequence[msgspec.Raw], decode: DecodeRun = _decode_run) -> list[FoundRun] | None:
    """Runs of an answer; None when one has another form than most servers give it, such as numbers as texts.

    Parameters
    ----------
    decode: Of `decoder_for`: None is returned as well when a run has another key.
    """
    try:
        return [decode(run) for run in runs]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
