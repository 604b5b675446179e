"""What sources of text give: sentence pairs, passages, queries and training sets."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from optical.corpora.text import Place


class Pair(NamedTuple):
    """A sentence and its translation into the pivot language.

    note: empty, or what the source's own module found about the pair: `repaired:<what>` for a
    pair that it put right, `left_out:<what>` for what is no pair at all, such as a unit of other
    languages, and is only counted; any other word for one that `cleaning` must remove under that
    name.
    """

    id: str
    source: str
    target: str
    note: str = ""

    @property
    def is_left_out(self) -> bool:
        """Whether it is no pair at all, and is only counted."""
        return self.note.startswith("left_out:")


class Passage(NamedTuple):
    """A retrievable text and the document that it is a part of.

    text: empty for one that is left out and counted, and the ids too for a blank line. place: where
    it stands, if its id and text are a user's own.
    """

    passage_id: str
    document_id: str
    text: str
    place: Place | None = None


class Query(NamedTuple):
    """A query in one language; `text`, `id` and `place` as of a passage."""

    id: str
    text: str
    place: Place | None = None


class Judgement(NamedTuple):
    """How relevant a passage is to a query: 0 and less is not relevant."""

    query: str
    passage: str
    grade: int = 1


def nothing() -> Iterator[Any]:
    """No rows."""
    return iter(())


class TrainingSet(NamedTuple):
    """Queries with relevant passages, each field a function that starts a fresh stream.

    passages: all passages that judgements and negatives name, and perhaps more.
    queries: only queries with a judgement, in an order whose beginning is a fair sample.
    judgements, negatives: (query id, passage id), grouped by query in the order of `queries`.
    scores: (query id, passage id, score) of a cross-encoder, in any order, where there are some.
    left_out: what the source holds and the streams do not, as "what": how many.
    """

    passages: Callable[[], Iterator[Passage]]
    queries: Callable[[], Iterator[Query]]
    judgements: Callable[[], Iterator[tuple[str, str]]]
    negatives: Callable[[], Iterator[tuple[str, str]]] = nothing
    scores: Callable[[], Iterator[tuple[str, str, str]]] = nothing
    left_out: Mapping[str, int] = {}
