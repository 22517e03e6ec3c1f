"""Pipelines with tiny models whose weights are made here: nothing is fetched."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported

from typing import Any

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

import transformers
from transformers import PreTrainedTokenizerFast, pipeline

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] hello world good bad a b c . you are this example is | user assistant".split()
_SIZES = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 8, "intermediate_size": 8}
_LABELS = {"entailment": 0, "neutral": 1, "contradiction": 2}


def tokenizer(*, generates: bool = False) -> Any:
    """One that knows a few words; texts begin and end with marks for models that do not continue them."""
    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if not generates:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    marks = {f"{kind}_token": f"[{kind.upper()}]" for kind in ("pad", "unk", "cls", "sep", "mask")}
    ends = {"bos_token": "[CLS]", "eos_token": "[SEP]"} if generates else {}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=32, **marks, **ends)


def bert(kind: str = "BertModel", **options: Any) -> Any:
    """A model of the BERT family; the same weights each time."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), max_position_embeddings=32, pad_token_id=0, initializer_range=1.0, **_SIZES, **options
    )
    return getattr(transformers, kind)(config).eval()


def classifier() -> Any:
    """Of two kinds of texts."""
    return bert("BertForSequenceClassification", num_labels=2)


def entailment() -> Any:
    """Says whether a text follows from another, which classifies by labels given later."""
    return bert("BertForSequenceClassification", label2id=_LABELS, id2label={at: name for name, at in _LABELS.items()})


def gpt() -> Any:
    """Continues a text."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(WORDS), n_positions=32, n_embd=8, n_layer=1, n_head=1, bos_token_id=2, eos_token_id=3,
        pad_token_id=0, initializer_range=1.0,
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config).eval()


def texts(task: str, model: Any, **options: Any) -> Any:
    """A pipeline over texts."""
    tokens = tokenizer(generates=task == "text-generation")
    return pipeline(task, model=model, tokenizer=tokens, device="cpu", **options)


def vit(kind: str, **options: Any) -> Any:
    """A model of images of 16 by 16 pixels."""
    torch.manual_seed(0)
    config = transformers.ViTConfig(image_size=16, patch_size=8, initializer_range=1.0, **_SIZES, **options)
    return getattr(transformers, kind)(config).eval()


def wav2vec(kind: str, **options: Any) -> Any:
    """A model of sounds."""
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(WORDS), conv_dim=(8, 8), conv_kernel=(10, 3), conv_stride=(10, 3), num_feat_extract_layers=2,
        num_conv_pos_embedding_groups=1, num_conv_pos_embeddings=4, pad_token_id=0, initializer_range=1.0,
        classifier_proj_size=8, **_SIZES, **options,
    )  # fmt: skip
    return getattr(transformers, kind)(config).eval()


def forms(texts: list[str]) -> dict[str, Any]:
    """The same texts as other inputs of pyfunc."""
    return {"array": np.array(texts), "frame": pd.DataFrame({"text": texts}), "column": pd.Series(texts)}
