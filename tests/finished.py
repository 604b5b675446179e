"""Tiny finished models of random weights, as each library saves them, and how it would encode."""

import json
import string
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizerFast

from optical.models.encoders import late_interaction, new_masked_model
from optical.models.tokenizer import train_tokenizer
from optical.training.trainer import save

DIMENSION = 8
SENTENCES = [
    *("the quick brown fox jumps over the lazy dog.", "pack my box, with five dozen jugs!"),
    *("does a zebra's vet quiz: jack, fox or gnu?", "xylophones - we vow - quiz kim by hand;"),
]
TEXTS = [*SENTENCES, "a fox", "the dog, the box, the jugs and the vet of the lazy zebra " * 4]


def save_pylate(folder: Path) -> Path:
    """An XLM-R whose queries are filled up to 24 tokens, which see the filler."""
    encoder = folder.with_name(f"{folder.name}.encoder")
    save_encoder(encoder)
    torch.manual_seed(1)
    model = late_interaction(encoder, dimension=DIMENSION, query_length=24, passage_length=40)
    tokenizer, transformer = model[0].tokenizer, model[0].auto_model
    tokenizer.add_tokens([AddedToken("[Q] ", normalized=False), AddedToken("[D] ")])
    transformer.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    transformer.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    dense = folder / "1_Dense"
    dense.mkdir()
    weight = model[1].linear.weight.detach().contiguous()
    save_file({"linear.weight": weight}, dense / "model.safetensors")
    identity = "torch.nn.modules.linear.Identity"
    sizes = {"in_features": weight.shape[1], "out_features": DIMENSION, "bias": False}
    write(dense / "config.json", sizes | {"activation_function": identity, "use_residual": False})
    kinds = {"": "sentence_transformers.models.Transformer", "1_Dense": "pylate.models.Dense.Dense"}
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": kind}
        for number, (path, kind) in enumerate(kinds.items())
    ]
    write(folder / "modules.json", modules)
    write(folder / "sentence_bert_config.json", {"max_seq_length": 39, "do_lower_case": False})
    write(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "ColBERT",
            "similarity_fn_name": "MaxSim",
            "prompts": {"query": "", "document": ""},
            "query_prefix": "[Q] ",
            "document_prefix": "[D] ",
            "query_length": 24,
            "document_length": 40,
            "do_query_expansion": True,
            "attend_to_expansion_tokens": True,
            "skiplist_words": [".", ","],
        },
    )
    return folder


def save_colbert(folder: Path) -> Path:
    """A BERT whose queries are filled up to 20 tokens, unseen, and that skips punctuation."""
    folder.mkdir()
    letters = list(string.ascii_lowercase)
    special = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *string.punctuation, *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512)
    torch.manual_seed(2)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        architectures=["HF_ColBERT"],
    )
    encoder = BertModel(config)
    weights = {f"bert.{name}": tensor for name, tensor in encoder.state_dict().items()}
    weights["linear.weight"] = torch.randn(DIMENSION, 16)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write(folder / "config.json", config.to_dict() | {"architectures": ["HF_ColBERT"]})
    tokenizer.save_pretrained(folder)
    write(
        folder / "artifact.metadata",
        {
            "query_token_id": "[unused0]",
            "doc_token_id": "[unused1]",
            "query_token": "[Q]",
            "doc_token": "[D]",
            "query_maxlen": 20,
            "doc_maxlen": 44,
            "dim": DIMENSION,
            "similarity": "cosine",
            "mask_punctuation": True,
            "attend_to_mask_tokens": False,
        },
    )
    return folder


def save_sentence_transformers(folder: Path) -> Path:
    """An XLM-R that tells queries from passages by words, and fills nothing up."""
    encoder = folder.with_name(f"{folder.name}.encoder")
    save_encoder(encoder)
    torch.manual_seed(3)
    model = late_interaction(encoder, dimension=DIMENSION, query_length=28, passage_length=36)
    model.prompts = {"query": "query: ", "document": "passage: "}
    model.save(str(folder))
    return folder


SAVED = {
    "pylate": save_pylate,
    "colbert": save_colbert,
    "sentence-transformers": save_sentence_transformers,
}


def save_encoder(folder: Path) -> None:
    """A tiny XLM-R that knows all letters."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(SENTENCES * 20, 90)
    model = new_masked_model(tokenizer, layers=1, width=16, heads=2)
    save(folder, model.save_pretrained, tokenizer.save_pretrained)


def write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content))


def inserted(folder: Path, text: str, task: str) -> torch.Tensor:
    """Vectors [tokens, dim] as PyLate and colbert-ai make them, whose code this follows: the id of
    a marker is put behind the first token, and pads of queries become mask tokens.
    """
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    if (folder / "artifact.metadata").exists():
        settings = json.loads((folder / "artifact.metadata").read_text())
        marker = settings["query_token_id" if task == "query" else "doc_token_id"]
        length = settings["query_maxlen" if task == "query" else "doc_maxlen"]
        attend, skipped = settings["attend_to_mask_tokens"], string.punctuation
        projection = load_file(folder / "model.safetensors")["linear.weight"]
    else:
        settings = json.loads((folder / "config_sentence_transformers.json").read_text())
        marker, length = settings[f"{task}_prefix"], settings[f"{task}_length"]
        attend, skipped = settings["attend_to_expansion_tokens"], settings["skiplist_words"]
        projection = load_file(folder / "1_Dense" / "model.safetensors")["linear.weight"]
    ids = tokenizer(text, truncation=True, max_length=length - 1)["input_ids"]
    ids = [ids[0], tokenizer.convert_tokens_to_ids(marker), *ids[1:]]
    seen = [1] * len(ids)
    scored = [True] * len(ids)
    if task == "query":
        missing = length - len(ids)
        ids += [tokenizer.mask_token_id] * missing
        seen += [int(attend)] * missing
        scored += [True] * missing
    else:
        left_out = {tokenizer.convert_tokens_to_ids(word) for word in skipped}
        scored = [id not in left_out for id in ids]
    with torch.inference_mode():
        hidden = encoder(
            input_ids=torch.tensor([ids]), attention_mask=torch.tensor([seen])
        ).last_hidden_state[0]
    vectors = hidden[torch.tensor(scored)] @ projection.T
    return torch.nn.functional.normalize(vectors, dim=-1)
