"""The dress rehearsal of a study: all that it will download or read, asked for its beginning.

Of each file the size, the kind and the first rows are compared with what the study expects, within
seconds and a few megabytes a file: `runtime/file_parts.py` has the bounds.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import NamedTuple

from tqdm import tqdm

from optical.corpora import ir_dataset
from optical.corpora.beginnings import Beginning, keep
from optical.corpora.first_rows import NoRowsError
from optical.models.hub_model import look_at_model
from optical.models.layouts import check_model
from optical.runtime import lock_file, wholeness
from optical.runtime.downloads import mirrored
from optical.runtime.errors import InputError
from optical.runtime.file_parts import Seen, ask_for, look_at
from optical.study import files as study_files
from optical.study import paths
from optical.study.readings import folder_of, is_users, needed_names, readings
from optical.study.study import Study

AT_ONCE = 16
"""Files that are asked for at a time."""


ASKING = Lock()
"""ir_datasets fetches an index of some data sets when it is asked for one: not in each thread."""


class Line(NamedTuple):
    """What came of a file or a model: what it is, or else what is wrong with it."""

    name: str
    text: str
    wrong: bool = False


class Found(NamedTuple):
    """A file that was asked for: what to say of it, what was kept of it, or what is wrong.

    place: the URL or file that the beginning is of.
    """

    text: str
    kept: Beginning | None = None
    fault: str = ""
    place: str = ""

    @property
    def readable(self) -> bool:
        """Whether a reader can be tried on it."""
        return not self.fault and self.kept is not None and self.kept.readable


def rehearse(study: Study, mirrors: Sequence[Path], lock: Path) -> Iterator[Line]:
    """A line for each file and each model that the study needs, those of a source together.

    mirrors: folders as `downloads.download` takes them. lock: what files were when they first came.
    Raises, after all lines, the first error that is no mistake of the user.
    """
    with (
        TemporaryDirectory(prefix="rehearsal-") as scratch,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        rehearsal = Rehearsal(study, mirrors, lock, Path(scratch))
        try:
            yield from rehearsal.lines(pool)
        finally:
            pool.shutdown(cancel_futures=True)
        if rehearsal.unexpected:
            raise rehearsal.unexpected[0]


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal under way.

    scratch: folder for the beginnings of files. unexpected: errors that are the program's own.
    """

    study: Study
    mirrors: Sequence[Path]
    lock: Path
    scratch: Path
    unexpected: list[Exception] = field(default_factory=list)

    def lines(self, pool: ThreadPoolExecutor) -> Iterator[Line]:
        """The lines of every source and then of every model, asked for by a pool."""
        asked = {
            source: {name: pool.submit(self.find, source, name) for name in names}
            for source, names in needed_names(self.study).items()
        }
        models = [
            pool.submit(self.line_of_model, self.scratch / f"model-{number}", *model)
            for number, model in enumerate(models_of(self.study))
        ]
        for source, futures in asked.items():
            found = {name: future.result() for name, future in futures.items()}
            self.read(source, found)
            for name, file in found.items():
                yield Line(f"{source}/{name}", file.fault or file.text, bool(file.fault))
        yield from (model.result() for model in models)

    def fault(self, error: Exception) -> str:
        """What to say of an error; one of the program's own is remembered."""
        if isinstance(error, InputError | OSError):
            return " ".join(str(error).split())
        self.unexpected.append(error)
        return f"what reads it ends with {error!r}"

    def find(self, source: str, name: str) -> Found:
        """Look at a file of a source where it lies, and keep its beginning."""
        study = self.study
        try:
            if is_users(study, source):
                return find_users(folder_of(study, source) / name)
            about = study.datasets[source]["files"][name]
            if study_files.is_exported(source, study):
                with ASKING:
                    ir_dataset.dataset(about["id"], about["part"])
                return Found(f"{about['id']}: ir_datasets has it and downloads it; not asked for")
            return self.find_download(study.datasets[source], about, source, name)
        except Exception as error:
            return Found("", fault=self.fault(error))

    def find_download(self, entry: Mapping, about: Mapping, source: str, name: str) -> Found:
        """The same for a file that is downloaded, or was, or lies in a mirror."""
        url, here = about["url"], folder_of(self.study, source) / name
        copies = (mirrored(url, mirror) for mirror in self.mirrors)
        copy = next(filter(Path.is_file, (here, *copies)), None)
        seen = look_at(copy) if copy else ask_for(url, entry.get("access", ""))
        place = str(copy or url)
        try:
            check = checksum_of(about, seen, self.lock)
            path = self.scratch / source / name
            kept = keep(seen, path, wholeness.kind_of(url, path))
        except InputError as error:
            raise InputError(f"{place}: {str(error).removeprefix(f'{place}: ')}") from error
        where = "here" if copy == here else "in a mirror" if copy else "at its URL"
        moved = f"; moved to {seen.moved}" if seen.moved else ""
        return Found(f"{amount(seen.size)}, {kept.about}; {where}{moved}; {check}", kept, "", place)

    def read(self, source: str, found: dict[str, Found]) -> None:
        """Try the readers of a source on what was kept of its files, and write down what came."""
        users = is_users(self.study, source)
        folder = folder_of(self.study, source) if users else self.scratch / source
        read: set[str] = set()
        for names, reader in readings(self.study, source, list(found)):
            if not all(found[name].readable for name in names):
                continue
            try:
                if reader(folder) is not False:
                    read |= set(names)
            except Exception as error:
                rows = all(found[name].kept.rows for name in names)
                if isinstance(error, NoRowsError) and not rows:
                    continue
                fault = self.fault(error)
                wrong = next((name for name in names if f"{folder / name}" in fault), names[0])
                if not users:  # what was kept lies nowhere that a user could look at
                    for name in names:
                        fault = fault.replace(f"{folder / name}", found[name].place)
                    fault = fault.replace(f"{folder}", source)
                found[wrong] = found[wrong]._replace(fault=fault)
        for name in read:
            found[name] = found[name]._replace(text=f"{found[name].text}; first rows read")

    def line_of_model(
        self, scratch: Path, what: str, model: Mapping, dimension: int | None, here: Path
    ) -> Line:
        """The line of a model. scratch: where to keep what is read of it. here: its own place."""
        try:
            if "hub" not in model or here.exists():
                folder = here if "hub" in model else Path(model["folder"])
                check_model(folder, str(folder), dimension)
                return Line(what, f"{model['hub']}; here" if "hub" in model else f"{folder}; yours")
            seen = look_at_model(model["hub"], model["revision"], dimension, scratch)
        except Exception as error:
            return Line(what, self.fault(error), wrong=True)
        weights = "weights in the old format, read as tensors alone"
        if seen.parameters:
            weights = f"{seen.parameters:,} parameters"
        return Line(
            what,
            f"{model['hub']}: {seen.files} files, {amount(seen.bytes)}; {seen.kind}, {weights}; "
            "at its commit",
        )


