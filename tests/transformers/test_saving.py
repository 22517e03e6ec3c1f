"""What is saved of a pipeline, and the ways to load it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch

import runyard
import transformers
from runyard.exceptions import InvalidParameter, RunyardException
from tests.flavors.examples import described, paths
from tests.transformers import tiny

NONE: dict[str, Any] = {"pip_requirements": []}
REPOSITORY, COMMIT = "acme/tiny", "a" * 40


def classifier() -> Any:
    """A pipeline to save."""
    return tiny.texts("text-classification", tiny.classifier())


def settings(folder: Path) -> dict[str, Any]:
    """What the MLmodel file says of the flavor."""
    found: dict[str, Any] = described(folder)["flavors"]["transformers"]
    return found


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A folder as Transformers saves them, with a card."""
    folder = tmp_path / "checkpoint"
    tiny.classifier().save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# A tiny model\n", encoding="utf-8")
    return folder


@pytest.fixture
def hub(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is on this machine after a repository of the hub was fetched."""
    cache = tmp_path / "hub"
    repository = cache / "models--acme--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    (repository / "snapshots").mkdir()
    checkpoint.rename(repository / "snapshots" / COMMIT)
    for module in ("huggingface_hub.constants", "huggingface_hub.file_download"):
        monkeypatch.setattr(f"{module}.HF_HUB_CACHE", str(cache), raising=False)
    return repository


def test_parts_make_the_pipeline_that_their_model_is_for(store: Path) -> None:
    """The task is found out from the class of the model."""
    runyard.transformers.save_model({"model": tiny.classifier(), "tokenizer": tiny.tokenizer()}, "model", **NONE)

    assert settings(store / "model")["task"] == "text-classification"
    loaded = runyard.transformers.load_model("model", top_k=2)
    assert [one["label"] for one in loaded(["hello"])[0]] == ["LABEL_1", "LABEL_0"]


def test_a_checkpoint_is_copied(store: Path, checkpoint: Path) -> None:
    """With its card, and with its tokenizer among the components; the model is not read for it."""
    runyard.transformers.save_model(str(checkpoint), "model", task="text-classification", **NONE)

    assert settings(store / "model")["pipeline_model_type"] == "BertForSequenceClassification"
    assert (store / "model" / "model_card.md").read_text() == "# A tiny model\n"
    assert "mit" in (store / "model" / "LICENSE.txt").read_text()
    assert runyard.transformers.load_model("model")("hello") == classifier()("hello")
    assert len(runyard.pyfunc.load_model("model").predict(["hello", "bad"])) == 2


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        (object(), {}, "is a pipeline, a dictionary of its parts, or the folder of a checkpoint"),
        ({"nonsense": 1}, {}, "'nonsense' is not a part of a pipeline"),
        ({"tokenizer": 1}, {}, "need a 'model'"),
        ("nowhere", {}, "does not tell its task"),
        ("nowhere", {"task": "fill-mask"}, "has no config.json"),
    ],
)
def test_what_is_no_pipeline_is_refused(given: Any, options: dict[str, Any], told: str, store: Path) -> None:
    """The message says what is missing."""
    with pytest.raises(InvalidParameter, match=told):
        runyard.transformers.save_model(given, "model", **options, **NONE)


def test_parts_that_do_not_fit_are_told(store: Path) -> None:
    """With what Transformers says of them."""
    with pytest.raises(InvalidParameter, match="make no pipeline for 'text-classification': model"):
        runyard.transformers.save_model({"model": tiny.classifier()}, "model", task="text-classification", **NONE)


@pytest.mark.parametrize("dtype", [torch.float16, "float16"])
def test_numbers_have_the_type_that_was_asked_for(dtype: Any, store: Path) -> None:
    """In the loaded model, whichever it had."""
    runyard.transformers.save_model(classifier(), "model", torch_dtype=dtype, **NONE)

    assert runyard.transformers.load_model("model").model.dtype == torch.float16
    assert runyard.transformers.load_model("model", torch_dtype="float32").model.dtype == torch.float32


def test_parts_are_loaded_by_name(store: Path) -> None:
    """A model with a processor has no pipeline, and predicts as a pyfunc."""
    runyard.transformers.save_model(classifier(), "model", processor=tiny.tokenizer(), **NONE)

    parts = runyard.transformers.load_model("model", return_type="components")
    assert {"task", "model", "tokenizer", "processor"} <= set(parts)
    with pytest.raises(InvalidParameter, match="saved with a processor"):
        runyard.transformers.load_model("model")
    assert len(runyard.pyfunc.load_model("model").predict("hello")) == 1
    with pytest.raises(InvalidParameter, match="return_type is 'pipeline' or 'components'"):
        runyard.transformers.load_model("model", return_type="other")


def test_a_device_must_be_here(store: Path) -> None:
    """The processor always is; a GPU that a machine lacks is told."""
    runyard.transformers.save_model(classifier(), "model", **NONE)

    for device in ("cpu", -1):
        assert runyard.transformers.load_model("model", device=device).device.type == "cpu"
    with pytest.raises(InvalidParameter, match="either device or device_map"):
        runyard.transformers.load_model("model", device="cpu", device_map="auto")
    if not torch.cuda.is_available():
        with pytest.raises(InvalidParameter, match="no device 'cuda:0' on this machine"):
            runyard.transformers.load_model("model", device=0)


def test_a_card_is_kept(store: Path) -> None:
    """The license in it is told where no file of it is known."""
    card = huggingface_hub.ModelCard("---\nlicense: mit\nlanguage: en\n---\n# hello")
    runyard.transformers.save_model(classifier(), "model", model_card=card, **NONE)

    assert (store / "model" / "model_card_data.yaml").read_text() == "language: en\nlicense: mit\n"
    assert "names this license: mit" in (store / "model" / "LICENSE.txt").read_text()
    with pytest.raises(InvalidParameter, match="model_card is a ModelCard"):
        runyard.transformers.save_model(classifier(), "other", model_card=3, **NONE)


def test_a_reference_stores_no_weights(store: Path, hub: Path) -> None:
    """It names the repository and the commit; persisting stores the weights, in the logged model too."""
    pipeline = transformers.pipeline("text-classification", REPOSITORY, device="cpu")
    with runyard.start_run():
        info = runyard.transformers.log_model(pipeline, name="model", save_pretrained=False, **NONE)

    folder = Path(runyard.artifacts.download_artifacts(info.model_uri))
    kept = settings(folder)
    assert (kept["source_model_name"], kept["source_model_revision"]) == (REPOSITORY, COMMIT)
    assert (kept["tokenizer_name"], kept["tokenizer_revision"]) == (REPOSITORY, COMMIT)
    assert "model_binary" not in kept
    assert not list(folder.rglob("*.safetensors"))
    assert (folder / "model_card.md").read_text() == "# A tiny model\n"
    expected = classifier()("hello")
    assert runyard.transformers.load_model(info.model_uri)("hello") == expected

    runyard.transformers.persist_pretrained_model(info.model_uri)
    hub.rename(hub.with_name("elsewhere"))
    assert runyard.transformers.load_model(info.model_uri)("hello") == expected
    runyard.transformers.persist_pretrained_model(info.model_uri)  # nothing is left to do


def test_weights_without_a_repository_are_stored(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A warning says so."""
    runyard.transformers.save_model(classifier(), "model", save_pretrained=False, **NONE)

    assert "stored in spite of save_pretrained=False" in caplog.text
    assert runyard.transformers.load_model("model")("hello") == classifier()("hello")


def test_a_model_of_another_version_is_told(store: Path) -> None:
    """A class that this version of Transformers does not have is named."""
    runyard.transformers.save_model(classifier(), "model", **NONE)
    file = store / "model" / "MLmodel"
    file.write_text(file.read_text().replace("BertForSequenceClassification", "BertOfTomorrow"), encoding="utf-8")

    with pytest.raises(RunyardException, match="'BertOfTomorrow', which this version of Transformers does not have"):
        runyard.transformers.load_model("model")


TRAINING = """
import runyard
runyard.autolog()
runyard.sklearn.autolog()
import sys
import transformers
assert "transformers.trainer" not in sys.modules
from sklearn.linear_model import LinearRegression
from transformers import Trainer

class Small(Trainer):
    def __init__(self):
        pass
    def train(self):
        return super().train()

def inner(self):
    LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    return "trained"

Trainer.train.__wrapped__.__code__ = inner.__code__
Trainer.train.__globals__["LinearRegression"] = LinearRegression
Trainer.train.__wrapped__.__globals__["LinearRegression"] = LinearRegression
Trainer.train.__wrapped__.__defaults__ = ()
print(Small().train())
print(len(runyard.search_runs()))
LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
print(len(runyard.search_runs()))
"""


def test_autologging_is_quiet_while_a_trainer_trains(store: Path) -> None:
    """What scikit-learn does inside is part of it; afterwards it is logged again. Transformers' Trainer loads later."""
    done = subprocess.run(
        [sys.executable, "-c", TRAINING],
        env={**os.environ, **paths()},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.stdout.split() == ["trained", "0", "1"], done.stderr[-2000:]
