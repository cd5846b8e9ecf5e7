# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A Debian system of one's own: a fresh one below which nothing is changed, to install into, and to boot."""

import pathlib
import shutil
import subprocess

from testbed import Machine, paths, secure_boot

packages, root, steps = map(paths.toolchain, ("packages", "root", "steps"))

SCRATCH = steps.CACHE / "scratch"
# Rust metadata that an earlier run has made; the package's own check finds out whether they are still right.
METADATA = steps.CACHE / "metadata"
# What a system that boots does without: a smaller image is made sooner.
LEFT_OUT = """
    usr/src var/cache usr/share/doc usr/share/man usr/share/locale usr/lib/rustlib usr/lib/gcc usr/lib/llvm-*
""".split()
# What apt, dpkg and others keep for themselves whatever is installed.
OF_OTHERS = ("^/(tmp|proc|dev|sys|run|boot|usr/share/(doc|man|info)|usr/include|var/(cache|log|backups)|"
             "var/lib/(apt|dpkg|systemd|dkms/mok|initramfs-tools))")
AGENT = """\
[Unit]
Description=The test bed's agent
[Service]
ExecStart=/bin/sh -c 'mkdir -p /run/agent /job; exec sh /testbed/agent < /dev/ttyS1 > /dev/ttyS1 2>&1'
[Install]
WantedBy=multi-user.target
"""


class System:
    """A Debian system that is as `base` at first; used in a `with` block."""

    def __init__(self, name, base=packages.FRESH):
        self._scratch, self._base = SCRATCH / name, base
        self.path = self._scratch / "root"

    def __enter__(self):
        self._remove()
        for folder in ("upper", "work", "root"):
            (self._scratch / folder).mkdir(parents=True)
        layers = f"lowerdir={self._base},upperdir={self._scratch}/upper,workdir={self._scratch}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.path], check=True)
        # It is thrown away: nothing has to reach the disk, which dpkg else waits for at each file.
        self.write("/etc/dpkg/dpkg.cfg.d/testbed", "force-unsafe-io\n")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], check=False)
        self._remove()

    def _remove(self):
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(self, script):
        """Runs a shell script in it; returns a pair of its exit status and its output."""
        argv = root.command(["sh", "-c", f"export DEBIAN_FRONTEND=noninteractive; {script}"], path=self.path)[1]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return done.returncode, done.stdout

    def sh(self, script):
        """Runs a script that must succeed; returns its output."""
        status, output = self.run(script)
        assert status == 0, f"status {status} of: {script}\n{output[-4000:]}"
        return output

    def keep_metadata(self):
        """Has the Rust metadata at hand for the next run: to make them takes minutes."""
        made = self.path / "var" / "cache" / "gim"
        shutil.rmtree(METADATA, ignore_errors=True)
        shutil.copytree(made, METADATA, symlinks=True)

    def take_metadata(self):
        """Puts in what an earlier run has kept."""
        if METADATA.exists():
            shutil.copytree(METADATA, self.path / "var" / "cache" / "gim", symlinks=True)

    def install(self, *what):
        """Installs packages by name or by file, with what they recommend."""
        return self.sh(f"apt-get install -y {' '.join(map(str, what))}")

    def files(self):
        """All files but those that packages of others keep."""
        return set(self.sh(f"find / -xdev | grep -vE '{OF_OTHERS}' || :").splitlines())

    def write(self, path, text):
        """Puts a file into it."""
        target = self.path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def boot(self, release, **options):
        """A machine that boots it with one of its kernels."""
        self.write("/etc/systemd/system/testbed.service", AGENT)
        shutil.copytree(paths.GUEST, self.path / "testbed", dirs_exist_ok=True)
        self.sh("systemctl enable testbed.service 2>&1")
        image = self._scratch / "disk"
        image.unlink(missing_ok=True)
        # Below /mnt without what is mounted into it, and with nothing where it is left out.
        self.sh(f"""
            mount --bind / /mnt
            for path in {" ".join(LEFT_OUT)}; do
                for found in /mnt/$path; do [ ! -d $found ] || mount -t tmpfs tmpfs $found; done
            done
            mke2fs -q -t ext4 -L system -d /mnt {image} 4G""")
        kernel = paths.Kernel(self.path / "boot" / f"vmlinuz-{release}", self.path / "lib" / "modules" / release)
        initrd = self.path / "boot" / f"initrd.img-{release}"
        return Installed(image, initrd, kernel=kernel, **options)


class Installed(Machine):
    """A machine that boots from a disk, as its own init has it."""

    def __init__(self, disk, initrd, *, append="", enrolled=None, **options):
        """enrolled: a certificate (DER); the machine has Secure Boot on then, and its owner has enrolled that."""
        # A system with systemd takes longer than the test bed's own.
        super().__init__(append=f"root=LABEL=system rw {append}".strip(), boot_limit=400, **options)
        self._disk, self._initrd, self._enrolled = disk, pathlib.Path(initrd), enrolled

    def write_initramfs(self, path):
        """The system's own."""
        shutil.copy(self._initrd, path)

    def command_line(self, initrd, own=()):
        """With the disk."""
        drive = f"file={self._disk},format=raw,if=none,id=disk,cache=unsafe"
        return super().command_line(initrd, [*own, "-drive", drive, "-device", "virtio-blk,drive=disk"])

    def boot_arguments(self, initrd, append):
        """By a boot loader, if the firmware is to mind signatures."""
        if not self._enrolled:
            return super().boot_arguments(initrd, append)
        scratch = self._disk.with_name("firmware")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        return secure_boot.arguments(scratch, self.kernel.image, initrd, append, self._enrolled)
