"""A study file as a whole, and its sections that no program is given."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from optical.settings.adaptation import Keep, Precision
from optical.settings.bounds import DISTINCT, NAME, SPARSE, LearningRate, Name, Positive
from optical.settings.clef import Clef
from optical.settings.constructed import Constructed
from optical.settings.distillation import Distillation, Variant
from optical.settings.encoder import (
    EncoderFromFolder,
    EncoderFromHub,
    EncoderFromScratch,
    FinishedFromFolder,
    FinishedFromHub,
    PretrainingOfStudy,
)
from optical.settings.finetuning import Finetuning
from optical.settings.index import Index
from optical.settings.judged_pairs import JudgedPairs
from optical.settings.languages import METRIC, Languages
from optical.settings.methods import Method
from optical.settings.search import Search
from optical.settings.teacher import Model, TeacherOfStudy
from optical.settings.translation import Translation
from optical.settings.windows import Windows

# Keywords of JSON schema: names of folders as keys, and what every list of methods is.
NAMES = ("propertyNames", {"pattern": NAME})
WITH_ZERO_SHOT = ("contains", {"const": "zero_shot"})

METRICS = ["map", "recip_rank", "ndcg_cut_10", "ndcg_cut_20", "recall_100", "P_10"]


@dataclass(frozen=True, kw_only=True)
class Student:
    """A query encoder, and the model that reads the passages for it."""

    encoder: str
    """The encoder that reads the queries, or a finished teacher, which then does."""

    teacher: str
    """The encoder that the teacher is built on, or a finished teacher."""

    methods: Annotated[list[str] | None, WITH_ZERO_SHOT, DISTINCT] = None
    """Those of the study's methods and variants that this student has; all of them when null."""


