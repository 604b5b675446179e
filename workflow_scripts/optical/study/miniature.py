"""A study in miniature: its own sources, methods, collections and rules, next to no work in each.

What comes out means nothing; that it comes out shows that a study runs from its first file to its
report, before days are spent on it.
"""

from collections.abc import Collection, Mapping

SUFFIX = "-tiny"

ENCODER = {"layers": 1, "heads": 2, "vocabulary": 1000, "learning_rate_scale": 1.0}
WIDTH = 32
"""Of the first encoder; each further one is as much wider, so that sizes differ."""

TEXTS = 300
"""Texts of each language that the encoders read."""

MOST = {
    "pretraining": {"steps": 20, "batch_size": 8, "length": 64},
    "training_set": {"queries": 40},
    "teacher": {"steps": 4, "batch_size": 8, "accumulation": 1, "mini_batch": 4},
    "bitext": {"pairs": 100},
    "distillation": {
        **{"steps": 4, "batch_size": 8, "batch_tokens": 512, "accumulation": 1, "length": 32},
        **{"iterations": 10, "pairs": 50},
    },
    "translation": {
        **{"layers": 1, "width": 32, "heads": 2, "vocabulary": 1000, "length": 32},
        **{"steps": 4, "batch_size": 8, "beams": 2},
    },
    "judged_pairs": {"pairs": 100},
    "finetuning": {"steps": 4, "batch_size": 8},
    "model": {"dimension": 32, "query_length": 32, "passage_length": 64},
    "search": {"depth": 50, "candidates": 100, "exact_queries": 5},
}
"""The most that is left of a setting; one that was null has it where `LIMITS` says so."""

LIMITS = {("training_set", "queries"), ("bitext", "pairs"), ("judged_pairs", "pairs")}
"""Settings whose null means all there is."""


ARCHITECTURES = {
    "mmbert": "modernbert",
    "modernbert": "modernbert",
    "deberta": "deberta-v2",
    "eurobert": "eurobert",
}
"""Of models of the hub, by a part of their ids; of others that of XLM-R."""


def architecture(encoder: Mapping) -> str:
    """The architecture that an encoder of the hub, or from scratch, has in miniature."""
    if "architecture" in encoder:
        return encoder["architecture"]
    name = encoder.get("hub", "").lower()
    return next((kind for part, kind in ARCHITECTURES.items() if part in name), "xlm-roberta")


def in_miniature(study: Mapping, with_bitext: Collection[str]) -> dict:
    """A complete study with its sizes cut down; it has a name of its own, with `SUFFIX`.

    with_bitext: the foreign languages that there is text of, for encoders to read.

    One language of the high group is left and one of the low, one student and one seed. Encoders of
    the hub or of a folder become random ones of their architecture, which read a little of the
    study's own text; so do finished teachers, which are then trained a little. A translator of the
    hub has random weights too, and stays as it is.
    """
    small = dict(study)
    small["study"] += SUFFIX
    small["seeds"] = study["seeds"][:1]
    small["languages"] = {group: study["languages"][group][:1] for group in ("high", "low")}
    first = next(iter(study["students"]))
    small["students"] = {first: study["students"][first]}
    names = [*study["encoders"], *study["teachers"]]
    small["encoders"] = {
        name: ENCODER
        | {"width": WIDTH * size, "architecture": architecture(study["encoders"].get(name, {}))}
        for size, name in enumerate(names, 1)
    }
    small["teachers"] = {}
    for section, bounds in MOST.items():
        small[section] = dict(study[section])
        for key, most in bounds.items():
            value = study[section][key]
            if value is not None:
                small[section][key] = min(value, most)
            elif (section, key) in LIMITS:
                small[section][key] = most
    small["teacher"]["seeds"] = study["teacher"]["seeds"][:1]
    small["variants"] = {
        name: variant
        | {
            key: min(variant[key], most)
            for key, most in MOST["distillation"].items()
            if variant.get(key) is not None
        }
        for name, variant in study["variants"].items()
    }
    if study["translation"]["hub"]:
        small["translation"]["weights"] = "random"
    # Nothing is learnt in so few steps, so no encoder is refused for that.
    tested = [names[0] for names in small["languages"].values()]
    read = [study["pivot"], *(language for language in tested if language in with_bitext)]
    small["pretraining"] |= {"text": dict.fromkeys(read, TEXTS), "largest_loss": 100.0}
    return small
