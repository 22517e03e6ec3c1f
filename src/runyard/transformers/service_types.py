"""Requests and answers of services for language models, as signatures."""

from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.types.datatypes import AnyType, Array, Map, Object, Property
from runyard.types.schema import ColSpec, Schema

CHAT, COMPLETIONS, EMBEDDINGS = "llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings"


def _object(**properties: Any) -> Object:
    """An object with these properties; those whose name ends in ``_or_none`` may be missing."""
    return Object([Property(*_optional(name, kind)) for name, kind in properties.items()])


def _optional(name: str, kind: Any) -> tuple[str, Any, bool]:
    plain = name.removesuffix("_or_none")
    return plain, kind, plain == name


def _columns(**columns: Any) -> Schema:
    """Columns as `_object` has properties."""
    found = [_optional(name, kind) for name, kind in columns.items()]
    return Schema([ColSpec(kind, name, required) for name, kind, required in found])


def _message() -> Object:
    call = _object(id="string", type="string", function=_object(name="string", arguments="string"))
    return _object(
        role="string",
        content_or_none="string",
        name_or_none="string",
        refusal_or_none="string",
        tool_call_id_or_none="string",
        tool_calls_or_none=Array(call),
    )


def _tool() -> Object:
    each = _object(
        type="string",
        description_or_none="string",
        enum_or_none=Array("string"),
        items_or_none=_object(type="string"),
    )
    parameters = _object(
        properties=Map(each),
        type_or_none="string",
        required_or_none=Array("string"),
        additionalProperties_or_none="boolean",
    )
    function = _object(name="string", description_or_none="string", parameters=parameters, strict_or_none="boolean")
    return _object(type="string", function_or_none=function)


def _generating() -> dict[str, Any]:
    return {
        "temperature_or_none": "double",
        "max_tokens_or_none": "long",
        "stop_or_none": Array("string"),
        "n_or_none": "long",
        "stream_or_none": "boolean",
    }


def _usage() -> Object:
    return _object(prompt_tokens="long", completion_tokens="long", total_tokens="long")


_HEAD = {"id": "string", "object": "string", "created": "long", "model": "string"}


def _chat() -> ModelSignature:
    choice = _object(index="long", finish_reason="string", message=_message())
    return ModelSignature(
        _columns(
            messages=Array(_message()),
            **_generating(),
            top_p_or_none="double",
            top_k_or_none="long",
            frequency_penalty_or_none="double",
            presence_penalty_or_none="double",
            tools_or_none=Array(_tool()),
            custom_inputs_or_none=Map(AnyType()),
        ),
        _columns(**_HEAD, choices=Array(choice), usage_or_none=_usage(), custom_outputs_or_none=Map(AnyType())),
    )


def _completions() -> ModelSignature:
    choice = _object(index="long", finish_reason="string", text="string")
    return ModelSignature(
        _columns(prompt="string", **_generating()), _columns(**_HEAD, choices=Array(choice), usage=_usage())
    )


def _embeddings() -> ModelSignature:
    one = _object(object="string", index="long", embedding=Array("double"))
    usage = _object(prompt_tokens="long", total_tokens="long")
    return ModelSignature(_columns(input="string"), _columns(object="string", data=Array(one), usage=usage))


_SIGNATURES = {CHAT: _chat, COMPLETIONS: _completions, EMBEDDINGS: _embeddings}


def signature_of(task: str) -> ModelSignature:
    """What such a service takes and gives.

    Raises
    ------
    InvalidParameter: There is no such task.
    """
    if task not in _SIGNATURES:
        raise InvalidParameter(f"{task!r} is not a task of services. They are {', '.join(_SIGNATURES)}.")
    return _SIGNATURES[task]()