def find_users(path: Path) -> Found:
    """A file or folder that is the user's to supply, which its reader reads where it lies."""
    if not path.exists():
        raise InputError(f"{path}: missing; it is yours to supply, below LOCAL=DIR")
    if path.is_dir():
        return Found("your own folder", Beginning("folder"))
    if not path.stat().st_size:
        raise InputError(f"{path}: is empty")
    return Found(f"{amount(path.stat().st_size)}; yours", Beginning("file"))


def checksum_of(about: Mapping, seen: Seen, lock: Path) -> str:
    """What a file is checked by, or will be when all of it is there.

    Raises InputError, without the file's name, if it is already known to be another one, or lies
    elsewhere now and nothing tells whether it is the same.
    """
    known = None if "sha256" in about else lock_file.recorded(lock, about["url"])
    expected = about.get("bytes", known and known.bytes)
    if None not in (expected, seen.size) and seen.size != expected:
        raise InputError(f"{seen.size} bytes, expected {expected}")
    checksum = about.get("sha256", known and known.sha256)
    if checksum and seen.whole and (found := sha256(seen.beginning).hexdigest()) != checksum:
        raise InputError(f"sha256 {found}, expected {checksum}")
    if seen.moved and not checksum and expected is None:
        raise InputError(
            f"moved for good to {seen.moved}; expected at its URL, for without `sha256` or `bytes` "
            "nobody can tell whether it is the same file"
        )
    if checksum:
        return f"sha256 {'right' if seen.whole else 'known'}{f', in {lock}' if known else ''}"
    return "size known, no sha256 yet" if expected is not None else "no sha256 yet"


def amount(size: int | None) -> str:
    """A size in bytes for people."""
    return "unknown size" if size is None else tqdm.format_sizeof(size, "B")


def models_of(study: Study) -> Iterator[tuple[str, Mapping, int | None, Path]]:
    """(what it is, its hub or folder, a finished teacher's dimension, its place) of each model."""
    for name, model in study.encoders.items():
        finished = name in study["teachers"]
        if "hub" in model or "folder" in model:
            dimension = study["model"]["dimension"] if finished else None
            here = Path(paths.ENCODER.format(study=study.name, encoder=name))
            yield f"{'teacher' if finished else 'encoder'} {name}", model, dimension, here
    if study_files.fetches_translator(study):
        here = Path(paths.HUB_TRANSLATOR.format(study=study.name))
        yield "translator", study["translation"], None, here
