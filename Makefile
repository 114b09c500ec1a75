# Everything happens in .venv, which makes and refreshes itself; nothing outside this folder is touched.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

.PHONY: book test notebooks lab serve page pdf bench lint clean

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

book: $(READY)  ## the website, from scratch, in _build/html: on a second build Sphinx does not repeat its warnings
	rm -rf _build
	$(BIN)/jupyter-book build . -W -n --keep-going

test: lint book notebooks  ## everything: the site's tests need the book, nbval the notebooks
	$(BIN)/pytest --numprocesses auto --dist loadfile --nbval-lax tests notebooks

notebooks: $(READY)  ## every chapter as a plain .ipynb
	rm -rf notebooks
	$(BIN)/python tools/notebooks.py

lab: notebooks  ## the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

serve:  ## the built site on http://localhost:8000
	$(BIN)/python -m http.server --bind localhost --directory _build/html 8000

OUT ?= _build/page
DRAFT = $(filter-out index,$(PAGE)) $(filter-out $(PAGE),notation references)
page: $(READY)  ## one page, fast, warnings allowed: make page PAGE=ncf-flow
	mkdir -p $(OUT)
	printf '%s\n' 'format: jb-book' 'root: chapters/index' 'parts:' \
	  '- {caption: Draft, numbered: true, chapters: [$(foreach page,$(DRAFT),{file: chapters/$(page)},)]}' > $(OUT)/toc.yml
	$(BIN)/jupyter-book build . --toc $(OUT)/toc.yml --path-output $(OUT)
	@echo Look at $(OUT)/_build/html/chapters/$(PAGE).html

pdf: book  ## the whole book as a PDF, printed by Chromium
	$(BIN)/python tools/pdf.py _build/small-beginnings.pdf

bench: $(READY)  ## timings against what a reader would use instead
	$(BIN)/python -m pip install --quiet -r requirements-bench.txt
	$(BIN)/python benchmarks/run.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf _build notebooks .venv
