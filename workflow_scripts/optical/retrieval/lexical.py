"""BM25 over passages: the lexical floor under every dense method."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import bm25s
import numpy as np
import pyarrow.parquet as pq
from bm25s.tokenization import Tokenizer

from optical.corpora.words import search_terms
from optical.runtime.errors import InputError


class LexicalIndex:
    """BM25 (Lucene's variant, k1 1.5, b 0.75) over passages, given by their ids and texts.

    Words are cut as their language does (`optical.corpora.words`). There is no stemming and no list
    of stop words, which only some languages have.

    Neighbours with the same id are the windows of one text, which has the score of its best one.
    The texts are not kept; the words' ids of all passages are in memory while the index is built.
    """

    def __init__(self, ids: Sequence[str], texts: Iterable[str], language: str = "en"):
        """language: that of the passages; mul where they are in several."""
        self.language = language
        passages = np.array(ids, dtype=object)
        self.starts = np.flatnonzero(np.append(True, passages[1:] != passages[:-1]))
        self.passages = passages[self.starts]
        cut = partial(search_terms, language=language)
        tokenizer = Tokenizer(lower=False, splitter=cut, stopwords=None, stemmer=None)
        words = list(tokenizer.streaming_tokenize(texts))
        self.vocabulary = tokenizer.get_vocab_dict()
        self.bm25 = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        self.bm25.index((words, self.vocabulary), show_progress=False)

    @classmethod
    def of_collection(cls, passages: str | Path, language: str = "en") -> "LexicalIndex":
        """Index a parquet file with the columns judged_id and text, read in batches."""
        file = pq.ParquetFile(passages)
        if file.metadata.num_rows == 0:
            raise InputError(f"{passages}: no passage in it")
        texts = (
            text
            for batch in file.iter_batches(columns=["text"])
            for text in batch.column(0).to_pylist()
        )
        ids = pq.read_table(passages, columns=["judged_id"])["judged_id"].to_pylist()
        return cls(ids, texts, language)

    def search(self, text: str, depth: int, language: str | None = None) -> dict[str, float]:
        """Score the passages that share a word with `text`: the best `depth`, ties by id.

        language: that of the text, where it is not that of the passages.
        """
        found = search_terms(text, language or self.language)
        words = [self.vocabulary[word] for word in found if word in self.vocabulary]
        if not words:
            return {}
        scores = np.maximum.reduceat(self.bm25.get_scores_from_ids(words), self.starts)
        kept = np.flatnonzero(scores > 0)
        if len(kept) > depth:
            # All that reach the last place are kept for now, so that ties there go by id too.
            last = np.partition(scores[kept], -depth)[-depth]
            kept = kept[scores[kept] >= last]
        best = sorted(zip(-scores[kept], self.passages[kept], strict=True))[:depth]
        return {passage: -float(score) for score, passage in best}

    def rank(
        self, queries: Mapping[str, str], depth: int, language: str | None = None
    ) -> Iterator[tuple[str, dict]]:
        """Yield (query id, results) of each query; results are empty where no word is shared."""
        for query, text in queries.items():
            yield query, self.search(text, depth, language)
