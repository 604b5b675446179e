"""Training sets in the layout of MS MARCO: tab-separated files in one folder.

    collection.tsv     passage id, text
    queries.train.tsv  query id, text
    qrels.train.tsv    query id, 0, passage id, 1
    articles.tsv       passage id, article                     optional
    negatives.tsv      query id, passage id, hardest first     optional
    negatives.jsonl.gz or as sentence-transformers publishes them: qid, and neg by retriever
    scores.tsv         query id, passage id, cross-encoder's   optional

Hard negatives are those of negatives.tsv; without that file, other passages of the relevant
passage's article; without both, none. Where a cross-encoder's scores are given beside the folder,
hard negatives are among the passages that it scored. Ids and queries are held in memory, passages
are not.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from functools import partial
from itertools import chain, islice, zip_longest
from pathlib import Path

from optical.corpora import qrels
from optical.corpora.ids import as_id
from optical.corpora.json_lines import objects
from optical.corpora.lines import numbered_rows, read_queries
from optical.corpora.records import Passage, Query, TrainingSet
from optical.corpora.scored_negatives import ScoredPassages, scored_negatives
from optical.corpora.scores import scored_queries
from optical.corpora.text import Place, as_text, is_empty, shown
from optical.runtime.errors import InputError

MOST_NEGATIVES = 16
"""Hard negatives of a query at most."""

PUBLISHED = "expected qid and neg, which has a list of ids by retriever"
"""What to say of a line of published negatives that is something else."""


def training_set(folder: Path, *, scores: Path | None = None, margin: float = 0.0) -> TrainingSet:
    """The judged queries of the folder in random but fixed order, with what belongs to them.

    Queries without a judgement, in MS MARCO itself more than a third, are counted as left out, and
    so are those without a relevant passage, queries and passages without text, and blank lines.

    scores: of a cross-encoder, as `optical.corpora.scores` reads them, in place of scores.tsv; then
    hard negatives are among their passages, below the relevant ones by more than `margin`, as
    `optical.corpora.scored_negatives` says, and only relevant passages with a score are taken.

    Raises:
        InputError: names file and line of a judgement, negative or score without its query, of a
            relevant passage without text, and of an id given twice; when the passages have been
            read to their end also of a judgement, negative or score without its passage.
    """
    folder = Path(folder)
    texts = read_queries(folder / "queries.train.tsv", empty=True)
    silent = {query for query, text in texts.items() if not text}
    judged = read_judgements(folder / "qrels.train.tsv", texts)
    if not any(judged.values()):
        raise InputError(f"{folder / 'qrels.train.tsv'}: no relevant passage in it")
    relevant = {query: found for query, found in judged.items() if found and query not in silent}
    empty = empty_passages(folder / "collection.tsv")
    for query, passages in relevant.items():
        for passage in passages:
            if passage in empty:
                raise InputError(
                    f"{empty[passage]}: passage {passage} has no text, but is relevant to query "
                    f"{query}; expected a text, or no such judgement"
                )
    left_out = {"queries without a judgement": len(texts.keys() - silent - judged.keys())}
    counts = {
        "queries without a relevant passage": len(judged.keys() - silent - relevant.keys()),
        "queries without text": len(silent),
        "passages without text": len(empty),
    }
    left_out |= {what: number for what, number in counts.items() if number}
    if scores is None:
        negatives = without(empty, read_negatives(folder, relevant, texts))
        rows = partial(scored_passages, folder / "scores.tsv")
    else:
        chosen = scored_negatives(
            scores, relevant, texts, margin=margin, most=MOST_NEGATIVES, without=empty
        )
        relevant, negatives = chosen.relevant, chosen.negatives
        left_out |= chosen.left_out
        rows = partial(chosen_scores, chosen)
    ids = sorted(relevant)
    random.Random(0).shuffle(ids)
    named = {
        passage for passages in chain(relevant.values(), negatives.values()) for passage in passages
    }
    return TrainingSet(
        passages=lambda: read_passages(folder, named, scores),
        queries=lambda: (Query(query, texts[query]) for query in ids),
        judgements=lambda: in_order(ids, relevant),
        negatives=lambda: in_order(ids, negatives),
        scores=rows,
        left_out=left_out,
    )


def empty_passages(path: Path) -> dict[str, Place]:
    """Where the passages without text stand, by id; a blank line by the name of its place."""
    empty: dict[str, Place] = {}
    for number, (passage, text) in numbered_rows(path, 2, blank=True):
        if is_empty(text):
            place = Place(path, number)
            first = empty.setdefault(passage or str(place), place)
            if first != place:
                raise InputError(
                    f"{place}: passage {passage} was given before, in line {first.line}"
                )
    return empty


def without(empty: Container[str], negatives: dict[str, list[str]]) -> dict[str, list[str]]:
    """Negatives by query but for those without text."""
    return {
        query: [passage for passage in passages if passage not in empty]
        for query, passages in negatives.items()
    }


def in_order(ids: list[str], passages: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield (query id, passage id), the queries in the order of `ids`."""
    return ((query, passage) for query in ids for passage in passages.get(query, ()))


def read_judgements(path: Path, texts: dict[str, str]) -> dict[str, list[str]]:
    """Relevant passages of each judged query, those judged 0 or less left out."""
    relevant = defaultdict(list)
    for number, (query, passage, grade) in qrels.read_judgements(path, 4):
        if query not in texts:
            raise InputError(f"{path}:{number}: query {query} is not in queries.train.tsv")
        found = relevant[query]
        if grade > 0 and passage not in found:
            found.append(passage)
    return dict(relevant)


