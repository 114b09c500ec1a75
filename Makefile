# Everything happens in .venv, which makes and refreshes itself; nothing outside this folder is touched.
# No target but `clean` deletes what a person wrote, and `clean` keeps notebooks that were edited.
PYTHON ?= python3
BIN := .venv/bin
# The name says where .venv was made, and with what: scripts in it hold its place, so a copied or moved one is made anew
READY := .venv/.installed-$(shell { pwd -P; echo $(PYTHON); } | cksum | cut -d ' ' -f 1)
PIP := PYTHONPATH= $(BIN)/python -m pip --disable-pip-version-check --quiet

# What someone has set up for other work must not change what is built and tested here
unexport PYTHONHOME PYTHONOPTIMIZE PYTHONSTARTUP PYTHONWARNINGS JUPYTER_PATH MPLBACKEND HOMOLIB_STATIC
export PYTHONPATH := $(CURDIR)
export PYTHONUTF8 := 1
export PIP_USER := 0
ALONE := book test kernels mutants page pdf course load bench accuracy
$(ALONE): export IPYTHONDIR := $(CURDIR)/_build/.ipython
$(ALONE): export JUPYTER_CONFIG_DIR := $(CURDIR)/_build/.jupyter
$(ALONE): export JUPYTER_PREFER_ENV_PATH := 1
$(ALONE): export MATPLOTLIBRC := /dev/null

.PHONY: book test kernels mutants notebooks lab serve page pdf course load bench accuracy lint lock clean

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -L .venv || test ! -e .venv || ls .venv/.installed-* > /dev/null 2>&1 || \
	  { echo ".venv was not made by make: move it elsewhere, then make will make its own" >&2; exit 1; }
	test -e $@ || rm -rf .venv
	mkdir -p .venv && touch .venv/.installed-begun  # what is cut short is known again
	$(PYTHON) -m venv .venv
	$(PIP) install --requirement requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

book: $(READY)  ## the website, from scratch, in _build/html: on a second build Sphinx does not repeat its warnings
	rm -rf _build/html _build/.doctrees _build/.jupyter_cache
	$(BIN)/jupyter-book build . -W -n --keep-going

test: lint book  ## everything: library, tools, the site in a browser, and with nbval the notebooks that it offers
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder tests

kernels: $(READY)  ## the library's tests with two of NumPy's BLAS kernels, or those in KERNELS
	$(BIN)/python tools/kernels.py $(KERNELS)

mutants: $(READY)  ## a test of the tests, for an hour: break the library at random, and list what no test notices
	$(BIN)/python tools/mutants.py $(MUTANTS)

notebooks: $(READY)  ## every chapter as a plain .ipynb; one that you have edited stays, and the new one is put beside it
	$(BIN)/python tools/notebooks.py

lab: notebooks  ## the notebooks in JupyterLab, with what LAB says: make lab LAB='--no-browser --ip=0.0.0.0'
	$(BIN)/jupyter lab --allow-root $(LAB) notebooks

serve: $(READY)  ## the built site on http://localhost:8000
	test -e _build/html/index.html || $(MAKE) book
	$(BIN)/python -m http.server --bind localhost --directory _build/html 8000

OUT ?= _build/page
DRAFT = $(filter-out index,$(PAGE)) $(filter-out $(PAGE),notation glossary references)
page: $(READY)  ## one page, fast, warnings allowed: make page PAGE=ncf-flow
	mkdir -p "$(OUT)/_build"
	printf '%s\n' 'format: jb-book' 'root: chapters/index' 'parts:' \
	  '- {caption: Draft, numbered: true, chapters: [$(foreach page,$(DRAFT),{file: chapters/$(page)},)]}' > "$(OUT)/_build/toc.yml"
	$(BIN)/jupyter-book build . --toc "$(OUT)/_build/toc.yml" --path-output "$(OUT)"
	@echo Look at "$(OUT)/_build/html/chapters/$(PAGE).html"

pdf: book  ## the whole book as a PDF, printed by Chromium
	$(BIN)/python tools/pdf.py _build/small-beginnings.pdf

course: $(READY)  ## for an instructor, in _build/course: students' notebooks, keys and rubrics, a zip of each problem set
	$(BIN)/python course/publish.py _build/course

load: $(READY)  ## how fast a problem set of LOAD submissions is graded, some minutes; make load LOAD=100
	$(BIN)/python tests/course/load.py $(LOAD)
LOAD ?= 1000

bench: $(READY)  ## timings against what a reader would use instead
	$(PIP) install --requirement requirements-bench.txt
	$(BIN)/python benchmarks/run.py

accuracy: $(READY)  ## how far flows are from the true ones, for every tolerance: some minutes
	$(BIN)/python -m benchmarks.accuracy

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lock: export UV_CUSTOM_COMPILE_COMMAND := make lock
lock: $(READY)  ## the newest versions that pyproject.toml allows, into requirements.txt; to keep those that are there: UPGRADE=
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes $(UPGRADE) \
	  --group book --group test --group course --output-file requirements.txt pyproject.toml
UPGRADE ?= --upgrade

clean:  ## says what it deletes, and what it keeps because someone has written there
	@$(PYTHON) tools/keep.py
