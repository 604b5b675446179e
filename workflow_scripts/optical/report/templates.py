"""The templates of HTML pages, which lie beside this module."""

from pathlib import Path

import jinja2


def template(name: str) -> jinja2.Template:
    """A template by the name of its file; what it is given is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
