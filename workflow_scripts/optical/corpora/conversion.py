"""Data sets in common formats, converted to the local layout of MS MARCO.

The result is a training set (collection.tsv, queries.train.tsv, qrels.train.tsv, perhaps
articles.tsv or negatives.tsv), see `optical.corpora.msmarco`. Or it is a test collection
(collection.tsv, queries.LANGUAGE.tsv, qrels.tsv), see `optical.corpora.own_collection`. Texts are
streamed. In memory are ids, or an 8-byte hash of each text that has no id.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from optical.corpora import hub_parquet, qrels, squad
from optical.corpora.json_lines import objects
from optical.corpora.own_collection import records
from optical.corpora.records import Judgement, nothing
from optical.corpora.rows import write_rows
from optical.corpora.text import as_text
from optical.runtime.errors import InputError
from optical.runtime.files import scratch


class Converted(NamedTuple):
    """What a format holds, each field a function that starts a fresh stream.

    passages, queries: (id, text), no text empty, no id twice. judgements: with the grade.
    articles: (passage id, article id). negatives: (query id, passage id).
    left_out: what the streams do not give, counted while they run.
    """

    passages: Callable[[], Iterator[tuple[str, str]]]
    queries: Callable[[], Iterator[tuple[str, str]]]
    judgements: Callable[[], Iterator[Judgement]]
    articles: Callable[[], Iterator[tuple[str, str]]] = nothing
    negatives: Callable[[], Iterator[tuple[str, str]]] = nothing
    left_out: Counter[str] = Counter()


def from_squad(files: Sequence[Path]) -> Converted:
    """Files in the SQuAD format; a question is a query, its paragraph the relevant passage.

    Questions that no paragraph answers (SQuAD 2.0) are left out. Paragraphs of the same article
    become hard negatives.
    """
    left_out: Counter[str] = Counter()

    def paragraphs() -> Iterator[tuple[str, squad.Paragraph]]:
        for number, file in enumerate(files):
            for paragraph in squad.paragraphs(file):
                if paragraph.context:
                    yield f"f{number}" if len(files) > 1 else "", paragraph

    def passages() -> Iterator[tuple[str, str]]:
        for begin, paragraph in paragraphs():
            left_out["questions that nothing answers"] += paragraph.impossible
            yield begin + paragraph.id, paragraph.context

    def questions() -> Iterator[tuple[str, str, str]]:
        for begin, paragraph in paragraphs():
            for name, text in paragraph.questions:
                if text:
                    yield name, text, begin + paragraph.id

    return Converted(
        passages=passages,
        queries=lambda: ((name, text) for name, text, _ in questions()),
        judgements=lambda: (Judgement(name, passage) for name, _, passage in questions()),
        articles=lambda: ((begin + one.id, begin + one.article) for begin, one in paragraphs()),
        left_out=left_out,
    )


def from_beir(folder: Path, split: str) -> Converted:
    """A folder of BEIR (Thakur et al. 2021, arXiv 2104.08663): corpus.jsonl, queries.jsonl, qrels/.

    Queries without a judgement in qrels/{split}.tsv, and texts that are empty, are left out.

    Raises:
        InputError: where this file is not there.
    """
    left_out: Counter[str] = Counter()
    file = folder / "qrels" / f"{split}.tsv"
    if not file.exists():
        raise InputError(f"{file}: no such file; expected the judgements of the split {split}")
    judged = list(qrels.judged_once(file, 3))
    wanted = {judgement.query for judgement in judged}
    empty: dict[str, set[str]] = {"queries": set(), "passages": set()}

    def texts(file: str, what: str) -> Iterator[tuple[str, str]]:
        for _, name, title, text in records(folder / file, "beir"):
            if whole := f"{title} {text}".strip():
                yield name, whole
            else:
                left_out[f"{what} without text"] += 1
                empty[what].add(name)

    def queries() -> Iterator[tuple[str, str]]:
        return (row for row in texts("queries.jsonl", "queries") if row[0] in wanted)

    return Converted(
        passages=lambda: texts("corpus.jsonl", "passages"),
        queries=queries,
        # They are read last, when it is known what is empty.
        judgements=lambda: (
            row
            for row in judged
            if row.query not in empty["queries"] and row.passage not in empty["passages"]
        ),
        left_out=left_out,
    )


def from_rows(
    files: Sequence[Path], query: str, passage: str, negative: str | None = None
) -> Converted:
    """Rows of a query, a relevant passage and perhaps a negative, in columns of these names.

    files: .parquet, as data sets of the Hugging Face hub, or .jsonl. The id of a text is its hash,
    so that a passage of several rows is one passage.
    """
    left_out: Counter[str] = Counter()

    def rows() -> Iterator[list[str]]:
        names = [query, passage, *([negative] if negative else [])]
        for file in files:
            yield from ([" ".join(text.split()) for text in row] for row in rows_of(file, names))

    def good() -> Iterator[list[str]]:
        return (row for row in rows() if row[0] and row[1])

    def passages() -> Iterator[tuple[str, str]]:
        left_out["rows without a query or a passage"] = sum(not (r[0] and r[1]) for r in rows())
        return once((key(text), text) for row in good() for text in row[1:] if text)

    def judgements() -> Iterator[Judgement]:
        for pair, _ in once((f"{key(row[0])} {key(row[1])}", "") for row in good()):
            query_id, passage_id = pair.split()
            yield Judgement(query_id, passage_id)

    return Converted(
        passages=passages,
        queries=lambda: once((key(row[0]), row[0]) for row in good()),
        judgements=judgements,
        negatives=lambda: ((key(row[0]), key(row[2])) for row in good() if row[2:] and row[2]),
        left_out=left_out,
    )


def rows_of(file: Path, columns: Sequence[str]) -> Iterator[list[str]]:
    """The texts of some columns of a file, row by row.

    Raises:
        InputError: for a file of another kind or without one of the columns.
    """
    if file.suffix == ".parquet":
        values = zip(*(hub_parquet.column_texts(file, name) for name in columns), strict=True)
        for number, row in enumerate(values, start=1):
            yield [as_text(text, f"{file}: row {number}") for text in row]
    elif file.suffix == ".jsonl":
        for place, record in objects(file, *columns):
            yield [as_text(record.get(name), place, name) for name in columns]
    else:
        raise InputError(f"{file}: expected a .parquet or a .jsonl file")


def key(text: str) -> str:
    """The id of a text without one: its hash, in 16 hexadecimal digits."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def once(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The rows whose first field was not there before."""
    seen: set[int] = set()
    for row in rows:
        number = hash(row[0])
        if number not in seen:
            seen.add(number)
            yield row


