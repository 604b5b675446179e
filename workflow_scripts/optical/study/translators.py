"""Translators of the hub: which revision of one is taken, and what it calls the languages."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from optical.corpora.language_tags import find
from optical.settings.translation import TranslatorKind

RESOURCES = Path(__file__).parents[3] / "resources"


@cache
def read_translators() -> dict[str, Any]:
    """The content of resources/translators.yaml: {hub id: what is known of the model}."""
    return yaml.safe_load((RESOURCES / "translators.yaml").read_text(encoding="utf-8"))


def known_codes(hub: str) -> dict[str, str]:
    """{language: its name in the model} of a translator of the hub; empty for an unknown one."""
    known = read_translators().get(hub, {})
    return {name: name for name in known.get("languages", "").split()} | known.get("codes", {})


def kind_of(hub: str) -> TranslatorKind:
    """The kind of a translator of the hub, told by its id."""
    kinds: tuple[TranslatorKind, ...] = ("m2m100", "nllb", "madlad")
    return next((kind for kind in kinds if kind in hub.lower()), "other")


def completed(translation: Mapping[str, Any], languages: list[str]) -> dict[str, Any]:
    """The settings of a translation with what is known of its hub model.

    languages: those of the study, the only ones whose codes are filled in. What the study itself
    says counts first.
    """
    hub = translation["hub"]
    if hub not in read_translators():
        return dict(translation)
    codes = known_codes(hub)
    named = {name: find(name, codes) for name in languages}
    known = {name: codes[code] for name, code in named.items() if code}
    revision = translation["revision"] or read_translators()[hub]["revision"]
    return dict(translation) | {"revision": revision, "codes": known | translation["codes"]}
