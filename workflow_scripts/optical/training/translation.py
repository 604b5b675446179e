"""Machine translation: a small translator trained on a bitext, or any sequence-to-sequence model.

A translator trained here is a transformer (Vaswani et al. 2017) of M2M-100's architecture, whose
layers normalise first and so learn fast, with one vocabulary for both languages. A folder of it is
used like one of the hub.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset
from tqdm import tqdm
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    M2M100Config,
    M2M100ForConditionalGeneration,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from optical.corpora.lines import numbered_rows, read_queries
from optical.corpora.rows import write_rows
from optical.models.precision import has_bfloat16
from optical.runtime.errors import InputError
from optical.runtime.files import lock, remove
from optical.runtime.origin import fingerprint, origin_of
from optical.training.trainer import OrderedTrainer

SMOOTHING = 0.1
"""Of the labels, as in Vaswani et al. (2017)."""

BLOCK = 4096
"""Texts that are sorted by length together, and kept when they are translated."""

CPU_TOKENS, GPU_TOKENS = 1024, 16_384
"""Padded tokens of a batch, times the beams."""


class ShuffledPairs(Dataset):
    """(text, translation) of a bitext, pass after pass, each in another order; `draws` in all.

    Item i depends on the seed and i alone. Pairs are read from the memory map.

    Args:
        bitext: parquet with the columns source and target.
        reverse: translate the target into the source.
    """

    def __init__(self, bitext: Path, *, reverse: bool, draws: int, seed: int) -> None:
        table = pq.read_table(bitext, columns=["source", "target"], memory_map=True)
        if not len(table):
            raise InputError(f"{bitext}: no sentence pair to learn from")
        self.sides = [table["source"], table["target"]][:: -1 if reverse else 1]
        self.draws, self.seed = draws, seed
        self.number_of_pass, self.order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return self.draws

    def __getitem__(self, index: int) -> tuple[str, str]:
        rows = len(self.sides[0])
        if index // rows != self.number_of_pass:
            self.number_of_pass = index // rows
            self.order = np.random.default_rng((self.seed, self.number_of_pass)).permutation(rows)
        row = int(self.order[index % rows])
        return tuple(side[row].as_py() for side in self.sides)

    def sentences(self, number: int) -> Iterator[str]:
        """The first pairs, both sides, for a tokenizer."""
        for index in range(min(number, len(self))):
            yield from self[index]


def new_translator(
    tokenizer: PreTrainedTokenizerBase, *, layers: int, width: int, heads: int, length: int
) -> M2M100ForConditionalGeneration:
    """A translator of random weights, with as many layers to write as to read.

    length: tokens of a text at most.
    """
    no_dropout = ("dropout", "attention_dropout", "activation_dropout")
    return M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer),
            d_model=width,
            **{"encoder_layers": layers, "decoder_layers": layers},
            **{"encoder_attention_heads": heads, "decoder_attention_heads": heads},
            **{"encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width},
            # As for encoders from scratch: in few passes there is nothing to drop.
            **dict.fromkeys([*no_dropout, "encoder_layerdrop", "decoder_layerdrop"], 0.0),
            scale_embedding=True,
            max_position_embeddings=length,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            forced_eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.bos_token_id,
        )
    )


class PairCollator:
    """Tokenise pairs: `input_ids` and `attention_mask` of the texts, `labels` of translations.

    Labels begin after <s>, with which the decoder starts, and are -100 at padding.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, length: int) -> None:
        self.tokenizer, self.length = tokenizer, length

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> dict[str, torch.Tensor]:
        """A padded batch, each tensor [B, tokens]."""
        texts, translations = (
            self.tokenizer(
                list(side),
                truncation=True,
                max_length=self.length,
                padding=True,
                return_tensors="pt",
            )
            for side in zip(*pairs, strict=True)
        )
        labels = translations["input_ids"].masked_fill(~translations["attention_mask"].bool(), -100)
        return {
            "input_ids": texts["input_ids"],
            "attention_mask": texts["attention_mask"],
            "labels": labels[:, 1:].contiguous(),
        }


class TranslationTrainer(OrderedTrainer):
    """The trainer of transformers, with smoothed labels."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Mean cross-entropy of a batch's tokens, in nats."""
        logits = model(**inputs).logits.float()
        loss = cross_entropy(
            logits.flatten(0, 1), inputs["labels"].flatten(), label_smoothing=SMOOTHING
        )
        return (loss, None) if return_outputs else loss


