"""How much text a study has, before it is here: pairs, queries, passages, and their tokens."""

from collections.abc import Mapping
from functools import cache
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import yaml

from optical.corpora.language_tags import find
from optical.estimate.shapes import RESOURCES
from optical.study import files as study_files
from optical.study.study import Study, dataset_of

KEPT = 0.9
"""Share of the pairs read that cleaning keeps, roughly: docs/cleaning.md."""

PAIR_BYTES, TOKEN_BYTES = 200, 4.5
"""Bytes of a sentence pair in a text file, both sides, and of a token in a file of passages."""

SPREAD, CONSTRUCTED_SPREAD = 0.5, 0.25
"""Standard deviation of the logarithm of a text's tokens: people write many short texts and a few
long ones, constructed ones are more alike."""


@cache
def known_amounts() -> dict[str, Any]:
    """The content of resources/amounts.yaml."""
    return yaml.safe_load((RESOURCES / "amounts.yaml").read_text(encoding="utf-8"))


class Amounts:
    """The amounts of text of a study.

    `assumed` names the sources whose size nobody knows here, as far as they were asked for.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.assumed: set[str] = set()

    def padded(self, tokens: float, longest: float, texts: float) -> float:
        """Tokens of the longest of so many texts of a batch, to which all are padded.

        tokens: of a text on average. Of log-normal lengths the greatest of n lies near
        sqrt(2 log n) deviations above the median.
        """
        spread = CONSTRUCTED_SPREAD if self.study.is_constructed else SPREAD
        deviations = 0.85 * sqrt(2 * log(max(1.0, texts)))
        return min(longest, tokens * exp(spread * deviations - spread**2 / 2))

    # --- bitext

    def read_pairs(self, language: str) -> float:
        """Pairs that are read of a language, until enough are kept."""
        most = self.study["bitext"]["pairs"]
        wanted = float("inf") if most is None else most / KEPT
        return min(wanted, sum(number for number, _ in self.sources(language)))

    def pairs(self, language: str) -> float:
        """Pairs that a language has after cleaning."""
        return KEPT * self.read_pairs(language)

    def sentence(self, language: str) -> float:
        """Tokens of a sentence of the bitext, special ones included."""
        sources = list(self.sources(language))
        return sum(number * tokens for number, tokens in sources) / max(
            1, sum(n for n, _ in sources)
        )

    def sources(self, language: str) -> list[tuple[float, float]]:
        """(pairs, tokens of a sentence) of each source that has a language."""
        found = []
        for source in study_files.bitext_sources(self.study, language):
            about = self.known("bitext", source)
            number = self.pairs_of(source, language, about["pairs"])
            found.append((number, about["tokens"]))
        return found

    def pairs_of(self, source: str, language: str, known: Mapping[str, float]) -> float:
        """The pairs of a source in a language: constructed text is as long as is wanted."""
        if source == "constructed":
            return (self.study["bitext"]["pairs"] or 0) / KEPT
        files = study_files.source_files(self.study, source, language)
        if study_files.is_users(source, self.study) and (size := sizes(files)):
            return size / PAIR_BYTES
        return of_language(known, language)

    # --- judged pairs

    def judged_pairs(self, language: str) -> float:
        """Judged pairs of a language that has them."""
        most = self.study["judged_pairs"]["pairs"]
        return min(of_language(self.judged(language)["pairs"], language), most or float("inf"))

    def judged_query(self, language: str) -> float:
        """Tokens of a query of the judged pairs."""
        return shortened(self.judged(language)["query"], self.study["model"]["query_length"])

    def judged_document(self, language: str) -> float:
        """Tokens of a document of the judged pairs."""
        return shortened(self.judged(language)["document"], self.study["model"]["passage_length"])

    def judged(self, language: str) -> Mapping[str, Any]:
        """What is known of the judged pairs of a language."""
        return self.known("judged", study_files.judged_sources(self.study)[language])

    # --- test collections

    def queries(self, collection: str) -> float:
        """Queries of a collection in a language."""
        if collection == "constructed":
            return self.study["constructed"]["queries"]
        return self.of_collection(collection)["queries"]

    def passages(self, collection: str) -> float:
        """Passages of a collection; of long texts that are cut into windows, these."""
        if collection == "constructed":
            return self.study["constructed"]["passages"]
        number = self.of_collection(collection)["passages"]
        source = dataset_of(collection)
        if source in self.study["own"]:
            files = study_files.source_files(self.study, source, role="test")
            # The largest holds the passages, the others queries and judgements.
            size = max(map(sizes, ([file] for file in files)), default=0)
            number = size / (TOKEN_BYTES * self.whole_passage(collection)) or number
        words = self.study["windows"]["words"]
        if words:
            number *= max(1.0, self.whole_passage(collection) / (1.3 * words) * 2)
        return number

    def query(self, collection: str) -> float:
        """Tokens of a query of a collection."""
        longest = self.study["model"]["query_length"]
        return shortened(self.of_collection(collection)["query"], longest)

    def passage(self, collection: str) -> float:
        """Tokens of a passage of a collection, or of a window of it."""
        tokens = self.whole_passage(collection)
        if words := self.study["windows"]["words"]:
            tokens = min(tokens, 1.3 * words)
        return shortened(tokens, self.study["model"]["passage_length"])

    def whole_passage(self, collection: str) -> float:
        """Tokens of a text of a collection before it is cut."""
        tokens = self.of_collection(collection)["passage"]
        if collection == "constructed":
            return tokens * self.study["constructed"]["facts_per_passage"]
        return tokens

    def of_collection(self, collection: str) -> Mapping[str, float]:
        """What is known of a collection, by its name or that of its data set without the split."""
        names = (collection, collection.removesuffix("-dev"), dataset_of(collection))
        archive = collection.removesuffix("-dev").replace("xnliarchive", "xnli")
        return self.known("collections", *names, archive)

    # --- the training set

    def training_queries(self) -> float:
        """Training queries with a relevant passage."""
        most = self.study["training_set"]["queries"]
        number = self.own_training("queries.train.tsv") / 60 or self.training().get("queries")
        if number is None:
            return most or 0
        return min(number, most or float("inf"))

    def training_passages(self) -> float:
        """Passages of the training set."""
        known = self.training()
        number = self.own_training("collection.tsv") / (TOKEN_BYTES * known["passage"])
        return number or known.get("passages", self.training_queries())

    def own_training(self, file: str) -> int:
        """Bytes of a file of the user's own training set; 0 where there is none."""
        settings, local = self.study["training_set"], self.study["local"]
        if settings["source"] != "local" or local is None:
            return 0
        return sizes([str(Path(local, settings["folder"], file))])

    def training_query(self) -> float:
        """Tokens of a training query."""
        return shortened(self.training()["query"], self.study["model"]["query_length"])

    def training_passage(self) -> float:
        """Tokens of a passage of the training set."""
        facts = 1
        if self.study.is_constructed:
            facts = self.study["constructed"]["facts_per_passage"]
        longest = self.study["model"]["passage_length"]
        return shortened(facts * self.training()["passage"], longest)

    def training(self) -> Mapping[str, float]:
        """What is known of the training set."""
        return self.known("training", self.study["training_set"]["source"])

    # --- downloads

    def download(self, file: str) -> float:
        """Bytes of a downloaded file, downloads/SOURCE/NAME."""
        source, name = Path(file).parts[-2:]
        about = self.study.datasets[source]["files"][name]
        if "bytes" in about:
            return about["bytes"]
        self.assumed.add(source)
        table = known_amounts()["downloads"]
        of_source = table.get(source, {"other": table["other"]})
        # A file's own size, that of files that are called so in each language, or of any.
        names = (name, name.partition(".")[2], "other")
        return next(of_source[key] for key in names if key in of_source)

    def known(self, kind: str, *names: str) -> Mapping[str, Any]:
        """What resources/amounts.yaml knows under the first of some names, or assumes of others."""
        table = known_amounts()[kind]
        name = next((name for name in names if name in table), "other")
        if table[name].get("about"):
            self.assumed.add(names[0])
        return table[name]


def of_language(known: Mapping[str, float], language: str) -> float:
    """The number of a language, else that of all others; 0 where neither is known."""
    code = find(language, [name for name in known if name != "all"])
    return known.get(code or "all", 0.0)


def sizes(files: list[str]) -> int:
    """Bytes of those files that are here."""
    return sum(Path(file).stat().st_size for file in files if Path(file).is_file())


def shortened(tokens: float, longest: float) -> float:
    """The mean of tokens when texts are cut at the longest, and that of texts about as long."""
    return tokens if tokens < longest / 2 else min(tokens, 0.9 * longest)
