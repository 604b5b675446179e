"""Download one file, or copy it from a mirror folder, and check it."""

import argparse
from pathlib import Path

from optical.runtime.downloads import download
from optical.runtime.files import run_program


def main(
    url: str,
    sha256: str | None,
    bytes: int | None,
    mirrors: list[Path],
    lock: Path | None,
    access: str,
    output: Path,
) -> None:
    download(url, output, sha256=sha256, bytes=bytes, mirrors=mirrors, lock=lock, access=access)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="http or https address of the file")
    parser.add_argument("--sha256", help="checksum that the file must have")
    parser.add_argument("--bytes", type=int, help="size of the file")
    parser.add_argument(
        "--mirrors",
        type=Path,
        nargs="*",
        default=[],
        metavar="FOLDER",
        help="folders with copies as <host>/<path> of the URLs, tried before the network",
    )
    parser.add_argument(
        "--lock",
        type=Path,
        metavar="FILE",
        help="where the checksum of a file without --sha256 is kept from the first time on (.tsv)",
    )
    parser.add_argument("--access", default="", help="what to tell a user who is refused the file")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    run_program(lambda: main(**vars(parser.parse_args())))
