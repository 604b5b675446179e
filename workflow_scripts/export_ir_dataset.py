"""Write the passages, queries or judgements of a data set that ir_datasets knows, as BEIR has them.

ir_datasets downloads what it needs, once, to IR_DATASETS_HOME (~/.ir_datasets), and says so itself
where a data set must be asked for first.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from optical.corpora import ir_dataset
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
    import ir_datasets
    from requests import RequestException
    from tqdm import tqdm

    kind = ir_dataset.PARTS[part]
    try:
        found = tqdm(ir_dataset.rows(id, part), desc=kind, unit="line")
        with atomic_path(output) as temporary:
            with open(temporary, "w", encoding="utf-8") as file:
                file.writelines(lines(kind, found, fields))
            # An archive that a killed process has unpacked in part looks whole to ir_datasets.
            if rows is not None and found.n != rows:
                place = ir_datasets.util.home_path() / id.partition("/")[0]
                raise InputError(
                    f"{id}: {found.n} {kind}, expected {rows}; remove {place}, and it is "
                    "downloaded again"
                )
    except RequestException as error:
        raise InputError(f"{id}: ir_datasets could not download it: {error}") from error


def lines(kind: str, rows: Iterator, fields: Sequence[str] = ()) -> Iterator[str]:
    """The lines of a file in the BEIR layout. fields: as in `main`."""
    if kind == "qrels":
        yield "query-id\tcorpus-id\tscore\n"
        for row in rows:
            yield f"{row.query_id}\t{row.doc_id}\t{row.relevance}\n"
        return
    for row in rows:
        name = row.doc_id if kind == "docs" else row.query_id
        text = " ".join(getattr(row, field) for field in fields) if fields else row.default_text()
        yield json.dumps({"_id": name, "text": text}, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    run_program(main)
