"""A study file as a whole, and its sections that no program is given."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from optical.settings.adaptation import Keep, Precision
from optical.settings.bounds import (
    DISTINCT,
    LARGEST_SEED,
    NAME,
    SPARSE,
    LearningRate,
    Name,
    Positive,
)
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
    """A query encoder, with the teacher that encodes the passages."""

    encoder: str
    """The encoder of the queries: the name of an encoder or of a finished teacher."""

    teacher: str
    """The teacher, which encodes the passages: the name of its encoder, or of a finished
    teacher."""

    methods: Annotated[list[str] | None, WITH_ZERO_SHOT, DISTINCT] = None
    """The methods and variants of this student; null means all of the study."""


@dataclass(frozen=True, kw_only=True)
class Bitext:
    """Sentence pairs in a foreign language and the pivot. Students are distilled from them."""

    sources: Annotated[list[str], ("minItems", 1), DISTINCT]
    """Sources of sentence pairs: names in resources/datasets.yaml or in `own`, or constructed. A
    language uses every source that has it."""

    pairs: Positive | None = None
    """Largest number of pairs for each language; null means all."""

    held_out: Annotated[float, ("minimum", 0), ("maximum", 0.5)] = 0.0
    """Share of the pivot sentences that are held out with their translations. They are the same
    sentences for any amount of bitext. The first 10,000 are in
    data/bitext/LANGUAGE.held_out.parquet."""


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Queries and passages in the pivot. Teachers are trained on them."""

    source: Literal["constructed", "mmarco", "local"]
    """constructed, mmarco (the English part, with published hard negatives), or local for your own
    folder in the MS MARCO layout."""

    folder: str | None = None
    """Source local: the folder of the training set, below the folder `local`."""

    queries: Positive | None = None
    """Largest number of training queries; null means all."""

    negatives: Literal["given", "bm25"] = "given"
    """Source of hard negatives: given (passages in `scores`, else in negatives.tsv, else of the
    same article) or bm25 (mined from the passages of the training set)."""

    scores: Annotated[str, ("minLength", 1)] | None = None
    """Scores of a cross-encoder for teacher.loss kl. Published for MS MARCO: monot5 (MonoT5-3B, 50
    passages for each query) and bge (a BGE reranker). Or your own file or folder of files below
    `local`, in one of these formats: JSON lines [query id, [passage id, score], ...]; parquet with
    query_id, document_ids, scores; parquet with query_id, passage_id, score; tab-separated query
    id, passage id, score. Hard negatives are then scored passages that are not relevant by their
    scores."""

    margin: Annotated[float, ("minimum", 0)] = 0.0
    """A passage is relevant by its score if it is at most this far below a passage that is judged
    relevant. The unit is that of the scores, which differs between cross-encoders."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How settings are chosen, on queries that no table contains."""

    development: Annotated[float, ("minimum", 0), ("maximum", 0.9)] = 0.0
    """Share of the queries of each collection that are for development. A hash of the query id
    selects them, so they are the same in all languages. Settings are chosen on them, and every
    table is about the others."""

    learning_rates: Annotated[list[LearningRate], DISTINCT] = field(default_factory=list)
    """Learning rates that `make tune` tries. It tries them for each method and variant that
    distils, with the first seed and the first student that has it."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """A user-provided data set."""

    folder: Annotated[str, ("minLength", 1)] | None = None
    """Its folder, below the folder `local`. null for the layout ir_datasets, which is
    downloaded."""

    layout: Literal["tsv", "tmx", "moses", "opus", "beir", "msmarco", "ir_datasets"]
    """Its files. Bitext: tsv ({lang}.tsv: foreign, tab, pivot), tmx ({lang}.tmx), moses
    ({lang}.source.txt and {lang}.target.txt), opus ({lang}.zip, as OPUS packs it). A collection:
    beir (corpus.jsonl, qrels.tsv, queries.{lang}.jsonl) or msmarco (collection.tsv, qrels.tsv,
    queries.{lang}.tsv), both with queries in the pivot too; or ir_datasets, a collection of that
    library, see `passages` and `queries`."""

    passages: Annotated[str, ("minLength", 1)] | None = None
    """Layout ir_datasets: the ir_datasets id that holds the passages, judgements and pivot queries,
    such as msmarco-passage/dev/small."""

    queries: Annotated[str, ("minLength", 1)] | None = None
    """Layout ir_datasets: the ir_datasets id of the translated queries, with {lang} for the code of
    the language, such as mmarco/v2/{lang}/dev/small."""

    languages: Annotated[list[Name], ("minItems", 1), DISTINCT]
    """Codes of its languages, as they are in the names of its files."""

    relevance_level: Annotated[int, ("minimum", 1), ("maximum", 1000)] = 1
    """A collection: the lowest grade that counts as relevant for binary metrics (MAP, MRR, recall,
    bpref, P), like -l of trec_eval. Usual are 1, and 2 for grades from 0 to 3. nDCG uses the grades
    themselves."""

    leave_out_query: bool = False
    """A collection: whether the passage with the id of the query is removed from its results. Use
    it if queries are passages themselves, as in ArguAna and Quora."""


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """A study."""

    study: Name
    """Name of the study. Its results are in results/<study>/."""

    seeds: Annotated[list[Annotated[Positive, LARGEST_SEED]], ("minItems", 1), DISTINCT] = field(
        default_factory=lambda: [1]
    )
    """Seeds of the distillation. The tables average over them."""

    pivot: str
    """Language of the passages, of the teacher, and of one side of the bitext; usually en."""

    languages: Languages

    encoders: Annotated[
        dict[str, EncoderFromScratch | EncoderFromHub | EncoderFromFolder], NAMES
    ] = field(default_factory=dict)
    """Encoders by name, in the order of their size. A study needs an encoder or a finished
    teacher."""

    teachers: Annotated[dict[str, FinishedFromHub | FinishedFromFolder], NAMES] = field(
        default_factory=dict
    )
    """Finished teachers by name. They keep their own lengths and markers. The length of their
    vectors must be model.dimension. A student whose encoder is a finished teacher starts from
    it."""

    students: Annotated[dict[str, Student], NAMES] = field(default_factory=dict)
    """Students by name. Each is an encoder of queries, which is trained, and a teacher, which
    encodes the passages. They may differ in size. Without this setting, each encoder and each
    finished teacher becomes a student with itself as the teacher."""

    methods: Annotated[list[Method], WITH_ZERO_SHOT, DISTINCT] = field(
        default_factory=lambda: ["bm25", "zero_shot", "optical"]
    )
    """Rows of the tables. bm25: lexical search with untranslated queries, the floor. zero_shot: the
    teacher encodes foreign queries. optical: distillation by optimal transport. greedy (one-to-one
    alignment of tokens) and sentence (mean vectors): its controls. bm25_translated and
    translate_query: bm25 and zero_shot with translated queries. translate_train: fine-tuning on
    translated training queries. wikiclir: fine-tuning on judged pairs or on bitext, see
    `judged_pairs`."""

    variants: Annotated[dict[str, Annotated[Variant, SPARSE]], NAMES] = field(default_factory=dict)
    """Variants of methods by name, such as optical-balanced: {method: optical, mass: balanced}.
    Each is a row of its own. A variant with the name of a method changes the settings of that
    method, such as greedy: {learning_rate: 0.001}."""

    bitext: Bitext

    training_set: TrainingSet

    collections: Annotated[list[str], ("minItems", 1), DISTINCT]
    """Test collections: known ones, those in `own`, or constructed. A language is tested in every
    collection that has it."""

    metrics: Annotated[list[Annotated[str, ("pattern", METRIC)]], ("minItems", 1), DISTINCT] = (
        field(default_factory=lambda: list(METRICS))
    )
    """Metrics of every run, in the notation of trec_eval, such as map, ndcg_cut_10 or recall_100.
    judged_10 is the share of the best 10 passages that are judged. rankc is always added: how
    similar the ranking is to that of the same query in the pivot."""

    metric: str = "map"
    """The metric that the gap, the pictures and the report are about, one of metrics."""

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
    """What is kept of a finished student. models: a whole model, which every library loads.
    adapters: the trained weights only. The others are those of the teacher, which all students of
    an encoder share; `snakemake models` makes whole models of them. scores: no weights. They are
    removed when the queries are encoded; `snakemake models` then trains again."""

    precision: Precision = "float32"
    """Precision of stored adapters. float16 halves their size. For layers that were trained
    themselves, float16 stores the differences from the teacher."""

    scale: Literal["full", "tiny"] = "full"
    """full, or tiny for a trial of the whole study in minutes. tiny uses the same sources, methods
    and collections, but one language of each group, one student, random encoders and translators,
    and a few steps. Its name is <study>-tiny. Its numbers mean nothing."""

    own: Annotated[dict[str, Own], ("propertyNames", {"pattern": "^[a-z0-9][a-z0-9_]*$"})] = field(
        default_factory=dict
    )
    """User-provided data sets, by names of your choice. Use these names in bitext.sources or
    collections."""

    mirror: str | list[str] = field(default_factory=list)
    """Folders that hold downloads as <host>/<path>. A setting of the machine, not of the study."""

    local: str | None = None
    """Folder of your own data sets. A setting of the machine, not of the study."""
