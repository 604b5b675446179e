# Everything runs in .venv. It is made from requirements.txt once, and again when that changes. The
# library is installed there in editable mode, for programs in other folders, such as benchmarks/.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
bin := .venv/bin

.PHONY: help run settings settings-page docs data data-table rehearse cost prefetch tune trim ask browse publish verify clean test test-studies test-survival test-slurm test-envs envs lint bench axe interop interop-files

# A study of studies/ may be given by its name alone.
override STUDY := $(or $(wildcard studies/$(STUDY).yaml),$(STUDY))

# Where this machine has data: folders that hold downloads, and the folder of your own sets.
MIRROR ?=
LOCAL ?=
comma := ,
space := $(subst ,, )
several := 'mirror=[$(subst $(space),$(comma) ,$(strip $(MIRROR)))]'
mirrors := $(if $(word 2,$(MIRROR)),$(several),mirror=$(MIRROR))
machine := $(if $(MIRROR),$(mirrors)) $(if $(LOCAL),local=$(LOCAL))
places := $(if $(MIRROR),--mirrors $(MIRROR)) $(if $(LOCAL),--local $(LOCAL))
listed := $(places) $(if $(CITATIONS),--citations)

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*##/make \1:/p' Makefile

run: .venv/installed  ## run the default study, config.yaml, and print its table
	$(bin)/snakemake --cores all

settings: .venv/installed  ## list every setting of a study: what it means, its bounds, its default
	@$(bin)/python workflow_scripts/list_settings.py

settings-page: .venv/installed  ## write docs/reference/settings.md again
	@$(bin)/python workflow_scripts/list_settings.py --as-page docs/reference/settings.md

docs: .venv/installed  ## build the documentation as a site, into site/
	$(bin)/mkdocs build --strict

data: .venv/installed  ## list the data sources, all or those of STUDY=studies/NAME.yaml; CITATIONS=1: what to cite
	@$(bin)/python workflow_scripts/list_data.py $(if $(STUDY),--study $(STUDY)) $(listed)

data-table: .venv/installed  ## write the table of sources in docs/reference/sources.md again
	@$(bin)/python workflow_scripts/list_data.py --table docs/reference/sources.md

rehearse: .venv/installed  ## ask every source of STUDY=studies/NAME.yaml for its first bytes and rows: seconds, before days
	@$(bin)/python workflow_scripts/rehearse_study.py --study $(or $(STUDY),config.yaml) $(places)

cost: .venv/installed  ## say what STUDY=studies/NAME.yaml will cost: hours, memory, disk by stage; GPU_MEMORY=24 (GB): whether it fits
	@$(bin)/python workflow_scripts/estimate_cost.py --study $(or $(STUDY),config.yaml) $(if $(LOCAL),--local $(LOCAL)) $(if $(GPU_MEMORY),--gpu-memory $(GPU_MEMORY))

prefetch: rehearse  ## rehearse, then download all that STUDY=studies/NAME.yaml needs, so that it runs without a network
	@$(bin)/python workflow_scripts/list_data.py --study $(or $(STUDY),config.yaml) $(listed)
	$(bin)/snakemake prefetch --cores 8 --configfile $(or $(STUDY),config.yaml) $(if $(strip $(machine)),--config $(machine))

tune: .venv/installed  ## choose the learning rates of STUDY=studies/NAME.yaml on its development queries
	$(bin)/snakemake tune --cores all --configfile $(or $(STUDY),config.yaml) $(if $(strip $(machine)),--config $(machine))
	@cat results/$$($(bin)/python -c 'import sys; from optical.study.results import name_of; print(name_of(sys.argv[1]))' $(or $(STUDY),config.yaml))/tuning/learning_rates.md

trim: .venv/installed  ## remove the token vectors of a finished STUDY, which only a change of it would need again
	$(bin)/snakemake trim --cores all --configfile $(or $(STUDY),config.yaml) $(if $(strip $(machine)),--config $(machine))

ask: .venv/installed  ## say how to ask a finished study a question
	@$(bin)/python workflow_scripts/ask.py --help

