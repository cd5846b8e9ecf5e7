# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""gim-dkms and gim-tools on a fresh Debian system: installed, booted, upgraded, with kernels that come and go, purged.

One story, told in order: each test goes on where the one before has ended.
"""

import hashlib
import os
import pathlib
import re
import shutil

import pytest
from system import System, packages, steps

from testbed.paths import LOGS, PROJECT

pytestmark = pytest.mark.slow

OUT = PROJECT / "build" / "packages"
# Not beside those that may be given for another run.
OTHER_VERSIONS = PROJECT / "build" / "other-packages"
MODULE = "/lib/modules/*/updates/dkms/gim.ko*"
# A command that waits for a condition.
UNTIL = "timeout 180 sh -c 'until sh -c \"$0\"; do sleep 0.1; done'"


@pytest.fixture(scope="module")
def debs():
    """The packages, by name: of this checkout, or those that are in GIM_PACKAGES, a folder of the checkout."""
    packages.setup()
    given = os.environ.get("GIM_PACKAGES")
    if not given:
        shutil.rmtree(OUT, ignore_errors=True)
        packages.build(OUT)
    return {path.name.partition("_")[0]: path for path in pathlib.Path(given or OUT).resolve().glob("*.deb")}


@pytest.fixture(scope="module")
def system():
    with System("packages") as it:
        it.before = it.files()
        it.take_metadata()
        yield it


def with_module(system):
    """Releases of the kernels that have the module."""
    return re.findall(r"/lib/modules/([^/]*)/", system.sh(f"ls -d {MODULE} 2>/dev/null || :"))


def whole(system):
    """Whether all packages are configured."""
    return system.sh("dpkg --audit") == ""


def other(debs, version, change="true"):
    """gim-dkms in another version, with a change to what is in it."""
    deb, tree = OTHER_VERSIONS / f"gim-dkms_{version}_all.deb", OTHER_VERSIONS / version
    script = f"""
        mkdir -p {OTHER_VERSIONS}; rm -rf {tree}; dpkg-deb -R {debs['gim-dkms']} {tree}; cd {tree}
        old=$(sed -n 's/^Version: //p' DEBIAN/control)
        sed -i "s/$old/{version}/" DEBIAN/control DEBIAN/post* DEBIAN/prerm usr/src/gim-*/dkms.conf
        mv usr/src/gim-* usr/src/gim-{version}; (cd usr/src/gim-{version}; {change})
        dpkg-deb --root-owner-group -b {tree} {deb}"""
    steps.run(["sh", "-ec", script], "repack", "the package could not be changed")
    return deb


@pytest.mark.skipif("GIM_PACKAGES" in os.environ, reason="they are given")
def test_the_same_bytes_in_another_folder(debs):
    again = OUT / "again"
    packages.build(again, "another-folder")
    for deb in debs.values():
        first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (deb, again / deb.name))
        assert first == second, deb.name


def test_lintian_is_content(debs):
    with System("lintian", packages.BUILDER) as builder:
        shown = builder.sh(f"lintian --fail-on none --display-info {debs['gim-dkms'].parent}/*.changes")
        assert not [line for line in shown.splitlines() if line.startswith(("E:", "W:"))], shown


def test_install_builds_for_the_kernel_that_can_have_it(system, debs):
    system.sh("apt-get update")
    system.install("linux-headers-amd64")
    release, = system.sh("ls /lib/modules").split()
    line = system.sh("cat /usr/src/without-rust").strip()
    system.install(f"linux-image-{line}", f"linux-headers-{line}")
    said = system.install(*debs.values())
    assert with_module(system) == [release]
    assert f"the module is installed for kernel {release}" in said
    sentence, = re.findall(rf"gim: kernel {re.escape(line)}.*", said)
    assert "not supported, as it has no Rust support" in sentence and "use a kernel that has" in sentence
    assert whole(system)
    assert system.sh(f"modinfo -k {release} -F vermagic gim").split()[0] == release
    system.release = release


def test_boot_has_sixteen_vfs_without_a_login(system):
    system.write("/etc/gim_config", "vf_num 4\n")
    system.write("/etc/tmpfiles.d/gim.conf", "\n".join(
        f"w+ /sys/bus/pci/devices/0000:02:00.0/sriov_numvfs - - - - {n}" for n in (0, 8)))
    system.write("/etc/gim/saved.toml", '[card."*"]\npolicy = "fair"\n')
    before = system.sh("sha256sum /etc/gim_config")
    system.sh("mv /etc/gim_config /root/")
    with system.boot(system.release, cards=2, log=LOGS / "packages") as machine:
        machine.sh("systemctl is-system-running --wait || systemctl --failed", limit=200)
        numbers = "cat /sys/bus/pci/devices/0000:0[12]:00.0/sriov_numvfs"
        machine.sh(f"{UNTIL} '[ \"$({numbers} | xargs)\" = \"16 8\" ]'", limit=240)
        # amdgpu would take the PF too.
        machine.sh("modprobe amdgpu", limit=200)
        for card in ("0000:01:00.0", "0000:02:00.0"):
            assert machine.sh(f"basename $(readlink /sys/bus/pci/devices/{card}/driver)") == "gim"
            machine.sh(f"{UNTIL} 'grep -q .fair. /sys/bus/pci/devices/{card}/sriov_admin/policy'", limit=240)
        assert machine.sh("systemctl list-units --failed --no-legend 'gim-*'") == ""
        # The file of the driver in C.
        machine.sh("modprobe -r gim; mv /root/gim_config /etc/; modprobe gim", limit=100)
        assert machine.sh("cat /sys/module/gim/parameters/vf_num") == "4"
        machine.sh("echo 'vf_num 40 colour blue' > /etc/gim_config; modprobe -r gim")
        said = machine.run("modprobe gim", limit=100).output
        assert "vf_num=40: out of range" in said and 'unknown key "colour"' in said
        assert machine.sh("cat /etc/gim_config") == "vf_num 40 colour blue"
        assert [card.driver_errors() for card in machine.cards] == [0, 0]
    assert system.sh("cd /root; sha256sum gim_config").split()[0] == before.split()[0]


def test_the_module_is_signed_for_secure_boot(system):
    # With the key that DKMS has made, which the administrator is to enroll.
    assert "DKMS" in system.sh(f"modinfo -k {system.release} -F signer gim")
    system.sh(f"""
        cd /tmp; file=$(ls /lib/modules/{system.release}/updates/dkms/gim.ko*)
        case $file in *.xz) xz -dc $file > gim.ko ;; *.zst) zstd -dcq $file > gim.ko ;; *) cp $file gim.ko ;; esac
        all=$(stat -c %s gim.ko); magic=28
        len=$(tail -c $((magic + 4)) gim.ko | head -c 4 | od -An -tu4 --endian=big | tr -d ' ')
        head -c $((all - magic - 12 - len)) gim.ko > content
        tail -c $((magic + 12 + len)) gim.ko | head -c $len > signature
        openssl x509 -inform DER -in /var/lib/dkms/mok.pub -out mok.pem
        openssl cms -verify -binary -inform DER -in signature -content content -certfile mok.pem -nointern -noverify \
            -out /dev/null""")


def test_a_kernel_that_wants_signatures_refuses_the_module_and_boots(system):
    # Nobody has enrolled the key: that takes the machine's firmware.
    with system.boot(system.release, cards=1, append="module.sig_enforce=1", log=LOGS / "packages-signed") as machine:
        refused = machine.run("modprobe gim")
        assert refused.status != 0 and "Key was rejected by service" in refused.output
        assert machine.sh("systemctl is-system-running --wait", limit=200) == "running"


def test_secure_boot_takes_the_module_once_its_key_is_enrolled(system):
    key = (system.path / "var" / "lib" / "dkms" / "mok.pub").read_bytes()
    # OVMF finds no room for the framebuffers of 16 VFs as large as the card has them.
    cards = ["vf-fb-bar-size=16M"]
    with system.boot(system.release, cards=cards, enrolled=key, log=LOGS / "packages-enrolled") as machine:
        assert "[integrity]" in machine.sh("cat /sys/kernel/security/lockdown")
        machine.sh(f"{UNTIL} '[ $(cat /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs) = 16 ]'", limit=240)
        assert machine.cards[0].driver_errors() == 0
        machine.sh("rmmod gim; xz -dc $(modinfo -n gim) > gim.ko; insmod ./gim.ko; rmmod gim", limit=100)
        # What follows the mark of the signature takes that away.
        machine.sh("echo >> gim.ko")
        refused = machine.run("insmod ./gim.ko")
        assert refused.status != 0 and "Key was rejected by service" in refused.output


def test_another_kernel_gets_its_module(system):
    line = system.release.removesuffix("amd64")
    said = system.install(f"linux-image-{line}cloud-amd64", f"linux-headers-{line}cloud-amd64")
    system.kernels = with_module(system)
    assert system.kernels == [system.release, f"{line}cloud-amd64"], said
    system.keep_metadata()
    assert whole(system)


def test_a_version_that_cannot_be_built_leaves_the_old_module(system, debs):
    before = system.sh(f"sha256sum {MODULE}")
    said = system.install(other(debs, "5.0-1", "echo 'not Rust' >> src/gim.rs"))
    assert system.sh(f"sha256sum {MODULE}") == before
    assert f"the module could not be built for kernel {system.release}" in said
    assert f"kernel {system.release} keeps the module of version" in said
    assert whole(system)
    # A kernel's package is not left half installed either. It has DKMS build all modules anew, though.
    system.sh(f"dpkg-reconfigure linux-image-{system.release}")
    assert with_module(system) == [kernel for kernel in system.kernels if kernel != system.release]


def test_an_upgrade_replaces_it_and_keeps_settings(system, debs):
    system.sh("echo 'options gim vf_num=7' >> /etc/modprobe.d/gim.conf")
    said = system.install(other(debs, "5.1-1"))
    known = system.sh("dkms status gim").splitlines()
    assert known == [f"gim/5.1-1, {kernel}, x86_64: installed" for kernel in system.kernels], said
    assert with_module(system) == system.kernels
    assert "vf_num=7" in system.sh("cat /etc/modprobe.d/gim.conf")
    assert whole(system)


def test_remove_takes_modules_and_keeps_settings(system):
    system.sh("apt-get remove -y gim-dkms gim-tools")
    assert with_module(system) == []
    assert "vf_num=7" in system.sh("cat /etc/modprobe.d/gim.conf")
    assert system.sh("cat /etc/gim/saved.toml")


def test_purge_leaves_nothing(system):
    system.sh("apt-get purge -y gim-dkms gim-tools")
    # DKMS has brought sudo along, which wants to be asked once more before it goes.
    system.sh("SUDO_FORCE_REMOVE=yes apt-get autoremove --purge -y")
    left = {path for path in system.files() - system.before if "gim" in path}
    assert left == {"/root/gim_config", "/etc/tmpfiles.d/gim.conf"}
    assert system.sh("ls -A /var/lib/dkms /var/cache 2>/dev/null | grep gim || :") == ""
