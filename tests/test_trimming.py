"""A finished study without the token vectors that it has used."""

from optical.study import paths
from trees import SMOKE, edit_study, pending, read_study, snakemake, succeeds

NAMES = {"study": "smoke", "student": "small", "teacher": "small", "lang": "ekti", "seed": 1}
NAMES |= {"method": "optical", "length": 64, "collection": "constructed"}


def test_a_trimmed_study_is_still_whole(finished):
    def file(path, **names):
        return finished / path.format(**NAMES | names)

    used = [file(paths.TARGETS), file(paths.QUERY_VECTORS)]
    used.append(file(paths.PAIR_VECTORS, method="wikiclir"))
    assert all(folder.is_dir() for folder in used)
    said = succeeds(snakemake(finished, "trim", "--cores", 1, *SMOKE)).stdout
    assert "GB of token vectors were removed" in said
    assert not any(folder.exists() for folder in used)
    for kept in (paths.STUDENT, paths.PASSAGE_VECTORS, paths.INDEX, paths.RUN, paths.REPORT):
        assert file(kept).exists()
    # Nothing is to be done, and another metric needs no vectors.
    again = succeeds(snakemake(finished, "--cores", 1, "--dry-run", *SMOKE))
    assert "Nothing to be done" in again.stdout + again.stderr
    study = finished / SMOKE[1]
    edit_study(study, metrics=[*read_study(study).get("metrics", ["map"]), "recall_10"])
    made = pending(finished, *SMOKE)
    assert "score_run" in made.values()
    assert not {"embed_queries", "distill_student"} & set(made.values())
