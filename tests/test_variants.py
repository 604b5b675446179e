"""Variants of a method: rows of their own, with their own settings and nothing else."""

import re

import pytest
import yaml

from optical.runtime.errors import InputError
from optical.study.loading import load_study, read_datasets
from trees import ROOT

SQUARE = {
    "optical-balanced": {"method": "optical", "mass": "balanced"},
    "optical-ranking": {"method": "optical", "ranking": 1.0},
    "optical-balanced-ranking": {"method": "optical", "mass": "balanced", "ranking": 1.0},
    "greedy-ranking": {"method": "greedy", "ranking": 1.0},
}


def study_with(**edits):
    text = (ROOT / "studies/smoke.yaml").read_text()
    settings = yaml.safe_load(text) | {"methods": ["bm25", "zero_shot", "greedy", "optical"]}
    return load_study(settings | edits, read_datasets())


def test_a_variant_is_a_row_with_its_own_settings_and_those_of_the_study_beside_them():
    study = study_with(variants=SQUARE)
    assert study.methods == ["bm25", "zero_shot", "greedy", "optical", *SQUARE]
    assert study.distilled_methods == ["greedy", "optical", *SQUARE]
    assert study.base("greedy-ranking") == "greedy"
    assert study.distillation("optical") == study["distillation"]
    own = study.distillation("optical-balanced-ranking")
    changed = {name for name in own if own[name] != study["distillation"][name]}
    assert changed == {"mass", "ranking"}


def test_a_method_may_have_settings_of_its_own():
    study = study_with(variants={"greedy": {"learning_rate": 0.001}})
    assert study.methods == ["bm25", "zero_shot", "greedy", "optical"]
    assert study.distillation("greedy")["learning_rate"] == 0.001
    assert study.distillation("optical") == study["distillation"]


def test_rows_that_differ_in_one_thing_are_held_against_each_other():
    pairs = study_with(variants=SQUARE).contrasts
    assert {("optical", "greedy"), ("optical", "zero_shot")} < {*pairs}
    assert {
        ("optical-balanced", "optical"),
        ("optical-ranking", "optical"),
        ("greedy-ranking", "greedy"),
        ("optical-ranking", "greedy-ranking"),
        ("optical-balanced-ranking", "optical-balanced"),
        ("optical-balanced-ranking", "optical-ranking"),
    } < {*pairs}
    # What has no student has nothing to be held against, and what differs in two settings tells of
    # neither.
    assert not {
        ("optical", "bm25"),
        ("optical-balanced-ranking", "optical"),
        ("optical", "greedy-ranking"),
    } & {*pairs}


def test_a_learning_rate_of_its_own_is_no_difference_between_methods():
    variants = SQUARE | {"greedy": {"learning_rate": 0.001}}
    assert ("optical", "greedy") in study_with(variants=variants).contrasts
    assert ("greedy-ranking", "greedy") in study_with(variants=variants).contrasts


def test_a_student_has_all_variants_or_those_it_names():
    encoder = {"encoder": "small", "teacher": "small"}
    study = study_with(
        variants=SQUARE,
        students={
            "all": encoder,
            "few": encoder | {"methods": ["zero_shot", "optical-ranking"]},
        },
    )
    assert study.students_with("optical-ranking") == ["all", "few"]
    assert study.students_with("greedy-ranking") == ["all"]


MISTAKES = [
    (
        {"mine": {"mass": "balanced"}},
        "variants.mine: key 'method' is missing; expected one of sent",
    ),
    ({"mine": {"method": "bm25"}}, "variants.mine.method: 'bm25' is unknown; expected one of sent"),
    ({"mine": {"method": "optical", "epsilo": 1}}, "variants.mine: unknown key 'epsilo'; expected"),
    (
        {"mine": {"method": "optical", "epsilon": 0}},
        "variants.mine.epsilon: 0 is less than the min",
    ),
    ({"mine": {"method": "optical", "ranking": -1}}, "variants.mine.ranking: -1 is less than the"),
    ({"sentence": {"ranking": 1.0}}, "variants.sentence: is no method of the study that distils"),
    ({"zero_shot": {"length": 8}}, "variants.zero_shot: is no method of the study that distils"),
    ({"optical": {"method": "greedy"}}, "variants.optical.method: 'greedy', but the name is that"),
    ({"a b": {"method": "optical"}}, "variants: 'a b'; expected letters, digits"),
    (
        {"mine": {"method": "optical", "ranking": 1.0, "batch_size": 1}},
        "variants.mine.batch_size: 1, but there is a ranking term; expected at least 2",
    ),
    (
        {"mine": {"method": "greedy", "ranking": 1.0, "batch_tokens": 100}},
        "variants.mine.batch_tokens: 100, but there is a ranking term; expected at least 128",
    ),
    (
        {"mine": {"method": "greedy", "pairs": 10}},
        "variants.mine: 10 pairs are less than a batch, batch_size 32",
    ),
    (
        {"mine": {"method": "greedy", "batch_tokens": 20}},
        "variants.mine.batch_tokens: 20 is less than a sentence of length, 64",
    ),
]


@pytest.mark.parametrize(("variants", "message"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_a_mistake_is_one_line_naming_the_key(variants, message):
    with pytest.raises(InputError, match=re.escape(message)) as error:
        study_with(variants=variants)
    assert "\n" not in str(error.value)


def test_a_miniature_has_every_variant_with_next_to_no_work():
    study = study_with(
        variants=SQUARE | {"few": {"method": "optical", "pairs": 1000, "steps": 70}}, scale="tiny"
    )
    assert study.methods[-5:] == [*SQUARE, "few"]
    assert study.distillation("few")["steps"] == 4
    assert study.distillation("few")["pairs"] == 50
    assert study.distillation("optical-balanced")["mass"] == "balanced"
