"""The page on the library shows all of it."""

import re

import notebooks


def test_every_public_module_is_on_the_page():
    text = (notebooks.ROOT / "chapters/api.md").read_text()
    modules = {path.stem for path in (notebooks.ROOT / "homolib").glob("[!_]*.py")}
    assert set(re.findall(r"automodule:: homolib\.(\w+)", text)) == modules
