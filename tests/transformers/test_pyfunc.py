"""Pipelines of Transformers as pyfuncs: inputs, outputs, templates, and services."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import runyard
import transformers
from runyard.exceptions import InvalidParameter
from runyard.transformers import inputs, outputs
from runyard.transformers.pyfunc import TransformersModel
from tests.transformers import media, tiny

NONE: dict[str, Any] = {"pip_requirements": []}
SHORT = {"max_new_tokens": 3, "do_sample": False}


def saved(model: Any, **options: Any) -> Any:
    """The model, saved and loaded as a pyfunc."""
    runyard.transformers.save_model(model, "model", **NONE, **options)
    return runyard.pyfunc.load_model("model")


def test_pairs_and_parameters_reach_a_classifier(store: Path) -> None:
    """A pair of texts is a row; `top_k` gives a column for each rank."""
    pipeline = tiny.texts("text-classification", tiny.classifier())
    pair = {"text": "hello world", "text_pair": "bad"}
    loaded = saved(pipeline, input_example=(pair, {"top_k": 1}))

    assert loaded.metadata.signature.inputs.input_names() == ["text", "text_pair"]
    (row,) = loaded.predict(pair, params={"top_k": 2}).to_numpy().tolist()
    assert row == pipeline(pair, top_k=2)


def test_a_template_is_filled_and_left_out_of_the_answer(store: Path) -> None:
    """The model sees the prompt in its template, and gives only what it wrote."""
    loaded = saved(tiny.texts("text-generation", tiny.gpt()), prompt_template="you are {prompt}", model_config=SHORT)

    pipeline = tiny.texts("text-generation", tiny.gpt())
    (expected,) = pipeline("you are hello", return_full_text=False, **SHORT)
    assert loaded.predict("hello") == [expected["generated_text"]]
    assert loaded.metadata.metadata == {"prompt_template": "you are {prompt}"}
    assert loaded.model_config == {**SHORT, "return_full_text": False}


@pytest.mark.parametrize("template", ["no slot", "{prompt} {other}", "{prompt} {prompt}", 3, "{"])
def test_a_wrong_template_is_refused(template: Any, store: Path) -> None:
    """Nothing is written then."""
    with pytest.raises(InvalidParameter, match="prompt_template is a text"):
        saved(tiny.texts("text-generation", tiny.gpt()), prompt_template=template)
    assert not (store / "model").exists()


def test_a_template_needs_a_model_of_prompts(store: Path) -> None:
    """A classifier has none."""
    with pytest.raises(InvalidParameter, match="'text-classification' takes no prompt_template"):
        saved(tiny.texts("text-classification", tiny.classifier()), prompt_template="{prompt}")


def test_each_row_has_labels_of_its_own(store: Path) -> None:
    """As lists, as JSON, or separated by commas; no row is lost."""
    rows = [
        {"sequences": "hello", "candidate_labels": '["good", "bad"]', "hypothesis_template": "this is {}"},
        {"sequences": "world", "candidate_labels": "good, bad, a", "hypothesis_template": "this is {}"},
    ]
    found = saved(tiny.texts("zero-shot-classification", tiny.entailment())).predict(pd.DataFrame(rows))

    assert found["sequence"].tolist() == ["hello"] * 2 + ["world"] * 3
    assert sorted(found["labels"]) == ["a", "bad", "bad", "good", "good"]


def test_lists_of_labels_are_stored_as_texts(store: Path) -> None:
    """An example with a list of labels fits the signature that it gives."""
    example = {"sequences": "hello", "candidate_labels": ["good", "bad"]}
    loaded = saved(tiny.texts("zero-shot-classification", tiny.entailment()), input_example=example)

    assert json.loads((store / "model" / "input_example.json").read_text())["candidate_labels"] == '["good", "bad"]'
    assert len(loaded.predict(loaded.input_example or example)) == 2


def test_every_text_has_features(store: Path) -> None:
    """Texts of one length make one array, others a list of arrays."""
    loaded = saved(tiny.texts("feature-extraction", tiny.bert()))

    assert loaded.predict("hello world").shape == (4, 8)
    assert loaded.predict(["hello world", "bad good"]).shape == (2, 4, 8)
    assert [one.shape for one in loaded.predict(["hello world", "bad"])] == [(4, 8), (3, 8)]


def test_images_come_in_many_forms() -> None:
    """As base64, bytes, arrays, a path and Pillow's images."""
    model = TransformersModel(media.image_classifier())
    text = media.picture()
    expected = model.predict(text).to_numpy().tolist()

    file = base64.b64decode(text)
    for form in (
        file,
        media.PIXELS,
        media.PIXELS[None],
        [Image.fromarray(media.PIXELS)],
        pd.DataFrame({"i": [text]}),
    ):
        assert model.predict(form).to_numpy().tolist() == expected
    with pytest.raises(InvalidParameter, match="does not take this input"):
        model.predict("nonsense")
    with pytest.raises(InvalidParameter, match="not the file of an image"):
        model.predict(b"nonsense")


