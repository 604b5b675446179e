"""Pairs of a query and the documents that are judged best for it, to train on.

Of each query the best documents are those with the highest grade that it gives any. Texts are
joined by id in a file of SQLite: neither texts nor ids are held in memory, however many there are.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from optical.corpora.judged import Judged, Texts
from optical.corpora.rows import write_parquet
from optical.corpora.training_files import PAIR_COLUMNS
from optical.runtime.errors import InputError
from optical.runtime.files import scratch

# What a crash leaves is removed, so nothing has to be kept safe. The cache is 64 MiB.
SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE judged (line INTEGER, query TEXT, document TEXT, grade INTEGER);
CREATE TABLE queries (line INTEGER, id TEXT, text TEXT);
CREATE TABLE documents (line INTEGER, id TEXT, text TEXT);
"""

BEST = """
CREATE TABLE best AS
    SELECT place(query) AS place, query, document FROM judged
    JOIN (SELECT query, max(grade) AS grade FROM judged GROUP BY query) USING (query, grade);
CREATE INDEX best_place ON best (place, query, document);
CREATE INDEX best_query ON best (query);
CREATE INDEX best_document ON best (document);
"""

PAIRS = """
SELECT query, document, queries.text, documents.text FROM best
LEFT JOIN queries ON queries.id = query
LEFT JOIN documents ON documents.id = document
ORDER BY place, query, document
"""


def no_fault(query: str, document: str) -> str:
    """What is wrong with a pair where nothing is tested."""
    return ""


def write_judged_pairs(
    path: Path,
    judged: Judged,
    *,
    limit: int | None = None,
    fault: Callable[[str, str], str] = no_fault,
) -> dict[str, int]:
    """Write (id, source, target) of each query and each of its best documents, to parquet.

    Pairs are in random but fixed order, so that the first `limit` are a fair sample. Left out are
    those without a text, and those for whose query and document `fault` returns words: what is
    wrong with them. Returns the number of pairs, and by reason how many were left out before the
    last of them.

    Raises:
        InputError: names the line of an id that an earlier text has, and of a document that was
            judged for the same query before; says so where no pair is left.
    """
    left_out: Counter[str] = Counter()
    with scratch(path.with_suffix(".sqlite")) as file, closing(sqlite3.connect(file)) as base:
        base.executescript(SCHEMA)
        base.create_function("place", 1, place, deterministic=True)
        load_judgements(base, judged)
        base.executescript(BEST)
        load_texts(base, "queries", "query", judged.queries)
        load_texts(base, "documents", "document", judged.documents)
        number = write_parquet(
            path, PAIR_COLUMNS, islice(best_pairs(base, judged, fault, left_out), limit)
        )
    return {"pairs": number} | {f"left out: {what}": n for what, n in sorted(left_out.items())}


def place(query: str) -> int:
    """Where a query stands among the others: anywhere, but always there."""
    return int.from_bytes(blake2b(query.encode(), digest_size=8).digest(), signed=True)


def load_judgements(base: sqlite3.Connection, judged: Judged) -> None:
    """Put the judgements that may be trained on into the database."""
    path, rows = judged.judgements
    base.executemany(
        "INSERT INTO judged VALUES (?, ?, ?, ?)",
        (row for row in rows() if row[3] >= judged.least),
    )
    base.execute("CREATE INDEX judged_pair ON judged (query, document, line, grade)")
    base.commit()
    if twice := first_repeated(base, "judged", "query, document"):
        query, document, first, second = twice
        raise InputError(
            f"{path}:{second}: document {document} was judged for query {query} before, at line "
            f"{first}; expected once"
        )


def load_texts(base: sqlite3.Connection, table: str, column: str, texts: Texts) -> None:
    """Put those texts into the database that the best pairs name in `column`."""
    base.executemany(
        f"INSERT INTO {table} SELECT ?1, ?2, ?3"
        f" WHERE EXISTS (SELECT 1 FROM best WHERE {column} = ?2)",
        texts.rows(),
    )
    base.execute(f"CREATE INDEX {table}_id ON {table} (id, line)")
    base.commit()
    if twice := first_repeated(base, table, "id"):
        name, first, second = twice
        raise InputError(
            f"{texts.path}:{second}: {column} {name} was given before, at line {first}; "
            "expected once"
        )


def first_repeated(base: sqlite3.Connection, table: str, keys: str) -> tuple | None:
    """(keys, first line, second line) of the first row of a table whose keys another row has."""
    found = base.execute(
        f"SELECT {keys}, min(line) FROM {table} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if found is None:
        return None
    *values, first = found
    where = " AND ".join(f"{key} = ?" for key in keys.split(", "))
    second = base.execute(
        f"SELECT min(line) FROM {table} WHERE {where} AND line > ?", found
    ).fetchone()[0]
    return *values, first, second


def best_pairs(
    base: sqlite3.Connection,
    judged: Judged,
    fault: Callable[[str, str], str],
    left_out: Counter[str],
) -> Iterator[tuple[str, str, str]]:
    """Yield (id, query, document) of the best pairs; counts by reason those that are left out."""
    found = False
    for query, document, question, answer in base.execute(PAIRS):
        reason = without_text(question, "query") or without_text(answer, "document")
        if reason := reason or fault(question, answer):
            left_out[reason] += 1
            continue
        found = True
        yield f"{query}/{document}", question, answer
    if not found:
        reasons = ", ".join(f"{what}: {number}" for what, number in sorted(left_out.items()))
        raise InputError(
            f"{judged.judgements.path}: no pair of a query and a document of grade {judged.least} "
            f"or more is left{f' ({reasons})' if reasons else ''}; expected some"
        )


def without_text(text: str | None, what: str) -> str:
    """What to say of a text that is not there, or empty."""
    return "" if text else f"pairs whose {what} has no text"
