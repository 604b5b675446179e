"""The results of a study that was run: its settings, its models, and where its files lie."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS
from optical.study import paths
from optical.study.study_file import read_settings

WORKFLOW = Path(__file__).parents[3]
"""The folder of the workflow, whose results/ is looked at from wherever a program is started."""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Results:
    """The results of one study.

    Attributes:
        root: the folder that has results/.
        study: its name.
        settings: those of the study, with every default.
    """

    root: Path
    study: str
    settings: Mapping[str, Any]

    def path(self, template: str, **names: object) -> Path:
        """A file of the study from its template in `optical.study.paths`."""
        return self.root / template.format(study=self.study, **names)

    def found(self, template: str, **names: object) -> list[dict[str, str]]:
        """The wildcards of every file of a template that is there, in the order of their names."""
        pattern = paths.fill(template, study=self.study, **names)
        for wildcard in ("student", "method", "lang", "seed", "collection"):
            pattern = pattern.replace(f"{{{wildcard}}}", "*")
        matches = (paths.match(template, path) for path in sorted(self.root.glob(pattern)))
        return [match for match in matches if match]

    @property
    def pivot(self) -> str | None:
        """The passages' language."""
        return self.settings.get("pivot")

    @property
    def languages(self) -> list[str]:
        """The languages of the queries, the pivot first."""
        groups = self.settings.get("languages", {})
        names = [name for group in GROUPS for name in groups.get(group, ())]
        return [*([self.pivot] if self.pivot else []), *names]

    def seed(self, seed: int | None) -> int:
        """A seed of the study; the first where none is given. Raises InputError for another."""
        seeds = self.settings["seeds"]
        if seed is not None and seed not in seeds:
            raise InputError(f"no seed {seed}: expected one of {', '.join(map(str, seeds))}")
        return seeds[0] if seed is None else seed

    def teacher(self, student: str, seed: int) -> str:
        """The name of the teacher that a student's runs of a seed have, of several its seed too."""
        teacher = one_of("student", student, self.settings["students"])["teacher"]
        # Absent from studies that ran before it was a setting.
        seeds = self.settings.get("teacher", {}).get("seeds", ())
        if len(seeds) < 2 or seed not in self.settings["seeds"]:
            return teacher
        return f"{teacher}@{seeds[self.settings['seeds'].index(seed)]}"

    def methods(self, student: str) -> list[str]:
        """The methods that have a model which encodes a student's queries; zero_shot is first.

        BM25 has none, and translate_query needs a translator before the model.
        """
        one_of("student", student, self.settings["students"])
        trained = {names["method"] for names in self.found(paths.STUDENT, student=student)}
        rows = [*self.settings["methods"], *self.settings.get("variants", ())]
        return ["zero_shot", *(name for name in dict.fromkeys(rows) if name in trained)]

    def model(self, student: str, method: str, language: str, seed: int) -> Path:
        """The folder of the model that encodes a student's queries in a language.

        Raises InputError, which says what there is, for a method, a language or a seed without one.
        """
        if method != "zero_shot" and self.settings.get("keep") == "scores":
            raise InputError(
                f"{self.study} has kept its scores alone (keep: scores), no student; try --method "
                "zero_shot"
            )
        one_of("method", method, named(self.methods(student)))
        if method == "zero_shot":
            # Whatever the language, it is the teacher.
            one_of("language", language, named(self.languages or [language]))
            return self.path(paths.TEACHER, teacher=self.teacher(student, seed))
        if language == self.pivot:
            raise InputError(
                f"{language} is the language of the passages, which no student is trained for: "
                "expected --method zero_shot"
            )
        known: dict[str, dict[str, Path]] = {}
        for names in self.found(paths.STUDENT, student=student, method=method):
            own = {key: value for key, value in names.items() if key != "study"}
            of_language = known.setdefault(names["lang"], {})
            of_language[f"seed-{names['seed']}"] = self.path(paths.STUDENT, **own)
        return one_of("model", f"seed-{seed}", one_of("language", language, known))


def results_of(study: str, folder: Path | None = None) -> Results:
    """The results of a study. folder: that has results/, see `place_of_results`.

    Raises InputError, which names the studies that are there, for one that is not.
    """
    root = place_of_results(folder)
    file = root / paths.SETTINGS.format(study=study)
    if file.exists():
        return Results(root, study, yaml.safe_load(file.read_text(encoding="utf-8")))
    studies = [
        names["study"]
        for path in sorted(root.glob(paths.SETTINGS.format(study="*")))
        if (names := paths.match(paths.SETTINGS, path))
    ]
    known = f"those here are {', '.join(studies)}" if studies else "none has been run here"
    raise InputError(f"no study {study}: {known}")


def name_of(study: str) -> str:
    """The name of a study, which may be given by its file."""
    if not study.endswith((".yaml", ".yml")):
        return study
    if not Path(study).exists():
        raise InputError(f"{study}: no such file; expected that of a study, or its name")
    settings = read_settings(Path(study))
    if "study" not in settings:
        raise InputError(f"{study}: no study; expected a file with the key study")
    tiny = "-tiny" if settings.get("scale") == "tiny" else ""
    return f"{settings['study']}{tiny}"


def place_of_results(folder: Path | None) -> Path:
    """Where results are looked for: a folder, or else the current one or that of the workflow."""
    if folder:
        return folder
    return Path() if Path("results").is_dir() else WORKFLOW


def named(names: Iterable[str]) -> dict[str, str]:
    """Names as a table of themselves."""
    return {name: name for name in names}


def one_of(what: str, name: str, known: Mapping[str, Entry]) -> Entry:
    """The entry of a name; an unknown one is an error that says which there are."""
    if name not in known:
        raise InputError(f"no {what} {name!r}: expected one of {', '.join(known)}")
    return known[name]