def test_a_recording_needs_no_ffmpeg(store: Path) -> None:
    """The bytes of a WAVE file, which are what the signature asks for, give what their samples give."""
    pipeline = media.speech()
    loaded = saved(pipeline)

    assert loaded.metadata.signature.inputs.input_types()[0].name == "binary"
    assert loaded.predict([media.recording()]) == [pipeline(media.SAMPLES)["text"]]


def test_times_of_words_come_as_json() -> None:
    """Beside what was said."""
    found = {"text": " hello", "chunks": [{"text": "hello", "timestamp": (0.0, 0.5)}]}

    assert outputs.spoken([{"text": " hello"}]) == ["hello"]
    assert json.loads(outputs.spoken([found])[0])["chunks"] == [{"text": "hello", "timestamp": [0.0, 0.5]}]


def test_what_does_not_predict_is_loaded_as_a_pipeline_only(store: Path) -> None:
    """A detector of objects has no pyfunc, and its own object works."""
    pipeline = media.detector()
    runyard.transformers.save_model(pipeline, "model", **NONE)

    image = Image.fromarray(media.PIXELS)
    assert runyard.transformers.load_model("model")(image, threshold=0.0) == pipeline(image, threshold=0.0)
    with pytest.raises(InvalidParameter, match="has no flavor 'python_function'"):
        runyard.pyfunc.load_model("model")


@pytest.mark.parametrize(
    ("data", "params", "told"),
    [
        (["hello", None], None, "takes texts"),
        ("hello", {"nonsense": 1}, "a parameter of .*'nonsense'"),
        ([], None, "empty"),
    ],
)
def test_wrong_input_is_told(data: Any, params: Any, told: str) -> None:
    """Texts that are none, options that the model does not have, and nothing at all."""
    with pytest.raises(InvalidParameter, match=told):
        TransformersModel(tiny.texts("text-generation", tiny.gpt()), SHORT).predict(data, params)


def test_a_completion_has_what_services_give(store: Path) -> None:
    """Choices, why they end, and how many tokens were used."""
    loaded = saved(
        tiny.texts("text-generation", tiny.gpt()), task="llm/v1/completions", model_config={"do_sample": False}
    )

    (answer,) = loaded.predict({"prompt": "hello world", "max_tokens": 2})
    assert answer["object"] == "text_completion"
    assert answer["choices"] == [{"index": 0, "finish_reason": "length", "text": "world world"}]
    assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4}
    (several,) = loaded.predict({"prompt": "hello", "max_tokens": 2, "n": 2, "temperature": 0.5})
    assert len(several["choices"]) == 2
    (stopped,) = loaded.predict({"prompt": "hello world", "max_tokens": 8, "stop": ["world"]})
    assert stopped["choices"] == [{"index": 0, "finish_reason": "stop", "text": ""}]
    assert stopped["usage"]["completion_tokens"] == 1
    frame = pd.DataFrame({"prompt": ["hello", "bad"], "max_tokens": [2, 2]})
    assert len(loaded.predict(frame)) == 2
    with pytest.raises(InvalidParameter, match="'stream' is not offered"):
        loaded.predict({"prompt": "hello", "stream": True})


