"""Ask a finished study a question: the best passages, and which tokens made their scores."""

import math
import os
import sys
from pathlib import Path

from optical.corpora.text import as_text
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.study import paths

# Backgrounds of the terminal's 256 colours that black letters can be read on.
COLOURS = (117, 156, 222, 218, 183, 159, 229, 210, 150, 189)


def main(
    question: str,
    /,
    *,
    study: str,
    student: str,
    lang: str,
    method: str = "optical",
    collection: str | None = None,
    seed: int = 1,
    passages: int = 3,
) -> None:
    """
    study: its name, as under results/
    student: which student reads the question
    lang: language of the question
    question: in the language
    method: how the student was trained
    collection: what to search (the study's first)
    seed: of the student
    passages: how many to show
    """
    settings = study_of(study)
    student_settings = one_of("student", student, settings["students"])
    rows = [*settings["methods"], *settings.get("variants", ())]
    method = one_of("method", method, {name: name for name in rows})
    collections = {name: name for name in settings["collections"]}
    collection = one_of("collection", collection or settings["collections"][0], collections)
    names = {"study": study, "collection": collection}
    names["teacher"] = teacher_folder(settings, student_settings["teacher"], seed)
    teacher, passage_vectors, index_folder, texts = (
        Path(path.format(**names))
        for path in (paths.TEACHER, paths.PASSAGE_VECTORS, paths.INDEX, paths.PASSAGES)
    )
    if method != "zero_shot" and settings.get("keep") == "scores":
        raise InputError(
            f"{study} has kept its scores alone (keep: scores), no student; try --method zero_shot"
        )
    model = query_model(study, teacher, student, method, lang, seed)

    from pyarrow import parquet
    from transformers import AutoTokenizer

    from optical.models.embedding import embed, readable
    from optical.models.shared_base import load_embedder
    from optical.retrieval.token_index import open_index
    from optical.retrieval.token_vectors import TokenVectors

    vectors = TokenVectors(passage_vectors)
    index = open_index(index_folder, vectors)
    rows = parquet.read_table(texts)
    reader = load_embedder(model)
    tokenizer = AutoTokenizer.from_pretrained(teacher, local_files_only=True)
    ((ids, query),) = embed(reader, [as_text(question, "the question")], task="query")
    query = query.astype("float32")
    if not math.isfinite(query.sum()):
        raise InputError(f"{model} gives vectors that are not finite")
    ((best, scores),) = index.search([query], passages)
    print(f"{student}, {method}, {collection}, read by {model}\n")
    asked = readable(reader.tokenizer, ids)
    for rank, (row, score) in enumerate(zip(best.tolist(), scores.tolist(), strict=True), start=1):
        found = rows.slice(row, 1).to_pylist()[0]
        print(f"{rank}. {found['passage_id']}  score {score:.3f} of at most {len(ids)}")
        print(f"   {found['text']}")
        tokens = readable(tokenizer, vectors.ids(row))
        show_alignment(asked, tokens, query @ vectors[row].astype("float32").T)


def show_alignment(asked: list[str], tokens: list[str], similarity) -> None:
    """Print which token of the passage made the score of each token of the question.

    similarity: [tokens of the question, tokens of the passage].
    """
    nearest = similarity.argmax(axis=1)
    pairs = []
    for number, (token, place) in enumerate(zip(asked, nearest, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        pair = f"{token} → {tokens[place]} {similarity[number, place]:.2f}"
        pairs.append(coloured(pair, colour))
    print("   " + "  ".join(pairs) + "\n")


def coloured(text: str, colour: int) -> str:
    """Text on a colour, where a terminal shows it."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[30;48;5;{colour}m{text}\x1b[0m"


def study_of(name: str) -> dict:
    """The settings of a finished study."""
    import yaml

    file = Path(paths.SETTINGS.format(study=name))
    if not file.exists():
        studies = [
            paths.match(paths.SETTINGS, path)["study"]
            for path in sorted(Path().glob(paths.SETTINGS.format(study="*")))
        ]
        known = f"those here are {', '.join(studies)}" if studies else "none has been run here"
        raise InputError(f"no study {name}: {known}")
    return yaml.safe_load(file.read_text())


def teacher_folder(settings: dict, teacher: str, seed: int) -> str:
    """The name of the teacher that the runs of a seed have, where a study has several."""
    # Absent from studies that ran before it was a setting.
    seeds = settings.get("teacher", {}).get("seeds", ())
    if len(seeds) < 2 or seed not in settings["seeds"]:
        return teacher
    return f"{teacher}@{seeds[settings['seeds'].index(seed)]}"


def one_of(what: str, name: str, known: dict):
    """The entry of a name; an unknown one is an error that says which there are."""
    if name not in known:
        raise InputError(f"no {what} {name!r}: expected one of {', '.join(known)}")
    return known[name]


def query_model(study: str, teacher: Path, student: str, method: str, lang: str, seed: int) -> Path:
    """The folder of the model that reads queries of a language."""
    if method == "zero_shot":
        return teacher
    every = paths.STUDENT.format(study=study, student=student, method=method, lang="*", seed="*")
    known: dict[str, dict[str, Path]] = {}
    for path in sorted(Path().glob(every)):
        if names := paths.match(paths.STUDENT, path):
            known.setdefault(names["lang"], {})[f"seed-{names['seed']}"] = path
    if not known:
        raise InputError(f"student {student} has no model by {method}, try --method zero_shot")
    return one_of("model", f"seed-{seed}", one_of("language", lang, known))


if __name__ == "__main__":
    run_program(main)
