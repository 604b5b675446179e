"""Where everything that a study makes lies: paths with the wildcards of the rules.

Rules name their files by these, and so do the programs that look for results.
"""

import re
from pathlib import Path

RESULTS = "results/{study}"
REPORT = f"{RESULTS}/report.html"
SETTINGS = f"{RESULTS}/study.yaml"
BROWSE = f"{RESULTS}/browse.html"
PROVENANCE = f"{RESULTS}/provenance.json"

# --- data
WORLD = f"{RESULTS}/data/world"
BITEXT = f"{RESULTS}/data/bitext/{{lang}}.parquet"
HELD_OUT = f"{RESULTS}/data/bitext/{{lang}}.held_out.parquet"
CLEANING = f"{RESULTS}/data/bitext/{{lang}}.cleaning.csv"
REMOVED = f"{RESULTS}/data/bitext/{{lang}}.removed.parquet"
TEXT = f"{RESULTS}/data/text/{{lang}}.parquet"
TRAINING_SET = f"{RESULTS}/data/training_set"
TRAINING_COUNTS = f"{RESULTS}/data/training_set.csv"
NEGATIVES = f"{RESULTS}/data/negatives.parquet"
TRAINING_QUERIES = f"{RESULTS}/data/translated/{{lang}}.tsv"
PAIRS = f"{RESULTS}/data/pairs/{{method}}/{{lang}}.parquet"
PAIR_COUNTS = f"{RESULTS}/data/pairs/{{method}}/{{lang}}.csv"
COLLECTION = f"{RESULTS}/data/collections/{{collection}}"
PASSAGES = f"{COLLECTION}/passages.parquet"
COLLECTION_COUNTS = f"{COLLECTION}/counts.csv"
QRELS = f"{COLLECTION}/qrels.txt"
QUERIES = f"{COLLECTION}/queries/{{lang}}.tsv"
DOUBTFUL = f"{COLLECTION}/queries/{{lang}}.doubtful.txt"
QUERY_COUNTS = f"{COLLECTION}/queries/{{lang}}.counts.csv"
TRANSLATED = f"{COLLECTION}/translated/{{lang}}.tsv"
FROM_PIVOT = f"{COLLECTION}/from_pivot/{{lang}}.tsv"
"""The pivot's queries in a language, by the translator of the training queries."""
TRANSLATION_SCORE = f"{COLLECTION}/{{direction}}/{{lang}}.chrf.csv"
"""Of a direction: translated, which is into the pivot, or from_pivot."""
NGRAMS = f"{COLLECTION}/ngrams/{{lang}}.u64"

# --- models
ENCODER = f"{RESULTS}/encoders/{{encoder}}"
TEACHER = f"{RESULTS}/teachers/{{teacher}}"
STUDENT = f"{RESULTS}/students/{{student}}/{{method}}/{{lang}}/seed-{{seed}}"
STUDENT_LOG = f"{STUDENT}.training.jsonl"
"""How its training went, which stays where the student does not."""
TRANSLATOR = f"{RESULTS}/translators/{{source}}-{{target}}"
HUB_TRANSLATOR = f"{RESULTS}/translators/hub"
RANDOM_TRANSLATOR = f"{RESULTS}/translators/random"
"""One of random weights in place of that of the hub."""
MERGED_STUDENT = f"{RESULTS}/merged/{{student}}.{{method}}.{{lang}}.seed-{{seed}}"
"""An adapter and its base as one model."""
MODELS = f"{RESULTS}/models"
EXPORTED_STUDENT = f"{MODELS}/{{student}}.{{method}}.{{lang}}.seed-{{seed}}"
EXPORTED_TEACHER = f"{MODELS}/{{teacher}}"
HUB = f"{RESULTS}/hub/{{repository}}"
"""An exported model as a repository of the Hugging Face hub."""

# --- token vectors and what is found with them
TARGETS = f"{RESULTS}/targets/{{teacher}}/{{lang}}/{{length}}-tokens"
PAIR_VECTORS = f"{RESULTS}/pairs/{{teacher}}/{{method}}/{{lang}}"
PASSAGE_VECTORS = f"{RESULTS}/passages/{{teacher}}/{{collection}}"
INDEX = f"{RESULTS}/indexes/{{teacher}}/{{collection}}"
# A folder for each collection in it.
QUERY_VECTORS = f"{RESULTS}/queries/{{student}}/{{method}}/{{lang}}/seed-{{seed}}"
RUN = f"{RESULTS}/runs/{{student}}/{{method}}/{{lang}}/seed-{{seed}}/{{collection}}.run.gz"
EXACT_RUN = RUN.replace(".run.gz", ".exact.run.gz")
SCORES = RUN.replace(".run.gz", ".scores.parquet")

# --- the settings chosen, and the answer
TUNING = f"{RESULTS}/tuning"
GAP = f"{RESULTS}/gap"
TABLE = f"{GAP}/{{table}}_table.csv"
PLANS = f"{GAP}/plans.json"


def fill(path: str, **names: object) -> str:
    """A path with some of its wildcards replaced, and the others kept."""
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


def match(template: str, path: Path) -> dict[str, str]:
    """The wildcards of a path by their names; none for a path of another kind.

    The path may begin anywhere above the folder of results. No name holds a dot: what follows one
    is of something else, such as `seed-1.training` of an unfinished student.
    """
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/.]+)", re.escape(template))
    found = re.search(rf"(?:^|/){pattern}$", path.as_posix())
    return found.groupdict() if found else {}
