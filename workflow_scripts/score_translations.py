"""Score translated queries against the same queries in the other language: chrF."""

from pathlib import Path

import pandas as pd
from sacrebleu.metrics import CHRF

from optical.corpora.lines import read_queries
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program


def main(
    *,
    translations: Path,
    references: Path,
    collection: str,
    source: str,
    target: str,
    output: Path,
) -> None:
    """
    translations: translated queries, id<TAB>text a line
    references: the queries of the same ids as people wrote them in the target language, where it
        has them
    collection: what the queries are of
    source: language that was translated
    target: language of the translations
    output: a line of collection, source, target, chrf and queries (.csv)
    """
    found, expected = read_queries(translations), read_queries(references)
    common = [query for query in found if query in expected]
    if not common:
        raise InputError(f"{references}: no query {min(found)}, which {translations} has")
    # Popovic 2015, chrF: character n-gram F-score for automatic MT evaluation, WMT.
    metric = CHRF()
    texts, people = ([of[query] for query in common] for of in (found, expected))
    score = metric.corpus_score(texts, [people])
    print(f"{score} ({metric.get_signature()}), {len(found) - len(common)} without a reference")
    row = {"collection": collection, "source": source, "target": target, "chrf": score.score}
    with atomic_path(output) as temporary:
        pd.DataFrame([row | {"queries": len(common)}]).to_csv(temporary, index=False)


if __name__ == "__main__":
    run_program(main)