browse: .venv/installed  ## write a page to look through queries and passages of STUDY, a finished study's name or file
	@$(bin)/python workflow_scripts/browse_study.py --study $(or $(STUDY),config.yaml)

publish: .venv/installed  ## prepare the exported models of STUDY, a finished study's name or file, for the Hugging Face hub: OWNER=NAME
	@$(bin)/python workflow_scripts/publish_models.py --study $(or $(STUDY),config.yaml) $(if $(OWNER),--owner $(OWNER))

verify: .venv/installed  ## compare a finished study's scores with those expected: STUDY=config.yaml
	@$(bin)/python workflow_scripts/verify_scores.py --study $(or $(STUDY),config.yaml)

clean:  ## remove what studies made: results, logs and what Snakemake knows of them
	rm -rf results logs .snakemake

# Tests take turns on two processes, the longest files first. A thread more would only wait.
test: .venv/installed  ## run all tests, style among them; LONG=1: test-studies, test-survival and test-slurm too
	OMP_NUM_THREADS=1 $(bin)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
	    $(if $(LONG),tests/slurm tests/survival tests/studies) tests/*.py

test-studies: .venv/installed  ## run the studies of the hub in miniature, and one of finished teachers, to their reports
	$(bin)/pytest tests/studies

test-survival: .venv/installed  ## kill STUDY=config.yaml twenty times, fill its disk, damage its files; as root, who mounts disks
	OPTICAL_STUDY=$(or $(STUDY),config.yaml) $(bin)/pytest -s tests/survival

test-slurm: .venv/installed  ## run a study on a Slurm of two nodes on this machine, as root; needs slurm-wlm and munge
	$(bin)/pytest -s tests/slurm

test-envs: .venv/installed  ## run each step of a small study in an environment made of its own file alone: several GB, long
	$(bin)/pytest -s tests/environments
	sha256sum envs/*.yaml > envs/tested.sha256

envs: .venv/installed  ## pin the conda environments in envs/ to requirements.txt, with all that they require
	$(bin)/python envs/pin.py

lint: .venv/installed  ## check style only
	$(bin)/pytest tests/test_style.py

AXE := 4.10.3

axe:  ## fetch the checker of accessibility that the tests of pages use where it is there; needs npm
	npm install --silent --no-audit --no-fund --prefix .venv-axe axe-core@$(AXE)

bench: .venv/installed  ## run the measurements in benchmarks/
	@set -- benchmarks/*.py; \
	if [ ! -e "$$1" ]; then echo "benchmarks/: no measurement there yet"; exit; fi; \
	for file; do echo "== $$file"; $(bin)/python "$$file"; done

# What decides whether other libraries can load a model.
exported := $(wildcard interop/*.py interop/*.txt) workflow_scripts/optical/models/export.py \
    workflow_scripts/optical/models/encoders.py

interop: .venv/installed .venv-interop/pylate/installed .venv-interop/colbert/installed  ## compare query vectors with those of other libraries
	$(bin)/python interop/compare.py .venv-interop $(MODEL)
	sha256sum $(exported) > interop/tested.sha256

interop-files:
	@echo $(exported)

.venv-interop/%/installed: interop/%.txt
	@echo "Installing $* into .venv-interop/$*, some minutes"
	@$(PYTHON) -m venv --clear .venv-interop/$*
	@.venv-interop/$*/bin/pip install -q -r $<
	@if [ -e interop/$*.no-deps.txt ]; then .venv-interop/$*/bin/pip install -q --no-deps -r interop/$*.no-deps.txt; fi
	@touch $@

.venv/installed: .venv/required pyproject.toml
	@$(bin)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/required: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"$(PYTHON) is Python {v[0]}.{v[1]}; expected 3.11 or newer: make PYTHON=python3.11")'
	@echo "Installing into .venv: 2 GB (6 GB where PyTorch comes with CUDA), some minutes"
	@$(PYTHON) -m venv --clear .venv
	@$(bin)/pip install -r requirements.txt | awk '/^ *(Downloading|Processing|Installing)/ { print substr($$0, 1, 78); fflush() }'
	@touch $@
