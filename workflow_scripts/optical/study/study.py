"""A study that was loaded and checked: its settings, its data sets, and what follows from both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optical.corpora.constructed_languages import LANGUAGES
from optical.settings.languages import GROUPS
from optical.settings.methods import DISTILLED, FINETUNED


@dataclass(frozen=True)
class Study:
    """A study, whose settings are read by `study[section]`.

    settings: as in the study file, with every default filled in. datasets: by name, those of
    resources/datasets.yaml and the user's own.
    """

    settings: Mapping[str, Any]
    datasets: Mapping[str, Any]

    def __getitem__(self, section: str) -> Any:
        return self.settings[section]

    @property
    def name(self) -> str:
        """The name, under which all results lie."""
        return self["study"]

    @property
    def pivot(self) -> str:
        """The language of the passages."""
        return self["pivot"]

    @property
    def is_constructed(self) -> bool:
        """Whether the study's data is constructed."""
        return self["training_set"]["source"] == "constructed"

    def grouped_languages(self) -> Iterator[tuple[str, str]]:
        """(group, language) of every foreign language, in the study's order."""
        for group in GROUPS:
            for language in self["languages"].get(group, []):
                yield group, language

    @property
    def languages(self) -> list[str]:
        """The foreign languages, in the study's order."""
        return [language for _, language in self.grouped_languages()]

    @property
    def trained_methods(self) -> list[str]:
        """The methods that train a student for each language and seed, in the study's order."""
        return [method for method in self["methods"] if method in FINETUNED + DISTILLED]

    def tested_methods(self, language: str) -> list[str]:
        """The methods that have a run in a language: in the pivot there is nothing to learn."""
        if language == self.pivot:
            return [method for method in self["methods"] if method in ("bm25", "zero_shot")]
        return list(self["methods"])

    def students_with(self, method: str) -> list[str]:
        """The students that have a method, in the study's order."""
        return [
            name
            for name, student in self["students"].items()
            if student["methods"] is None or method in student["methods"]
        ]

    def source_languages(self, source: str) -> set[str]:
        """The languages that a source of bitext or a test collection has."""
        if source == "constructed":
            return set(LANGUAGES)
        files = self.datasets[source]["files"].values()
        # A data set with all languages in one file says which they are.
        spoken = self.datasets[source].get("languages", ())
        return {*spoken, *(file["language"] for file in files if "language" in file)}

    @property
    def bitext_languages(self) -> set[str]:
        """The languages with bitext in any of the study's sources."""
        sources = map(self.source_languages, self["bitext"]["sources"])
        return set.union(*sources) - {self.pivot}

    def collection_languages(self, collection: str) -> set[str]:
        """The languages that a test collection has queries in, the pivot among them."""
        return self.source_languages(dataset_of(collection))

    @property
    def known_languages(self) -> list[str]:
        """Every language that a file of the study may be named after, in order."""
        names = {self.pivot, *self["pretraining"]["text"], *self.bitext_languages}
        names.update(*map(self.collection_languages, self["collections"]))
        return sorted(names)


def dataset_of(collection: str) -> str:
    """The dataset whose files a collection is made of: the part before the variant."""
    return collection.split("-")[0]
