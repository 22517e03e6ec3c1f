"""Pipelines that answer as services for language models do: chats, completions and embeddings."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.core.libraries import lazy, np
from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.transformers.inputs import is_chat, rows
from runyard.transformers.pyfunc import TransformersModel
from runyard.transformers.service_types import CHAT, COMPLETIONS, EMBEDDINGS, signature_of

torch = lazy("torch")
transformers = lazy("transformers")

_INPUT = {CHAT: "messages", COMPLETIONS: "prompt", EMBEDDINGS: "input"}
_OPTIONS = {"max_tokens": "max_new_tokens", "n": "num_return_sequences"}
"""What services call an option → what Transformers calls it."""
_NOT_OFFERED = ("stream", "tools", "custom_inputs", "frequency_penalty", "presence_penalty")


class ServiceModel:
    """Answers with a pipeline as a service would.

    Parameters
    ----------
    model: The pipeline as a pyfunc.
    task: The service's task, such as ``llm/v1/chat``.
    name: What answers call the model.
    """

    def __init__(self, model: TransformersModel, task: str, name: str) -> None:
        self._model, self._task, self._name = model, task, name

    @property
    def _tokenizer(self) -> Any:
        return self._model.pipeline.tokenizer

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The answer to each request; of embeddings one for all.

        Parameters
        ----------
        data: A request as a dictionary, a list of them, or a table with a row for each.
        params: Options of every request.

        Raises
        ------
        InvalidParameter: A request lacks its input, or has an option that is not offered.
        """
        requests = [self._request(one, params or {}) for one in rows(data)]
        if self._task == EMBEDDINGS:
            return self._embedded([text for one in requests for text in _texts(one["input"])])
        return [self._answered(one) for one in requests]

    def get_raw_model(self) -> Any:
        """The pipeline."""
        return self._model.pipeline

    def _request(self, one: Any, params: Mapping[str, Any]) -> dict[str, Any]:
        key = _INPUT[self._task]
        given = one if isinstance(one, Mapping) else {key: one}
        found = {name: value for name, value in {**given, **params}.items() if not _is_missing(value)}
        if key not in found:
            raise InvalidParameter(f"A request for {self._task} needs {key!r}.")
        wanted = [name for name in _NOT_OFFERED if found.get(name)]
        if wanted:
            raise InvalidParameter(f"{wanted[0]!r} is not offered for pipelines of Transformers: leave it out.")
        return {name: value for name, value in found.items() if name not in _NOT_OFFERED}

    def _answered(self, request: Mapping[str, Any]) -> dict[str, Any]:
        prompt = self._prompt(request[_INPUT[self._task]])
        is_chat_task = self._task == CHAT
        options = self._options({key: one for key, one in request.items() if key not in (_INPUT[self._task], "stop")})
        marks = {"add_special_tokens": False} if is_chat_task else {}
        given = self._tokenizer(prompt, **marks)["input_ids"]
        ends = _listed(request.get("stop"))
        if ends:
            options["stopping_criteria"] = transformers.StoppingCriteriaList([self._ending(len(given), ends)])
        (found,) = self._model.called([prompt], {**options, **marks, "return_tensors": True})
        written = [list(one["generated_token_ids"])[len(given) :] for one in found]
        most = options.get("max_new_tokens")
        choices = [
            {
                "index": index,
                "finish_reason": "length" if most is not None and len(tokens) >= most else "stop",
                **self._choice(_until(self._tokenizer.decode(tokens, skip_special_tokens=True), ends)),
            }
            for index, tokens in enumerate(written)
        ]
        completion = sum(map(len, written))
        return {
            "id": str(uuid.uuid4()),
            "object": "chat.completion" if is_chat_task else "text_completion",
            "created": int(time.time()),
            "model": self._name,
            "usage": {
                "prompt_tokens": len(given),
                "completion_tokens": completion,
                "total_tokens": len(given) + completion,
            },
            "choices": choices,
        }

    def _ending(self, begin: int, ends: Sequence[str]) -> Callable[..., Any]:
        """Whether each text is over, since it has one of these in what was written."""

        def is_over(input_ids: Any, scores: Any, **options: Any) -> Any:
            written = self._tokenizer.batch_decode(input_ids[:, begin:], skip_special_tokens=True)
            found = [any(end in text for end in ends) for text in written]
            return torch.tensor(found, dtype=torch.bool, device=input_ids.device)

        return is_over

    def _prompt(self, given: Any) -> str:
        if self._task == COMPLETIONS:
            if not isinstance(given, str):
                raise InvalidParameter(f"'prompt' is a text, not {type(given).__name__}.")
            template = self._model.prompt_template
            return template.format(prompt=given) if template else given
        messages = list(given) if isinstance(given, list | np.ndarray) else given
        if not is_chat(messages):
            raise InvalidParameter("'messages' is a list of dictionaries of 'role' and 'content'.")
        if getattr(self._tokenizer, "chat_template", None) is None:
            raise InvalidParameter("The model's tokenizer has no chat_template, so it cannot chat. Use completions.")
        plain = [{key: value for key, value in one.items() if not _is_missing(value)} for one in messages]
        return str(self._tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True))

    def _options(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a request as Transformers names them."""
        named = {_OPTIONS.get(name, name): value for name, value in request.items()}
        options = {**self._model.model_config, **named}
        if named.get("temperature") == 0:  # which means the likeliest words there
            del options["temperature"]
            options["do_sample"] = False
        elif "temperature" in named or named.get("num_return_sequences", 1) > 1:
            options["do_sample"] = True
        return options

    def _choice(self, text: str) -> dict[str, Any]:
        return {"message": {"role": "assistant", "content": text}} if self._task == CHAT else {"text": text}

    def _embedded(self, texts: Sequence[str]) -> dict[str, Any]:
        """An embedding of each text: what the model makes of its first token."""
        found = self._model.called(list(texts), self._model.model_config)
        return embeddings_answer([np.asarray(one)[0][0] for one in found], self._tokenizer, texts)


def embeddings_answer(vectors: Any, tokenizer: Any, texts: Sequence[str]) -> dict[str, Any]:
    """What a service for embeddings answers.

    Parameters
    ----------
    vectors: One for each text.
    tokenizer: Counts the tokens of the texts.
    """
    tokens = sum(len(one) for one in tokenizer(list(texts))["input_ids"])
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": np.asarray(one).tolist()}
            for index, one in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _listed(given: Any) -> list[str]:
    if given is None or isinstance(given, str):
        return [given] if given else []
    return [str(one) for one in given]


def _until(text: str, ends: Sequence[str]) -> str:
    """A text up to the first of these."""
    return text[: min((text.index(end) for end in ends if end in text), default=len(text))]


def _texts(given: Any) -> list[str]:
    found = list(given) if isinstance(given, list | np.ndarray) else [given]
    if not all(isinstance(one, str) for one in found):
        raise InvalidParameter("'input' is a text, or a list of texts.")
    return found


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def infer_signature_from_llm_inference_task(
    inference_task: str, signature: ModelSignature | None = None
) -> ModelSignature:
    """The signature of a model that answers as a service.

    Parameters
    ----------
    inference_task: Such as ``llm/v1/chat``.
    signature: One that the caller gives, which is kept.

    Raises
    ------
    InvalidParameter: There is no such task.
    """
    return signature if signature is not None else signature_of(inference_task)
