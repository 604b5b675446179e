"""Tables of differences: between two sizes, and between two methods of a student."""

from collections.abc import Mapping, Sequence

import pandas as pd

from optical.report.numbers import MISSING, Form, between, points, probability, signed
from optical.report.shown_table import ASKED, WIDE, ShownTable
from optical.report.tables import INTERVALS


def shown_size_table(sizes: pd.DataFrame) -> ShownTable:
    """A row for every two sizes and method: how the gap differs, and what is closed of it."""
    columns = {"collection": "Collection", "method": "Method"}
    columns |= {"smaller": "From", "larger": "To", "teacher_seeds": "Teacher seeds"}
    numbers = {"scaling_effect": "Relative gap", "difference_in_differences": "Gap closed"}
    if sizes["slope_per_doubling"].notna().any():
        numbers["slope_per_doubling"] = "Per doubling"
    ranks = dict.fromkeys(["Collection", "Gap closed", "Per doubling", "p"], WIDE)
    ranks["Teacher seeds"] = ASKED
    return _shown_tests(sizes, columns, numbers, dict.fromkeys(numbers, points), ranks)


def size_notes(sizes: pd.DataFrame) -> str:
    """One paragraph on what the columns of the table of sizes mean."""
    teachers = (
        " Where a teacher has one seed, intervals and p-values contain query noise and the "
        "variance of students, and not the variance of training teachers and encoders."
        if (sizes["teacher_seeds"] == 1).any()
        else ""
    )
    return (
        "Differences in percentage points. p: two-sided p-value, Holm-corrected over the rows of a "
        f"collection.{teachers} {INTERVALS} {MISSING}: not defined."
    )


def shown_contrast_table(
    contrasts: pd.DataFrame, labels: Sequence[str] = ("collection", "student")
) -> ShownTable:
    """A row for each student and two of its methods: the one minus the other.

    labels: columns before those of the methods; none where all rows are of one student.
    """
    columns = {name: name.capitalize() for name in (*labels, "method", "against")}
    numbers = {"high": "High", "low": "Low", "relative_gap": "Relative gap"}
    show = {"high": signed, "low": signed, "relative_gap": points}
    ranks = dict.fromkeys(["Collection", "Student", "Relative gap", "p"], WIDE)
    return _shown_tests(contrasts, columns, numbers, show, ranks)


def shown_language_contrast_table(contrasts: pd.DataFrame) -> ShownTable:
    """A row for each student, language and two of its methods: the one minus the other."""
    columns = {"collection": "Collection", "student": "Student", "method": "Method"}
    columns |= {"against": "Against", "language": "Language", "group": "Group"}
    ranks = dict.fromkeys(["Collection", "Method", "Group", "p"], WIDE)
    return _shown_tests(contrasts, columns, {"value": "Difference"}, {"value": signed}, ranks)


def contrast_notes() -> str:
    """One paragraph on what the columns of the contrast table mean."""
    return (
        "Method minus against: means of the groups, and the relative gap in percentage points. p: "
        "two-sided p-value of the column before it, Holm-corrected over the rows of a collection. "
        f"{INTERVALS} {MISSING}: not defined."
    )


def _shown_tests(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    numbers: Mapping[str, str],
    show: Mapping[str, Form],
    ranks: Mapping[str, str],
) -> ShownTable:
    """Labels, and each number with its interval and the column of its corrected p-value."""
    rows = []
    for _, row in table.iterrows():
        cells = [str(row[name]) for name in columns]
        for name in numbers:
            cells += [between(row, name, show[name]), probability(row[f"{name}_p_holm"])]
        rows.append(cells)
    headings = [*columns.values(), *(text for name in numbers.values() for text in (name, "p"))]
    return ShownTable(headings, rows, numeric=2 * len(numbers), ranks=ranks)
