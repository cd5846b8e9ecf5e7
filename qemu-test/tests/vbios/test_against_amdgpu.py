# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The project's interpreter and amdgpu's do the same to a card.

Both run the same tables on the same simulated registers. Each access with its value, each delay, and what is left in
parameters and scratch memory must be equal.
"""

import itertools
import os
import random

import atom_random
import atom_rom
import pytest
from atom_programs import run

# At least as many random tables in each run.
TABLES = 10_000


def sections(trace):
    """A trace's parts: one for each table, with the image that it belongs to."""
    image = ""
    for part in trace.replace("\nimage ", "\n\0image ").replace("\ntable ", "\n\0table ").split("\0"):
        if part.startswith("image "):
            image = part
        yield image, part


def compare(tmp_path, images, *programs):
    """Fails with the first table in whose traces the programs differ; gives how many tables there were."""
    batch = tmp_path / "images"
    batch.write_bytes(atom_rom.batch(images))
    ours, theirs = (run(program, batch) for program in programs)
    if ours != theirs:
        for (image, mine), (_, other) in itertools.zip_longest(sections(ours), sections(theirs), fillvalue=("", "")):
            if mine != other:
                # The lines that are equal, and then what each has.
                mine, other = mine.splitlines(), other.splitlines()
                same = len(os.path.commonprefix([mine, other]))
                pytest.fail(
                    "\n".join([image.strip(), *mine[:1], "...", *mine[max(1, same - 20):same],
                               "ours:", *mine[same:same + 5], "amdgpu's:", *other[same:same + 5]])
                )  # fmt: skip
    return ours.count("\ntable ")


@pytest.mark.parametrize("seed", [1, os.environ.get("GIM_SEED") or random.randrange(1 << 32)], ids=["fixed", "fresh"])
def test_random_tables(tmp_path, atom_trace, amdgpu_atom, seed):
    print(f"GIM_SEED={seed} does this again")
    assert compare(tmp_path, atom_random.images(int(seed), TABLES), atom_trace, amdgpu_atom) >= TABLES


def test_the_test_rom(tmp_path, atom_trace, amdgpu_atom, tables):
    # Other registers take the tables other ways.
    image = atom_rom.image(*tables)
    assert compare(tmp_path, [(seed, image) for seed in range(100)], atom_trace, amdgpu_atom) == 100 * len(tables[0])


def test_the_two_programs_see_the_same_card(tmp_path, atom_trace, amdgpu_atom):
    # Nothing but a move, a clear, a delay: if this differs, it is the programs and not the interpreters.
    probe = bytes((0x0E, 0, 1, 1, 4, 0, 0x54, 0, 0xD0, 0x05, 0x50, 2, 0x5A, 0x5B))
    assert compare(tmp_path, [(7, atom_rom.image({0: probe}))], atom_trace, amdgpu_atom) == 1
