# SPDX-License-Identifier: GPL-2.0-only OR MIT
# What scripts in the guest share; include it with `. lib.sh`.

# wait_for SECONDS COMMAND [ARGUMENT...]: tries until the command succeeds, at first often; fails when the time is over.
wait_for() {
    lib_end=$(($(cut -d. -f1 /proc/uptime) + $1))
    lib_pause=20000
    shift
    until "$@" > /dev/null 2>&1; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt "$lib_end" ] || return 1
        usleep $lib_pause
        [ $lib_pause -gt 500000 ] || lib_pause=$((lib_pause + lib_pause / 8))
    done
}

# devices VENDOR:DEVICE: the addresses of all PCI devices of that kind, one a line.
devices() {
    lspci -Dn -d "$1" | cut -d' ' -f1
}

# driver_of ADDRESS: the name of the driver that a PCI device is bound to, or nothing.
driver_of() {
    [ -e "/sys/bus/pci/devices/$1/driver" ] && basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

# bind_with DRIVER ADDRESS: gives a PCI device to a driver, whatever ids that driver has.
bind_with() {
    if [ -e "/sys/bus/pci/devices/$2/driver" ]; then
        echo "$2" > "/sys/bus/pci/devices/$2/driver/unbind" || return
    fi
    echo "$1" > "/sys/bus/pci/devices/$2/driver_override" && echo "$2" > /sys/bus/pci/drivers_probe &&
        [ "$(driver_of "$2")" = "$1" ]
}
