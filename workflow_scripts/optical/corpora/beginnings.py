"""The beginning of a large file as a small, whole file of the same kind, for its reader to read.

Text ends at a line. A parquet file has the first rows, an archive the beginnings of its members,
and what is compressed is compressed anew. Whole rows are kept, so that a reader meets no end but
that of the file.
"""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from optical.corpora.archives import is_file
from optical.runtime import wholeness
from optical.runtime.errors import InputError
from optical.runtime.file_parts import BEGINNING, Seen, TooMuchError

ROWS = 100
"""Rows of a parquet file that are kept."""

MEMBERS = 20
"""Members of an archive of which the beginning is kept; what follows is named only."""

BUFFER = 256 << 10
"""Bytes of a column that are read at once."""

SIGNS = {
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a parquet file",
    b"\x1f\x8b": "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"version https://git-lfs.github.com/": "a pointer of Git LFS",
}
"""What files begin with that are no text."""


class Beginning(NamedTuple):
    """What was kept of a file.

    about: what it is. readable: whether its reader can be tried. rows: whether the reader is to
    find a row. Where either is not so, `about` says why.
    """

    about: str
    readable: bool = True
    rows: bool = True


def keep(seen: Seen, path: Path, kind: str) -> Beginning:
    """Write what there is of a file as a small one of its kind.

    kind: a suffix, see `wholeness.kind_of`. Raises InputError, without the file's name, for a file
    that is cut off or of another kind.
    """
    if not seen.beginning:
        raise InputError("is empty")
    if wholeness.is_page(seen.beginning[:1024]):
        raise InputError("is a page of HTML, perhaps a login")
    path.parent.mkdir(parents=True, exist_ok=True)
    if seen.whole:
        path.write_bytes(seen.beginning)
        wholeness.prove_whole(path, kind)
    try:
        return KEEPERS.get(kind, keep_text)(seen, path)
    except TooMuchError as error:
        return Beginning(f"{kind.removeprefix('.')}; not read, for {error}", readable=False)


def keep_text(seen: Seen, path: Path) -> Beginning:
    """Lines, as they are."""
    text = without_sign(seen.beginning)
    if not seen.whole:
        text = text[: text.rfind(b"\n") + 1]
        path.write_bytes(text)
        # One JSON or XML in a single line, or one whose end is needed.
        if not text or path.suffix == ".json":
            return Beginning("text; not read, for only its beginning was seen", readable=False)
    return Beginning("text")


def without_sign(text: bytes) -> bytes:
    """The same bytes. Raises InputError if they are those of another kind of file."""
    for sign, kind in SIGNS.items():
        if text.startswith(sign):
            raise InputError(f"is {kind}; expected text")
    if b"\0" in text:
        raise InputError("is binary, or text in UTF-16; expected text")
    return text


def keep_parquet(seen: Seen, path: Path) -> Beginning:
    """The first rows, or the columns alone where the first rows are too large to be read."""
    expect(seen, b"PAR1", "a parquet file")
    try:
        with seen.opened() as file:
            table = pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False)
            number = table.metadata.num_rows
            rows, note = table.schema_arrow.empty_table(), ""
            if number:
                try:
                    first = next(table.iter_batches(batch_size=ROWS, row_groups=[0]))
                    rows = pa.Table.from_batches([first])
                except TooMuchError as error:
                    note = f"; its columns alone were read, for {error}"
        if not seen.whole:
            pq.write_table(rows, path)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, TooMuchError):
            raise
        reason = " ".join(str(error).split())
        raise InputError(f"is no whole parquet file: {reason}") from error
    if not number:
        raise InputError("is a parquet file without rows")
    return Beginning(f"parquet of {number:,} rows{note}", rows=not note)


def keep_zip(seen: Seen, path: Path) -> Beginning:
    """The first members, each as far as it would be kept if it stood alone as text."""
    expect(seen, b"PK", "a zip archive")
    try:
        with seen.opened() as file, zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if is_file(member.filename)]
            if not seen.whole:
                with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as kept:
                    for member in members[:MEMBERS]:
                        with archive.open(member) as content:
                            text = content.read(BEGINNING)
                        if len(text) < member.file_size:
                            text = text[: text.rfind(b"\n") + 1]
                        kept.writestr(member.filename, text)
                wholeness.prove_whole(path, ".zip")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise InputError(f"is no whole zip archive: {error}") from error
    if not members:
        raise InputError("is a zip archive without files")
    return Beginning(f"zip of {named(member.filename for member in members)}")


def keep_gzip(seen: Seen, path: Path) -> Beginning:
    """Lines, compressed anew; of an archive (tar) the beginning as it is."""
    expect(seen, b"\x1f\x8b", "compressed by gzip")
    try:
        content = zlib.decompressobj(wbits=31).decompress(seen.beginning, 4 * BEGINNING)
    except zlib.error as error:
        raise InputError(f"is not compressed by gzip: {error}") from error
    archived = content[257:262] == b"ustar"
    if not seen.whole:
        text = content if archived else content[: content.rfind(b"\n") + 1]
        with gzip.open(path, "wb") as file:
            file.write(text)
    if archived:
        return Beginning(f"tar.gz of {named(tar_members(content))}, ...")
    without_sign(content)
    return Beginning("text, compressed by gzip")


def tar_members(content: bytes) -> list[str]:
    """The names in the beginning of a tar archive."""
    names = []
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r|") as archive:
            for member in archive:
                names.append(member.name)
    except tarfile.ReadError:
        pass  # it goes on after its beginning
    return names


def expect(seen: Seen, sign: bytes, kind: str) -> None:
    """Raise InputError if a file does not begin like one of its kind."""
    if not seen.beginning.startswith(sign):
        raise InputError(f"is not {kind}: it begins with {seen.beginning[:20]!r}")


def keep_nothing(sign: bytes) -> Callable[[Seen, Path], Beginning]:
    """A keeper of files that nothing here reads: only their first bytes are looked at."""

    def look(seen: Seen, path: Path) -> Beginning:
        expect(seen, sign, SIGNS[sign])
        return Beginning(f"{SIGNS[sign]}; not read", readable=False)

    return look


def named(names: Iterable[str]) -> str:
    """The number of names and the first of them."""
    names = list(names)
    more = ", ..." if len(names) > 3 else ""
    return f"{len(names)} files ({', '.join(names[:3])}{more})"


KEEPERS: dict[str, Callable[[Seen, Path], Beginning]] = {
    ".parquet": keep_parquet,
    ".zip": keep_zip,
    ".gz": keep_gzip,
    ".tgz": keep_gzip,
    ".bz2": keep_nothing(b"BZh"),
    ".xz": keep_nothing(b"\xfd7zXZ"),
}
"""How a file is kept, by suffix; every other is text."""