@dataclass(frozen=True, kw_only=True)
class Bitext:
    """Sentence pairs of a foreign language and the pivot, which students learn from."""

    sources: Annotated[list[str], ("minItems", 1), DISTINCT]
    """Where sentence pairs come from: names of resources/datasets.yaml or of `own`, or constructed;
    a language uses every source that has it."""

    pairs: Positive | None = None
    """At most this many pairs a language; all of them when null."""

    held_out: Annotated[float, ("minimum", 0), ("maximum", 0.5)] = 0.0
    """Share of the pivot's sentences that are set aside with their translations, the same ones
    however much bitext there is; the first 10,000 are in data/bitext/LANGUAGE.held_out.parquet."""


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Queries and passages in the pivot language, which teachers learn from."""

    source: Literal["constructed", "mmarco", "local"]
    """constructed, mmarco (the English side, with published hard negatives), or local for a folder
    of yours in the MS MARCO layout."""

    folder: str | None = None
    """The folder of a local training set, below `local`."""

    queries: Positive | None = None
    """At most this many training queries; all of them when null."""

    negatives: Literal["given", "bm25"] = "given"
    """Where hard negatives come from: given (the passages that `scores` has, or else those of
    negatives.tsv, or else of the same article) or bm25 (mined among the passages of the training
    set)."""

    scores: Annotated[str, ("minLength", 1)] | None = None
    """Scores of a cross-encoder for the training queries with passages, for teacher.loss kl: monot5
    (MonoT5-3B, 50 passages a query) or bge (a BGE reranker), both of MS MARCO, or a file of yours
    below `local`, or a folder of its parts, in any of their shapes: JSON lines [query id,
    [passage id, score], ...]; parquet with query_id, document_ids, scores or with query_id,
    passage_id, score; tab-separated query id, passage id, score. Hard negatives are among the
    passages that they have, without those that they call relevant."""

    margin: Annotated[float, ("minimum", 0)] = 0.0
    """The scores call a passage relevant that they put no further than this below a passage that is
    judged relevant. It is of their scale, which is another for each cross-encoder."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How settings are chosen, on queries that no table is about."""

    development: Annotated[float, ("minimum", 0), ("maximum", 0.9)] = 0.0
    """Share of the queries of each collection that are for development, by a hash of their ids, so
    the same in all languages. Settings are chosen on them; every table is about the others."""

    learning_rates: Annotated[list[LearningRate], DISTINCT] = field(default_factory=list)
    """Learning rates that `make tune` tries for each method and variant that distils, with the
    first seed and the first student that has it."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """A data set of yours."""

    folder: Annotated[str, ("minLength", 1)] | None = None
    """Its folder, below `local`; null for layout ir_datasets, which is downloaded."""

    layout: Literal["tsv", "tmx", "moses", "opus", "beir", "msmarco", "ir_datasets"]
    """Its files. Bitext: tsv ({lang}.tsv: foreign, tab, pivot), tmx ({lang}.tmx), moses
    ({lang}.source.txt and {lang}.target.txt), opus ({lang}.zip, as OPUS packs it). A collection:
    beir (corpus.jsonl, qrels.tsv, queries.{lang}.jsonl), msmarco (collection.tsv, qrels.tsv,
    queries.{lang}.tsv), with queries in the pivot too; ir_datasets, which is whatever that library
    knows by `passages` and `queries`."""

    passages: Annotated[str, ("minLength", 1)] | None = None
    """Layout ir_datasets: the id there of the passages, with their judgements and the queries in
    the pivot, such as msmarco-passage/dev/small."""

    queries: Annotated[str, ("minLength", 1)] | None = None
    """Layout ir_datasets: the id there of the same queries in another language, which stands in it
    as {lang}, such as mmarco/v2/{lang}/dev/small."""

    languages: Annotated[list[Name], ("minItems", 1), DISTINCT]
    """Codes of its languages, as in the names of its files."""

    relevance_level: Annotated[int, ("minimum", 1), ("maximum", 1000)] = 1
    """A collection: the least grade of a judgement that is relevant to the metrics that know only
    relevant and not (MAP, MRR, recall, bpref, P, ...), as trec_eval's -l. 1 is usual, 2 for grades
    from 0 to 3. nDCG weighs the grades themselves."""

    leave_out_query: bool = False
    """A collection: whether the passage with the query's own id is left out of its results, where
    queries are passages themselves, as in ArguAna and Quora."""


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """A study."""

    study: Name
    """Name of the study; everything it makes lies in results/<study>/."""

    seeds: Annotated[list[Positive], ("minItems", 1), DISTINCT] = field(default_factory=lambda: [1])
    """Seeds of the distillation; the table averages over them."""

    pivot: str
    """Language of the passages, of the teacher, and of one side of the bitext."""

    languages: Languages

    encoders: Annotated[
        dict[str, EncoderFromScratch | EncoderFromHub | EncoderFromFolder], NAMES
    ] = field(default_factory=dict)
    """Encoders by name, in the order of their size; a study has one, or a finished teacher."""

    teachers: Annotated[dict[str, FinishedFromHub | FinishedFromFolder], NAMES] = field(
        default_factory=dict
    )
    """Finished teachers by name, with their own lengths and markers, and vectors of
    model.dimension. A student whose encoder is one starts as it."""

    students: Annotated[dict[str, Student], NAMES] = field(default_factory=dict)
    """Students by name, each an encoder and a teacher (the name of the encoder that the teacher is
    built on, or of a finished one), which may be of different sizes: the student reads the queries
    and is trained, the teacher reads the passages. Left out, each encoder and finished teacher is a
    student with itself as the teacher."""

    methods: Annotated[list[Method], WITH_ZERO_SHOT, DISTINCT] = field(
        default_factory=lambda: ["bm25", "zero_shot", "optical"]
    )
    """Rows of the table. bm25 is the lexical floor (queries as they are), zero_shot the teacher on
    foreign queries, optical the student distilled by optimal transport; greedy (tokens paired off)
    and sentence (mean vectors) are its controls. bm25_translated and translate_query are bm25 and
    zero_shot on translated queries; translate_train fine-tunes the query encoder on translated
    training queries, wikiclir on queries and the documents that are judged best for them, or on
    the bitext, see `judged_pairs`."""

    variants: Annotated[dict[str, Annotated[Variant, SPARSE]], NAMES] = field(default_factory=dict)
    """Variants of methods by name, such as optical-balanced: {method: optical, mass: balanced}.
    Each is a row beside those of the methods. The name of a method gives that method settings of
    its own, such as greedy: {learning_rate: 0.001}."""

    bitext: Bitext

    training_set: TrainingSet

    collections: Annotated[list[str], ("minItems", 1), DISTINCT]
    """Test collections, known ones or of `own`, or constructed; a language is tested in every
    collection that has it."""

    metrics: Annotated[list[Annotated[str, ("pattern", METRIC)]], ("minItems", 1), DISTINCT] = (
        field(default_factory=lambda: list(METRICS))
    )
    """Metrics of trec_eval that every run is scored by, such as map, ndcg_cut_10, recall_100, and
    judged_10, the share of the best 10 passages that are judged, relevant or not.
    rankc, the consistency with the ranking of the query in the pivot, is always among the
    results."""

    metric: str = "map"
    """The one of metrics that the gap, the pictures and the report are about."""

    windows: Windows

    clef: Clef

    constructed: Constructed

    pretraining: PretrainingOfStudy

    model: Model

    teacher: TeacherOfStudy

    distillation: Distillation

    tuning: Tuning

    translation: Translation

    finetuning: Finetuning

    judged_pairs: JudgedPairs

    index: Index

    search: Search

    keep: Keep = "models"
    """What stays of a finished student: models (a whole model each, which every library loads),
    adapters (what its training changed, beside the model that it started as, which all students of
    an encoder share; `snakemake models` makes whole models of them), or scores (the same, removed
    when its queries are embedded; `snakemake models` then trains anew)."""

    precision: Precision = "float32"
    """How an adapter's numbers are kept: float32, or float16, which is half the size. Of layers
    that were trained themselves float16 keeps the differences to where they started."""

    scale: Literal["full", "tiny"] = "full"
    """full, or tiny for a trial of the whole study in minutes: the same sources, methods and
    collections, one language of each group, one student, random encoders and a few steps, named
    <study>-tiny. Its numbers mean nothing."""

    own: Annotated[dict[str, Own], ("propertyNames", {"pattern": "^[a-z0-9][a-z0-9_]*$"})] = field(
        default_factory=dict
    )
    """Data sets of yours by a name of your choice, which bitext.sources or collections may then
    name."""

    mirror: str | list[str] = field(default_factory=list)
    """Folders that hold downloads as <host>/<path>; a machine's setting, not the study's."""

    local: str | None = None
    """Folder of your own data sets; a machine's setting, not the study's."""
