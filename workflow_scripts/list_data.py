"""List the data sources: licence, size, what is here, what is missing, what has to be asked for."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from optical.corpora.registry import SCORES
from optical.runtime.downloads import mirrored
from optical.runtime.program import run_program
from optical.study import files as study_files
from optical.study.loading import load_study, read_datasets, read_settings
from optical.study.study import Study

SHOWN = 8
"""Names of missing files that are printed of each source."""


def main(
    *,
    study: Path | None = None,
    mirrors: Sequence[Path] = (),
    local: Path | None = None,
    citations: bool = False,
) -> None:
    """
    study: only what this study file needs
    mirrors: folders with copies as <host>/<path> of the URLs
    local: folder of your own data (that of the study)
    citations: print what to cite, too
    """
    datasets = read_datasets()
    models: Mapping[str, str] = {}
    if study:
        settings = read_settings(study)
        given = local or settings.get("local")
        # What is needed does not depend on where it lies.
        loaded = load_study(settings | {"local": str(given or "local")}, datasets)
        mirrors = mirrors or folders(loaded["mirror"])
        local = Path(loaded["local"]) if given else None
        datasets = loaded.datasets
        needed = {
            source: [Path(file).relative_to(folder) for file in files]
            for source, files in study_files.needed_files(loaded).items()
            for folder in [study_files.source_folder(loaded, source)]
        }
        models = study_files.hub_models(loaded)
    else:
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
        print(f"{kind} {Path(folder).name}: {hub} from the hub\n    size unknown; {here}\n")
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


def folders(value: str | list[str]) -> list[Path]:
    """A study's `mirror`, one folder or several."""
    return [Path(value)] if isinstance(value, str) else list(map(Path, value))


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
    if citations and entry["citation"]:
        print(f"    cite: {entry['citation']}")
    print()
    return list(sizes.values()), [sizes[file] for file in missing]


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


def amount(sizes: Collection[int | None]) -> str:
    """The sum of sizes in bytes for people; how many are unknown is said beside it."""
    known = [size for size in sizes if size is not None]
    unknown = len(sizes) - len(known)
    total = float(sum(known))
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if total < 1000 or unit == "TB":
            break
        total /= 1000
    text = f"{total:.0f} {unit}" if unit == "B" else f"{total:.1f} {unit}"
    if not unknown:
        return text
    return f"{text} and {unknown} of unknown size" if known else "unknown"


if __name__ == "__main__":
    run_program(main)
