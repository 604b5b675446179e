"""Exported models as repositories of the Hugging Face hub: what is prepared and what is refused."""

import json
import re
import socket
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard

import publish_models
from optical.models.encoders import load
from optical.models.export import model_card, save_for_all
from optical.models.repository import LFS, attributes, check_text, is_text, prepare
from optical.report.cards import usage_section, with_metadata
from optical.runtime.errors import InputError

ABOUT = {
    "license": "other",
    "license_name": "terms-of-its-data-and-base-model",
    "license_link": "LICENSE.md",
    "pipeline_tag": "feature-extraction",
    "language": ["sw", "en"],
    "base_model": "FacebookAI/xlm-roberta-base",
    "model-index": [
        {
            "name": "mine",
            "results": [
                {
                    "task": {"type": "text-retrieval"},
                    "dataset": {"type": "xnli", "name": "xnli (sw queries)"},
                    "metrics": [{"type": "map", "value": 0.3}],
                }
            ],
        }
    ],
}


def write_card(folder, **changes):
    """The card of a model, with metadata of which None stands for none."""
    about = {key: value for key, value in (ABOUT | changes).items() if value is not None}
    card = with_metadata(model_card("queries in sw", "distillation", "base"), about)
    (folder / "README.md").write_text(card)


@pytest.fixture
def exported(model, tmp_path, monkeypatch):
    """A folder as `snakemake models` leaves it. Nothing may be sent."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something was sent"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    folder = tmp_path / "results/mine/models/base.optical.sw.seed-1"
    save_for_all(folder, model, "")
    write_card(folder)
    (folder / "LICENSE.md").write_text("# Terms\n")
    (folder / "study.yaml").write_text("study: mine\n")
    (folder / "scores.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (folder / ".snakemake_timestamp").touch()
    return folder


def names(folder):
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_repository_has_the_files_of_the_model_and_those_of_lfs_listed(exported, tmp_path):
    prepare(exported, tmp_path / "hub", "me/mine")
    assert names(tmp_path / "hub") == names(exported) - {".snakemake_timestamp"} | {
        ".gitattributes"
    }
    lines = (tmp_path / "hub/.gitattributes").read_text().splitlines()
    assert [line.split()[0] for line in lines] == [*LFS, "scores.png"]
    assert {line.partition(" ")[2] for line in lines} == {"filter=lfs diff=lfs merge=lfs -text"}
    weights = "model.encoder.safetensors"
    assert (tmp_path / "hub" / weights).samefile(exported / weights)
    # What git itself makes of the attributes, where it is there.
    subprocess.run(["git", "init", "-q", tmp_path / "hub"], check=True)
    command = [
        "git",
        "check-attr",
        "filter",
        "1_Dense/model.safetensors",
        "scores.png",
        "README.md",
    ]
    done = subprocess.run(command, cwd=tmp_path / "hub", capture_output=True, text=True, check=True)
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()] == [
        *("lfs", "lfs", "unspecified")
    ]


def test_a_card_names_its_repository_where_the_owner_is_known(exported, tmp_path):
    prepare(exported, tmp_path / "hub", "me/mine")
    text = (tmp_path / "hub/README.md").read_text()
    assert 'MultiVectorEncoder("me/mine")' in text
    assert "THIS FOLDER" not in text
    assert ModelCard(text).data.eval_results[0].metric_value == 0.3
    prepare(exported, tmp_path / "other", "mine")
    assert (tmp_path / "other/README.md").read_text() == (exported / "README.md").read_text()
    assert 'MultiVectorEncoder("THIS FOLDER")' in (exported / "README.md").read_text()


def test_a_card_shows_how_a_student_is_used_beside_its_teacher(exported, tmp_path):
    card = exported / "README.md"
    section = usage_section({"variants": {"mine": {"method": "optical"}}}, "mine", "base")
    card.write_text(f"{card.read_text()}\n{section}")
    prepare(exported, tmp_path / "hub", "me/mine", others={"base": "me/base"})
    text = (tmp_path / "hub/README.md").read_text()
    assert "another model, `me/base`" in text
    assert "arxiv.org/abs/2301.12566" in text
    code = section.split("```")[1].removeprefix("python")
    for name in ("THIS FOLDER", "FOLDER OF `base`"):
        code = code.replace(name, str(exported))
    found = {}
    exec(code, found)  # as a reader of the card does
    assert found["scores"].shape == (1, 2)
    assert 'MultiVectorEncoder("me/base")' in text


def test_a_prepared_repository_is_loaded_as_the_model_was(exported, tmp_path):
    prepare(exported, tmp_path / "hub", "mine")
    one, other = (
        load(place).encode_query(["the cat"])[0] for place in (exported, tmp_path / "hub")
    )
    assert one.equal(other)


def test_a_large_text_is_a_file_of_lfs_by_its_name(exported):
    (exported / "tokenizer.json").write_text(" " * 10_000_001)
    lines = attributes(exported).splitlines()
    assert lines[len(LFS) :] == [
        "scores.png filter=lfs diff=lfs merge=lfs -text",
        "tokenizer.json filter=lfs diff=lfs merge=lfs -text",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"license": None}, "README.md: no license among the metadata"),
        ({"language": None}, "README.md: no language among the metadata"),
        ({"license_name": None}, "README.md: license is other; expected license_name too"),
        ({"license_link": "README.md"}, "license_link is README.md; expected LICENSE, LICENSE.md"),
        ({"license_link": "LICENSE"}, "README.md: license_link is LICENSE, which is not there"),
        ({"model-index": [{"name": "a"}]}, "metadata that the hub refuses: Invalid `model_index`"),
        (
            {"model-index": [{"name": "a", "results": [{"task": {"type": "t"}}]}]},
            "metadata that the hub refuses: Invalid `model_index`",
        ),
        ({"base_model": "a/b/c"}, "'a/b/c' names no repository: Repo id must be"),
    ],
)
def test_a_card_that_the_hub_would_refuse_is_one_line(exported, tmp_path, changes, message):
    write_card(exported, **changes)
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        prepare(exported, tmp_path / "hub", "me/mine")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "hub").exists()


def test_languages_that_a_program_made_have_no_code(exported, tmp_path):
    write_card(exported, language=None)
    prepare(exported, tmp_path / "hub", "mine", constructed=True)
    assert (tmp_path / "hub/README.md").exists()


@pytest.mark.parametrize(
    "name", ["README.md", "config.json", "1_Dense/model.safetensors", "artifact.metadata"]
)
def test_a_file_that_a_loader_misses_is_named(exported, tmp_path, name):
    (exported / name).unlink()
    with pytest.raises(InputError, match=f"no {name}; expected a model that `snakemake models`"):
        prepare(exported, tmp_path / "hub", "mine")


def test_weights_that_the_index_names_have_to_be_there_and_whole(exported, tmp_path):
    index = exported / "model.safetensors.index.json"
    whole = index.read_text()
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"a": "model-2.safetensors"}}))
    with pytest.raises(InputError, match="names model-2.safetensors, which is not there"):
        prepare(exported, tmp_path / "hub", "mine")
    index.write_text(whole)
    weights = exported / "model.encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(InputError, match="model.encoder.safetensors holds no whole weights"):
        prepare(exported, tmp_path / "hub", "mine")


def test_a_file_above_the_limit_of_the_hub_is_refused(exported, tmp_path, monkeypatch):
    monkeypatch.setattr("optical.models.repository.LARGEST", 1000)
    with pytest.raises(InputError, match=r"bytes, the hub takes 1,000 at most"):
        prepare(exported, tmp_path / "hub", "mine")


TOKEN = "hf_" + "aB3" * 12


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "study.yaml",
            "a: 1\nfolder: /data/models/xlmr\n",
            "study.yaml:2: an absolute path '/data",
        ),
        ("study.yaml", 'folder: "C:\\\\Users\\\\me"\n', "study.yaml:1: an absolute path 'C:"),
        ("training.jsonl", '{"log": "file:///srv"}\n', "training.jsonl:1: an absolute path"),
        ("tokenizer_config.json", f'{{"a": "{Path.cwd()}/x"}}', ":1: a path of this machine"),
        ("1_Dense/config.json", f'{{"a": "{TOKEN}"}}', "1_Dense/config.json:1: a token;"),
        ("notes.txt", "-----BEGIN PRIVATE KEY-----", "notes.txt:1: a token;"),
        ("notes.txt", "secret of mine", "notes.txt:1: the token HF_TOKEN;"),
    ],
)
def test_a_path_or_a_token_is_told_with_its_line(
    exported, tmp_path, monkeypatch, file, text, message
):
    monkeypatch.setenv("HF_TOKEN", "secret of mine")
    (exported / file).write_text(text)
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        prepare(exported, tmp_path / "hub", "mine")
    assert TOKEN not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_part_of_a_longer_path_is_none_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "cwd", lambda: Path("/data"))
    file = tmp_path / "study.yaml"
    file.write_text("folder: corpora/data/clippings, ../data/mine, https://a.org/data/set\n")
    check_text(file, Path(file.name))
    for text in ("folder: /data/mine", "path:/data/mine", "['/data/mine']"):
        file.write_text(text)
        with pytest.raises(InputError, match="study.yaml:1: a path of this machine '/data/m'"):
            check_text(file, Path(file.name))


def test_urls_fractions_and_words_of_a_tokenizer_are_no_paths(tmp_path):
    file = tmp_path / "notes.md"
    file.write_text(
        "https://huggingface.co/org/a, 1/2/3, and/or/not, ../up/there, </b></i>, ~/a/b\n"
    )
    check_text(file, Path(file.name))
    words = tmp_path / "tokenizer.json"
    words.write_text('{"vocab": {"/usr/bin": 1}}')
    check_text(words, Path(words.name))
    words.rename(tmp_path / "vocab.json")
    with pytest.raises(InputError, match="vocab.json:1: an absolute path '/usr/bin'"):
        check_text(tmp_path / "vocab.json", Path("vocab.json"))


def test_a_text_may_be_cut_within_a_letter(tmp_path):
    file = tmp_path / "a"
    for content, expected in (("x" * 7999 + "é", True), (b"\xff\xfe", False), (b"a\0", False)):
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        assert is_text(file) == expected


# --- the program


@pytest.fixture
def study(exported, tmp_path, monkeypatch):
    settings = {"study": "mine", "training_set": {"source": "mmarco"}}
    (tmp_path / "results/mine/study.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    return exported


def test_the_program_prints_the_command_that_uploads(study, tmp_path, capsys):
    publish_models.main(study="mine", owner="lab")
    first, *_, last = capsys.readouterr().out.splitlines()
    name = "mine.base.optical.sw.seed-1"
    assert re.fullmatch(rf"results/mine/hub/{name}: \d+ files, 0\.\d MB, ready", first)
    program, *command = last.split()
    assert command == ["upload", f"lab/{name}", f"results/mine/hub/{name}", ".", "--private"]
    # The command is that of the hub's library beside this Python, and it knows these options.
    assert Path(program) == Path(sys.executable).parent / "hf"
    assert "hf" in {entry.name for entry in entry_points(group="console_scripts")}
    done = subprocess.run([program, "upload", "--help"], capture_output=True, text=True, check=True)
    assert "--private" in done.stdout
    card = (tmp_path / "results/mine/hub" / name / "README.md").read_text()
    assert f'MultiVectorEncoder("lab/{name}")' in card


def test_a_model_that_is_not_ready_does_not_keep_others_back(study, capsys):
    bad = study.with_name("base@2")
    bad.mkdir()
    with pytest.raises(InputError, match="1 of 2 models are not ready"):
        publish_models.main(study="mine")
    out, err = capsys.readouterr()
    assert err == f"{bad.relative_to(Path.cwd())}: no README.md; expected a model that " + (
        "`snakemake models` made\n"
    )
    assert out.count("hf upload") == 1


def test_a_study_without_models_and_an_owner_that_cannot_be_are_one_line(study, capsys):
    with pytest.raises(InputError, match="1 of 1 models are not ready"):
        publish_models.main(study="mine", owner="no one")
    assert "'no one/mine.base.optical.sw.seed-1' names no repository" in capsys.readouterr().err
    for folder in study.parent.iterdir():
        folder.rename(folder.with_name(".hidden"))
    with pytest.raises(InputError, match="no exported model; run the study's `snakemake models`"):
        publish_models.main(study="mine")
