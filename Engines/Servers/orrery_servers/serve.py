"""Runs a program: listens, loads the model meanwhile, and stops in an orderly way."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import socket
import sys
from typing import Any, Callable, Sequence

import uvicorn
from starlette.routing import Route

from .errors import LoadError
from .web import Service, application
from .loading import explain
from .options import Options
from .settings import Settings
from .worker import ModelWorker

log = logging.getLogger("orrery_servers")

_KEEP_ALIVE_SECONDS = 75
"""Longer than a gateway keeps an idle connection, so that it is the gateway who closes it."""


def run(program: str, options: Options, load: Callable[[Options, Settings], Any], routes: Callable[[Service], Sequence[Route]]) -> None:
    """Serves until SIGTERM or SIGINT, and ends the process: 0, or 1 where the model cannot be served."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings.read()
    listener = _listen(options)
    service = Service(program, options, settings)
    code = asyncio.run(_serve(service, load, routes, listener))
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread that is inside a library cannot be joined, and an interpreter that ends around it may crash.
    os._exit(code)


async def _serve(service: Service, load: Callable[[Options, Settings], Any], routes: Callable[[Service], Sequence[Route]], listener: socket.socket) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def broken(error: BaseException, was_loading: bool) -> None:
        service.failure = explain(error, service.options) if was_loading else "The GPU failed, and nothing works in this process any more: it ends; let it be started anew, and look at the GPU if that happens again."
        if not isinstance(error, LoadError):
            log.error("%s", service.failure, exc_info=error)
        sys.stderr.write(f"{service.program}: {service.failure}\n")  # Not print: it writes the end of the line by itself, and another thread may write between.
        sys.stderr.flush()
        loop.call_soon_threadsafe(stop.set)

    service.worker = ModelWorker(lambda: load(service.options, service.settings), service.settings.max_waiting, service.metrics, broken)
    app = application(service, routes(service))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=_KEEP_ALIVE_SECONDS)
    server = Server(config)
    _import_all(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, server, service, stop)
    service.worker.start()
    host, port = listener.getsockname()[:2]
    print(f"{service.program}: listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait([serving, stopped := asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if service.failure is None:
        await _drain(service)
    server.should_exit = True
    loop.call_later(2, setattr, server, "force_exit", True)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    for close in service.on_close:
        close()
    return 0 if service.failure is None else 1


def _on_signal(server: Server, service: Service, stop: asyncio.Event) -> None:
    """The first begins an orderly end; a second waits for nothing."""
    if service.is_draining:
        service.worker.cancel_all()
        server.should_exit = server.force_exit = True
    service.is_draining = True
    stop.set()


async def _drain(service: Service) -> None:
    """What was begun may end, for a while; then it is given up."""
    service.is_draining = True
    loop = asyncio.get_running_loop()
    deadline = loop.time() + service.settings.drain_seconds
    while (service.requests or service.worker.active) and loop.time() < deadline:
        await asyncio.sleep(0.05)
    service.worker.cancel_all()
    deadline = loop.time() + 1
    while service.requests and loop.time() < deadline:
        await asyncio.sleep(0.05)


def _import_all(config: uvicorn.Config) -> None:
    """What the web server's libraries import when they first need it. The model's thread imports too, and two threads that meet in a circle of imports see halves of modules."""
    config.load()
    for module in ("anyio._backends._asyncio", "numpy", "PIL.Image"):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(module)


class Server(uvicorn.Server):
    """Signals are ours: uvicorn would close its doors at once, and tell nobody why."""

    def install_signal_handlers(self) -> None:
        pass

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def] # newer versions' name for the same
        yield


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as error:
        sys.exit(f"Cannot listen on {options.host}:{options.port}: {error.strerror}; give another --host or --port.")
    listener.listen(512)  # From now on nobody is refused: who comes early waits.
    return listener
