"""What a study's tables say, in sentences.

A difference is called one if it is significant: its p-value, Holm-corrected within its table, is
below .05.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from optical.evaluation.contrasts import METHOD
from optical.evaluation.gap import BASELINE, NO_STUDENT, PIVOT_GROUP
from optical.report.numbers import alike, between, decimal, percent, points, signed
from optical.report.tables import metric_name

CONTROLS = {"greedy": "tokens paired off greedily", "sentence": "sentences as one vector each"}
"""What optical is held against: how else to compare the two sides of a sentence pair."""

RIVALS = {
    "translate_query": "the teacher on translated queries",
    "translate_train": "fine-tuned on translated training queries",
    "wikiclir": "fine-tuned on synthetic judgements",
}
"""What else optical is held against: other ways of coming by a retriever for a language."""

SIGNIFICANT = 0.05
"""The largest p-value of a significant difference."""

FEW_QUERIES = 200
"""Fewer make an interval of several points for any share."""

LARGEST_LOSS = 0.005
"""What an approximate index may cost a language before the report warns of it."""

NOISY = 0.01
"""Share of queries that do not look like their language, above which the report warns."""

NO_EVIDENCE = "no evidence of a difference after Holm's correction"

ONE_TEACHER_SEED = (
    "the intervals do not cover the variance of training teachers and encoders, which have one seed"
)

Lines = dict[str, list[tuple[str, str]]]
"""By collection: what a sentence is about, and the sentence."""


def answers(gap: pd.DataFrame, metric: str) -> Lines:
    """What became of the gap: of each student by optical, or by every method of a study without.

    A collection without a relative gap, because a group has no language there or scores 0, has no
    line.
    """
    table = gap[(gap["metric"] == metric) & (gap["student"] != NO_STUDENT)]
    key = ["collection", "student", "teacher"]
    before = table[table["method"] == BASELINE].set_index(key)
    trained = table[table["method"] != BASELINE]
    if METHOD in set(trained["method"]):
        trained = trained[trained["method"] == METHOD]
    lines: Lines = {}
    for _, after in trained.iterrows():
        of_collection = lines.setdefault(after["collection"], [])
        first = before.loc[tuple(after[key])]
        if pd.isna(first["relative_gap"]) or pd.isna(after["relative_gap"]):
            continue
        # A gap may also narrow because the high group fell.
        high, high_after, low, low_after = alike(
            [(row, group) for group in ("high", "low") for row in (first, after)], decimal
        )
        of_collection.append(
            (
                f"{after['student']}, {after['method']}",
                f"relative gap {between(first, 'relative_gap', percent)} → "
                f"{between(after, 'relative_gap', percent)}, {closed(after, first)}; "
                f"high {high} → {high_after}, low {low} → {low_after}.",
            )
        )
    return lines


def closed(row: Mapping[str, float], before: Mapping[str, float]) -> str:
    """What a method closes of the gap, in words, judged by the difference of the relative gaps.

    row: that of the method; before: that of zero_shot.
    """
    level = lower_level(row)
    if pd.isna(row["gap_closed"]):
        gap = "negative" if before["relative_gap_to"] < 0 else "not significantly above 0"
        return (
            f'the gap of zero_shot is {gap}, so "gap closed" is not defined: '
            f"the relative gap changes by {between(row, 'gap_difference', points)} points, "
            f"{judged(row, 'gap_difference', 'it rises', f'it falls{level}')}"
        )
    value = between(row, "gap_closed", percent)
    turned = row["relative_gap_to"] < 0
    narrower = f"more than closed, it turned around: {value}" if turned else f"{value} of it closed"
    return judged(
        row,
        "gap_difference",
        rises=f"wider: {value} of it closed",
        falls=f"{narrower}{level}",
        same=f"no evidence that any of it is closed ({value})",
    )


def lower_level(row: Mapping[str, float]) -> str:
    """Words that say so if the high group is significantly below that of zero_shot."""
    falls = f", at a lower level (high {between(row, 'high_difference', signed)})"
    return judged(row, "high_difference", rises="", falls=falls, same="")


def judged(
    row: Mapping[str, float], name: str, rises: str, falls: str, same: str = NO_EVIDENCE
) -> str:
    """The words for a measure: above 0, below, or neither by its Holm-corrected p-value."""
    if not row[f"{name}_p_holm"] < SIGNIFICANT:
        return same
    return rises if row[name] > 0 else falls


def sizes(size: pd.DataFrame, metric: str) -> Lines:
    """How the gap, and what is closed of it, differs between the smallest and the largest size:
    without training and by optical, or by every method of a study without it.
    """
    table = size[size["metric"] == metric]
    if METHOD in set(table["method"]):
        table = table[table["method"].isin([BASELINE, METHOD])]
    lines: Lines = {}
    for _, rows in table.groupby(["collection", "method"], sort=False):
        ends = (rows["smaller"] == rows["smaller"].iloc[0]) & (
            rows["larger"] == rows["larger"].iloc[-1]
        )
        for _, row in rows[ends & rows["scaling_effect"].notna()].iterrows():
            subject = f"{row['method']}, {row['smaller']} → {row['larger']}"
            lines.setdefault(row["collection"], []).append((subject, of_sizes(row)))
    return lines


def of_sizes(row: pd.Series) -> str:
    """The sentence on a method at two sizes."""
    text = (
        f"the relative gap changes by {between(row, 'scaling_effect', points)} points: "
        f"{judged(row, 'scaling_effect', 'it is wider', 'it is narrower')}"
    )
    if pd.notna(row["difference_in_differences"]):
        text += (
            "; what the method closes of it changes by "
            f"{between(row, 'difference_in_differences', points)} points: "
            f"{judged(row, 'difference_in_differences', 'more', 'less')}"
        )
    if pd.notna(row["slope_per_doubling"]):
        text += (
            f"; {between(row, 'slope_per_doubling', points)} points for each doubling of the "
            "parameters"
        )
    if row["teacher_seeds"] == 1:
        text += f"; {ONE_TEACHER_SEED}"
    return f"{text}."


def gains(contrast: pd.DataFrame, metric: str, others: Mapping[str, str]) -> Lines:
    """What optical is worth beside other methods, where a student has both.

    others: what each of the methods is, such as `CONTROLS`.
    """
    table = contrast[(contrast["method"] == METHOD) & contrast["against"].isin(others)]
    lines: Lines = {}
    for _, row in table[table["metric"] == metric].iterrows():
        of_group = [
            f"{group} {between(row, group, signed)}, {judged(row, group, 'better', 'worse')}"
            for group in ("high", "low")
            if pd.notna(row[group])
        ]
        if pd.notna(row["relative_gap"]):
            gap = judged(row, "relative_gap", "wider", "narrower")
            of_group.append(f"relative gap {between(row, 'relative_gap', points)} points, {gap}")
        subject = f"{row['student']} against {row['against']} ({others[row['against']]})"
        lines.setdefault(row["collection"], []).append((subject, f"{'; '.join(of_group)}."))
    return lines


def ablated(contrast: pd.DataFrame) -> pd.DataFrame:
    """The contrasts that `gains` has no sentence for, but that of optical and zero_shot."""
    told = [*CONTROLS, *RIVALS, BASELINE]
    return contrast[~((contrast["method"] == METHOD) & contrast["against"].isin(told))]


def warnings(languages: pd.DataFrame, seeds: Sequence[int] = ()) -> list[str]:
    """What a reader has to know before comparing.

    languages: of one metric; seeds: those of its trainings, none if unknown.
    """
    name = metric_name(languages["metric"].iloc[0])
    queries = languages.groupby("collection", sort=False)["n_queries"].max()
    found = [
        f"{collection} has {number} queries: expect wide intervals."
        for collection, number in queries.items()
        if number < FEW_QUERIES
    ]
    known = set(languages["language"])
    for collection, rows in languages.groupby("collection", sort=False):
        if absent := sorted(known - set(rows["language"])):
            found.append(f"{collection} has no {', '.join(absent)}: its groups are without.")
    trained = languages[(languages["student"] != NO_STUDENT) & (languages["group"] != PIVOT_GROUP)]
    for (collection, language), rows in trained.groupby(["collection", "language"], sort=False):
        best, floor = rows["value"].max(), rows["floor"].iloc[0]
        if floor >= best:
            found.append(
                f"{language} of {collection}: bm25 with the untranslated query, {decimal(floor)}, "
                f"is as good as every student, at best {decimal(best)}."
            )
    noisy = trained[trained["n_doubtful"] > NOISY * trained["n_queries"]]
    for (collection, language), rows in noisy.groupby(["collection", "language"], sort=False):
        best = rows.loc[rows["value"].idxmax()]
        do = "does" if best["n_doubtful"] == 1 else "do"
        found.append(
            f"{best['n_doubtful']:,} of {best['n_queries']:,} queries of {collection} in "
            f"{language} {do} not look like {language}: the best {name} is "
            f"{decimal(best['value'])} with them and {decimal(best['clear_value'])} without."
        )
    if len(seeds) == 1:
        found.append("With one seed, intervals do not cover training variance. Use several seeds.")
    loss = languages["exact_value"] - languages["index_value"]
    large = languages.assign(loss=loss)[loss > LARGEST_LOSS].sort_values("loss", ascending=False)
    found += [
        f"The index costs {row['student']}, {row['method']}, {row['language']} of "
        f"{row['collection']} some {name}: {decimal(row['exact_value'])} exactly, "
        f"{decimal(row['index_value'])} with it. Raise search.probes and search.candidates."
        for _, row in large.iterrows()
    ]
    return found
