"""Score an exported student, or a teacher, with MTEB.

    pip install . langcodes mteb
    python examples/score_with_mteb.py TEACHER STUDENT --task BelebeleRetrieval \\
        --subset eng_Latn-swh_Latn
    python examples/score_with_mteb.py TEACHER STUDENT --collection FOLDER --lang sw

TEACHER and STUDENT are folders or names of the hub. The student encodes the queries, the teacher
the passages; without a student, the teacher encodes both. FOLDER is a test collection of your own,
in the layout of BEIR or of MS MARCO (docs/how-to/use-your-data.md); nothing is downloaded for it.
"""

import argparse
from pathlib import Path

import mteb
from datasets import Dataset
from langcodes import Language
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from sentence_transformers import MultiVectorEncoder

from optical.corpora import own_collection

METRICS = ("map_at_1000", "ndcg_at_10", "mrr_at_10")


def encoder_of(teacher: str, student: str | None) -> MultiVectorEncoder:
    """A model whose queries are encoded by the student, if there is one, and its passages by the
    teacher. MTEB scores every MultiVectorEncoder by MaxSim.
    """
    passages = MultiVectorEncoder(teacher)
    if student is None:
        return passages
    queries = MultiVectorEncoder(student)

    def encode_document(texts, prompt=None, **options):
        # The prompt is the student's. The teacher takes its own.
        return passages.encode_document(texts, **options)

    queries.encode_document = encode_document
    return queries


def task_of(folder: Path, lang: str) -> AbsTaskRetrieval:
    """A task of MTEB with the passages, queries and judgements of a folder."""
    layout = "beir" if (folder / "corpus.jsonl").exists() else "msmarco"
    tag = Language.get(lang).maximize()

    class OwnTask(AbsTaskRetrieval):
        metadata = TaskMetadata(
            name=f"{folder.name}-{lang}",
            description=f"Queries in {lang} on the passages of {folder.name}",
            type="Retrieval",
            dataset={"path": folder.name, "revision": "own"},
            eval_langs=[f"{tag.to_alpha3()}-{tag.script}"],
            main_score="map_at_1000",
        )

        def load_data(self, **options):
            judged = {}
            for query, passage, grade in own_collection.judgements(folder, layout=layout):
                judged.setdefault(query, {})[passage] = grade
            passages = own_collection.passages(folder, layout=layout)
            queries = own_collection.queries(folder, lang, layout=layout)
            test = {
                "corpus": rows((one.passage_id, one.text) for one in passages),
                "queries": rows((one.id, one.text) for one in queries if one.id in judged),
                "relevant_docs": judged,
                "top_ranked": None,
            }
            self.dataset = {"default": {"test": test}}
            self.data_loaded = True

    return OwnTask()


def rows(records) -> Dataset:
    """(id, text) as MTEB reads them, without empty texts."""
    return Dataset.from_list([{"id": name, "text": text} for name, text in records if text])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("teacher")
    parser.add_argument("student", nargs="?")
    parser.add_argument("--task", help="name of a retrieval task of MTEB")
    parser.add_argument("--subset", nargs="+", help="its subsets: all")
    parser.add_argument("--collection", type=Path, help="folder of your own test collection")
    parser.add_argument("--lang", help="language of its queries")
    asked = parser.parse_args()
    if asked.collection:
        task = task_of(asked.collection, asked.lang or parser.error("--lang: expected a language"))
    else:
        name = asked.task or parser.error("expected --task or --collection")
        task = mteb.get_task(name, hf_subsets=asked.subset)
    model = encoder_of(asked.teacher, asked.student)
    # Without a cache: MTEB knows results by the name of the model, which a folder need not have.
    (found,) = mteb.evaluate(model, task, cache=None, show_progress_bar=False).task_results
    for split, subsets in found.scores.items():
        for one in subsets:
            scores = ", ".join(f"{metric} {one[metric]:.4f}" for metric in METRICS)
            print(f"{found.task_name}, {one['hf_subset']}, {split}: {scores}")
