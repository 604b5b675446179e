"""Whether a file without a known checksum is whole, and what it claims to be."""

import ast
import bz2
import gzip
import json
import lzma
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from optical.runtime.errors import InputError

BLOCK = 1 << 20

PAGE = re.compile(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.I | re.S)
"""The beginning of a page of HTML."""


def prove_whole(path: Path, kind: str) -> None:
    """Look at the ends of a file, or read it, as its kind allows.

    kind: a suffix, see `kind_of`; of another than those of `PROOFS` nothing can be said.
    Raises InputError, without the file's name, if it is cut off or not of that kind.
    """
    with open(path, "rb") as file:
        if is_page(file.read(1024)):
            raise InputError("is a page of HTML")
    if kind in PROOFS:
        PROOFS[kind](path)


def kind_of(url: str, path: Path) -> str:
    """The suffix that tells how a file shows its end: the URL's, or else that of its name here."""
    suffix = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
    return suffix if suffix in PROOFS else path.suffix.lower()


def is_page(beginning: bytes, content_type: str = "") -> bool:
    """Whether a file that begins like this is a page of HTML, such as a login."""
    beginning = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if "html" in content_type.lower():
        return beginning.startswith(b"<")
    return bool(PAGE.match(beginning))


def prove_parquet(path: Path) -> None:
    """Magic at both ends, and a footer that fits between them."""
    size = path.stat().st_size
    if size >= 12:
        with open(path, "rb") as file:
            first = file.read(4)
            file.seek(-8, 2)
            length, last = int.from_bytes(file.read(4), "little"), file.read(4)
        if first == last == b"PAR1" and length <= size - 12:
            return
    raise InputError("is no whole parquet file: not PAR1 at both ends")


def prove_zip(path: Path) -> None:
    """A readable central directory, and no member that would lie outside the folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(f"is no whole zip archive: {error}") from error
    for name in names:
        member = PurePosixPath(name.replace("\\", "/"))
        if member.is_absolute() or ".." in member.parts or re.match("[A-Za-z]:", name):
            raise InputError(f"is a zip archive with a path outside its folder: {name!r}")


def prove_stream(opener: Callable) -> Callable[[Path], None]:
    """A proof that a compressed stream reads to its end."""

    def prove(path: Path) -> None:
        if not path.stat().st_size:
            raise InputError("does not read to its end: it is empty")
        try:
            with opener(path, "rb") as file:
                while file.read(BLOCK):
                    pass
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise InputError(f"does not read to its end: {error}") from error

    return prove


MISREAD = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(SyntaxError, RecursionError, MemoryError),
)
"""What the header of a file of other bytes makes Python raise, by its kind and what it says."""


def prove_npy(path: Path) -> None:
    """A header, and as many bytes after it as the array has that it tells of."""
    with open(path, "rb") as file:
        begin = file.read(10)
        header = file.read(length := int.from_bytes(begin[8:], "little"))
        if not begin.startswith(b"\x93NUMPY\x01\x00") or not length or len(header) < length:
            raise InputError("is no whole array: not the header of one")
        try:
            array = ast.literal_eval(header.decode())
            expected = math.prod(array["shape"]) * int(re.sub(r"\D", "", array["descr"]))
        except MISREAD as error:
            raise InputError("is no whole array: not the header of one") from error
        if (size := path.stat().st_size - file.tell()) != expected:
            raise InputError(f"is no whole array: {size} bytes of {expected}")


def prove_safetensors(path: Path) -> None:
    """A header, and after it the bytes of every tensor that it tells of."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        # What is no such file, such as a pointer of Git LFS, may tell of a header of any length.
        if length > size:
            raise InputError("holds no whole weights: half a header")
        header = file.read(length)
    try:
        tensors = json.loads(header)
        ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name[:2] != "__"]
        expected = 8 + length + max(ends, default=0)
    except MISREAD as error:
        raise InputError("holds no whole weights: not the header of any") from error
    if size != expected:
        raise InputError(f"holds no whole weights: {size} bytes of {expected}")


def prove_json(path: Path) -> None:
    """It reads as JSON."""
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no whole JSON: {error}") from error


STREAMS: dict[str, Callable] = {
    ".gz": gzip.open,
    ".tgz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
"""What opens a compressed stream, by suffix."""

PROOFS: dict[str, Callable[[Path], None]] = {
    ".parquet": prove_parquet,
    ".zip": prove_zip,
    **{suffix: prove_stream(opener) for suffix, opener in STREAMS.items()},
}
"""What can be downloaded, by suffix."""

OWN_PROOFS = PROOFS | {
    ".npy": prove_npy,
    ".safetensors": prove_safetensors,
    ".json": prove_json,
}
"""What a study makes, by suffix."""


def damaged(results: Path) -> Iterator[tuple[Path, str]]:
    """What to remove of a study's results, so that it is made anew, and what is wrong with it.

    That is a file which is not whole, or the folder that a step made it in. Of text that is cut off
    at a line nothing can be said.
    """
    for path in sorted(results.rglob("*")):
        proof = OWN_PROOFS.get(path.suffix)
        # Of hidden files and of unfinished work, beside what is made, its own program judges.
        if proof is None or not path.is_file() or path.name.startswith("."):
            continue
        if any(part.endswith((".training", ".shards")) for part in path.parts):
            continue
        try:
            proof(path)
        except ValueError as error:
            # Snakemake leaves its mark in each folder that is an output.
            made = [folder for folder in path.parents if (folder / ".snakemake_timestamp").exists()]
            yield (made or [path])[0], f"{path} {error}"
