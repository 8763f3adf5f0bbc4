# Needs only Python 3.11 or newer and make: `make demo` and `make test` do all the set-up.

PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= all
BIN := $(VENV)/bin

# packages whose tests call functions rather than whole runs
QUICK := config fleet network orbit spacecraft workload

.PHONY: demo test quick fuzz lint verify bench studio lock clean

demo: $(VENV)/.runs
	$(BIN)/dawndusk run suncatcher
	@echo
	@echo "The results lie in $(CURDIR)/results; open report.html in a browser."
	@echo "Next: $(BIN)/dawndusk --help"

test: $(VENV)/.tests
	$(BIN)/python -m pytest -n 2

# after every edit: the tests of single functions, within 90 s on two cores
quick: $(VENV)/.tests
	$(BIN)/python -m pytest -n 2 -m "not slow" $(QUICK:%=tests/unit/%)

# as many spoilt scenarios as a release must survive; `make test` has a third of them
fuzz: $(VENV)/.tests
	DAWNDUSK_SPOILT_SCENARIOS=3000 DAWNDUSK_SPOILT_SWEEPS=200 $(BIN)/python -m pytest tests/property/test_scenario_nonsense.py

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# with the peers of the extra `bench`
verify: $(VENV)/.tests
	$(BIN)/dawndusk verify

# against the peers of the extra `bench`
bench: $(VENV)/.tests
	$(BIN)/dawndusk bench

# the script of the studio, from its sources; needs Node.js and the npm registry
studio:
	cd viz/studio/web && npm ci && npm run build

# the plain program, for users
$(VENV)/.runs: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	touch $@

# with everything the tests need
$(VENV)/.tests: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[$(EXTRAS)]"
	touch $@ $(VENV)/.runs

# the versions that were tested together
lock:
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check ".[all]"
	$(VENV)-lock/bin/python -m pip freeze --exclude dawndusk > requirements.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
