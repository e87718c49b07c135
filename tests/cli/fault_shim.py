# SPDX-License-Identifier: Apache-2.0
"""Faults of the disk and of the clock in a process under test, by fault_shim.c. Standard library only."""
import contextlib, os, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Faults:
    """The faults that a process with the shim, and `environment`, sees; they may change at any time."""

    def __init__(self, path, compiler="cc"):
        library = os.path.join(path, "fault_shim.so")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library,
                        os.path.join(HERE, "fault_shim.c"), "-ldl"], check=True)
        self.file = os.path.join(path, "faults")
        self.environment = {"LD_PRELOAD": library, "FAULTS": self.file,
                            "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.set()

    def set(self, *lines):
        with open(self.file + ".new", "w") as file:
            file.write("\n".join(lines) + "\n")
        os.rename(self.file + ".new", self.file)


@contextlib.contextmanager
def small_disk(path, size):
    """A file system of `size` bytes, or None where none can be mounted."""
    os.mkdir(path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path],
                             capture_output=True)
    try:
        yield path if mounted.returncode == 0 else None
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", path], check=True)


def fill(path):
    """A file that takes all that is left."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
