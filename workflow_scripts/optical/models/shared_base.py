"""One model in memory for all students that started as it, of which one reads at a time."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from optical.models.adapter_files import (
    Adapter,
    check_base,
    hash_base,
    is_adapter,
    read_adapter,
)
from optical.models.adapters import named_tensors, read_changed
from optical.models.embedding import Embedder

if TYPE_CHECKING:
    from peft import PeftModel


class SharedBase:
    """The base of an adapter, whose student is switched without loading it again.

    LoRA stays beside the layers, and is read once for each student. Tensors that were trained
    themselves are exchanged in place, and are read at each switch.

    Args:
        folder: of any of its adapters.

    Raises:
        InputError: for an adapter without its base.
    """

    def __init__(self, folder: Path) -> None:
        adapter = read_adapter(folder)
        self.base, self.sha256 = adapter.base, hash_base(adapter)
        exact = Embedder.load(self.base, exact=True)
        self.embedder = exact.placed()  # on a CPU itself
        self.exact = named_tensors(exact.transformer, exact.projection)
        self.tensors = named_tensors(self.embedder.transformer, self.embedder.projection)
        # By name the tensors that are exchanged, as they were, in float32 whatever the embedder
        # computes in: much of a small difference would be lost beside a rounded weight.
        self.started: dict[str, torch.Tensor] = {}
        self.exchanged: set[str] = set()
        self.lora: PeftModel | None = None
        self.names: dict[Path, str] = {}

    @torch.no_grad()
    def switch(self, folder: Path | None) -> Embedder:
        """The embedder, as the student in a folder from now on; None is the base itself.

        It is the same one each time. Raises InputError for an adapter of another base.
        """
        adapter = None if folder is None else read_adapter(folder)
        if adapter:
            check_base(adapter, self.base, self.sha256)
        changed = read_changed(adapter) if adapter else {}
        for name in self.exchanged - changed.keys():
            self.tensors[name].copy_(self.started[name])
        for name, value in changed.items():
            if name not in self.started:
                self.started[name] = self.exact[name].detach().clone()
            wanted = self.started[name] + value if adapter.differences else value
            self.tensors[name].copy_(wanted)
        self.exchanged = set(changed)
        self.switch_lora(adapter if adapter and adapter.lora else None)
        return self.embedder

    def switch_lora(self, adapter: Adapter | None) -> None:
        """Have the LoRA of an adapter in use, or none."""
        if adapter is None:
            if self.lora is not None:
                self.lora.base_model.disable_adapter_layers()
            return
        from peft import PeftModel

        folder = adapter.folder.resolve()
        if folder not in self.names:
            name = self.names[folder] = f"student-{len(self.names)}"
            if self.lora is None:
                transformer = self.embedder.transformer
                self.lora = PeftModel.from_pretrained(transformer, str(folder), adapter_name=name)
            else:
                self.lora.load_adapter(str(folder), adapter_name=name)
        self.lora.base_model.enable_adapter_layers()
        self.lora.set_adapter(self.names[folder])
        self.lora.eval()


def load_embedder(folder: Path) -> Embedder:
    """The model of a folder for embedding: a whole one, or an adapter on its base.

    Raises InputError for an adapter without its base, or of another one.
    """
    return SharedBase(folder).switch(folder) if is_adapter(folder) else Embedder.load(folder)
