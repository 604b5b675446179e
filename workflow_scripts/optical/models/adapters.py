"""Students that are trained in part: what is frozen, what is saved, and how it is merged again."""

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import MultiVectorEncoder
from torch import Tensor, nn

from optical.models.adapter_files import (
    ABOUT,
    CHANGED,
    LORA_WEIGHTS,
    Adapter,
    check_base,
    hash_base,
    read_adapter,
    write_about,
)
from optical.models.encoders import load
from optical.models.export import save_for_all
from optical.runtime.errors import InputError
from optical.settings.adaptation import Adaptation

if TYPE_CHECKING:
    from peft import PeftModel

PROJECTION = "linear.weight"
"""What the projection is called among the tensors of a transformer, as in a whole model's file."""

SECTION = "\n## Adapter\n"


def adapt(model: MultiVectorEncoder, settings: Adaptation) -> "PeftModel | None":
    """Freeze what is not to be trained of a model, and put LoRA into it where the settings say so.

    Returns LoRA's handle, None without. LoRA's layers then stand in place of the linear ones. It
    begins as no change at all.
    """
    transformer, lora = model[0].auto_model, None
    if settings.lora_rank is not None:
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=settings.lora_rank,
            lora_alpha=2 * settings.lora_rank,
            lora_dropout=0.0,
            target_modules=linear_layers(transformer),
        )
        lora = get_peft_model(transformer, config)
    transformer.get_input_embeddings().requires_grad_(settings.embeddings == "trained")
    return lora


def linear_layers(transformer: nn.Module) -> list[str]:
    """The names of the linear layers of attention and feed-forward, in each transformer layer.

    A pooler is none of them. Raises InputError for a model in which there are none.
    """
    names = [
        name
        for name, module in transformer.named_modules()
        if isinstance(module, nn.Linear) and re.search(r"(^|\.)layers?\.\d+\.", name)
    ]
    if not names:
        raise InputError(
            f"lora_rank: {type(transformer).__name__} has no linear layers in layers by number; "
            "expected null"
        )
    return names


def named_tensors(transformer: nn.Module, projection: Tensor) -> dict[str, Tensor]:
    """The tensors of a model that may be trained themselves, by the names of its transformer.

    LoRA's are not among them, nor are the linear layers that it stands in for.
    """
    named = {
        name: tensor
        for name, tensor in transformer.named_parameters()
        if "lora_" not in name and ".base_layer." not in name
    }
    return named | {PROJECTION: projection}


def tensors_of(model: MultiVectorEncoder) -> dict[str, Tensor]:
    """`named_tensors` of a late-interaction model."""
    return named_tensors(model[0].auto_model, model[1].linear.weight)


def save_whole(
    folder: Path, model: MultiVectorEncoder, lora: "PeftModel | None", card: str
) -> None:
    """Save a trained student as a whole model; LoRA is merged into it for good."""
    if lora is not None:
        lora.merge_and_unload()
    save_for_all(folder, model, card)


def save_adapter(
    folder: Path,
    model: MultiVectorEncoder,
    lora: "PeftModel | None",
    *,
    base: Path,
    placed: Path,
    half: bool,
    card: str,
) -> None:
    """Save what the training of a student changed.

    base: folder of the model that it started as. placed: where the folder will lie when it is
    whole. half: in float16; of tensors that were trained themselves the differences, since float16
    of a weight would round away changes of less than a two-thousandth of it.
    """
    write_about(folder, base, placed, lora=lora is not None, differences=half)
    started = tensors_of(load(base, device="cpu"))
    changed = {}
    for name, tensor in tensors_of(model).items():
        before, after = started[name].detach(), tensor.detach().float().cpu()
        if not torch.equal(before, after):
            changed[name] = (after - before).half() if half else after.contiguous()
    save_file(changed, folder / CHANGED, metadata={"format": "pt"})
    if lora is not None:
        from peft import get_peft_model_state_dict

        weights = get_peft_model_state_dict(lora, save_embedding_layers=False)
        kept = {
            name: (tensor.half() if half else tensor.float()).detach().cpu().contiguous()
            for name, tensor in weights.items()
        }
        save_file(kept, folder / LORA_WEIGHTS, metadata={"format": "pt"})
        config = lora.peft_config["default"]
        config.base_model_name_or_path = os.path.relpath(base, placed)
        config.save_pretrained(str(folder))
    for file in folder.glob("*.safetensors"):
        shutil.copymode(folder / ABOUT, file)  # safetensors writes for the owner alone
    (folder / "README.md").write_text(card + SECTION + ADAPTER_CARD)


ADAPTER_CARD = """
This folder holds only what the training changed of the model that `adapter.json` names. The
libraries above load whole models: `snakemake models` makes one of it.
"""


def card_of(folder: Path) -> str:
    """The model card of an adapter, without what is said of adapters."""
    return (folder / "README.md").read_text(encoding="utf-8").partition(SECTION)[0]


def load_merged(folder: Path) -> MultiVectorEncoder:
    """The whole model that an adapter and its base are together.

    Raises InputError for an adapter without its base, or of another one.
    """
    adapter = read_adapter(folder)
    check_base(adapter, adapter.base, hash_base(adapter))
    model = load(adapter.base, device="cpu")
    if adapter.lora:
        from peft import PeftModel

        PeftModel.from_pretrained(model[0].auto_model, str(folder)).merge_and_unload()
    tensors = tensors_of(model)
    with torch.no_grad():
        for name, value in read_changed(adapter).items():
            tensors[name].copy_(tensors[name] + value if adapter.differences else value)
    return model.requires_grad_(True)


def read_changed(adapter: Adapter) -> dict[str, Tensor]:
    """The tensors of an adapter that were trained themselves, or their differences, in float32."""
    return {name: value.float() for name, value in load_file(adapter.folder / CHANGED).items()}
