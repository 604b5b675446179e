"""Study files and `--config` as they are given: each mistake is one line with its place."""

import copy
import json

import pytest
import yaml

from optical.runtime.errors import InputError
from optical.study.places import check_mirrors, check_results
from optical.study.study_file import given_settings, overlaid, read_settings
from trees import SMOKE, copy_tree, snakemake, succeeds

TAB = "a tab; YAML indents with spaces"
ABSENT = "expected the YAML file of a study"
# (content, the line or none, what the message says)
MISTAKES = {
    "a tab before a key": (b"study: mine\nteacher:\n\tsteps: 5\n", 3, TAB),
    "a tab after spaces": (b"study: mine\nteacher:\n  loss: kl\n  \tsteps: 5\n", 4, TAB),
    "a tab before an item": (b"study: mine\n\nseeds:\n\t- 1\n", 4, TAB),
    "a tab after Windows ends of lines": (b"study: mine\r\nteacher:\r\n\tsteps: 5\r\n", 3, TAB),
    "a key twice": (
        b"study: mine\nseeds: [1]\nmetric: map\nseeds: [2]\n",
        *(4, "key 'seeds' stands in line 2 too"),
    ),
    "a key twice in a section": (
        b"teacher:\n  steps: 5\n  loss: kl\n\n  steps: 6\n",
        *(5, "key 'steps' stands in line 2 too"),
    ),
    "a key twice in a line": (b"a: 1\nb: {c: 1, d: 2, c: 3}\n", 2, "key 'c' stands in line 2 too"),
    "a key twice, once quoted": (b"a: 1\n'a': 2\n", 2, "key 'a' stands in line 1 too"),
    "a key twice in an item": (b"a:\n- x: 1\n  x: 2\n", 3, "key 'x' stands in line 2 too"),
    "a key twice in JSON": (b'{"a": 1,\n\t"a": 2}', 2, "key 'a' stands in line 1 too"),
    "Latin-1": (
        b"study: mine\n# caf\xe9\n",
        2,
        "not UTF-8 text, byte 0xe9; save the file as UTF-8",
    ),
    "UTF-16": ("study: mine\n".encode("utf-16"), 1, "not UTF-8 text, byte 0xff"),
    "half a character": (b"a: 1\nb: 2\nc: \xe2\x82", 3, "not UTF-8 text, byte 0xe2"),
    "a control character": (b"study: mine\nx: \x07\n", 2, "character 0x7; YAML has none"),
    "a list that does not end": (b"study: [mine\n", 2, "not YAML: while parsing a flow sequence"),
    "a quote that does not end": (b"a: 1\nb: 'c\n", 3, "not YAML: while scanning a quoted scalar"),
    "a colon too many": (b"a: 1\nb: c: d\n", 2, "not YAML: mapping values are not allowed here"),
    "an object of Python": (
        b"a: !!python/object:os.system x\n",
        1,
        "not YAML: could not determine",
    ),
    "a day that no month has": (
        b"study: 2024-02-30\n",
        *(1, "not YAML: '2024-02-30' is no timestamp; write it in quotes if it is text"),
    ),
    "a number without a digit": (b"a: 1\nb: [0x_]\n", 2, "not YAML: '0x_' is no int"),
    "too many digits": (b"a: 1\nb: " + b"9" * 5000, 2, "9' is no int"),
    "too many digits in JSON": (b'{"a":\n' + b"9" * 5000 + b"}", 2, "9' is no int"),
    "a word as a truth": (b"a: !!bool maybe\n", 1, "not YAML: 'maybe' is no bool"),
    "a word as a date": (b"a: !!timestamp now\n", 1, "not YAML: 'now' is no timestamp"),
    "a list in itself": (b"a: &x\n- 1\n- *x\n", 3, "not YAML: an alias stands for its parent"),
    "a section in itself": (b"a: &x\n  b: {c: *x}\n", 2, "an alias stands for its parent"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "not YAML: expected a single document"),
    "nothing": (b"", None, "no settings of a study; expected lines like `pivot: en`"),
    "a comment alone": (b"# later\n", None, "no settings of a study"),
    "a list": (b"- mine\n", None, "no settings of a study"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_file_that_is_no_study_is_one_line_with_its_place(tmp_path, mistake):
    content, line, message = MISTAKES[mistake]
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"\A[^\n]+\Z") as error:
        read_settings(file)
    assert str(error.value).startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert message in str(error.value)


def test_a_file_that_is_not_there_is_one_line_naming_it(tmp_path):
    for file, reason in ((tmp_path / "no.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(InputError, match=rf"\A{file}: {reason}[^\n]*; {ABSENT}\Z"):
            read_settings(file)


def test_the_settings_of_a_file_are_what_stands_in_it(tmp_path):
    text = "a: &one {b: 1, c: no}\nd: {<<: *one, b: 2}\ne: *one\nf: 1.0e-5\n"
    (tmp_path / "mine.yaml").write_text(f"\ufeff{text}", encoding="utf-8")
    assert read_settings(tmp_path / "mine.yaml") == yaml.safe_load(text)
    # With the tabs, and the numbers, that JSON has.
    settings = {"a": {"b": 1e-05}, "c": "x\ty"}
    (tmp_path / "mine.json").write_text(json.dumps(settings, indent="\t"))
    assert read_settings(tmp_path / "mine.json") == settings


# --- what a command line sets --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "given"),
    [
        ([], {}),
        (["metric=map", "local="], {"metric": "map", "local": None}),
        (["seeds=[1, 2]"], {"seeds": [1, 2]}),
        (["distillation={steps: 10, cost: x}"], {"distillation": {"steps": 10, "cost": "x"}}),
        (
            ["aa={b: {c: 1.5}}", "aa={b: {d: true}, e: null}"],
            {"aa": {"b": {"c": 1.5, "d": True}, "e": None}},
        ),
        (["local=/data/a=b"], {"local": "/data/a=b"}),
        (["aa={'b': 1}"], {"aa": {"b": 1}}),
    ],
)
def test_what_a_command_sets_is_typed_as_in_a_file(entries, given):
    assert given_settings(entries) == given


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("seeds", "expected NAME=VALUE"),
        ("=3", "expected NAME=VALUE"),
        ("teacher.steps=5", "expected NAME=VALUE, such as 'teacher={steps: 5}'"),
        ("a.b.c=5", "expected NAME=VALUE, such as 'a.b={c: 5}'"),
        ("seeds=[1", "1: not YAML: while parsing a flow sequence"),
        ("teacher={steps: 1, steps: 2}", "1: key 'steps' stands in line 1 too"),
    ],
)
def test_an_entry_of_another_form_is_one_line(entry, message):
    with pytest.raises(InputError, match=r"\A[^\n]+\Z") as error:
        given_settings([entry])
    assert str(error.value).startswith(f"--config {entry}:")
    assert message in str(error.value)


