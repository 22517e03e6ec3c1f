"""Threads that wait for disks and buckets."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

FILE_THREADS = 16
"""Threads of their own, so that nothing else waits for a slow disk."""

_FILES = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="runyard-files")

T = TypeVar("T")


async def in_file_thread(function: Callable[..., T], *arguments: Any) -> T:
    """The function's result. A cancelled caller still waits: the file must not be closed while the thread uses it."""
    future = asyncio.get_running_loop().run_in_executor(_FILES, function, *arguments)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
