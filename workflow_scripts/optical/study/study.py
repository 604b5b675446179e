"""A study that was loaded and checked: its settings, its data sets, and what follows from both."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from optical.corpora.constructed_languages import LANGUAGES
from optical.corpora.language_tags import find
from optical.corpora.registry import asked_in
from optical.settings.distillation import read_by
from optical.settings.languages import GROUPS
from optical.settings.methods import DISTILLED, FINETUNED, LEXICAL
from optical.settings.study import Own


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
    def encoders(self) -> Mapping[str, Mapping[str, Any]]:
        """All that a student may be made of: the encoders, and the finished teachers, by name."""
        return {**self["encoders"], **self["teachers"]}

    @property
    def mirrors(self) -> list[Path]:
        """The folders of its mirrors: `mirror` is one or several."""
        value = self["mirror"]
        return [Path(value)] if isinstance(value, str) else list(map(Path, value))

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
    def methods(self) -> list[str]:
        """The methods and their variants, each a row of the tables, in the study's order."""
        return list(dict.fromkeys([*self["methods"], *self["variants"]]))

    @property
    def trials(self) -> dict[str, dict[str, Any]]:
        """The variants of `make tune`: every method that distils a student, at every rate tried.

        The name is method@number, which is none that a study file may give.
        """
        return {
            f"{method}@{number}": self["variants"].get(method, {})
            | {"method": self.base(method), "learning_rate": rate}
            for method in self.distilled_methods
            if self.students_with(method)
            for number, rate in enumerate(self["tuning"]["learning_rates"], start=1)
        }

    def variant(self, method: str) -> Mapping[str, Any]:
        """What a method has in place of the study's settings of the distillation."""
        if "@" in method:
            return self.trials[method]
        return self["variants"].get(method, {})

    def base(self, method: str) -> str:
        """The method that a variant is one of; a method is its own."""
        return self.variant(method).get("method", method)

    def distillation(self, method: str) -> dict[str, Any]:
        """The settings of the distillation that a method or variant has."""
        own = self.variant(method)
        return {name: own.get(name, value) for name, value in self["distillation"].items()}

    def trains(self, method: str) -> bool:
        """Whether a method or variant trains a student for each language and seed."""
        return self.base(method) in FINETUNED + DISTILLED

    @property
    def teacher_seeds(self) -> list[int]:
        """The seeds of the teachers that are trained, one for each encoder and seed."""
        return self["teacher"]["seeds"] or [self["teacher"]["seed"]]

    @property
    def untrained_seeds(self) -> list[int]:
        """The seeds of runs by a teacher alone: 0 where there is one, else the study's."""
        return [0] if len(self.teacher_seeds) == 1 else self["seeds"]

    def untrained_seed(self, seed: int) -> int:
        """Of a run's seed, the seed of the runs by its teacher alone."""
        return 0 if len(self.teacher_seeds) == 1 else seed

    def teacher_name(self, encoder: str, seed: int) -> str:
        """The teacher on an encoder in the runs of a seed: ENCODER, or ENCODER@SEED of several."""
        teachers = self.teacher_seeds
        if len(teachers) == 1:
            return encoder
        return f"{encoder}@{teachers[self['seeds'].index(seed)]}"

    def teacher_names(self, encoders: Iterable[str]) -> list[str]:
        """The teachers on encoders, those of every seed."""
        names = [self.teacher_name(one, seed) for one in encoders for seed in self["seeds"]]
        return list(dict.fromkeys(names))

    @property
    def contrasts(self) -> list[tuple[str, str]]:
        """Pairs of methods whose difference a study tells: (method, the one it is held against).

        optical and every other method with a student; and of those that distil, every two that
        differ in the alignment alone, or in one setting. The learning rate does not count, since
        each method may have its own.
        """
        pairs = [
            ("optical", method)
            for method in self["methods"]
            if "optical" in self["methods"] and method not in ("optical", *LEXICAL)
        ]
        for one, other in combinations(self.distilled_methods, 2):
            settings = self.distillation(one), self.distillation(other)
            bases = self.base(one), self.base(other)
            read = [
                name
                for name in settings[0]
                if name != "learning_rate" and all(name in read_by(base) for base in bases)
            ]
            changed = [name for name in read if settings[0][name] != settings[1][name]]
            if len(changed) + (bases[0] != bases[1]) == 1:
                # A variant is held against what it is a variant of.
                optical_first = bases[0] == "optical" != bases[1]
                pairs.append((one, other) if optical_first else (other, one))
        return [
            (one, other)
            for one, other in dict.fromkeys(pairs)
            if {*self.students_with(one)} & {*self.students_with(other)}
        ]

    @property
    def curve(self) -> dict[str, int | None]:
        """The largest set of methods that differ in their number of sentence pairs alone.

        By name the number, None for all; empty without two numbers.
        """
        curves: dict[tuple, dict[str, int | None]] = {}
        for method in self.distilled_methods:
            settings = self.distillation(method)
            pairs = settings.pop("pairs")
            curves.setdefault((self.base(method), *settings.values()), {})[method] = pairs
        longest = max(curves.values(), key=lambda curve: len({*curve.values()}), default={})
        return longest if len({*longest.values()}) > 1 else {}

    @property
    def distilled_methods(self) -> list[str]:
        """The methods and variants that distil, in the study's order."""
        return [method for method in self.methods if self.base(method) in DISTILLED]

    @property
    def trained_methods(self) -> list[str]:
        """Those that train a student for each language and seed, in the study's order."""
        return [method for method in self.methods if self.trains(method)]

    def tested_methods(self, language: str) -> list[str]:
        """The methods that have a run in a language: in the pivot there is nothing to learn."""
        if language == self.pivot:
            return [method for method in self["methods"] if method in ("bm25", "zero_shot")]
        return self.methods

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

    def code_in(self, source: str, language: str) -> str | None:
        """The code that a source of text has a language under.

        The same one first, then another of the language and script (`language_tags.find`), None
        where the source lacks the language.
        """
        return find(language, self.source_languages(source))

    def has_bitext(self, language: str) -> bool:
        """Whether any of the study's sources of bitext has a language."""
        return any(self.code_in(source, language) for source in self["bitext"]["sources"])

    @property
    def languages_with_bitext(self) -> list[str]:
        """The foreign languages of the study that have bitext, in the study's order."""
        return [language for language in self.languages if self.has_bitext(language)]

    def has_queries(self, collection: str, language: str) -> bool:
        """Whether a test collection has queries in a language."""
        return find(language, self.collection_languages(collection)) is not None

    def collection_languages(self, collection: str) -> set[str]:
        """The languages that a test collection has queries in, in most of them the pivot too."""
        asked = asked_in(collection)
        return {asked} if asked else self.source_languages(dataset_of(collection))

    def of_collection(self, collection: str, setting: str) -> Any:
        """A setting of a collection (`Own`), which the user's own have below `own`, and others in
        resources/datasets.yaml; where neither says it, the default.
        """
        name, default = dataset_of(collection), getattr(Own, setting)
        if name in self["own"]:
            return self["own"][name].get(setting, default)
        return self.datasets.get(name, {}).get(setting, default)

    def tested_languages(self, collection: str) -> list[str]:
        """The foreign languages of the study that a test collection has, in the study's order."""
        return [language for language in self.languages if self.has_queries(collection, language)]

    def asked_languages(self, collection: str) -> list[str]:
        """The study's languages that a collection has queries in, the pivot first if it is one."""
        pivot = [self.pivot] if self.has_queries(collection, self.pivot) else []
        return [*pivot, *self.tested_languages(collection)]

    @property
    def known_languages(self) -> list[str]:
        """Every language that a file of the study may be named after, in order."""
        names = {self.pivot, *self.languages, *self["pretraining"]["text"], *self.bitext_languages}
        names.update(*map(self.collection_languages, self["collections"]))
        return sorted(names)


def dataset_of(collection: str) -> str:
    """The dataset whose files a collection is made of: the part before the variant."""
    return collection.split("-")[0]
