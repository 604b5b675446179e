"""What can be set of the languages and the metrics."""

from dataclasses import dataclass, fields
from typing import Annotated

from optical.settings.bounds import ABSENT, DISTINCT

Group = Annotated[list[str], ("minItems", 1), DISTINCT]

METRIC = (
    "^(map|recip_rank|Rprec|bpref|ndcg|(map_cut|ndcg_cut|recall|P|success|judged)_[1-9][0-9]*)$"
)
"""Metrics of trec_eval with one value a query, 0 at worst, and judged_10, the share of the best 10
passages that are judged. A name like ndcg.10 or recall_0 aborts the process inside pytrec_eval."""

METRIC_NAMES = "{}; or {} with a depth, such as ndcg_cut_10".format(
    *(", ".join(names.strip("^(|").split("|")) for names in METRIC.split(")")[0].rsplit("(", 1))
)
"""The same in words."""


@dataclass(frozen=True, kw_only=True)
class Languages:
    """Query languages by resource group. The gap is between high and low."""

    high: Group
    """Languages by their codes (BCP 47), such as fr, zh-Hans or pt-BR; Norwegian is "no"."""

    mid: Group = ABSENT
    """Languages by their codes."""

    low: Group
    """Languages by their codes."""


GROUPS = tuple(field.name for field in fields(Languages))
"""Resource groups. `mid` enters neither mean, but for a relative gap of its own."""
