"""Download one file, or copy it from a mirror folder, and check it."""

from collections.abc import Sequence
from pathlib import Path

from optical.runtime.downloads import download
from optical.runtime.program import run_program


def main(
    *,
    url: str,
    sha256: str | None = None,
    md5: str | None = None,
    bytes: int | None = None,
    mirrors: Sequence[Path] = (),
    lock: Path | None = None,
    access: str = "",
    output: Path,
) -> None:
    """
    url: http or https address of the file
    sha256: checksum that the file must have
    md5: the same, where upstream publishes no sha256
    bytes: size of the file
    mirrors: folders with copies as <host>/<path> of the URLs, tried before the network
    lock: where the checksum of a file without --sha256 is kept from the first time on (.tsv)
    access: what to tell a user who is refused the file
    output: file to write
    """
    download(
        url,
        output,
        sha256=sha256,
        md5=md5,
        bytes=bytes,
        mirrors=mirrors,
        lock=lock,
        access=access,
    )


if __name__ == "__main__":
    run_program(main)
