"""What this machine is: its processor, its memory and its GPUs. Nothing is started and no driver is loaded to tell.

Standard library only.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

_PROCESSOR = re.compile(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", re.MULTILINE)
_SYSTEM = re.compile(r'^PRETTY_NAME="?([^"\n]+)', re.MULTILINE)
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_NVIDIA = Path("/proc/driver/nvidia/gpus")
_MODEL = re.compile(r"^Model:\s*(.+?)\s*$", re.MULTILINE)


def host() -> str:
    """The machine's name."""
    return os.uname().nodename


def system() -> str:
    """The operating system, such as ``Debian GNU/Linux 12 (Linux 6.18.44 x86_64, glibc 2.36)``.

    `platform.platform` starts a program to tell, which a program that waits for its children would meet.
    """
    kernel = os.uname()
    parts = [f"{kernel.sysname} {kernel.release} {kernel.machine}"]
    with suppress(ValueError, OSError):
        parts.append(os.confstr("CS_GNU_LIBC_VERSION") or "")
    name = ""
    with suppress(OSError):
        found = _SYSTEM.search(Path("/etc/os-release").read_text(encoding="utf-8", errors="replace"))
        name = found[1] if found else ""
    known = ", ".join(filter(None, parts))
    return f"{name} ({known})" if name else known


def processor() -> str:
    """The processor's name, or else its kind."""
    with suppress(OSError):
        found = _PROCESSOR.search(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
        if found is not None:
            return found[1].strip()
    return os.uname().machine


def cores() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not every system has it
        return os.cpu_count() or 0


def memory() -> int:
    """Bytes of memory, of the container if it has less than the machine; 0 where that is not known."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
    for limit in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):
            whole = min(whole, int(Path(limit).read_text(encoding="ascii")))
    return max(whole, 0)


def gpus() -> list[str]:
    """The names of NVIDIA's GPUs, as their driver tells them on Linux."""
    found = []
    with suppress(OSError):
        for folder in sorted(_NVIDIA.iterdir()):
            model = _MODEL.search((folder / "information").read_text(encoding="utf-8", errors="replace"))
            found.append(model[1] if model else "NVIDIA")
    return found
