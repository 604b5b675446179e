"""Links of pages to files outside docs/: on the site, which does not have them, their names.

mkdocs calls `on_page_markdown` for each page; mkdocs.yml names this file under `hooks`.
"""

import re
from pathlib import Path

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!\w+:)([^)#\s]+)\)")


def on_page_markdown(markdown: str, *, page, config, files) -> str:
    """The page with each link to a file of the repository that is no page written as its name.

    Raises:
        FileNotFoundError: for a link to a file that is not there; it stops the build.
    """
    root = Path(config["docs_dir"]).resolve()
    folder = (root / page.file.src_uri).parent

    def named(match: re.Match) -> str:
        text, target = match.groups()
        path = (folder / target).resolve()
        if path.is_relative_to(root):
            return match[0]
        if not path.exists():
            raise FileNotFoundError(f"{page.file.src_uri}: no {target}")
        name = path.relative_to(root.parent).as_posix()
        return f"`{name}`" if text.strip("`") == name else f"{text} (`{name}`)"

    return LINK.sub(named, markdown)
