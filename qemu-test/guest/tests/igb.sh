# SPDX-License-Identifier: GPL-2.0-only OR MIT
# QEMU's igb with the kernel's own driver: shows that SR-IOV below a root port works in this machine at all.
. ktap.sh
. lib.sh

pf=$(devices 8086:10c9)
dev=/sys/bus/pci/devices/$pf
vfs() {
    devices 8086:10ca | grep -c .
}
three() {
    [ "$(vfs)" = 3 ]
}

plan 5
equal "one card" 1 "$(echo "$pf" | grep -c .)"
check "the driver loads" load igb
equal "the driver is bound" igb "$(driver_of "$pf")"
echo 3 > "$dev/sriov_numvfs"
check "three VFs" wait_for 10 three
echo 0 > "$dev/sriov_numvfs"
equal "no VFs" 0 "$(vfs)"
rmmod igb