def test_what_is_not_set_stays():
    settings = {"a": {"b": "1", "c": 2}, "d": [1, 2], "e": {"f": 1}}
    before = copy.deepcopy(settings)
    given = {"a": {"b": 1}, "d": [3], "e": None}
    assert overlaid(settings, given) == {"a": {"b": 1, "c": 2}, "d": [3], "e": None}
    assert settings == before


# --- folders of the machine ----------------------------------------------------------------------


def test_a_mirror_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    check_mirrors([])
    check_mirrors([tmp_path])
    for wrong in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(InputError, match=f"mirror: {wrong}: no such folder; expected one"):
            check_mirrors([tmp_path, wrong])


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A function that puts settings where a study keeps its own."""
    monkeypatch.chdir(tmp_path)

    def keep(name, text):
        file = tmp_path / "results" / name / "study.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(text)

    return keep


def test_a_study_goes_on_with_its_own_results_whatever_else_has_changed(kept):
    check_results("mine")  # there are none
    kept("mine", "study: mine\nseeds: [7]\n")
    check_results("mine")
    kept("007", yaml.safe_dump({"study": "007"}))
    check_results("007")
    kept("half", "")  # cut off by a kill, and made anew
    check_results("half")


@pytest.mark.parametrize("name", ["other", "0x10", "mine-tiny"])
def test_results_of_another_study_are_refused(kept, name):
    kept("mine", yaml.safe_dump({"study": name, "variants": {"x": {"study": "mine"}}}))
    with pytest.raises(
        InputError, match=rf"\Aresults/mine: holds the results of study '{name}'"
    ) as error:
        check_results("mine")
    assert f"rename it to results/{name}, or remove it" in str(error.value)


# --- as a user meets them ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return copy_tree(tmp_path_factory.mktemp("tree"))


STUDIES = {
    "tab.yaml": (b"study: mine\nteacher:\n\tsteps: 5\n", "tab.yaml:3: a tab"),
    "latin.yaml": (b"study: caf\xe9\n", "latin.yaml:1: not UTF-8 text"),
    "twice.yaml": (b"study: a\nstudy: b\n", "twice.yaml:2: key 'study' stands in line 1 too"),
    "absent.yaml": (None, "absent.yaml: No such file or directory; expected the YAML"),
    "studies": (None, "studies: Is a directory; expected the YAML"),
}


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("profile", [(), ("--profile", "profiles/slurm")], ids=["local", "slurm"])
def test_snakemake_ends_with_one_line(tree, name, profile):
    content, message = STUDIES[name]
    if content:
        (tree / name).write_bytes(content)
    options = ("--executor", "local") if profile else ()
    done = snakemake(tree, "--dry-run", "--configfile", name, *profile, *options)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("Using ")]
    assert line.startswith(f"study: {message}")


def test_keys_given_twice_are_refused_without_the_default_profile(tree):
    text = (tree / SMOKE[1]).read_text()
    first = text.splitlines().index("study: smoke") + 1
    (tree / "twice.yaml").write_text(text + "study: again\n")
    done = snakemake(tree, "-n", "--workflow-profile", "none", "--configfile", "twice.yaml")
    assert done.returncode == 1
    assert "twice.yaml:" in done.stderr
    assert f"key 'study' stands in line {first} too" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_sets_a_setting_of_a_section(tree):
    given = ("--config", "distillation={steps: 7, learning_rate: 0.25}", "seeds=[3, 4]")
    target = "results/smoke/students/small/optical/ekti/seed-4"
    done = succeeds(snakemake(tree, "--dry-run", "-p", target, *SMOKE, *given))
    (command,) = [line for line in done.stdout.splitlines() if "distill_student.py" in line]
    assert "--steps 7 " in command
    assert "--learning-rate 0.25 " in command
    assert "--batch-size 32 " in command


def test_results_copied_to_another_study_are_not_taken_for_its_own(tree):
    (tree / "results/smoke").mkdir(parents=True)
    (tree / "results/smoke/study.yaml").write_text("study: first\n")
    done = snakemake(tree, "--dry-run", *SMOKE)
    assert done.returncode == 1
    assert "study: results/smoke: holds the results of study 'first', not of 'smoke'" in done.stderr
    assert "Traceback" not in done.stderr
    (tree / "results/smoke/study.yaml").write_text("study: smoke\nseeds: [9]\n")
    succeeds(snakemake(tree, "--dry-run", *SMOKE))
