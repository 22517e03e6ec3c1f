"""Trains a tiny BERT with Transformers' Trainer, whose MLflowCallback logs the checkpoints as models."""

import sys
from pathlib import Path

import mlflow
from torch.utils.data import Dataset

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.transformers import tiny
from transformers import Trainer, TrainingArguments


class Texts(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        words = tiny.tokenizer()("hello world" if index % 2 else "bad world", return_tensors="pt")
        return {**{key: one[0] for key, one in words.items()}, "labels": index % 2}


arguments = TrainingArguments(
    output_dir="output",
    run_name="with checkpoints",
    report_to=["mlflow"],
    num_train_epochs=2,
    per_device_train_batch_size=8,
    save_strategy="epoch",
    use_cpu=True,
    disable_tqdm=True,
    seed=1,
)
trainer = Trainer(model=tiny.classifier(), args=arguments, train_dataset=Texts(), processing_class=tiny.tokenizer())
trainer.train()
parts = {"model": trainer.model, "tokenizer": tiny.tokenizer()}
mlflow.transformers.log_model(parts, name="trained", task="text-classification", pip_requirements=[])
