"""Errors as OpenAI's API tells them."""

from __future__ import annotations

from starlette.responses import JSONResponse


class ApiError(Exception):
    """What a client is told in place of an answer. Its message says what was wrong and what to do."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.retry_after = retry_after

    @property
    def body(self) -> dict:
        kind = "server_error" if self.status >= 500 else "rate_limit_error" if self.status == 429 else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return JSONResponse(self.body, self.status, headers)


def invalid(message: str, param: str | None = None, code: str = "invalid_value") -> ApiError:
    """The request cannot be meant as it is."""
    return ApiError(400, message, code, param)


def too_large(limit: int) -> ApiError:
    return ApiError(413, f"The body is larger than {limit} bytes, which is all this server takes (ORRERY_MAX_BODY_BYTES).", "request_too_large")


class Cancelled(Exception):
    """Nobody waits for the answer any more."""


class LoadError(Exception):
    """Why a model cannot be served, in one sentence with its remedy."""
