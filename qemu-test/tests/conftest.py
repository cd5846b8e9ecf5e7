# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Gives all tests the test bed's fixtures: `machine` and `ktap`. They are described in qemu-test/README.md."""

pytest_plugins = ["testbed.plugin", "pytester"]
