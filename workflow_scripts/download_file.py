"""Download one file, or copy it from a mirror folder, and check it."""

import argparse
from pathlib import Path

from optical.downloads import download
from optical.files import run_program


def main(url: str, sha256: str, bytes: int, mirrors: list[Path], output: Path) -> None:
    download(url, output, sha256=sha256, bytes=bytes, mirrors=mirrors)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="http or https address of the file")
    parser.add_argument("--sha256", required=True, help="checksum that the file must have")
    parser.add_argument("--bytes", type=int, required=True, help="size of the file")
    parser.add_argument(
        "--mirrors",
        type=Path,
        nargs="*",
        default=[],
        metavar="FOLDER",
        help="folders with copies as <host>/<path> of the URLs, tried before the network",
    )
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    run_program(lambda: main(**vars(parser.parse_args())))
