"""How much text of each language the encoders of a study have read, where that is known."""

from collections.abc import Mapping

import yaml

from optical.corpora.language_tags import find
from optical.study.loading import RESOURCES
from optical.study.study import Study


def amounts_read(study: Study) -> tuple[Mapping[str, float], str]:
    """({language: amount}, what is counted): of encoders from scratch the texts of their
    pre-training, of those of the hub what resources/pretraining_text.yaml knows of a family.
    """
    if study["pretraining"]["text"]:
        return study["pretraining"]["text"], "texts that the encoders have read"
    hub = [encoder["hub"] for encoder in study.encoders.values() if "hub" in encoder]
    for family in yaml.safe_load((RESOURCES / "pretraining_text.yaml").read_text(encoding="utf-8")):
        if any(family["name"] in name for name in hub):
            amounts = family["languages"]
            found = {lang: find(lang, amounts) for lang in study.languages}
            return {lang: amounts[code] for lang, code in found.items() if code}, family["unit"]
    return {}, ""
