# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The example of a libvirt domain in docs/ is one by libvirt's own schema, and has what it is to show."""

import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from testbed.paths import BUILD, PROJECT

DOMAIN = PROJECT / "docs" / "domain.xml"
# libvirt-common has the schema, libxml2-utils the program that knows RELAX NG.
PACKAGES = ("libvirt-common", "libxml2-utils", "libxml2")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def libvirt():
    """A folder with these packages of Debian's, unpacked; nothing is installed."""
    folder = BUILD / "libvirt"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["sh", "-ec", f"apt-get -q update; apt-get -q download {' '.join(PACKAGES)}; "
                        "for deb in *.deb; do dpkg-deb -x $deb .; done; rm *.deb; touch done"], cwd=folder, check=True)
    return folder


def validate(libvirt, domain):
    schema = libvirt / "usr" / "share" / "libvirt" / "schemas" / "domain.rng"
    libraries = {"LD_LIBRARY_PATH": str(libvirt / "usr" / "lib" / "x86_64-linux-gnu")}
    return subprocess.run([str(libvirt / "usr" / "bin" / "xmllint"), "--noout", "--relaxng", str(schema), str(domain)],
                          env=libraries, capture_output=True, text=True, check=False)


def test_the_example_is_a_domain(libvirt):
    done = validate(libvirt, DOMAIN)
    assert done.returncode == 0, done.stderr


def test_a_mistake_would_be_found(libvirt, tmp_path):
    wrong = tmp_path / "domain.xml"
    wrong.write_text(DOMAIN.read_text().replace("managed='yes'", "managed='perhaps'"))
    assert validate(libvirt, wrong).returncode != 0


def test_libvirt_is_to_manage_the_vf():
    [device] = ElementTree.parse(DOMAIN).getroot().findall("devices/hostdev")
    assert (device.get("mode"), device.get("type"), device.get("managed")) == ("subsystem", "pci", "yes")
    # VF1 of a card at 01:00.0, as the guide has it.
    assert device.find("source/address").attrib == {"domain": "0x0000", "bus": "0x01", "slot": "0x02",
                                                    "function": "0x0"}
