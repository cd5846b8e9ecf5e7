# SPDX-License-Identifier: GPL-2.0-only OR MIT
# `make help` lists the targets.

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

.PHONY: test
test: test-core ## everything

.PHONY: test-core
test-core: ## formatting, lints and tests of the functional core
	cargo fmt --manifest-path rust/core/Cargo.toml --check
	cargo clippy --manifest-path rust/core/Cargo.toml --all-targets -- -D warnings
	cargo test --manifest-path rust/core/Cargo.toml
