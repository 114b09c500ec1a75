"""What an instructor needs of every problem set, in one folder: `make course`.

    python course/publish.py _build/course [SET ...]

For each set a folder with the students' notebook, the answer key and the rubrics (HTML, and PDF where Chromium is),
and a zip for the students with the notebook and the wheel of homolib. A notebook that you edited stays, and the new
one is put beside it.
"""

from __future__ import annotations

import argparse
import html
import logging
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("course", "tools") if str(ROOT / folder) not in sys.path]

import keep  # noqa: E402
import pdf  # noqa: E402
import sheets  # noqa: E402
import take_home  # noqa: E402

README = """{title}

It needs Python 3.11 or newer. In this folder:

    python -m pip install --requirement requirements.txt
    jupyter lab {name}.ipynb

Write your answers where the notebook says so, run the checks as often as you like, and hand in {name}.ipynb.
No network is needed after the installation.
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 Georgia, serif;
  color: #1a1a1a; background: #fff }}
h1, h2, h3 {{ line-height: 1.25; break-after: avoid }} h2 {{ margin-top: 2.5rem }}
pre {{ font-size: .85rem; padding: .5rem .75rem; background: #f5f5f5; overflow-x: auto; white-space: pre-wrap }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid #999; padding: .2rem .6rem; text-align: left }}
.jp-InputPrompt, .jp-OutputPrompt, .prompt, .anchor-link {{ display: none }}
{style}
</style>
<script>MathJax = {{tex: {{inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]]}}, startup: {{typeset: true}}}}</script>
<script defer src="../mathjax/tex-svg.js"></script></head><body><main>
{body}
</main></body></html>
"""


def page(title: str, notebook: NotebookNode) -> str:
    """A notebook as a page that asks no other host for anything."""
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    return PAGE.format(title=html.escape(title), style=HtmlFormatter().get_style_defs(".highlight"), body=body)


def key(sheet: sheets.Sheet) -> NotebookNode:
    """The answer key: every problem with its solution, its tests and its rubric."""
    cells, rubrics = [], {problem.name: problem.rubric for problem in sheet.problems}
    for cell in sheet.notebook.cells[1:]:
        about = cell.metadata.nbgrader
        note = "hidden and visible checks" if sheets.HIDDEN in cell.source else "checks that students see"
        if about.grade and not about.solution:
            cells.append(new_markdown_cell(f"*{about.points:g} points: {note}*"))
        text = cell.source.replace("### BEGIN SOLUTION", "**Solution.**").replace("### END SOLUTION", "")
        cells.append(new_markdown_cell(text) if cell.cell_type == "markdown" else cell)
        if about.grade and about.solution and (rubric := rubrics.pop(about.grade_id.removesuffix("-text"), "")):
            cells.append(new_markdown_cell(f"**Rubric.**\n\n{rubric}"))
    return new_notebook(cells=cells, metadata=sheet.notebook.metadata)


def rubrics(sheet: sheets.Sheet) -> NotebookNode:
    """What is asked, how long it takes, what it is worth, and how written answers are marked."""
    texts = [f"# {sheet.title}: rubrics", "| problem | points | minutes | kind | level |\n|---|---|---|---|---|\n"]
    for problem in sheet.problems:
        texts[1] += (
            f"| {problem.title} | {problem.points:g} | {problem.minutes:g} | {problem.kind} | {problem.level} |\n"
        )
        if problem.rubric:
            texts.append(f"## {problem.title}\n\n{sheets.about(problem)}\n\n{problem.rubric}")
    texts[1] += f"| **all** | **{sheet.points:g}** | **{sum(problem.minutes for problem in sheet.problems):g}** | | |"
    return new_notebook(cells=[new_markdown_cell(text) for text in texts])


def pack(sheet: sheets.Sheet, text: str, path: Path, wheel: Path) -> None:
    """Write the zip for students: the notebook, whose text is given, the library, and how to begin."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(wheel, f"{sheet.name}/{wheel.name}")
        archive.writestr(f"{sheet.name}/{sheet.name}.ipynb", text)
        archive.writestr(f"{sheet.name}/README.txt", README.format(title=sheet.title, name=sheet.name))
        archive.writestr(f"{sheet.name}/requirements.txt", f"./{wheel.name}\njupyterlab\n")


def publish(sheet: sheets.Sheet, out: Path, wheel: Path) -> list[Path]:
    """Write everything for one set, but the PDFs; return the pages that make good ones."""
    folder = out / sheet.name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root:
        students = sheets.release(sheet, Path(root), f"sqlite:///{root}/gradebook.db")
    keep.sign(students)
    text = nbformat.writes(students) + "\n"
    placed = keep.place(text, folder / f"{sheet.name}.ipynb")
    if placed.stem != sheet.name:
        print(f"{folder / sheet.name}.ipynb stays as you wrote it; the set as it is now: {placed.name}")
    pages = []
    for kind, notebook in (("key", key(sheet)), ("rubrics", rubrics(sheet))):
        pages.append(folder / f"{sheet.name}-{kind}.html")
        pages[-1].write_text(page(f"{sheet.title}: {kind}", notebook), encoding="utf-8")
    pack(sheet, text, folder / f"{sheet.name}.zip", wheel)
    return pages


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", nargs="*", help="default: all of the course")
    asked = parser.parse_args()
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    sources = [sheets.find(name) for name in asked.sets] or sheets.all_sources()
    shutil.copytree(sheets.ROOT / "vendor/mathjax", asked.out / "mathjax", dirs_exist_ok=True)
    pages = []
    with tempfile.TemporaryDirectory() as folder:
        wheel = take_home.build_wheel(Path(folder))
        for source in sources:
            pages += publish(sheets.read(source), asked.out, wheel)
            print(asked.out / source.stem)
    if not any(map(shutil.which, pdf.CHROMIUM)):
        print("no PDFs: they are printed by Chromium, and there is none on the PATH")
        return
    with pdf.printer() as put:
        for made in pages:
            put(made.resolve().as_uri(), made.with_suffix(".pdf"))


if __name__ == "__main__":
    main()