class Translator:
    """A sequence-to-sequence model of a folder, in bfloat16 on a GPU that has it.

    Args:
        folder: as transformers saves it.
        source, target: codes of the two languages, for a model of many (swh_Latn for NLLB, sw for
            M2M-100 and MADLAD-400, sw_KE for mBART-50).

    Raises:
        InputError: for a code that the model does not have.
    """

    def __init__(self, folder: Path, source: str | None = None, target: str | None = None) -> None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if has_bfloat16() else torch.float32
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForSeq2SeqLM.from_pretrained(folder, local_files_only=True, dtype=dtype)
        self.model: PreTrainedModel = model.to(device).eval()
        self.first, self.prefix = {}, ""
        if self.model.config.model_type == "t5":
            # MADLAD-400 is told in the text what to write, and not what it reads.
            if target:
                self.language_id(target, f"<2{target}>")
                self.prefix = f"<2{target}> "
            return
        if source:
            self.language_id(source)  # an unknown one would be read as <unk>
            self.tokenizer.src_lang = source
        if target:
            self.first = {"forced_bos_token_id": self.language_id(target)}

    def language_id(self, code: str, token: str | None = None) -> int:
        """The id of the token that stands for a language."""
        token = token or getattr(self.tokenizer, "lang_code_to_token", {}).get(code, code)
        found = self.tokenizer.convert_tokens_to_ids(token)
        if found in (None, self.tokenizer.unk_token_id):
            raise InputError(
                f"{self.tokenizer.name_or_path}: the translator knows no language {code!r}"
            )
        return found

    def translate(self, texts: Iterable[str], *, length: int, beams: int) -> Iterator[str]:
        """The translations, in order, with single spaces; empty where the model writes nothing.

        length: tokens of a text and of its translation at most. beams: of the search; 1 is greedy.
        """
        budget = (GPU_TOKENS if self.model.device.type == "cuda" else CPU_TOKENS) // beams
        coming = iter(texts)
        while block := list(islice(coming, BLOCK)):
            texts = [f"{self.prefix}{text}" for text in block]
            ids = self.tokenizer(texts, truncation=True, max_length=length)["input_ids"]
            order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))
            found = [""] * len(ids)
            while order:
                number = max(1, budget // max(1, len(ids[order[0]])))
                rows, order = order[:number], order[number:]
                written = self.of_batch([ids[row] for row in rows], length, beams)
                for row, text in zip(rows, written, strict=True):
                    found[row] = " ".join(text.split())
            yield from found

    @torch.inference_mode()
    def of_batch(self, ids: list[list[int]], length: int, beams: int) -> list[str]:
        """The translations of a batch of tokenised texts."""
        batch = self.tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self.model.device)
        # A translation of more than twice its text is a model that cannot stop.
        most = min(length, 2 * max(map(len, ids)) + 8)
        written = self.model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            num_beams=beams,
            do_sample=False,
            max_length=most,
            **self.first,
        )
        return self.tokenizer.batch_decode(written, skip_special_tokens=True)


def translate_queries(
    translator: Translator, queries: dict[str, str], folder: Path, *, length: int, beams: int
) -> Generator[tuple[str, str], None, None]:
    """(id, translation) of each query, with a progress bar, in their order.

    folder: where blocks of translations are kept until all are there; those that are there already
    are not made again. A query that the translator has no words for stays as it is, so that none is
    lost.
    """
    coming, kept = iter(queries.items()), 0
    progress = tqdm(desc="translating", unit="query", total=len(queries))
    for number in count():
        block = list(islice(coming, BLOCK))
        if not block:
            break
        file = folder / f"{number}.tsv"
        if not file.exists():
            written = translator.translate((text for _, text in block), length=length, beams=beams)
            write_rows(file, zip((query for query, _ in block), written, strict=True))
        for (query, text), (_, (_, found)) in zip(block, numbered_rows(file, 2), strict=True):
            kept += not found
            yield query, found or text
        progress.update(len(block))
    progress.close()
    if kept:
        print(f"{kept} queries have no translation and stay as they are")


def translate_file(
    model: Path,
    queries: Path,
    output: Path,
    *,
    length: int,
    beams: int,
    source: str | None = None,
    target: str | None = None,
    most: int | None = None,
) -> int:
    """Translate a file of queries, id<TAB>text a line, into another; returns their number.

    most: the first so many; None for all.

    Blocks are kept beside the output, which is whole or absent: a program that was killed goes on
    at the first that is missing, if neither the model nor the queries nor a setting have changed.
    """
    settings = {"length": length, "beams": beams, "source": source, "target": target, "most": most}
    made_by = origin_of(model=model, queries=queries, **settings)
    unfinished = output.with_name(f"{output.name}.blocks")
    folder = unfinished / fingerprint(made_by)
    with lock(unfinished):
        for other in unfinished.glob("*/"):
            if other != folder:
                remove(other)
        texts = dict(islice(read_queries(queries).items(), most))
        translator = Translator(model, source, target)
        found = translate_queries(translator, texts, folder, length=length, beams=beams)
        number = write_rows(output, found)
    remove(unfinished)
    return number
