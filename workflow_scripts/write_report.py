"""Write the report of a study, and print its gap table."""

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from optical.evaluation.gap import COLUMNS, Tables, read_table
from optical.report.cleaning import read_cleaning, read_removed
from optical.report.collections import read_collections
from optical.report.costs import read_costs
from optical.report.page import write_report
from optical.report.tables import gap_markdown, pivot_name, read_counts
from optical.report.terminal import show_gap
from optical.report.translations import read_translation_scores
from optical.runtime.program import run_program

CAPTIONS = {
    "gap_by_size": "Relative gap between the groups of languages at each size of the encoder, with "
    "its 95 % confidence interval. An arrow: it goes on beyond the axis.",
    "closed_by_size": "How much of zero_shot's relative gap each method closes, with its 95 % "
    "confidence interval. A dash: not defined, as zero_shot has no significant gap. An arrow: it "
    "goes on beyond the axis.",
    "map_by_language": "Each language before and after distillation, with its 95 % interval, the "
    "lexical floor and the teacher's own value on queries in the passages' language.",
    "map_by_amount": "Each language over the amount of its text, of the kind that the axis names, "
    "with the first student. A kind has no panel where no amount is known, or all are the same.",
    "map_by_pairs": "Each language over the number of sentence pairs that its student was "
    "distilled from, with its 95 % interval. Dashed: languages that are not high-resource.",
    "training": "Training: the loss as a share of its first, over the examples seen. A line is the "
    "mean over languages and seeds, its shade reaches from the lowest to the highest.",
    "plans": "Where the transport moves the mass of each token of a sentence in the low-resource "
    "language (rows) among the tokens of its translation (columns), before distillation and after, "
    "with the masses of the tokens that training uses.",
    "rankc_by_language": "RankC: how similar the ranking of a query is to that of the same query "
    "in the passages' language; 1 is the same ranking. High scores do not imply similar rankings.",
}

# What the report says of a set of the user's own, which is in no list.
OWN = {
    "title": "a set of the user's own",
    "licence": "not stated",
    "homepage": "",
    "citation": "",
    "files": {},
}


def main(
    *,
    study: str,
    settings: Path,
    tables: Path,
    costs: Path,
    pictures: list[Path],
    collections: Sequence[Path] = (),
    levels: dict[str, int] | None = None,
    cleaning: Sequence[Path] = (),
    removed: Sequence[Path] = (),
    translations: Sequence[Path] = (),
    training: Path,
    queries: str = "",
    pairs: str = "",
    datasets: Path,
    sources: Sequence[str] = (),
    environments: Sequence[Path] = (),
    provenance: Path,
    note: str = "",
    metric: str = "map",
    output: Path,
) -> None:
    """
    study: name of the study
    settings: YAML file of the study
    tables: folder of *_table.csv
    costs: cost_table.csv
    pictures: pictures (.svg), each by a name that has a caption
    collections: counts.csv files of the collections and {language}.counts.csv of their queries
    levels: NAME=GRADE, the least grade that is relevant in a collection, where that is not 1
    cleaning: {language}.cleaning.csv files
    removed: {language}.removed.parquet files
    translations: {language}.chrf.csv files
    training: training_set.csv
    queries: who translated the training queries of translate_train
    pairs: what wikiclir is trained on
    datasets: resources/datasets.yaml
    sources: which of its data sets the study is made of
    environments: environment files to show
    provenance: provenance.json
    note: text of the box at the top
    metric: metric of the answer
    output: report to write (.html)
    """
    read = Tables(
        *(
            read_table(tables / f"{name}_table.csv", columns)
            for name, columns in zip(Tables._fields, COLUMNS, strict=True)
        )
    )
    known = yaml.safe_load(datasets.read_text(encoding="utf-8"))
    write_report(
        output,
        study=study,
        settings=settings.read_text(encoding="utf-8"),
        tables=read,
        costs=read_costs(costs),
        pictures={CAPTIONS[path.stem]: path for path in pictures},
        collections=read_collections(collections),
        levels=levels,
        cleaning=read_cleaning(cleaning),
        removed=read_removed(removed),
        translations=read_translation_scores(translations),
        training=read_counts(training),
        queries=queries,
        pairs=pairs,
        sources={name: known.get(name, OWN) for name in sources},
        environments={path.stem: path.read_text(encoding="utf-8") for path in environments},
        provenance=json.loads(provenance.read_text(encoding="utf-8")),
        note=note,
        metric=metric,
    )
    gap = read.gap[read.gap["metric"] == metric]
    show_gap(gap_markdown(gap, pivot_name(read.language)), output, note)


if __name__ == "__main__":
    run_program(main, argument_files=True)
