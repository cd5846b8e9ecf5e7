# SPDX-License-Identifier: GPL-2.0-only OR MIT
# `make` builds the modules for the running kernel; `make help` lists the rest.

KDIR ?= /lib/modules/$(shell uname -r)/build
CACHE := $(or $(GIM_CACHE),$(HOME)/.cache/gim)
# What is built and tested for Debian's stock kernel, in the root that `make setup` makes.
ENTER := python3 qemu-test/toolchain enter
STOCK = $(CACHE)/kdir
STOCK_MODULES = $(CACHE)/image/lib/modules/$(shell cat $(STOCK)/include/config/kernel.release)
# In the cache, as most of it are others' crates, which are the same for every clone.
export CARGO_TARGET_DIR := $(CACHE)/target
GIMCTL = tools/gimctl/Cargo.toml
PYTEST := $(CACHE)/venv/bin/pytest
RUFF := $(CACHE)/venv/bin/ruff
REUSE := $(CACHE)/venv/bin/reuse
# $(call BUILD,TREE,FOLDER): CONFIG_WERROR is not for modules of one's own.
BUILD = mkdir -p build/$(2) && \
    $(MAKE) -s -C $(1) M=$(CURDIR) MO=$(CURDIR)/build/$(2) KRUSTFLAGS=-Dwarnings KCFLAGS=-Werror modules
BUILD_STOCK = $(call BUILD,$(STOCK),stock)
DEBUG = $(CACHE)/debug

