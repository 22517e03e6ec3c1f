"""Trains a tiny BERT with Transformers' Trainer, which logs through its MLflowCallback."""

import torch
from torch.utils.data import Dataset

from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments


class Numbers(Dataset):
    def __len__(self):
        return 16

    def __getitem__(self, index):
        return {"input_ids": torch.tensor([index, index + 1, index + 2]), "labels": torch.tensor(index % 2)}


config = BertConfig(
    vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
)
arguments = TrainingArguments(
    output_dir="output",
    run_name="a tiny bert",
    report_to=["mlflow"],
    num_train_epochs=2,
    per_device_train_batch_size=8,
    logging_steps=1,
    save_strategy="no",
    use_cpu=True,
    disable_tqdm=True,
    seed=1,
)
Trainer(model=BertForSequenceClassification(config), args=arguments, train_dataset=Numbers()).train()
