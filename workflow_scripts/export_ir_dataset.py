"""Write the passages, queries or judgements of a data set that ir_datasets knows, as BEIR has them.

ir_datasets downloads what it needs, once, to IR_DATASETS_HOME (~/.ir_datasets), and says so itself
where a data set must be asked for first.
"""

import json
from collections.abc import Iterator
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
    output: Path,
) -> None:
    """
    id: its name there, such as mmarco/v2/de/dev/small
    part: which part of it
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
            file.writelines(lines(kind, tqdm(found, desc=kind, unit="line")))
    except RequestException as error:
        raise InputError(f"{id}: ir_datasets could not download it: {error}") from error


def lines(kind: str, rows: Iterator) -> Iterator[str]:
    """The lines of a file in the BEIR layout."""
    if kind == "qrels":
        yield "query-id\tcorpus-id\tscore\n"
        for row in rows:
            yield f"{row.query_id}\t{row.doc_id}\t{row.relevance}\n"
        return
    for row in rows:
        name = as_id(row.doc_id if kind == "docs" else row.query_id, kind)
        text = as_text(row.default_text(), f"{kind} of {name}")
        yield json.dumps({"_id": name, "text": text}, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    run_program(main)