CHAT = "{% for one in messages %}{{ one['role'] }} {{ one['content'] }} . {% endfor %}assistant "


def test_a_chat_uses_the_template_of_the_tokenizer(store: Path) -> None:
    """A tokenizer without one cannot chat."""
    pipeline = tiny.texts("text-generation", tiny.gpt())
    pipeline.tokenizer.chat_template = CHAT
    loaded = saved(pipeline, task="llm/v1/chat")

    messages = [{"role": "user", "content": "hello"}]
    given = {"add_special_tokens": False, "return_full_text": False, "max_new_tokens": 2, "do_sample": False}
    (expected,) = pipeline("user hello . assistant ", **given)
    (answer,) = loaded.predict({"messages": messages, "max_tokens": 2, "temperature": 0.0})
    assert answer["object"] == "chat.completion"
    assert answer["usage"]["prompt_tokens"] == 4
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": expected["generated_text"]}
    pipeline.tokenizer.chat_template = None
    runyard.transformers.save_model(pipeline, "silent", task="llm/v1/chat", **NONE)
    with pytest.raises(InvalidParameter, match="no chat_template"):
        runyard.pyfunc.load_model("silent").predict({"messages": messages})


def test_embeddings_have_what_services_give(store: Path) -> None:
    """One answer for all texts."""
    pipeline = tiny.texts("feature-extraction", tiny.bert())
    loaded = saved(pipeline, task="llm/v1/embeddings")

    answer = loaded.predict({"input": ["hello world", "bad"]})
    assert [one["index"] for one in answer["data"]] == [0, 1]
    np.testing.assert_allclose(answer["data"][0]["embedding"], pipeline("hello world")[0][0], rtol=1e-6)
    assert answer["usage"] == {"prompt_tokens": 7, "total_tokens": 7}


@pytest.mark.parametrize("task", ["llm/v1/embeddings", "llm/v1/nonsense"])
def test_a_task_of_services_must_fit(task: str, store: Path) -> None:
    """The message names those that do."""
    with pytest.raises(InvalidParameter, match="llm/v1/completions, llm/v1/chat, not"):
        saved(tiny.texts("text-generation", tiny.gpt()), task=task)


class QuestionAnsweringPipeline(transformers.Pipeline):  # type: ignore[misc]
    """Stands for the pipeline that version 4 of Transformers has: it answers with the end of the context."""

    def _sanitize_parameters(self, **options: Any) -> Any:
        return {}, {}, {}

    def preprocess(self, input_: Any, **options: Any) -> Any:
        """The input."""
        return {"given": input_}

    def _forward(self, input_tensors: Any, **options: Any) -> Any:
        return input_tensors

    def postprocess(self, model_outputs: Any, **options: Any) -> Any:
        """The answer."""
        return {"answer": model_outputs["given"]["context"].split()[-1], "score": 1.0}


def test_questions_are_answered() -> None:
    """As dictionaries and as tables."""
    model = TransformersModel(QuestionAnsweringPipeline(tiny.bert(), tiny.tokenizer(), task="question-answering"))
    rows = [{"question": "a", "context": "hello world"}, {"question": "b", "context": "is good"}]

    assert model.predict(rows) == model.predict(pd.DataFrame(rows)) == ["world", "good"]
    with pytest.raises(InvalidParameter, match="takes 'question' and 'context' by name"):
        model.predict("hello")


def test_tables_come_as_json() -> None:
    """Or as dictionaries of columns."""
    given = {"query": "a", "table": json.dumps({"x": [1, 2]})}

    (found,) = inputs.table_questions(given)
    assert found["table"].to_dict("list") == {"x": ["1", "2"]}
    with pytest.raises(InvalidParameter, match="'table' is not a dictionary of columns"):
        inputs.table_questions({"query": "a", "table": "nonsense"})
