"""List the data sources: licence, size, what is here, what is missing, what you have to request."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from optical.corpora.registry import SCORES, collection
from optical.runtime.downloads import mirrored
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.study import files as study_files
from optical.study.loading import load_study, read_datasets
from optical.study.places import check_mirrors
from optical.study.source_table import amount, with_table
from optical.study.study import Study
from optical.study.study_file import read_settings
from optical.study.translators import read_translators

SHOWN = 8
"""Names of missing files that are printed of each source."""


def main(
    *,
    study: Path | None = None,
    mirrors: Sequence[Path] = (),
    local: Path | None = None,
    citations: bool = False,
    table: Path | None = None,
) -> None:
    """
    study: only what this study file needs
    mirrors: folders with copies as <host>/<path> of the URLs
    local: folder of your own data (that of the study)
    citations: print what to cite, too
    table: write all sources as the table of this page instead, docs/reference/sources.md
    """
    datasets = read_datasets()
    if table:
        table.write_text(with_table(table.read_text("utf-8"), datasets), "utf-8")
        return
    check_mirrors(mirrors)
    models: Mapping[str, str] = {}
    if study:
        settings = read_settings(study)
        given = local or settings.get("local")
        # What is needed does not depend on where it lies.
        loaded = load_study(settings | {"local": str(given or "local")}, datasets)
        mirrors = mirrors or loaded.mirrors
        local = Path(loaded["local"]) if given else None
        datasets = loaded.datasets
        needed = {
            source: [Path(file).relative_to(folder) for file in files]
            for source, files in study_files.needed_files(loaded).items()
            for folder in [study_files.source_folder(loaded, source)]
        }
        models = study_files.hub_models(loaded)
    else:
        datasets["clef"] = study_files.with_found(datasets["clef"], local)
        needed = {name: list(map(Path, entry["files"])) for name, entry in datasets.items()}
    totals = [
        show(name, datasets[name], [str(file) for file in files], mirrors, local, citations)
        for name, files in needed.items()
    ]
    for folder, hub in models.items():
        here = "here" if Path(folder).exists() else "missing"
        kind = Path(folder).parent.name.removesuffix("s")
        # A finished teacher lies among the encoders.
        if kind == "encoder" and Path(folder).name in loaded["teachers"]:
            kind = "teacher"
        about = read_translators().get(hub)
        known = f"licence {about['licence']}; {about['size']}" if about else "size unknown"
        print(f"{kind} {Path(folder).name}: {hub} from the hub\n    {known}; {here}\n")
    if study:
        show_training_set(loaded, local)
    sizes = [size for sizes, _ in totals for size in sizes]
    missing = [size for _, missing in totals for size in missing]
    print(f"{len(needed)} sources, {len(sizes)} files: {amount(sizes)}")
    print(f"still to come: {len(missing)} files: {amount(missing)}")
    absent = sum(not Path(folder).exists() for folder in models)
    if absent:
        print(f"and {absent} models from the hub: unknown")


def show_training_set(study: Study, local: Path | None) -> None:
    """Print what of a training set is the user's own, and who translated its queries.

    local: the folder of own data, if one was named.
    """
    settings = study["training_set"]
    if settings["source"] == "local":
        yours = Path("local" if local is None else local, settings["folder"])
        here = "here" if local and yours.is_dir() else "missing"
        print(f"training set: yours, in {yours}\n    {here}\n")
    if settings["scores"] and settings["scores"] not in SCORES:
        yours = Path("local" if local is None else local, settings["scores"])
        print(f"scores: yours, in {yours}\n    {'here' if yours.exists() else 'missing'}\n")
    if origin := study_files.origin_of_queries(study):
        print(f"training queries of translate_train\n    {origin}\n")
    if study_files.judged_sources(study):
        print(f"training pairs of wikiclir\n    {study_files.origin_of_pairs(study)}\n")


def show(
    name: str,
    entry: Mapping,
    files: list[str],
    mirrors: list[Path],
    local: Path | None,
    citations: bool,
) -> tuple[list[int | None], list[int | None]]:
    """Print what there is to say of a source.

    Returns the sizes in bytes of its files and of those missing, None for one that is unknown.
    """
    sizes = {file: entry["files"][file].get("bytes") for file in files}
    where = {file: place(name, entry, file, mirrors, local) for file in files}
    found = {kind: list(where.values()).count(kind) for kind in ("here", "mirror")}
    missing = [file for file in files if where[file] is None]
    print(f"{name}: {entry['title']}")
    print(f"    licence {entry['licence']}; {len(files)} files, {amount(sizes.values())}")
    print(f"    {found['here']} here, {found['mirror']} in a mirror, {len(missing)} missing")
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        print(f"    missing: {', '.join(missing[:SHOWN])}{more}")
    if "folder" in entry:
        print(f"    yours to supply, in {Path(local or 'local', entry['folder'])}")
    if "access" in entry:
        print(f"    access: {entry['access']}")
    for group in entry.get("topics", ()):
        print(f"    topics in {', '.join(group['languages'])}: {group['origin']}")
    if "topics" in entry and local:
        for remark in topics_here(name, entry, [file for file in files if where[file]], local):
            print(f"    here: {remark}")
    if citations and entry["citation"]:
        print(f"    cite: {entry['citation']}")
    print()
    return list(sizes.values()), [sizes[file] for file in missing]


def topics_here(name: str, entry: Mapping, files: list[str], local: Path) -> Iterator[str]:
    """What the files of topics that are here hold, or what is wrong with one, a line each."""
    folder = Path(local, entry["folder"])
    languages = {entry["files"][file].get("language") for file in files} - {None}
    for language in sorted(languages):
        try:
            yield from collection(name).remarks(folder, language)
        except InputError as error:
            yield str(error)


def place(
    name: str, entry: Mapping, file: str, mirrors: list[Path], local: Path | None
) -> str | None:
    """Where a file of a source is: here, mirror, or None for nowhere."""
    if "folder" in entry:
        return "here" if local and Path(local, entry["folder"], file).exists() else None
    if Path("downloads", name, file).exists():
        return "here"
    url = entry["files"][file].get("url")  # None for what ir_datasets brings
    return "mirror" if url and any(mirrored(url, to).exists() for to in mirrors) else None


if __name__ == "__main__":
    run_program(main)