def write(
    data: Converted, folder: Path, language: str | None, *, queries_only: bool = False
) -> dict[str, int]:
    """Write a training set, or a collection with queries in a language; returns how many of what.

    An error leaves no file there.
    queries_only: the passages and judgements are there already, from another language.

    Raises:
        InputError: for a file that exists, for a format without any query or judgement, for two
            queries with one id, and for queries alone of which none is judged.
    """
    name = language or "train"
    targets = {"queries": f"queries.{name}.tsv"}
    if not queries_only:
        targets["passages"] = "collection.tsv"
        targets["judgements"] = "qrels.tsv" if language else "qrels.train.tsv"
    for file in targets.values():
        if (folder / file).exists():
            raise InputError(f"{folder / file} exists; expected a new folder")
    if queries_only:
        refuse_unjudged(data, folder / "qrels.tsv")
    streams: dict[str, Callable[[], Iterable[tuple[str, ...]]]] = {
        "passages": data.passages,
        "queries": lambda: distinct(data.queries(), folder / targets["queries"]),
        "judgements": lambda: (
            (row.query, "0", row.passage, str(row.grade if language else 1))
            for row in data.judgements()
            if language or row.grade > 0
        ),
    }
    with scratch(folder / "converted") as unfinished:
        counts = {
            what: write_rows(unfinished / targets[what], stream())
            for what, stream in streams.items()
            if what in targets
        }
        if not language:
            for what, stream in (("articles", data.articles), ("negatives", data.negatives)):
                if number := write_rows(unfinished / f"{what}.tsv", stream()):
                    counts[what] = number
                else:
                    (unfinished / f"{what}.tsv").unlink()
        if missing := [what for what, number in counts.items() if not number]:
            raise InputError(
                f"{folder}: no {' and no '.join(missing)} found; expected at least one"
            )
        for written in unfinished.iterdir():
            written.replace(folder / written.name)
    return counts | {f"left out: {what}": n for what, n in data.left_out.items() if n}


def distinct(queries: Iterable[tuple[str, str]], file: Path) -> Iterator[tuple[str, str]]:
    """The queries for `file`; raises InputError for two with one id."""
    seen: set[str] = set()
    for name, text in queries:
        if name in seen:
            raise InputError(f"{file}: two queries would be {name}; expected ids that differ")
        seen.add(name)
        yield name, text


def refuse_unjudged(data: Converted, file: Path) -> None:
    """Raise InputError if a collection's file of judgements is of none of the queries."""
    names = [name for name, _ in data.queries()]
    if names and {row.query for row in qrels.judged_once(file, 4)}.isdisjoint(names):
        raise InputError(
            f"{file}: judges none of the queries, such as {names[0]}; expected the ids of those "
            "in another language"
        )
