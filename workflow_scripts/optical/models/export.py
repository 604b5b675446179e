"""One folder that sentence-transformers, PyLate, colbert-ai and transformers all load.

It is the layout of PyLate, which sentence-transformers reads too, with the weights under the names
of colbert-ai, which those of transformers include:

    model.encoder.safetensors      the transformer
    1_Dense/model.safetensors      the projection
    model.safetensors.index.json   both, as one model in two files

colbert-ai and transformers follow the index. sentence-transformers and PyLate read each module from
its own file: transformers calls the first a variant of the weights, whose name stands in
`sentence_bert_config.json`. In one file with the transformer's weights, the projection would be
reported as UNEXPECTED at each loading. Loaders and versions that were tried, and the comparison of
their query vectors: interop/.
"""

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file
from sentence_transformers import MultiVectorEncoder
from sentence_transformers.util import fullname

from optical.models.layouts import ENCODER_WEIGHTS, INDEX, PROJECTION_WEIGHTS, VARIANT

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
]
"""What is left out, the mask and the normalisation, all three libraries add by themselves."""

# Names of the transformers 4 that colbert-ai needs, where transformers 5 has others.
TOKENIZER_CLASSES = {"TokenizersBackend": "PreTrainedTokenizerFast"}
NOT_IN_TRANSFORMERS_4 = ("eurobert",)
"""Model types that colbert-ai therefore cannot load (interop/compare.py tries all families)."""


def save_for_all(folder: str | Path, model: MultiVectorEncoder, card: str) -> None:
    """Save a late-interaction model as made by `optical.models.encoders.late_interaction`.

    Also a finished one as read by `optical.models.finished`, which may expand queries and skip
    tokens of passages. card: the text of README.md, which also says where other libraries would
    leave the prompts out: those that are no single token. Raises ValueError for a model of other
    modules.
    """
    folder = Path(folder)
    transformer, dense, *rest = model
    if [fullname(type(module)).rpartition(".")[2] for module in rest] != [
        "MultiVectorMask",
        "Normalize",
    ]:
        raise ValueError(f"expected a transformer, a projection, a mask and a norm, got {model}")
    (folder / "1_Dense").mkdir(parents=True, exist_ok=True)
    transformer.auto_model.save_pretrained(folder)
    transformer.tokenizer.save_pretrained(folder)
    edit(folder / "config.json", architectures=["HF_ColBERT"])
    dense.save(str(folder / "1_Dense"))
    name_weights_for_colbert(folder, transformer.auto_model.base_model_prefix)
    name_tokenizer_for_transformers_4(folder)

    write(folder / "1_Dense" / "config.json", dense_settings(folder / "1_Dense" / "config.json"))
    query, document = model.prompts["query"], model.prompts["document"]
    markers = {
        prompt: prompt if transformer.tokenizer.tokenize(prompt) == [prompt] else ""
        for prompt in (query, document)
    }
    expansion, mask = transformer.query_expansion, rest[0]
    lengths = {
        "query_length": expansion["length"] if expansion else transformer.query_length,
        "document_length": transformer.document_length,
    }
    write(folder / "modules.json", MODULES)
    write(
        folder / "sentence_bert_config.json",
        {
            "max_seq_length": transformer.document_length,
            "do_lower_case": False,
            "model_args": {"variant": VARIANT},
        },
    )
    write(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "ColBERT",
            "similarity_fn_name": "MaxSim",
            "prompts": {
                "query": "" if markers[query] else query,
                "document": "" if markers[document] else document,
            },
            "query_prefix": markers[query],
            "document_prefix": markers[document],
            **lengths,
            "do_query_expansion": bool(expansion),
            "attend_to_expansion_tokens": bool(expansion and expansion["attend"]),
            # Of models trained here none: the lists of the libraries differ.
            "skiplist_words": mask.skiplist_words,
        },
    )
    write(
        folder / "artifact.metadata",
        {
            "query_token": query,
            "query_token_id": query,
            "doc_token": document,
            "doc_token_id": document,
            "query_maxlen": lengths["query_length"],
            "doc_maxlen": lengths["document_length"],
            "dim": dense.out_features,
            "similarity": "cosine",
            "mask_punctuation": bool(mask.skiplist_words),
            "attend_to_mask_tokens": bool(expansion and expansion["attend"]),
            # Any name would send colbert-ai to the hub.
            "model_name": None,
        },
    )
    if not all(markers.values()):
        card += (
            f"\n**A query begins with the text {query!r}, a passage with {document!r}. "
            "sentence-transformers puts it there; PyLate and colbert-ai do not.**\n"
        )
    family = transformer.auto_model.config.model_type
    if family in NOT_IN_TRANSFORMERS_4:
        card += (
            f"\n**colbert-ai cannot load this model: it needs transformers 4, which has no "
            f"{family}. The other three libraries can.**\n"
        )
    (folder / "README.md").write_text(card)