.PHONY: module
module: ## build gim.ko and gim-vfio-pci.ko for the running kernel, or for KDIR=...
	@scripts/check-kernel $(KDIR)
	@mkdir -p build/module
	$(MAKE) -C $(KDIR) M=$(CURDIR) MO=$(CURDIR)/build/module modules
	cp build/module/*.ko .

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: clean
clean: ## remove what was built here, but not the cache
	rm -rf build *.ko

.PHONY: setup
setup: ## make the Debian root, kernel and QEMU for the targets below (resumed and skipped as needed)
	@python3 qemu-test/toolchain setup

.PHONY: run
run: setup ## boot the emulated card, load the module with 16 VFs and show them
	@$(ENTER) $(MAKE) --no-print-directory stock-module device
	@$(ENTER) $(CACHE)/venv/bin/python qemu-test/demo

.PHONY: packages
packages: ## build gim-dkms and gim-tools as Debian packages, in build/packages
	@python3 qemu-test/toolchain packages

.PHONY: test-packages
test-packages: setup ## install, boot, upgrade and purge the Debian packages (an hour; fetches 1 GB at first)
	@$(ENTER) $(MAKE) --no-print-directory device
	@$(ENTER) $(PYTEST) -m slow -s -x qemu-test/tests/packages

.PHONY: dist
dist: ## pack the source of a release
	@scripts/dist

# Another line of kernels than the stock one, with the compilers that go with it: the newest in a suite of Debian.
SUITE ?= forky
OF_SUITE = $(CACHE)/suites/$(SUITE)
ENTER_SUITE = python3 qemu-test/toolchain enter-suite $(SUITE)
# One file of tests for each thing that depends on the kernel; and those that tell most in a minute.
KERNEL_TESTS = plain sriov parameters bind scheduling vfio_driver debugfs events sensors live_update
QUICK_TESTS = plain sriov live_update
.PHONY: suite
suite: setup
	@python3 qemu-test/toolchain suite $(SUITE)

.PHONY: test-kernel
test-kernel: suite ## build the module for the kernel of Debian's SUITE=forky with its compilers, and run the quick tests on it
	@$(ENTER) $(MAKE) --no-print-directory test-suite-qemu SUITE=$(SUITE) SUITE_TESTS="$(KERNEL_TESTS)" SUITE_RESULTS=suite
	@GIM_KERNEL=$(OF_SUITE)/vmlinuz GIM_KERNEL_MODULES=$(OF_SUITE)/modules GIM_SUITE=$(SUITE) \
	    $(ENTER) $(PYTEST) -k TestOnAnyKernel qemu-test/tests/driver/test_patches.py

.PHONY: kernel-table
kernel-table: ## write the README's table of kernels from the results of the last `make test` and `make test-kernel`
	@[ ! -e build/results/stock.xml ] || scripts/kernel-table README.md $(STOCK) "make test" build/results/stock.xml
	@for results in build/results/suite-*.xml; do \
	    suite=$${results#*suite-}; suite=$${suite%.xml}; [ ! -e $$results ] || \
	    scripts/kernel-table README.md $(CACHE)/suites/$$suite/kdir "make test-kernel SUITE=$$suite" $$results || exit 1; \
	done

.PHONY: test
test: suite ## everything, and the quick tests on the kernel of another suite
	@$(ENTER) $(MAKE) --no-print-directory --jobs=2 tests fuzz FUZZ_OPTIONS="--idle --jobs 6 --within 660"

# The fuzzers take what the rest leaves: virtual machines wait now and then.
.PHONY: tests
tests:
	@$(MAKE) --no-print-directory --jobs=1 test-core test-module test-device test-qemu test-suite-qemu

.PHONY: test-debug
test-debug: setup ## the driver on a kernel that looks for mistakes (builds it first, in half an hour)
	@python3 qemu-test/toolchain debug-kernel
	@$(ENTER) $(MAKE) --no-print-directory debug-module device test-debug-qemu

BENCH_OPTIONS ?=
.PHONY: bench
bench: setup ## measure what the driver costs: table, build/bench.json, plots; BENCH_OPTIONS="--module other.ko ..."
	@$(ENTER) $(MAKE) --no-print-directory stock-module device count-instructions
	@$(ENTER) $(CACHE)/venv/bin/python qemu-test/bench $(BENCH_OPTIONS)

# The targets from here on run in the root: $(ENTER) make TARGET.

.PHONY: test-core
test-core: ## formatting, lints and tests of the functional core and of gimctl
	cargo fmt --manifest-path rust/Cargo.toml --all --check
	cargo fmt --manifest-path rust/core/fuzz/Cargo.toml --check
	cargo clippy --manifest-path rust/Cargo.toml --workspace --all-targets -- -D warnings
	cargo check --manifest-path rust/core/fuzz/Cargo.toml
	cargo test --manifest-path rust/Cargo.toml --workspace
	cargo fmt --manifest-path $(GIMCTL) --check
	cargo clippy --manifest-path $(GIMCTL) --all-targets -- -D warnings
	cargo test --manifest-path $(GIMCTL)

.PHONY: gimctl
gimctl: ## the administrator's command, static: build/gimctl
	cargo rustc --release --bin gimctl --manifest-path $(GIMCTL) -- -C target-feature=+crt-static
	cp $(CARGO_TARGET_DIR)/release/gimctl build/gimctl

.PHONY: gimctl-doc
gimctl-doc: gimctl ## its man pages and completions: build/gimctl-doc
	mkdir -p build/gimctl-doc
	build/gimctl man build/gimctl-doc
	for shell in bash zsh fish; do build/gimctl completion $$shell > build/gimctl-doc/gimctl.$$shell || exit 1; done

FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: ## fuzz each parser and decoder for FUZZ_SECONDS=... of CPU time
	rust/core/fuzz/run --seconds $(FUZZ_SECONDS) $(FUZZ_OPTIONS)

SEEDS ?= 1000
.PHONY: simulate
simulate: ## play SEEDS=... random plans against the engine, or CARDS=64 busy cards for SECONDS=3600 (needs cargo alone)
	cargo run --release --manifest-path rust/Cargo.toml -p gim-sim -- \
	    $(if $(CARDS),--cards $(CARDS) --seconds $(or $(SECONDS),3600),--seeds $(SEEDS))

.PHONY: stock-module
stock-module:
	@scripts/check-kernel $(STOCK)
	$(BUILD_STOCK)
	@scripts/check-module build/stock/gim.ko $(STOCK) $(STOCK_MODULES)
	@scripts/check-module build/stock/gim-vfio-pci.ko $(STOCK) $(STOCK_MODULES)

.PHONY: suite-module
suite-module:
	@GIM_ANY_KERNEL=1 scripts/check-kernel $(OF_SUITE)/kdir
	$(call BUILD,$(OF_SUITE)/kdir,suite-$(SUITE))
	@scripts/check-module build/suite-$(SUITE)/gim.ko $(OF_SUITE)/kdir $(OF_SUITE)/modules
	@scripts/check-module build/suite-$(SUITE)/gim-vfio-pci.ko $(OF_SUITE)/kdir $(OF_SUITE)/modules

SUITE_TESTS = $(QUICK_TESTS)
SUITE_RESULTS = quick
.PHONY: test-suite-qemu
test-suite-qemu: device gimctl
	$(ENTER_SUITE) $(MAKE) --no-print-directory suite-module SUITE=$(SUITE)
	GIM_KERNEL=$(OF_SUITE)/vmlinuz GIM_KERNEL_MODULES=$(OF_SUITE)/modules GIM_MODULE=build/suite-$(SUITE)/gim.ko \
	    $(PYTEST) -m 'not slow' --junitxml build/results/$(SUITE_RESULTS)-$(SUITE).xml -n 2 --dist loadfile \
	    --reruns 2 --only-rerun GuestTimeout $(SUITE_TESTS:%=qemu-test/tests/driver/test_%.py)

.PHONY: test-module
test-module: ## formatting and lints of the module, and that the stock kernel can take it
	rustfmt --check src/gim.rs
	! grep -rn unsafe src rust/core
	rm -rf build/stock
	$(BUILD_STOCK) CLIPPY=1
	rm -rf build/stock
	$(MAKE) --no-print-directory stock-module

.PHONY: device
device:
	$(MAKE) -s -C qemu-test/device

.PHONY: count-instructions
count-instructions:
	$(MAKE) -s -C qemu-test/bench

.PHONY: test-device
test-device: device count-instructions ## lints of the emulated card and of what belongs to a release
	$(REUSE) lint --quiet
	scripts/dist --check

.PHONY: test-qemu
test-qemu: stock-module device count-instructions gimctl ## the tests in virtual machines
	$(RUFF) check qemu-test
	$(RUFF) check --config qemu-test/pyproject.toml rust/core/fuzz/run scripts/kernel-table
	$(PYTEST) -m 'not slow and not guests and not debug' --junitxml build/results/stock.xml -n 2 --dist loadfile --reruns 2 --only-rerun GuestTimeout --durations 25 qemu-test/tests

.PHONY: test-faults
test-faults: stock-module device count-instructions ## every fault of the card in every situation (minutes)
	$(PYTEST) -m slow -n 2 --dist loadfile --reruns 2 --only-rerun GuestTimeout --ignore qemu-test/tests/packages \
	    qemu-test/tests

.PHONY: test-guests
test-guests: stock-module device ## Debian's own amdgpu on VFs of the card (minutes; fetches its firmware)
	$(PYTEST) -m guests qemu-test/tests

.PHONY: debug-module
debug-module:
	@scripts/check-kernel $(DEBUG)/kdir
	$(call BUILD,$(DEBUG)/kdir,debug) LLVM=1

# Each boot takes about half a minute, and everything is several times slower. The longest first.
DEBUG_TESTS = fault_matrix bind failing_allocations c_driver_defects storms sriov guests admin vf_resets gpu_reset events \
    lost_interrupts surprise_removal
.PHONY: test-debug-qemu
test-debug-qemu:
	GIM_KERNEL=$(DEBUG)/image/vmlinuz GIM_KERNEL_MODULES=$(wildcard $(DEBUG)/image/lib/modules/*) \
	    GIM_MODULE=build/debug/gim.ko GIM_PATIENCE=6 \
	    $(PYTEST) -m 'not cost' -n 2 --dist loadfile --no-loadscope-reorder $(DEBUG_TESTS:%=qemu-test/tests/driver/test_%.py)
