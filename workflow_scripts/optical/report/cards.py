"""What a model card says for the hub to read, and the limits of the model for people."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import yaml

from optical.evaluation.gap import BASELINE
from optical.report.tables import metric_name
from optical.settings.methods import DISTILLED

FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
"""The metadata at the beginning of a card."""

TERMS = "LICENSE.md"
"""Name of the file beside a card that says what may be done with the model."""

TASK = {"type": "text-retrieval", "name": "Cross-lingual retrieval"}


LEARNT = {
    "optical": (
        "A transport plan aligns the tokens of a sentence with those of its translation. The "
        "student moves its token vectors to the teacher's at the least cost "
        "([OPTICAL, WSDM 2023](https://arxiv.org/abs/2301.12566))."
    ),
    "greedy": (
        "Tokens of a sentence are paired greedily with those of its translation. The student moves "
        "its token vectors to the teacher's ([DR.DECR](https://arxiv.org/abs/2112.08185))."
    ),
    "sentence": (
        "The student moves the mean of the token vectors of each sentence to the teacher's."
    ),
}
"""How a student of each method of distillation learns from bitext, for readers of a card."""


def with_metadata(card: str, about: Mapping[str, Any]) -> str:
    """A card whose metadata has some more; of tags, those of both.

    about: keys of the hub's metadata (https://huggingface.co/docs/hub/model-cards).
    """
    match = FRONT.match(card)
    known = yaml.safe_load(match[1]) if match else {}
    merged = {**known, **about}
    if tags := list(dict.fromkeys([*known.get("tags", ()), *about.get("tags", ())])):
        merged["tags"] = tags
    body = card[match.end() :] if match else card
    if not merged:
        return body
    return f"---\n{yaml.safe_dump(merged, sort_keys=False, allow_unicode=True)}---\n{body}"


def metadata(
    settings: Mapping[str, Any],
    languages: pd.DataFrame,
    student: str,
    method: str,
    language: str | None,
    sources: Iterable[str],
) -> dict[str, Any]:
    """The hub's metadata of a student, or of the teacher of a student.

    Args:
        settings: those of the study, with every default.
        languages: the study's language table.
        student: whose scores these are.
        method: how the student was trained; `BASELINE` for the teacher.
        language: the one that the student reads; None for a teacher.
        sources: the names of the data sets that the model was trained on.

    A study cannot license a model: the terms of its data and of its base model hold, which the
    card lists.
    """
    about: dict[str, Any] = {
        "license": "other",
        "license_name": "terms-of-its-data-and-base-model",
        "license_link": TERMS,
        "pipeline_tag": "feature-extraction",
        "tags": tags(settings, method),
    }
    # Languages that were made by a program have no code that the hub knows.
    if not constructed(settings):
        pivot = settings["pivot"]
        about["language"] = list(dict.fromkeys(map(base_code, [language or pivot, pivot])))
        about["datasets"] = list(sources)
    if base := base_model(settings, student, method):
        about |= {"base_model": base, "base_model_relation": "finetune"}
    rows = rows_of(settings, languages, student, method, language)
    if len(rows):
        name = ".".join(filter(None, [settings["study"], student, method, language]))
        results = [result_of(row) for _, row in rows.iterrows()]
        about["model-index"] = [{"name": name, "results": results}]
    return about


def terms(base: str | None, teacher: str | None, licences: Mapping[str, str]) -> str:
    """The text of `TERMS`: a study cannot license a model, so those of all it was made from.

    base: the hub's name of its base model. teacher: for a student, the study's model of the
    passages. licences: of each data set.
    """
    made = [f"The base model [{base}](https://huggingface.co/{base})."] if base else []
    if teacher:
        made.append(f"The model `{teacher}` of the same study.")
    made += [f"The data set {name}: {licence}." for name, licence in licences.items()]
    text = "This model has no licence of its own. The terms of what it was made from hold:"
    return "\n".join(["# Terms", "", text, "", *(f"- {line}" for line in made), ""])


def constructed(settings: Mapping[str, Any]) -> bool:
    """Whether the study is of languages that a program made."""
    return settings["training_set"]["source"] == "constructed"


def base_code(language: str) -> str:
    """The code of a language without script and region, as the hub knows it: zh of zh-Hans."""
    return re.split("[-_]", language)[0].lower()


def method_of(settings: Mapping[str, Any], name: str) -> str:
    """The method of a row of the tables: of a variant that which it is a variant of."""
    return settings.get("variants", {}).get(name, {}).get("method", name)


def usage_section(settings: Mapping[str, Any], method: str, teacher: str) -> str:
    """How a student learnt, and how it is used beside its teacher, which encodes the passages.

    `repository.prepare` puts names of the hub in place of the folders.
    """
    learnt = LEARNT.get(method_of(settings, method), "")
    return f"""## Search with it

