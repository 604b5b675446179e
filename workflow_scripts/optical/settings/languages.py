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
    """Query languages by resource group. The gap is the difference between high and low."""

    high: Group
    """High-resource languages, as BCP 47 codes such as fr, zh-Hans or pt-BR. Write Norwegian in
    quotes: "no"."""

    mid: Group = ABSENT
    """Languages between the groups. They are in neither mean."""

    low: Group
    """Low-resource languages."""


GROUPS = tuple(field.name for field in fields(Languages))
"""Resource groups. `mid` enters neither mean, but for a relative gap of its own."""
