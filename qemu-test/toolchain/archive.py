# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Where Debian's packages come from: the mirrors that the machine's own apt uses."""

import os
import shutil
import subprocess

from steps import Failure, run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirrors():
    """The addresses of Debian's archive and of its security archive, as apt has them; either may be given in the
    environment (GIM_MIRROR, GIM_SECURITY_MIRROR), which machines without apt need."""
    found = {}
    if shutil.which("apt-get"):
        fmt = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
        for attempt in range(2):
            out = subprocess.run(["apt-get", "indextargets", "--format", fmt, "Created-By: Packages"],
                                 capture_output=True, text=True, check=False).stdout
            for line in out.splitlines():
                origin, label, uri = line.split("|", 2)
                if origin == "Debian" and "backport" not in label.lower():
                    found.setdefault("security" if "Security" in label else "main", uri)
            if found or os.geteuid() or attempt:
                break
            run(["apt-get", "update"], "apt-update", "apt-get update failed: check the machine's apt sources")
    main = os.environ.get("GIM_MIRROR", found.get("main"))
    security = os.environ.get("GIM_SECURITY_MIRROR", found.get("security"))
    if not main or not security:
        raise Failure("no Debian mirror is known: run 'apt-get update' as root, or set GIM_MIRROR and "
                      "GIM_SECURITY_MIRROR to the addresses of Debian's archive and of its security archive.")
    return main, security


def need(tool, package):
    """Sees to it that a host tool is there: root on Debian installs the package, others are told."""
    if shutil.which(tool):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update"], "apt-update", "apt-get update failed: check the machine's apt sources")
        run(["apt-get", "install", "-y", "--no-install-recommends", package, "debian-archive-keyring"],
            f"install-{package}", f"apt-get could not install {package}: install it by hand",
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if not shutil.which(tool):
        raise Failure(f"{tool} is not on this machine: install the package {package}.")