{learnt}

```python
from sentence_transformers import MultiVectorEncoder
queries = MultiVectorEncoder("THIS FOLDER").encode_query(["..."])
teacher = MultiVectorEncoder("FOLDER OF `{teacher}`")
passages = teacher.encode_document(["...", "..."])
scores = teacher.similarity(queries, passages)  # MaxSim, [queries, passages]
```
"""


def tags(settings: Mapping[str, Any], method: str) -> list[str]:
    """What the model is, beside what every card says."""
    base = method_of(settings, method)
    own = ["late-interaction", "information-retrieval"]
    if base in DISTILLED:
        own.append("knowledge-distillation")
    if base == "optical":
        own.append("optimal-transport")
    return own


def base_model(settings: Mapping[str, Any], student: str, method: str) -> str | None:
    """The hub's name of the encoder that a model was made from, where it is of the hub."""
    role = "teacher" if method == BASELINE else "encoder"
    encoder = settings["students"][student][role]
    known = {**settings.get("encoders", {}), **settings.get("teachers", {})}
    return known.get(encoder, {}).get("hub")


def rows_of(
    settings: Mapping[str, Any],
    languages: pd.DataFrame,
    student: str,
    method: str,
    language: str | None,
) -> pd.DataFrame:
    """The rows of the language table on a model, by the metric of the study."""
    chosen = (languages["student"] == student) & (languages["method"] == method)
    chosen &= languages["metric"] == settings["metric"]
    if language is not None:
        chosen &= languages["language"] == language
    return languages[chosen]


def result_of(row: pd.Series) -> dict[str, Any]:
    """A score as the hub's model-index has it."""
    metric = {"type": row["metric"], "name": metric_name(row["metric"])}
    return {
        "task": dict(TASK),  # a copy, for YAML would write the same one as an alias
        "dataset": {
            "type": row["collection"],
            "name": f"{row['collection']} ({row['language']} queries)",
            "config": row["language"],
            "split": "test",
        },
        "metrics": [metric | {"value": round(float(row["value"]), 4)}],
    }


def limits_section(
    settings: Mapping[str, Any],
    languages: pd.DataFrame,
    student: str,
    method: str,
    language: str | None,
) -> str:
    """What the scores do not show, and where the model is not to be used."""
    rows = rows_of(settings, languages, student, method, language)
    seeds = len(settings["seeds"])
    model = settings["model"]
    lines = [
        f"It was tested on {', '.join(rows['collection'].unique()) or 'no collection'} alone. "
        "Other domains may give other scores.",
        f"Queries are cut at {model['query_length']} tokens, passages at "
        f"{model['passage_length']}.",
        f"The scores are {metric_name(settings['metric'])} over {seeds} "
        f"training seed{'s' if seeds > 1 else ''}"
        + ("." if seeds > 1 else ": another training may give others."),
        "Whether the pre-training data of its encoder contains test passages was not checked.",
        "No social bias was measured. What it finds reflects the texts that it was trained on.",
    ]
    if method != BASELINE:
        lines.insert(0, f"It encodes queries in {language} only, and no passages.")
    if constructed(settings):
        lines.insert(
            0,
            "**Its languages were made by a program: it is of no use for any natural language.**",
        )
    return "\n".join(["## Limits", "", *(f"- {line}" for line in lines), ""])


def picture_section(settings: Mapping[str, Any], file: str) -> str:
    """A picture of the whole study. file: its name beside the card."""
    name = metric_name(settings["metric"])
    text = f"{name} of each language of the study, before and after distillation"
    return f"![{text}]({file})\n"
