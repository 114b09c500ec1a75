"""Running the notebooks of the site while Sphinx reads."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from jupyter_client import AsyncKernelManager
from myst_nb.core.read import myst_nb_reader_plugin
from sphinx.util import logging

import book

LOGGER = logging.getLogger(__name__)


def start_notebooks(app, env, docnames):
    """Run the notebooks, a kernel on each core, while Sphinx reads: myst-nb would take them in turn.

    Their outputs go into the cache of myst-nb, which is emptied first: it knows the cells, and not the library
    behind them.
    """
    get_cache(env.mystnb_config.execution_cache_path).clear_cache()
    timeout = env.mystnb_config.execution_timeout

    def run(sources):
        return run_in_one_kernel([myst_nb_reader_plugin(str(source)) for source in sources], sources[0].parent, timeout)

    pool, started, app.running_notebooks = ThreadPoolExecutor(os.cpu_count()), {}, {}
    for docname in docnames:
        source = Path(env.doc2path(docname))
        sources = book.whole(book.chapter_page(source))
        if book.has_code(source):
            future = started.get(sources[0]) or pool.submit(run, sources)
            started[sources[0]] = future
            app.running_notebooks[docname] = future, sources.index(source)
    pool.shutdown(wait=False)


def run_in_one_kernel(parts, folder, timeout):
    """Run the parts of a notebook in turn: the details of a chapter go on where it ends. Returns parts and result."""
    together = with_cells(parts[0], [cell for part in parts for cell in part.cells])
    with tempfile.TemporaryDirectory() as box:
        result = single_nb_execution(together, str(folder), timeout, allow_errors=False, **hear(Path(box) / "errors"))
    cells = iter(result.nb.cells)
    return [with_cells(result.nb, [next(cells) for _ in part.cells]) for part in parts], result


def hear(path):
    """What a notebook's client must be told, so that each cell shows what goes to standard error from below Python.

    A kernel reads that in a thread of its own, and what comes in the last moment of a cell is lost. So it does not
    read: its standard error is a file, and what is new there when a cell is done is an output of that cell.
    """
    heard = 0

    def begin(cell, cell_index):
        nonlocal heard
        heard = path.stat().st_size

    def end(cell, cell_index, execute_reply):
        if text := path.read_bytes()[heard:].decode(errors="replace"):
            cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text=text))

    class Kernel(AsyncKernelManager):
        async def start_kernel(self, **settings):
            with path.open("wb") as errors:
                await super().start_kernel(stderr=errors, **settings)

    settings = {"kernel_manager_class": Kernel, "on_cell_execute": begin, "on_cell_executed": end}
    return settings | {"extra_arguments": ["--IPKernelApp.capture_fd_output=False"]}


def with_cells(notebook, cells):
    """A notebook with the cells in place of its own."""
    return nbformat.from_dict({**notebook, "cells": cells})


def await_notebook(app, docname, _source):
    """Have the outputs of a page in the cache when its turn comes.

    What failed is not cached: myst-nb runs it again and reports it as always; but details cannot run without their
    chapter, so what happened there is reported here.
    """
    if docname in app.running_notebooks:
        future, place = app.running_notebooks.pop(docname)
        parts, result = future.result()
        if result.err is None:
            time = {"execution_seconds": 0 if place else result.time}  # of the chapter with its details
            bundle = CacheBundleIn(parts[place], app.env.doc2path(docname), data=time)
            cache = get_cache(app.env.mystnb_config.execution_cache_path)
            cache.cache_notebook_bundle(bundle, check_validity=False)
        elif place:
            LOGGER.error(result.exc_string, location=docname)