def read_negatives(
    folder: Path, relevant: dict[str, list[str]], texts: dict[str, str]
) -> dict[str, list[str]]:
    """Hard negatives by judged query, at most `MOST_NEGATIVES`; none that is judged relevant."""
    if (folder / "negatives.tsv").exists():
        return listed_negatives(folder / "negatives.tsv", relevant, texts)
    if (folder / "negatives.jsonl.gz").exists():
        return published_negatives(folder / "negatives.jsonl.gz", relevant)
    if (folder / "articles.tsv").exists():
        return article_negatives(folder / "articles.tsv", relevant)
    return {}


def listed_negatives(
    path: Path, relevant: dict[str, list[str]], texts: dict[str, str]
) -> dict[str, list[str]]:
    """The first negatives of each query in negatives.tsv."""
    negatives = defaultdict(list)
    for number, (query, passage) in numbered_rows(path, 2):
        if query not in texts:
            raise InputError(f"{path}:{number}: query {query} is not in queries.train.tsv")
        passage = as_id(passage, Place(path, number))
        # An unjudged query is not trained on; its negatives are of no use.
        if query not in relevant or passage in relevant[query]:
            continue
        if len(negatives[query]) < MOST_NEGATIVES:
            negatives[query].append(passage)
    return dict(negatives)


def published_negatives(path: Path, relevant: dict[str, list[str]]) -> dict[str, list[str]]:
    """The negatives of each judged query, one after another from each retriever that found some."""
    negatives = {}
    for place, record in objects(path, "qid", "neg", told=PUBLISHED):
        if not record:
            continue
        found = record["neg"]
        if not isinstance(found, dict) or not all(isinstance(ids, list) for ids in found.values()):
            raise InputError(f"{place}: {PUBLISHED}: got {shown(record)}")
        query = as_id(record["qid"], place)
        if query in relevant:
            names = in_turn([found[name] for name in sorted(found)], place)
            kept = unique(name for name in names if name not in relevant[query])
            negatives[query] = list(islice(kept, MOST_NEGATIVES))
    return negatives


def in_turn(found: list[list], place: Place) -> Iterator[str]:
    """Ids of several lists, one after another from each; null is none."""
    for turn in zip_longest(*found):
        # The same passage is a negative of many: its name is kept once.
        yield from (sys.intern(as_id(one, place)) for one in turn if one is not None)


def unique(names: Iterable[str]) -> Iterator[str]:
    """The names without those that came before."""
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def article_negatives(path: Path, relevant: dict[str, list[str]]) -> dict[str, list[str]]:
    """A random but fixed sample of the other passages of the first relevant passage's article."""
    article_of: dict[str, str] = {}
    members = defaultdict(list)
    for number, (passage, article) in numbered_rows(path, 2):
        passage = as_id(passage, Place(path, number))
        if passage in article_of:
            raise InputError(f"{path}:{number}: passage {passage} was given before")
        article_of[passage] = article
        members[article].append(passage)
    negatives = {}
    for query, passages in relevant.items():
        if passages[0] not in article_of:
            raise InputError(f"{path}: no article for passage {passages[0]}, relevant to {query}")
        others = [other for other in members[article_of[passages[0]]] if other not in passages]
        size = min(MOST_NEGATIVES, len(others))
        negatives[query] = random.Random(query).sample(others, size)
    return negatives


def scored_passages(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (query id, passage id, score) of a cross-encoder; nothing without the file."""
    if path.exists():
        for scored in scored_queries(path):
            for passage, score in scored.passages:
                yield scored.query, passage, str(score)


def chosen_scores(chosen: ScoredPassages) -> Iterator[tuple[str, str, str]]:
    """The same of the passages that are to be trained on."""
    for query, scores in chosen.scores.items():
        passages = chain(chosen.relevant[query], chosen.negatives[query])
        for passage, score in zip(passages, scores, strict=True):
            yield query, passage, str(score)


def read_passages(folder: Path, named: set[str], scores: Path | None) -> Iterator[Passage]:
    """All passages of collection.tsv; at the end, whether those `named` were among them.

    scores: where some were named, beside the files of the folder.
    """
    path = folder / "collection.tsv"
    missing = set(named)
    for number, (passage, text) in numbered_rows(path, 2, blank=True):
        text = as_text(text, Place(path, number))
        if not (text or passage):
            continue
        if passage in missing:
            missing.remove(passage)
        elif passage in named:
            raise InputError(
                f"{path}:{number}: passage {passage} was given before, in line "
                f"{first_line(path, passage)}"
            )
        if text:
            yield Passage(passage, passage, text)
    if missing:
        raise InputError(f"{first_use(folder, missing, scores)}, which is not in {path}")


def first_line(path: Path, passage: str) -> int:
    """The first line of a passage in collection.tsv."""
    return next(number for number, row in numbered_rows(path, 2, blank=True) if row[0] == passage)


def first_use(folder: Path, passages: set[str], scores: Path | None) -> str:
    """Where the training set first names one of the passages, as file:line: passage."""
    judged = folder / "qrels.train.tsv"
    for number, judgement in qrels.read_judgements(judged, 4):
        if judgement.passage in passages:
            return f"{judged}:{number}: passage {judgement.passage}"
    # Where there are scores, hard negatives are of no other file.
    for name, column in () if scores else (("negatives.tsv", 1), ("articles.tsv", 0)):
        if (folder / name).exists():
            for number, fields in numbered_rows(folder / name, 2):
                if fields[column] in passages:
                    return f"{folder / name}:{number}: passage {fields[column]}"
    for scored in scored_queries(scores) if scores else ():
        for passage, _ in scored.passages:
            if passage in passages:
                return f"{scored.place}: passage {passage}"
    return f"{folder}: passage {min(passages)}"
