"""Distil a query encoder by optimal transport, in plain sentence-transformers.

    pip install .
    python examples/distil_with_sentence_transformers.py TEACHER STUDENT PAIRS OUTPUT

TEACHER and STUDENT are late-interaction models with one tokenizer, folders or hub names; a student
usually starts as the teacher. PAIRS has a foreign sentence, a tab and its translation in each line.
"""

import sys

from datasets import Dataset
from sentence_transformers import (
    MultiVectorEncoder,
    MultiVectorEncoderTrainer,
    MultiVectorEncoderTrainingArguments,
)

from optical.transport.losses import OptimalTransportLoss

teacher_name, student_name, pairs_file, output = sys.argv[1:]
teacher = MultiVectorEncoder(teacher_name)
student = MultiVectorEncoder(student_name)
with open(pairs_file, encoding="utf-8") as lines:
    rows = [line.rstrip("\n").split("\t") for line in lines]
foreign, translation = zip(*rows, strict=True)
pairs = Dataset.from_dict({"foreign": foreign, "translation": translation})
arguments = MultiVectorEncoderTrainingArguments(
    output_dir=f"{output}.training",
    num_train_epochs=1,
    per_device_train_batch_size=64,
    learning_rate=2e-5,
    prompts=dict.fromkeys(("foreign", "translation"), student.prompts["query"]),
    # Both are queries: a ColBERT fills these up, and documents not.
    router_mapping=dict.fromkeys(("foreign", "translation"), "query"),
    max_length=student[0].query_length,  # of both sides
)
loss = OptimalTransportLoss(student, teacher)
MultiVectorEncoderTrainer(model=student, args=arguments, train_dataset=pairs, loss=loss).train()
student.save_pretrained(output)
