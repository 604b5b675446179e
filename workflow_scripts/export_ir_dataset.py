"""Write the passages, queries or judgements of a data set that ir_datasets knows, as BEIR has them.

ir_datasets downloads what it needs, once, to IR_DATASETS_HOME (~/.ir_datasets), and says so itself
where a data set must be asked for first.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from optical.corpora import ir_dataset
from optical.corpora.ids import as_id
from optical.corpora.text import as_text
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program


def main(
    *,
    id: str,
    part: Literal["corpus", "queries", "qrels"],
    fields: Sequence[str] = (),
    rows: int | None = None,
    output: Path,
) -> None:
    """
    id: its name there, such as mmarco/v2/de/dev/small
    part: which part of it
    fields: those of a query or passage that are its text, in this order (what ir_datasets takes)
    rows: how many it is known to have (unknown)
    output: file to write
    """
    from requests import RequestException
    from tqdm import tqdm

    kind = ir_dataset.PARTS[part]
    try:
        # It downloads when the first row is asked for.
        with (
            ir_dataset.cache_alone(),
            atomic_path(output) as temporary,
            open(temporary, "w", encoding="utf-8") as file,
        ):
            found = getattr(ir_dataset.dataset(id, part), f"{kind}_iter")()
            counted = tqdm(found, desc=kind, unit="line")
            file.writelines(lines(kind, counted, fields))
            check_rows(id, kind, counted.n, rows)
    except RequestException as error:
        raise InputError(f"{id}: ir_datasets could not download it: {error}") from error


def check_rows(id: str, kind: str, found: int, known: int | None) -> None:
    """Raise InputError for another number of rows than is known of a data set.

    For an archive that a killed process has unpacked in part looks whole to ir_datasets.
    """
    import ir_datasets

    if known is not None and found != known:
        place = ir_datasets.util.home_path() / id.partition("/")[0]
        raise InputError(
            f"{id}: {found} {kind}, expected {known}; remove {place}, and it is downloaded again"
        )


def lines(kind: str, rows: Iterator, fields: Sequence[str] = ()) -> Iterator[str]:
    """The lines of a file in the BEIR layout. fields: as in `main`."""
    if kind == "qrels":
        yield "query-id\tcorpus-id\tscore\n"
        for row in rows:
            yield f"{row.query_id}\t{row.doc_id}\t{row.relevance}\n"
        return
    for row in rows:
        name = as_id(row.doc_id if kind == "docs" else row.query_id, kind)
        said = " ".join(getattr(row, field) for field in fields) if fields else row.default_text()
        text = as_text(said, f"{kind} of {name}")
        yield json.dumps({"_id": name, "text": text}, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    run_program(main)
