"""Where independent pieces of work are done: in this process, in processes of this machine, or by Dask on several.

Whatever does it, the results come in the order of the jobs and each is a function of its job alone; so sums over them are
taken in one order, and every engine with any number of workers gives the same bits.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any, Literal, TypeAlias, TypeVar

from forecast.errors import ConfigError

Name: TypeAlias = Literal["local", "dask"]
R = TypeVar("R")
CHUNKS = 4  # per worker: fewer and larger pieces cost less to send, more and smaller ones end together
WORKER_THREADS = 1


def each(
    work: Callable[..., R], jobs: Sequence[tuple[Any, ...]], *, workers: int = 1, engine: Name = "local"
) -> Iterator[R]:
    """work(*job) of every job, in their order; `work` and the jobs can be pickled. An error of one ends all.

    local: with one worker here, else in as many processes. dask: on the cluster that Dask's own settings name
    (`DASK_SCHEDULER_ADDRESS`), else in as many processes of this machine. ConfigError where Dask is not installed.
    """
    if engine == "dask":
        return _by_dask(work, jobs, workers)
    return _here(work, jobs, min(workers, len(jobs)))


def _here(work: Callable[..., R], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[R]:
    if workers <= 1:
        yield from (work(*job) for job in jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        yield from pool.map(work, *zip(*jobs, strict=True))


def _by_dask(work: Callable[..., R], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[R]:
    try:
        import dask
        from distributed import Client, LocalCluster, Security
    except ImportError:
        raise ConfigError(
            "The engine dask is not installed.",
            remedy="Install it with pip install 'forecall[scale]', or take --engine local.",
            field="engine",
        ) from None
    if not jobs:
        return
    with ExitStack() as held:
        address = dask.config.get("scheduler-address", None)
        if address is None:
            address = held.enter_context(_cluster(LocalCluster, Security, workers))
        connect: Any = Client
        client = held.enter_context(connect(address, set_as_default=False))
        size = max(1, -(-len(jobs) // (CHUNKS * _workers(client))))
        pieces = [list(jobs[at : at + size]) for at in range(0, len(jobs), size)]
        # scattered: data go straight to a worker, and not with the task through the scheduler
        futures = [
            client.submit(_piece, work, sent, pure=False) for sent in client.scatter(pieces, hash=False)
        ]
        for future in futures:
            yield from future.result()


def _cluster(local_cluster: Any, security: Any, workers: int) -> Any:
    """Processes of one thread each, for ourselves: on loopback, encrypted, and open to nobody without our certificate.

    No limit of memory: a worker that Dask restarts because it thinks it too large would do its work for ever.
    """
    return local_cluster(
        n_workers=workers,
        threads_per_worker=WORKER_THREADS,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        worker_dashboard_address=None,
        memory_limit=0,
        silence_logs=logging.ERROR,
        security=_certificate(security),
    )


def _certificate(security: Any) -> Any:
    """One for this cluster alone; None where the package that makes it (cryptography) is missing."""
    try:
        return security.temporary()
    except ImportError:
        return None


def _workers(client: Any) -> int:
    return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


def _piece(work: Callable[..., R], jobs: Sequence[tuple[Any, ...]]) -> list[R]:
    return [work(*job) for job in jobs]
