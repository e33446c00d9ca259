# make demo   from a fresh clone to artefacts, a table and report.html
# make test   the test suite, with whatever it needs

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   ?= demo
GATE   ?= gate

.DEFAULT_GOAL := help
.PHONY: help setup demo test lab gate check format train screenshots lock clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY)  ## make the environment in .venv

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else f"edgekit needs Python 3.10 to 3.13, found {v[0]}.{v[1]}: make PYTHON=python3.11 setup")'
	$(PYTHON) -m venv --clear $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q edgekit
	@touch $@

demo: $(READY)  ## convert the shipped model, measure it on this computer, write a report
	$(BIN)/edgekit convert --alpha 0.5 --int8 --output $(DEMO)/artefacts
	@# 4: measured, but this computer was too busy for some times to be trusted; the table says which
	$(BIN)/edgekit bench $(DEMO)/artefacts --output $(DEMO)/result.json || test $$? -eq 4
	$(BIN)/edgekit report $(DEMO)/result.json --output $(DEMO)/report.html

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --durations 25

lab: $(READY)  ## make the test devices (an Arm board over SSH, a phone over adb, emulated boards); needs root
	PYTHONPATH=tests $(BIN)/python -m labs.build

gate: $(READY)  ## count the shipped models' instructions on emulated boards; judge them by budgets.toml
	for card in models/*.toml; do \
	  $(BIN)/edgekit convert $$(basename $$card .toml) --int8 --output $(GATE)/artefacts/$$(basename $$card .toml) || exit; \
	done
	rm -rf $(GATE)/results
	for board in rpi4-emulated rpi5-emulated; do \
	  $(BIN)/edgekit bench $(GATE)/artefacts/*/int8.* --device $$board --no-accuracy \
	    --runtime litert --runtime onnxruntime --output $(GATE)/results/$$board.json || exit; \
	done
	$(BIN)/edgekit check $(GATE)/results/*.json --budgets budgets.toml

check: $(READY)  ## lint, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## reformat the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

train: $(READY)  ## train the shipped models again, each by the command in its card
	$(BIN)/edgekit train --alpha 0.25 --resolution 32 --dataset digits --output models
	$(BIN)/edgekit train --alpha 0.5 --resolution 32 --dataset digits --output models
	$(BIN)/edgekit train --alpha 0.25 --resolution 64 --dataset shapes --output models
	$(BIN)/edgekit train --alpha 0.5 --resolution 64 --dataset shapes --output models

screenshots: demo  ## draw the README's screenshots from what the demo measured; needs chromium
	$(BIN)/python docs/screenshots.py $(DEMO)/result.json $(DEMO)/report.html

lock: $(READY)  ## resolve requirements.lock again
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	  --python-version 3.10 --group dev --output-file requirements.lock pyproject.toml

clean:  ## remove the environment and everything made here
	rm -rf $(VENV) $(DEMO) $(GATE) artefacts results runs dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
