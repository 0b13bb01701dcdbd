"""The one thread that owns the model, and the bounded queue before it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import deque
from typing import Any, AsyncGenerator, Callable

from .errors import ApiError, Cancelled
from .metrics import Metrics

log = logging.getLogger("orrery_servers")

_END = object()


class Work:
    """Something the model is asked to do. The worker's thread sends what it makes by ``emit``; the event loop reads it."""

    def __init__(self, function: Callable[[Work], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.function = function
        self.result: asyncio.Future[Any] = loop.create_future()
        self._loop = loop
        self._items: asyncio.Queue[Any] = asyncio.Queue()
        self._cancelled = threading.Event()
        self.created = time.monotonic()
        self.sink: Callable[[Any], None] | None = None
        """Where parts go, in the worker's thread, if nobody reads them one by one."""
        # Nobody may be waiting when it fails.
        self.result.add_done_callback(lambda done: done.cancelled() or done.exception())

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """The model's code sees it the next time it looks."""
        self._cancelled.set()

    def check(self) -> None:
        """Ends the work where nobody waits for it any more. To be called between steps."""
        if self._cancelled.is_set():
            raise Cancelled

    def emit(self, item: Any) -> None:
        """From the worker's thread: a part of the answer."""
        if self.sink is not None:
            self.sink(item)
        else:
            self._call(self._items.put_nowait, item)

    async def items(self) -> AsyncGenerator[Any, None]:
        """The parts, as they come; then the error, if there was one."""
        while (item := await self._items.get()) is not _END:
            yield item
        await self.result

    def finish(self, result: Any = None, error: BaseException | None = None) -> None:
        self._call(self._finish, result, error)

    def _finish(self, result: Any, error: BaseException | None) -> None:
        if not self.result.done():
            if error is not None:
                self.result.set_exception(error)
            else:
                self.result.set_result(result)
        self._items.put_nowait(_END)

    def _call(self, function: Callable[..., Any], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            pass  # The loop is closed: the process ends.


class ModelWorker:
    """Loads a model and does one piece of work after another with it, all in one thread: libraries and GPUs want it so."""

    def __init__(self, load: Callable[[], Any], max_waiting: int, metrics: Metrics, on_broken: Callable[[BaseException, bool], None]) -> None:
        self._load = load
        self._max_waiting = max_waiting
        self._metrics = metrics
        self._on_broken = on_broken
        """Is told what went wrong, and whether it was while loading."""
        self._waiting: deque[Work] = deque()
        self._running: Work | None = None
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.model: Any = None
        self.is_ready = False
        metrics.gauge("running", lambda: int(self._running is not None))
        metrics.gauge("waiting", lambda: len(self._waiting))

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name="model", daemon=True).start()

    @property
    def active(self) -> int:
        """Pieces of work that run or wait."""
        with self._changed:
            return len(self._waiting) + (self._running is not None)

    def submit(self, function: Callable[[Work], Any]) -> Work:
        """Hands work over.

        :raises ApiError: 503: the model is not there yet, or too many wait for it already.
        """
        self.admit()
        assert self._loop is not None
        work = Work(function, self._loop)
        with self._changed:
            self._waiting.append(work)
            self._changed.notify_all()
        return work

    def admit(self) -> None:
        """Whether :meth:`submit` would take something now: to be asked before a body is read and decoded.

        :raises ApiError: 503, as there.
        """
        if not self.is_ready:
            raise ApiError(503, "The model is being loaded; /health says when it is ready.", "model_loading", retry_after=5)
        with self._changed:
            self._drop_cancelled()
            if len(self._waiting) >= self._max_waiting and (self._running is not None or self._waiting):
                raise ApiError(503, f"{len(self._waiting)} requests wait for this model already; try again soon.", "server_overloaded", retry_after=2)

    def cancel_all(self) -> None:
        with self._changed:
            for work in [*self._waiting, *([self._running] if self._running else [])]:
                work.cancel()

    def _drop_cancelled(self) -> None:
        for work in [work for work in self._waiting if work.is_cancelled]:
            self._waiting.remove(work)
            work.finish(error=Cancelled())

    def _run(self) -> None:
        try:
            self.model = self._load()
        except BaseException as error:  # noqa: BLE001 - told to the program, which ends
            self._on_broken(error, True)
            return
        self.is_ready = True
        while True:
            work = self._next()
            started = time.monotonic()
            self._metrics.observe("queue_time", started - work.created)
            failed = self._do(work)
            self._metrics.observe("inference_time", time.monotonic() - started)
            with self._changed:
                self._running = None
            if failed is not None and is_fatal(failed):
                self.is_ready = False
                self._on_broken(failed, False)
                return

    def _next(self) -> Work:
        with self._changed:
            while True:
                self._drop_cancelled()
                if self._waiting:
                    self._running = self._waiting.popleft()
                    return self._running
                self._changed.wait()

    def _do(self, work: Work) -> BaseException | None:
        try:
            work.finish(work.function(work))
            return None
        except (ApiError, Cancelled) as error:
            work.finish(error=error)
            return None
        except BaseException as error:  # noqa: BLE001 - one piece of work must not end the thread
            log.exception("A request failed in the model's library.")
            work.finish(error=as_api_error(error))
            if is_out_of_memory(error):
                _free()
            return error


def _free() -> None:
    """Gives back what the library keeps of the GPU's memory, so that the next request finds it in one piece."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def as_api_error(error: BaseException) -> ApiError:
    """Says nothing of what the error says: it may hold a part of the prompt, or a path."""
    if is_out_of_memory(error):
        return ApiError(503, "The GPU has not enough free memory for this request; ask for less (a shorter text, fewer tokens, a smaller picture).", "out_of_memory", retry_after=1)
    return ApiError(500, f"The model's library failed with {type(error).__name__}; the server's log has the details.", "internal_error")


def is_out_of_memory(error: BaseException) -> bool:
    return type(error).__name__ in ("OutOfMemoryError", "MemoryError") or "out of memory" in str(error).lower()


def is_fatal(error: BaseException) -> bool:
    """After an error of the GPU itself nothing works in this process any more."""
    words = str(error)
    return not is_out_of_memory(error) and any(sign in words for sign in ("CUDA error", "CUDNN_STATUS_INTERNAL_ERROR", "device-side assert"))
