# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Documentation/ABI is true: all files that it has are there and no others, read as it says, take what it says and
refuse the rest."""

import re

import abi
import pytest
from gim_module import NOBODY, ONE_CARD

pytestmark = ONE_CARD

VFS = 4
# Not settings: a write does something, or needs room that is not there.
ACTS = {"sriov_admin/reset", "sriov_admin/vf<N>/reset", "sriov_admin/vf<N>/stop", "sriov_admin/vf<N>/clear",
        "sriov_admin/vf<N>/profile/vram_quota", "sriov_admin/.bulk_profile/vram_quota"}


def instances(path):
    """A file of the first VF and of the last, and of hwmon's one device."""
    path = path.replace("hwmon<i>", "hwmon*")
    return [path.replace("<N>", str(n)) for n in (1, 16)] if "<N>" in path else [path]


@pytest.fixture
def device(gim):
    """Runs steps in the device's folder: each a command; gives status and output of each."""
    gim.load(f"vf_num={VFS}")

    def run(steps):
        script = [f"cd {gim.path()}; cd hwmon/hwmon*; export n=$(basename $PWD); cd ../.."]
        for i, step in enumerate(steps):
            script.append(f"out=$({{ {step.replace('hwmon*', '$n')}; }} 2>&1); echo \"@{i} $? $out\"")
        text = gim.sh("\n".join(script), limit=300)
        parts = re.split(r"^@\d+ ", text, flags=re.MULTILINE)[1:]
        assert len(parts) == len(steps)
        return [(int(p.split(None, 1)[0]), p.split(None, 1)[1].strip() if " " in p.strip() else "") for p in parts]

    return run


def test_the_document_is_in_the_kernels_format():
    text = abi.DOCUMENT.read_text()
    for block in text.split("\n\n\n"):
        keys = re.findall(r"^(\w+):", block, re.MULTILINE)
        assert keys == ["What"] * keys.count("What") + ["Date", "KernelVersion", "Contact", "Description"], block
    assert max(len(line.expandtabs()) for line in text.splitlines()) <= 100
    assert not [a.path for a in abi.attributes() if not (a.form or a.path.endswith(("/", "device")))]


def test_all_files_are_there_with_their_modes_and_no_others(gim):
    gim.load(f"vf_num={VFS}")
    listed = gim.sh(f"cd {gim.path()} && find sriov_admin hwmon/hwmon*/ -maxdepth 4 \\( -type f -o -type l \\) "
                    "! -path '*/power/*' ! -name uevent ! -name subsystem ! -path 'hwmon/*/device' | "
                    "xargs stat -c '%a %u %n'").splitlines()
    seen = {}
    for line in listed:
        mode, owner, path = line.split()
        path = re.sub(r"/hwmon\d+/+", "/hwmon<i>/", re.sub(r"/vf\d+/", "/vf<N>/", path))
        seen.setdefault(path, set()).add((mode, owner))
    wanted = {a.path: {(a.mode, "0")} for a in abi.files()}
    links = {a.path: {("777", "0")} for a in abi.attributes() if a.path.endswith("device")}
    assert seen == {**wanted, **links}
    assert gim.sh(f"ls -d {gim.path()}/sriov_admin/vf* | wc -l") == "16"


def test_links_lead_to_the_devices(gim):
    gim.load("vf_num=2")

    def link(name):
        return gim.sh(f"readlink -f {gim.path()}/sriov_admin/{name}/device || true")

    real = [gim.sh(f"readlink -f {gim.path()}/virtfn{i}") for i in range(2)]
    assert (link("pf"), link("vf1"), link("vf2")) == (gim.sh(f"readlink -f {gim.path()}"), *real)
    links = f"ls -d {gim.path()}/sriov_admin/vf*/device 2>/dev/null | wc -l"
    assert gim.sh(links) == "2"
    gim.set_vfs(0)
    assert gim.sh(links) == "0"
    gim.set_vfs(5)
    assert gim.sh(links) == "5"


def test_anybody_can_read_and_reads_what_is_documented(device):
    readable = [(a, path) for a in abi.files() for path in instances(a.path) if a.access != "WO"]
    for (a, path), (status, seen) in zip(readable, device([f'{NOBODY} "cat {p}"' for _, p in readable]), strict=True):
        assert status == 0 and a.is_value(seen), f"{path}: {seen}"
        if a.default and "vram_quota" not in path:
            assert seen == a.default or f"[{a.default}]" in seen, f"{path}: {seen}"


def test_nobody_else_can_write_and_nobody_can_read_what_is_only_written(device):
    steps, paths = [], []
    for a in abi.files():
        for path in instances(a.path):
            steps.append(f'{NOBODY} "echo 1 > {path}"')
            if a.access == "WO":
                steps.append(f"cat {path}")
            paths += [path] * (1 + (a.access == "WO"))
    for path, (status, said) in zip(paths, device(steps), strict=True):
        assert status and "ermission denied" in said, f"{path}: {said}"


def test_settings_are_kept_and_all_else_is_refused(device):
    steps, wanted = [], []
    for a in abi.files():
        if a.access == "RO":
            continue
        for path in instances(a.path):
            if a.path not in ACTS:
                for value, shown in a.good():
                    steps.append(f"echo '{value}' > {path}")
                    wanted.append((path, value, 0, ""))
                    if a.access == "RW":
                        steps.append(f"cat {path}")
                        wanted.append((path, value, 0, shown))
            for value in a.bad():
                steps.append(f"echo '{value}' > {path}")
                wanted.append((path, value, 1, "nvalid argument"))
    for (path, value, fails, text), (status, said) in zip(wanted, device(steps), strict=True):
        assert bool(status) == bool(fails), f"{value} written to {path}: {said}"
        assert said == text or fails and text in said, f"{value} written to {path}: {said}"


def test_a_card_that_is_gone_gives_errors(gim):
    gim.load(f"vf_num={VFS}")
    admin = f"{gim.path()}/sriov_admin"
    gim.machine.card(0).set("fault-gone", "now")
    try:
        gim.sh(f"echo 1 > {admin}/reset; true")
        gim.sh(f". lib.sh; wait_for 10 grep -q gone {admin}/state")
        for command in (f"echo 1 > {admin}/vf1/clear", f"echo fair > {admin}/policy", f"cat {admin}/pf/dpm_level",
                        f"cat {gim.path()}/hwmon/hwmon*/temp1_input"):
            result = gim.machine.run(command)
            assert result.status and "o such device" in result.output, command
    finally:
        gim.machine.card(0).set("fault-gone", "")
