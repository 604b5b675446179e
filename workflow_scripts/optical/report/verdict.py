"""What a study's tables say, in sentences; a difference is one if its interval leaves out 0."""

from collections.abc import Mapping, Sequence

import pandas as pd

from optical.evaluation.gap import BASELINE, METHOD, NO_STUDENT, PIVOT_GROUP
from optical.report.tables import between, decimal, metric_name, minus, percent, points

CONTROLS = {"greedy": "tokens paired off greedily", "sentence": "sentences as one vector each"}
"""What optical is held against: how else to compare the two sides of a sentence pair."""

RIVALS = {
    "translate_query": "the teacher on translated queries",
    "translate_train": "fine-tuned on translated training queries",
    "wikiclir": "fine-tuned on synthetic judgements",
}
"""What else optical is held against: other ways of coming by a retriever for a language."""

FEW_QUERIES = 200
"""Fewer make an interval of several points for any share."""

LARGEST_LOSS = 0.005
"""What an approximate index may cost a language before the report warns of it."""

NOISY = 0.01
"""Share of queries that do not look like their language, above which the report warns."""

NO_EVIDENCE = "no evidence of a difference"

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
        groups = [
            f"{group} {decimal(first[group])} → {decimal(after[group])}"
            for group in ("high", "low")
        ]
        of_collection.append(
            (
                f"{after['student']}, {after['method']}",
                f"relative gap {between(first, 'relative_gap', percent)} → "
                f"{between(after, 'relative_gap', percent)}, {closed(after)}; "
                f"{', '.join(groups)}.",
            )
        )
    return lines


def closed(row: Mapping[str, float]) -> str:
    """What a method closes of the gap, in words."""
    if pd.isna(row["gap_closed"]):
        return "there was none to close"
    value = between(row, "gap_closed", percent)
    if pd.isna(row["gap_closed_from"]):
        return f"{value} of it closed, without an interval: before, it is hardly told from none"
    turned = row["gap_closed"] > 1
    return judged(
        row,
        "gap_closed",
        rises=f"more than closed, it turned around: {value}" if turned else f"{value} of it closed",
        falls=f"wider: {value} of it closed",
        same=f"no evidence that any of it is closed ({value})",
    )


def judged(
    row: Mapping[str, float], name: str, rises: str, falls: str, same: str = NO_EVIDENCE
) -> str:
    """The words for a measure by the side of 0 on which its interval lies."""
    if row[f"{name}_from"] > 0:
        return rises
    return falls if row[f"{name}_to"] < 0 else same


def sizes(size: pd.DataFrame, metric: str) -> Lines:
    """How the gap, and what is closed of it, differs between two sizes."""
    lines: Lines = {}
    for _, row in size[size["metric"] == metric].iterrows():
        if pd.isna(row["scaling_effect"]):
            continue
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
        subject = f"{row['method']}, {row['smaller']} → {row['larger']}"
        lines.setdefault(row["collection"], []).append((subject, f"{text}."))
    return lines


def gains(contrast: pd.DataFrame, metric: str, others: Mapping[str, str]) -> Lines:
    """What optical is worth beside other methods, where a student has both.

    others: what each of the methods is, such as `CONTROLS`.
    """
    lines: Lines = {}
    table = contrast[(contrast["metric"] == metric) & (contrast["method"] == METHOD)]
    for _, row in table[table["against"].isin(others)].iterrows():
        of_group = [
            f"{group} {between(row, group, signed)}, {judged(row, group, 'better', 'worse')}"
            for group in ("high", "low")
            if pd.notna(row[group])
        ]
        subject = f"{row['student']} against {row['against']} ({others[row['against']]})"
        lines.setdefault(row["collection"], []).append((subject, f"{'; '.join(of_group)}."))
    return lines


def signed(value: float) -> str:
    """A difference of values with its sign."""
    return minus(f"{value:+.3f}")


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
        found.append(
            f"{best['n_doubtful']:,} of {best['n_queries']:,} queries of {collection} in "
            f"{language} do not look like {language}: the best {name} is "
            f"{decimal(best['value'])} with them and {decimal(best['clear_value'])} without."
        )
    if len(seeds) == 1:
        found.append(
            "One seed: the intervals say how much other queries would change, not how much another "
            "training would. A study with several seeds says both."
        )
    loss = languages["exact_value"] - languages["index_value"]
    large = languages.assign(loss=loss)[loss > LARGEST_LOSS].sort_values("loss", ascending=False)
    found += [
        f"The index costs {row['student']}, {row['method']}, {row['language']} of "
        f"{row['collection']} some {name}: {decimal(row['exact_value'])} exactly, "
        f"{decimal(row['index_value'])} with it. Raise search.probes and search.candidates."
        for _, row in large.iterrows()
    ]
    return found
