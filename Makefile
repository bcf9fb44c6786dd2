# make install · make app · make test        everything lives in .venv; nothing is installed outside it but a browser, for the tests
#
# PORT, ADDRESS   where the app listens (8501, localhost)
# PYTHON          the Python that makes .venv (3.11 or newer)
# TORCH_INDEX     one more index for torch; https://download.pytorch.org/whl/cpu has builds without CUDA (0.2 GB instead of 3 GB)

PORT ?= 8501
ADDRESS ?= localhost
PYTHON ?= python3
TORCH_INDEX ?=

bin := .venv/bin
pip_install := $(bin)/python -m pip install --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# What was installed last is written down, so that a second call has nothing to do.
runs := .venv/.installed
tests := .venv/.installed-dev

# Bytecode is kept, whatever the environment says: the tests start many processes, and each would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install app test check format browser clean

install: $(runs)

app: $(runs)
	$(bin)/python -m streamlit run app/main.py --server.port $(PORT) --server.address $(ADDRESS)

test: check browser
	$(bin)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(tests)
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/python -m tests.npm

format: $(tests)
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

browser: $(tests)
	$(bin)/python -m tests.browser
	$(bin)/python -m tests.axe

clean:
	rm -rf .venv node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

$(runs): requirements.txt pyproject.toml | .venv/bin/python
	$(pip_install) -e .
	@touch $@

$(tests): $(runs) requirements-dev.txt
	$(pip_install) -r requirements-dev.txt
	@touch $@
