"""What pipelines give, in the shapes that pyfunc gives: one entry for each input."""

import json
from collections.abc import Sequence
from typing import Any

from runyard.core.libraries import np, pd


def labels(found: Sequence[Any]) -> Any:
    """A table of labels and scores; one with the best labels in columns where there are several for an input."""
    return pd.DataFrame(list(found))


def entities(found: Sequence[Any]) -> list[str]:
    """The labels in each text, joined by commas."""
    return [",".join(str(one.get("entity") or one.get("entity_group")) for one in text) for text in found]


def masked(found: Sequence[Any]) -> list[str]:
    """The best word for each mask."""
    best = []
    for text in found:
        masks = text if isinstance(text[0], list) else [text]
        best += [candidates[0]["token_str"] for candidates in masks]
    return best


def features(found: Sequence[Any]) -> Any:
    """An array of tokens by features; of texts by tokens by features for several, or a list where lengths differ."""
    arrays = [np.asarray(one)[0] for one in found]
    if len(arrays) == 1:
        return arrays[0]
    return np.stack(arrays) if len({one.shape for one in arrays}) == 1 else arrays


def labels_of_sounds(found: Sequence[Any]) -> Any:
    """A table with a row for each label of the only sound; as `labels` for several."""
    return pd.DataFrame(list(found[0])) if len(found) == 1 else labels(found)


def spoken(found: Sequence[Any]) -> list[str]:
    """What was said; as JSON with the times of its parts where these are asked for."""
    return [json.dumps(one) if "chunks" in one else str(one["text"]).strip() for one in found]


def answers(found: Sequence[Any]) -> list[str]:
    """The best answer to each question."""
    return [str((one[0] if isinstance(one, list) else one)["answer"]) for one in found]


_WRITTEN = ("generated_text", "summary_text", "translation_text")


def generated(found: Sequence[Any]) -> list[str]:
    """What was written, one after another; of a chat the last message."""
    flat = [one for written in found for one in (written if isinstance(written, list) else [written])]
    return [_last(next(one[key] for key in _WRITTEN if key in one)) for one in flat]


def _last(written: Any) -> str:
    return str(written[-1]["content"] if isinstance(written, list) else written)


def ranked(found: Sequence[Any]) -> Any:
    """A table with a row for each text and label, the best label of a text first."""
    return pd.DataFrame(
        [
            {"sequence": one["sequence"], "labels": label, "scores": score}
            for one in found
            for label, score in zip(one["labels"], one["scores"], strict=True)
        ]
    )
