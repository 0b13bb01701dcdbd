"""What every server's HTTP has: the four paths of operators, bounds, errors, and answers that end when their client leaves."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any, AsyncGenerator, Awaitable, Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import VERSION
from .errors import ApiError, Cancelled, invalid, too_large
from .fields import Fields
from .metrics import Metrics
from .options import Options
from .settings import Settings
from .worker import ModelWorker, Work, as_api_error

log = logging.getLogger("orrery_servers")


class Service:
    """A program that runs: its model, its queue and how it is."""

    def __init__(self, program: str, options: Options, settings: Settings) -> None:
        self.program = program
        self.options = options
        self.settings = settings
        self.metrics = Metrics(options.name)
        self.worker: ModelWorker = None  # type: ignore[assignment] # set by the program before it serves
        self.is_draining = False
        self.failure: str | None = None
        self.requests = 0
        self.on_close: list[Callable[[], None]] = []
        """What is done when the process ends."""
        self.started = int(time.time())

    def check_model(self, fields: Fields) -> None:
        """The model of a request must be the one that is served; without one, it is meant."""
        model = fields.text("model")
        if model is not None and model not in self.options.names:
            raise ApiError(404, f"The model '{model[:100]}' is not served here; this server has {', '.join(self.options.names)}.", "model_not_found", "model")


def application(service: Service, routes: Sequence[Route]) -> Callable[..., Awaitable[None]]:
    """The routes of a program with what all have around them."""
    own = [
        Route("/health", _health(service), methods=["GET"]),
        Route("/version", _version(service), methods=["GET"]),
        Route("/metrics", _metrics(service), methods=["GET"]),
        Route("/v1/models", _models(service), methods=["GET"]),
        Route("/v1/models/{model:path}", _model(service), methods=["GET"]),
    ]
    paths = list(dict.fromkeys(route.path for route in routes))
    handlers = {ApiError: _told, Cancelled: _left, HTTPException: _no_such(service, paths), Exception: _failed}
    app = Starlette(routes=[*own, *routes], exception_handlers=handlers)
    return BodyLimit(Doorkeeper(app, service), service.settings.max_body_bytes)


async def read_json(request: Request) -> Fields:
    body = await request.body()
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"The body is no JSON: {str(error)[:200]}.", code="invalid_json") from None
    if not isinstance(values, dict):
        raise invalid("The body is JSON, but no object.", code="invalid_json")
    if b"\\ud" in body.lower() and not _is_text(values):
        raise invalid("The body has half a character (a surrogate without its other half) in a text.", code="invalid_json")
    return Fields(values)


def _is_text(values: Any) -> bool:
    """Whether all texts can be written as UTF-8: tokenizers fail where they cannot."""
    try:
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


async def read_form(request: Request) -> FormData:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise invalid("This takes a form (Content-Type: multipart/form-data).", code="invalid_content_type")
    try:
        return await request.form()
    except ApiError:
        raise
    except Exception as error:  # The parser's own errors differ from version to version.
        said = error.detail if isinstance(error, HTTPException) else error
        raise invalid(f"The form cannot be read: {str(said)[:200]}.", code="invalid_form") from None


async def answer(service: Service, request: Request, function: Callable[[Work], Any]) -> Any:
    """Has work done, and gives it up when the client leaves."""
    work = service.worker.submit(function)
    gone = asyncio.create_task(until_gone(request.receive))
    try:
        await asyncio.wait([work.result, gone], return_when=asyncio.FIRST_COMPLETED)
        if not work.result.done():
            raise Cancelled
        return work.result.result()
    finally:
        work.cancel()
        gone.cancel()


async def until_gone(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
    """Returns when the client has left. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Streamed(Response):
    """An answer that is sent as it is made. Its first part is waited for, so that what fails before is an error as any other."""

    def __init__(self, work: Work, parts: AsyncGenerator[bytes, None], media_type: str, on_error: Callable[[ApiError], bytes] | None = None) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.headers["Cache-Control"] = "no-cache"
        self.headers["X-Accel-Buffering"] = "no"
        self._work = work
        self._parts = parts
        self._on_error = on_error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        gone = asyncio.create_task(until_gone(receive))
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait([gone, sending], return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            self._work.cancel()
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
            await self._parts.aclose()

    async def _send(self, send: Any) -> None:
        first = await anext(self._parts, b"")
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        try:
            async for part in self._parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except (ApiError, Cancelled) as error:
            if self._on_error is None:
                raise  # The connection is cut: only so does a client see that its file is not whole.
            told = error if isinstance(error, ApiError) else stopping()
            await send({"type": "http.response.body", "body": self._on_error(told), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def stopping() -> ApiError:
    return ApiError(503, "The server is being stopped; ask again, another may answer.", "server_stopping", retry_after=1)


class BodyLimit:
    """Refuses bodies that are too large, whether they say their length or not."""

    def __init__(self, app: Any, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"")
        if said.isdigit() and int(said) > self._limit:
            await too_large(self._limit).response()(scope, receive, send)
            return
        seen = 0

        async def counted() -> Mapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise too_large(self._limit)
            return message

        await self._app(scope, counted, send)


class Doorkeeper:
    """Counts requests, measures them, and lets none in while the server is being stopped."""

    def __init__(self, app: Any, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        if self._service.is_draining:
            await stopping().response()(scope, receive, send)
            return
        status, started = 0, time.monotonic()

        async def watched(message: Mapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._service.metrics.observe("first_token", time.monotonic() - started)
            await send(message)

        self._service.requests += 1
        try:
            await self._app(scope, receive, watched)
        finally:
            self._service.requests -= 1
            self._service.metrics.add("success" if 200 <= status < 300 else "failure")
            self._service.metrics.observe("latency", time.monotonic() - started)


def _health(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def health(_: Request) -> Response:
        if service.failure is not None:
            return JSONResponse({"status": "error", "message": service.failure}, 503)
        if service.is_draining:
            return JSONResponse({"status": "stopping"}, 503)
        if not service.worker.is_ready:
            return JSONResponse({"status": "loading"}, 503, {"Retry-After": "5"})
        return JSONResponse({"status": "ok"})

    return health


def _version(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def version(_: Request) -> Response:
        return JSONResponse({"version": VERSION, "server": service.program})

    return version


def _metrics(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def metrics(_: Request) -> Response:
        return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4")

    return metrics


def _shown(service: Service, name: str) -> dict:
    shown = {"id": name, "object": "model", "created": service.started, "owned_by": "orrery", "root": service.options.model, "parent": None}
    longest = getattr(service.worker.model, "max_length", None)
    return shown if longest is None else {**shown, "max_model_len": longest}


def _models(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_shown(service, name) for name in service.options.names]})

    return models


def _model(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def model(request: Request) -> Response:
        name = request.path_params["model"]
        service.check_model(Fields({"model": name}))
        return JSONResponse(_shown(service, name))

    return model


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


async def _left(_: Request, __: Exception) -> Response:
    """Nobody reads it, unless the work was given up because the server stops."""
    return stopping().response()


async def _failed(_: Request, error: Exception) -> Response:
    return as_api_error(error).response()


def _no_such(service: Service, paths: Sequence[str]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def no_such(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            message = f"The server '{service.program}' has no {request.url.path[:100]}; it has {', '.join(paths)}."
            return ApiError(404, message, "unsupported_operation").response()
        if error.status_code == 405:
            return ApiError(405, f"{request.url.path[:100]} does not take {request.method}.", "method_not_allowed").response()
        return ApiError(error.status_code, str(error.detail)[:200], "invalid_request").response()

    return no_such