def dense_settings(file: Path) -> dict:
    """The settings of the projection but those that only sentence-transformers 6 knows."""
    settings = json.loads(file.read_text())
    return {key: value for key, value in settings.items() if not key.startswith("module_")}


def name_weights_for_colbert(folder: Path, prefix: str) -> None:
    """Put the transformer below its prefix, and list it and the projection as one model."""
    file = folder / "model.safetensors"
    weights = {f"{prefix}.{name}": tensor for name, tensor in load_file(file).items()}
    save_file(weights, folder / ENCODER_WEIGHTS, metadata={"format": "pt"})
    file.unlink()
    projection = load_file(folder / PROJECTION_WEIGHTS)
    places = dict.fromkeys(weights, ENCODER_WEIGHTS) | dict.fromkeys(projection, PROJECTION_WEIGHTS)
    size = sum(tensor.nbytes for tensor in (weights | projection).values())
    write(folder / INDEX, {"metadata": {"total_size": size}, "weight_map": places})
    for name in (ENCODER_WEIGHTS, PROJECTION_WEIGHTS):
        # safetensors writes for the owner alone.
        shutil.copymode(folder / "config.json", folder / name)


def name_tokenizer_for_transformers_4(folder: Path) -> None:
    """Give the tokenizer a class, and further special tokens a key, that both versions of
    transformers know, and say whether a text begins with a space, which version 4 otherwise takes
    away from a tokenizer of bytes.
    """
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    name = settings["tokenizer_class"]
    settings["tokenizer_class"] = TOKENIZER_CLASSES.get(name, name)
    if isinstance(settings.get("extra_special_tokens"), list):
        settings["additional_special_tokens"] = settings.pop("extra_special_tokens")
    cut = json.loads((folder / "tokenizer.json").read_text())["pre_tokenizer"] or {}
    if cut.get("type") == "ByteLevel":
        settings["add_prefix_space"] = cut["add_prefix_space"]
    write(file, settings)


def write(file: Path, content: object) -> None:
    """Write a JSON file as the libraries do."""
    file.write_text(json.dumps(content, indent=2) + "\n")


def edit(file: Path, **changes) -> None:
    """Change keys of a JSON file."""
    write(file, json.loads(file.read_text()) | changes)


def model_card(reads: str, learned: str, teacher: str | None) -> str:
    """The text of a model's README.md.

    reads: what it encodes. learned: how. teacher: for a student, the name of the model that encodes
    the passages.
    """
    passages = (
        f"**Passages have to be encoded by another model, `{teacher}`; no library checks that.**"
        "\n\n"
        if teacher
        else ""
    )
    return f"""---
library_name: sentence-transformers
tags: [ColBERT, multi-vector, cross-lingual-retrieval]
---
# Late interaction: an encoder of {reads}

Learned by {learned}.

{passages}```python
from sentence_transformers import MultiVectorEncoder
queries = MultiVectorEncoder("THIS FOLDER").encode_query(["..."])

from pylate import models
queries = models.ColBERT("THIS FOLDER").encode(["..."], is_query=True)

from colbert.infra import ColBERTConfig
from colbert.modeling.checkpoint import Checkpoint
config = ColBERTConfig.load_from_checkpoint("THIS FOLDER")
queries = Checkpoint("THIS FOLDER", config).queryFromText(["..."])

from transformers import AutoModel
encoder = AutoModel.from_pretrained("THIS FOLDER", variant="encoder")  # before the projection
```

Every setting, and the hashes of all that it was made from: `provenance.json`. How the training
went: `training.jsonl`.
"""
