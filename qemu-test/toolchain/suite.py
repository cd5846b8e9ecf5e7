# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The stock kernel of another suite of Debian, to boot only: packages are unpacked beside the stock kernel, and nothing
of that suite gets into the root."""

import kernel
from root import SUITE, enter
from steps import CACHE, stamp_of, step

# With an apt of its own: its state and its sources are here. Mirrors that are copies of one day serve lists whose time
# has run out.
MAKE = r"""
set -e
suite=$1 out=$2 home=$3
rm -rf "$out"; apt=$out/apt; mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/sources"
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
    sed -n "s/^\(deb .*\) $home main$/\1 $suite main/p" > "$apt/sources/suite.list"
cat > "$apt/apt.conf" <<E
Dir::State "$apt"; Dir::State::status "/dev/null"; Dir::Cache "$apt";
Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "$apt/sources"; Dir::Etc::preferencesparts "/dev/null";
Acquire::Check-Valid-Until "false"; Acquire::Languages "none"; APT::Sandbox::User "root";
E
export APT_CONFIG=$apt/apt.conf
apt-get update
image=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
release=${image#linux-image-}
version=$(apt-cache show "$image" | sed -n 's/^Version: //p' | head -n 1)
sh -c "$4" sh "$out/image" "$release" "$version"
ln -s "image/lib/modules/$release" "$out/modules"
if [ -e "$out/image/boot/vmlinuz-$release" ]; then ln -s "image/boot/vmlinuz-$release" "$out/vmlinuz"
else ln -s modules/vmlinuz "$out/vmlinuz"; fi
[ -e "$out/vmlinuz" ]
rm -rf "$apt"
"""


def setup(suite):
    """Fetches the newest kernel of a suite; `vmlinuz` and `modules` lead to it."""
    out = CACHE / "suites" / suite
    with step(f"suite-{suite}", f"kernel of {suite} in {out}", stamp_of("root"), MAKE, kernel.FETCH_IMAGE) as todo:
        if todo:
            enter(["sh", "-c", MAKE, "sh", suite, str(out), SUITE, kernel.FETCH_IMAGE], f"suite-{suite}",
                  f"the kernel of {suite} could not be fetched: check that the Debian mirrors carry that suite")
