"""Pre-training of an encoder from scratch: masked and translation language modelling.

The text of each language is a parquet file of (source, target); where the target, the pivot
translation, is not empty, the two are read together half of the time (translation language
modelling, Conneau and Lample 2019, arXiv 1901.07291), else the text is read alone. On request a
contrast of translations (InfoXLM, Chi et al. 2021, arXiv 2007.07834) is added: what XLM-R gets
from 2.5 TB of text, one space for all languages, a small encoder does not get in minutes.
"""

from collections import Counter
from collections.abc import Iterator
from math import log, nan
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow.parquet as pq
import torch
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import Dataset
from transformers import (
    DataCollatorForLanguageModeling,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from optical.models.encoders import predictions
from optical.runtime.errors import InputError
from optical.training.trainer import OrderedTrainer


class SampledText(Dataset):
    """`draws` texts, drawn from languages with probability in proportion to size ** exponent.

    An exponent below one lifts the languages with little text (XLM-R, arXiv 1911.02116, uses
    0.3). Item i depends on the seed and i alone.
    """

    def __init__(self, files: dict[str, Path], *, draws: int, exponent: float, seed: int) -> None:
        self.texts = {
            language: pq.read_table(path, columns=["source", "target"], memory_map=True)
            for language, path in files.items()
        }
        self.languages = list(files)
        sizes = np.array([len(self.texts[language]) for language in self.languages], dtype=float)
        if not sizes.all():
            empty = self.languages[int(sizes.argmin())]
            raise InputError(f"{files[empty]}: no text to pre-train on for language {empty!r}")
        self.probabilities = sizes**exponent / (sizes**exponent).sum()
        self.draws = draws
        self.seed = seed

    def __len__(self) -> int:
        return self.draws

    def __getitem__(self, index: int) -> tuple[str, str]:
        rng = np.random.default_rng((self.seed, index))
        table = self.texts[self.languages[rng.choice(len(self.languages), p=self.probabilities)]]
        row = int(rng.integers(len(table)))
        text, translation = (table.column(name)[row].as_py() for name in ("source", "target"))
        if not translation or rng.random() < 0.5:
            return text, ""
        return (text, translation) if rng.random() < 0.5 else (translation, text)

    def sentences(self, number: int) -> Iterator[str]:
        """Sampled texts for the tokenizer, both sides of a pair."""
        for index in range(number):
            yield from filter(None, self[index])


class MaskingCollator:
    """Tokenise texts and pairs and mask tokens; pairs are joined as `<s> a </s> </s> b </s>`.

    The masks follow from the texts of the batch, so that a resumed training draws the same.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, *, length: int, masked: float) -> None:
        self.tokenizer = tokenizer
        self.length = length
        self.mask = DataCollatorForLanguageModeling(tokenizer, mlm_probability=masked)

    def __call__(self, items: list[tuple[str, str]]) -> dict:
        """A batch: `masked` with labels, -100 where nothing is masked; the sides of the pairs.

        `sides` is None, or the two sides of all pairs, each a padded batch of its own.
        """
        limits = {"truncation": True, "max_length": self.length}
        encoded = [
            self.tokenizer(text, translation or None, return_special_tokens_mask=True, **limits)
            for text, translation in items
        ]
        pairs = [item for item in items if item[1]]
        sides = [
            self.tokenizer(list(side), padding=True, return_tensors="pt", **limits)
            for side in zip(*pairs, strict=True)
        ]
        texts = "\n".join(text for item in items for text in item)
        self.mask.generator = torch.Generator().manual_seed(crc32(texts.encode()))
        return {"masked": self.mask(encoded), "sides": sides or None}


def unigram_entropy(tokenizer: PreTrainedTokenizerFast, texts: Iterator[str]) -> float:
    """Entropy of the token distribution, in nats: the loss of a model that ignores context."""
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(tokenizer(text, add_special_tokens=False)["input_ids"])
    total = sum(counts.values())
    return -sum(count / total * log(count / total) for count in counts.values())


def masked_loss(model: PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean cross-entropy of the masked tokens, in nats; 0 where no token is masked.

    The output layer is as wide as the vocabulary, so it is computed at masked tokens alone.
    """
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    hidden = model.base_model(**inputs).last_hidden_state
    masked = batch["labels"] != -100
    scores, labels = predictions(model, hidden[masked]).float(), batch["labels"][masked]
    # A mean of none is NaN, and so is every loss that the trainer logs after it.
    return cross_entropy(scores, labels) if len(labels) else scores.sum()


def translation_contrast(
    model: PreTrainedModel, sides: list[dict[str, torch.Tensor]], scale: float = 20.0
) -> torch.Tensor:
    """Cross-entropy of finding each text's translation among those of the batch, both ways.

    Texts are compared by the cosine, times `scale`, of their mean token vectors.
    """
    first, second = (mean_vectors(model, side) for side in sides)
    # Autocast would round cosines to two or three digits.
    with torch.autocast(first.device.type, enabled=False):
        scores = scale * first @ second.T
    own = torch.arange(len(scores), device=scores.device)
    return (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2


def mean_vectors(model: PreTrainedModel, side: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean of the token vectors of each text, of unit length; [B, width]."""
    hidden = model.base_model(**side).last_hidden_state.float()
    return normalize((hidden * side["attention_mask"][..., None]).sum(dim=1), dim=-1)


class PretrainingTrainer(OrderedTrainer):
    """The trainer of transformers with the losses of this module.

    contrast: weight of the contrast of translations beside the masked loss.
    """

    def __init__(self, *arguments, contrast: float, **more) -> None:
        super().__init__(*arguments, **more)
        self.contrast = contrast

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """The loss of a batch.

        The trainer has only the model's own forward pass under autocast, and its parts are called
        here.
        """
        with self.accelerator.autocast():
            loss = masked_loss(model, inputs["masked"])
            if self.contrast and inputs["sides"]:
                loss = loss + self.contrast * translation_contrast(model, inputs["sides"])
        return (loss, None) if return_outputs else loss


@torch.inference_mode()
def mean_loss(
    model: PreTrainedModel, collator: MaskingCollator, texts: Dataset, batch_size: int
) -> float:
    """Mean of the masked loss on `texts`, without dropout, over the batches with a masked token.

    NaN where no batch has one.
    """
    model.eval()
    losses = []
    for start in range(0, len(texts), batch_size):
        batch = collator([texts[i] for i in range(start, min(start + batch_size, len(texts)))])
        if (batch["masked"]["labels"] != -100).any():
            losses.append(masked_loss(model, batch["masked"].to(model.device)).item())
    return sum(losses) / len(losses) if losses else nan
