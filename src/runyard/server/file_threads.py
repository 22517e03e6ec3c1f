"""Threads that wait for disks and buckets."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

FILE_THREADS = 16
"""Their own, so that nothing else of the server waits behind a slow disk."""

_FILES = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="runyard-files")

T = TypeVar("T")


async def in_file_thread(function: Callable[..., T], *arguments: Any) -> T:
    """The function's result. Who is cancelled meanwhile still waits: the file must not be closed under the thread."""
    future = asyncio.get_running_loop().run_in_executor(_FILES, function, *arguments)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
