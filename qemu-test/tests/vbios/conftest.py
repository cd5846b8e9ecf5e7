# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Fixtures of the tests of AtomBIOS: interpreters, and the test ROM."""

import atom_programs
import atom_rom
import pytest

from vbios import atomasm


@pytest.fixture(scope="session")
def atom_trace():
    """The project's interpreter."""
    return atom_programs.build_atom_trace()


@pytest.fixture(scope="session")
def amdgpu_atom():
    """amdgpu's interpreter."""
    return atom_programs.build_amdgpu_atom()


@pytest.fixture(scope="session")
def tables():
    """The test ROM's tables: command tables and data tables, each {number: bytes}."""
    found = {"command": {}, "data": {}}
    for path in sorted(atom_programs.TABLES.glob("*.atom")):
        table = atomasm.table(path.read_text())
        found[table.kind][table.index] = table.code
    return found["command"], found["data"]


@pytest.fixture
def post(atom_trace, tables, tmp_path):
    """Posts a cold card with the test ROM, with some command tables replaced; gives the lines of the trace."""

    def post(replaced=None, change=lambda image: image):
        commands, data = tables
        path = tmp_path / "image.rom"
        path.write_bytes(change(atom_rom.image({**commands, **(replaced or {})}, data)))
        return atom_programs.run(atom_trace, "--post", path).splitlines()

    return post
