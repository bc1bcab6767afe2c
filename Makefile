# The commands a newcomer needs. `make demo` and `make test` set up all they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test lint types lock clean

setup: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup  ## the main job, offline, on sample data; DECIDE=approve|quarantine|reject answers for the steward
	$(BIN)/penstock demo $(if $(DECIDE),--decide $(DECIDE))

test: setup  ## every test; PENSTOCK_TEST_POSTGRES=<SQLAlchemy URL> adds PostgreSQL
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup  ## type checkers see the mapped folders only in a strict editable install
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable . --config-settings editable_mode=strict
	$(BIN)/mypy -p penstock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .

lock:  ## after a change of dependencies; exact versions and hashes, no addresses
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url -o requirements.lock

clean:
	rm -rf $(VENV) build dist penstock-demo src/*.egg-info
