# Each target makes its own virtual environment in .venv; `make demo` and `make test` need only Python and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One test worker a core: threads of the matrix library beside them would only wait for each other.
OPENBLAS_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS

.PHONY: demo test test-kernels test-lowest test-pandas lint docs docs-test docs-examples docs-site docs-scripts bench clean

$(VENV)/base: pyproject.toml
	$(PYTHON) -c "import sys; assert (3, 11) <= sys.version_info < (3, 15), 'statmodels_x needs Python 3.11 to 3.14; run make PYTHON=python3.12 ...'"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/test: $(VENV)/base
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

$(VENV)/docs: $(VENV)/base
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

demo: $(VENV)/base  ## fit the melanoma trial, print the summary, write a figure
	$(BIN)/python examples/demo.py

test: $(VENV)/test  ## the full test suite
	$(BIN)/python -m pytest -n auto

# Where the last digits of a search decide, another matrix kernel finds something else. OpenBLAS has one for AVX2 and one
# for AVX-512 (which Cooperlake and SapphireRapids share in double precision); `make test` runs under the machine's own.
test-kernels: $(VENV)/test  ## the tests of searches under the matrix kernels that `make test` does not use here
	@used=$$(OPENBLAS_VERBOSE=2 $(BIN)/python -c "import numpy" 2>&1 | sed -n 's/^Core: //p' | head -n 1); \
	case "$$used" in Cooperlake|SapphireRapids) used=SkylakeX;; esac; \
	failed=0; \
	for pair in Haswell:avx2 SkylakeX:avx512f; do \
	  kernel=$${pair%:*}; flag=$${pair#*:}; \
	  if [ "$$kernel" = "$$used" ]; then echo "$$kernel: make test uses it"; \
	  elif ! grep -qsw "$$flag" /proc/cpuinfo; then echo "$$kernel: this processor has no $$flag"; \
	  else echo "$$kernel:"; OPENBLAS_CORETYPE=$$kernel $(BIN)/python -m pytest -q -n auto -m search tests || failed=1; \
	  fi; \
	done; \
	exit $$failed

lint: $(VENV)/test  ## style, types, import contracts; each runs whatever the others find
	@failed=0; \
	for check in "ruff check ." "ruff format --check ." mypy lint-imports; do \
	  echo "$$check"; $(BIN)/$$check || failed=1; \
	done; \
	exit $$failed

docs: $(VENV)/docs  ## the site with its gallery, offline, warnings as errors
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "The site is in docs/_build/html/index.html"

docs-test: docs-examples docs-site docs-scripts  ## the examples of the site, its pages in a browser, its scripts with the wheel

docs-examples: $(VENV)/docs  ## the examples in the pages of the site
	$(BIN)/python -m sphinx -W --keep-going -q -b doctest -D plot_gallery=0 docs docs/_build/doctest

docs/_build/html/index.html:
	$(MAKE) docs

SITE_PAGES ?=
docs-site: $(VENV)/docs docs/_build/html/index.html  ## the built site in Chromium, which is not asked for where it is not installed
	$(BIN)/python docs/check_site.py docs/_build/html --only '$(SITE_PAGES)'

docs-scripts: $(VENV)/docs docs/_build/html/index.html  ## a downloaded script of each family, with the wheel alone
	rm -rf $(VENV)-wheel docs/_build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir docs/_build/wheel .
	$(BIN)/python -m venv $(VENV)-wheel
	$(VENV)-wheel/bin/python -m pip install --quiet docs/_build/wheel/*.whl
	$(BIN)/python docs/check_scripts.py docs/_build/html $(VENV)-wheel/bin/python

# The peers stand in an environment of their own: what they ask for is not what the tests run under. One that cannot be
# installed is skipped, by name, in the table.
$(VENV)-bench/done: pyproject.toml benchmarks/peers.txt
	test -x $(VENV)-bench/bin/python || $(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --editable ".[test]"
	for peer in $$(cat benchmarks/peers.txt); do \
	  $(VENV)-bench/bin/python -m pip install --quiet $$peer || echo "$$peer cannot be installed"; \
	done
	touch $@

BENCH ?=
bench: $(VENV)-bench/done  ## all speed claims in one table; make bench BENCH=--quick takes a few minutes
	$(VENV)-bench/bin/python benchmarks/suite.py $(BENCH)

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-pandas $(VENV)-bench $(VENV)-wheel docs/_build docs/gallery demo build dist

test-lowest:  ## the lowest versions that pyproject.toml allows: a fit, picture, save and load of every model
	test -x $(VENV)-lowest/bin/python || $(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet $$($(PYTHON) .ci/lowest.py) pytest
	PYTHONPATH=$(CURDIR) $(VENV)-lowest/bin/python .ci/smoke.py

test-pandas:  ## the same under pandas 3, and the tests of what reads frames; only lifelines asks for less
	test -x $(VENV)-pandas/bin/python || $(PYTHON) -m venv $(VENV)-pandas
	$(VENV)-pandas/bin/python -m pip install --quiet --editable ".[test]"
	$(VENV)-pandas/bin/python -m pip install --quiet --no-deps "pandas>=3"
	$(VENV)-pandas/bin/python .ci/smoke.py
	$(VENV)-pandas/bin/python -m pytest -q -n auto -k "not (twice or processes or threads)" tests/datasets tests/common/test_same_numbers.py \
	  $(addprefix tests/core/test_,columns.py design.py design_of_new_data.py files.py formula.py formula_safety.py frames.py partitions.py results.py surv.py)
