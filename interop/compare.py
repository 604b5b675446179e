"""Encode queries with four libraries and compare the vectors: compare.py BINARIES [MODEL].

BINARIES is the folder of the environments' bin folders: {BINARIES}/pylate/bin/python and so on.
"""

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from optical.models.adapters import load_merged
from optical.models.encoders import late_interaction, load, new_masked_model
from optical.models.export import NOT_IN_TRANSFORMERS_4, save_for_all
from optical.models.layouts import PROJECTION_WEIGHTS, VARIANT
from optical.models.tokenizer import train_tokenizer
from optical.settings.adaptation import Adaptation
from optical.training.students import begin
from optical.training.trainer import save

PROGRAMS = Path(__file__).parent
LARGEST_DIFFERENCE = 1e-5
QUERIES = [
    "Where does the river begin?",
    "a word",
    "Mto unaanzia wapi, na unaishia wapi? Ndiyo; hapana!",
    "¿Dónde nace el río? " * 12,
]


FAMILIES = {"xlm-roberta": False, "deberta-v2": False, "modernbert": True, "eurobert": True}
"""Whether the tokenizer of a family is one of byte pairs."""


def random_model(folder: Path, family: str) -> Path:
    """A small model of random weights, saved as the workflow saves every model."""
    torch.manual_seed(0)
    bytes_too = FAMILIES[family]
    tokenizer = train_tokenizer(QUERIES * 20, 400 if bytes_too else 90, byte_pairs=bytes_too)
    encoder = new_masked_model(tokenizer, layers=2, width=64, heads=4, architecture=family)
    save(folder / "encoder", encoder.save_pretrained, tokenizer.save_pretrained)
    model = late_interaction(folder / "encoder", dimension=32, query_length=32, passage_length=64)
    save_for_all(folder / "model", model, "")
    return folder / "model"


def merged_student(base: Path) -> Path:
    """A student of a model that was kept as an adapter, of LoRA, and made whole again."""
    adapter, folder = base.with_name("adapter"), base.with_name("student")
    settings = Adaptation(lora_rank=4)
    student, writer = begin(base, adapter, settings, adapter=True, precision="float16")
    with torch.no_grad():
        for weight in student.parameters():
            if weight.requires_grad:
                weight += 0.05 * torch.randn_like(weight)
    save(adapter, partial(writer, card=""))
    save_for_all(folder, load_merged(adapter), "")
    return folder


def by_transformers(folder: Path, queries: list[str]) -> list[np.ndarray]:
    """Query vectors by AutoModel and the projection, as `artifact.metadata` describes them."""
    settings = json.loads((folder / "artifact.metadata").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = AutoModel.from_pretrained(folder, variant=VARIANT).eval()
    projection = load_file(folder / PROJECTION_WEIGHTS)["linear.weight"]
    vectors = []
    for query in queries:
        inputs = tokenizer(
            settings["query_token"] + query,
            truncation=True,
            max_length=settings["query_maxlen"],
            return_tensors="pt",
        )
        with torch.inference_mode():
            hidden = encoder(**inputs).last_hidden_state[0] @ projection.T
        vectors.append(torch.nn.functional.normalize(hidden, dim=-1).numpy())
    return vectors


def by_program(python: Path, program: str, folder: Path, queries: list[str]) -> list[np.ndarray]:
    """Query vectors by a program in another environment."""
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "vectors.npz"
        texts = Path(temporary) / "queries.json"
        texts.write_text(json.dumps(queries))
        command = [python, PROGRAMS / program, folder, texts, output]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with np.load(output) as arrays:
            return [arrays[name] for name in arrays.files]


def compare(environments: Path, folder: Path) -> bool:
    """Print the largest difference of each library from sentence-transformers."""
    model = load(folder)
    family = json.loads((folder / "config.json").read_text())["model_type"]
    wanted = [vectors.cpu().numpy() for vectors in model.encode_query(QUERIES)]
    found = {"transformers": by_transformers(folder, QUERIES)}
    for name in ("pylate", "colbert"):
        if name == "colbert" and family in NOT_IN_TRANSFORMERS_4:
            print(f"{family}, colbert: not known to its transformers 4")
            continue
        python = environments / name / "bin" / "python"
        found[name] = by_program(python, f"encode_{name}.py", folder, QUERIES)
    good = True
    for name, vectors in found.items():
        # Other libraries may go on after the query's own tokens; they may not have fewer.
        differences = [
            np.abs(ours - theirs[: len(ours)]).max() if len(theirs) >= len(ours) else np.inf
            for ours, theirs in zip(wanted, vectors, strict=True)
        ]
        good &= max(differences) <= LARGEST_DIFFERENCE
        print(f"{family}, {name}: largest difference {max(differences):.1e}", flush=True)
    return good


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folders = (
            [Path(sys.argv[2])]
            if sys.argv[2:]
            else [random_model(Path(temporary, family), family) for family in FAMILIES]
        )
        if not sys.argv[2:]:
            folders += [merged_student(folder) for folder in folders]
        good = [compare(Path(sys.argv[1]), folder) for folder in folders]
    sys.exit(0 if all(good) else "the query vectors differ")
