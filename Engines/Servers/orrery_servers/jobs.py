"""Videos as jobs: /v1/videos and what is below it, in OpenAI's words and in those of Orrery's gateway; and /v1/videos/sync, which answers with the video.

Finished videos are files in ORRERY_JOBS_DIRECTORY. Jobs are known as long as the process lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from .errors import ApiError, Cancelled, invalid
from .fields import Fields
from .messages import Picture, data_of
from .web import Service, answer, read_json
from .worker import Work

_LONGEST_PROMPT = 32_000
_MEDIA_TYPE = "video/mp4"


@dataclass(frozen=True)
class Wish:
    prompt: str
    seconds: float | None
    size: tuple[int, int] | None
    fps: int | None
    frames: int | None
    steps: int | None
    guidance: float | None
    negative_prompt: str | None
    seed: int | None
    picture: Picture | None


@dataclass(frozen=True)
class Plan:
    """What is made of a wish."""

    frames: int
    fps: int
    width: int
    height: int


class Filmer(Protocol):
    """A model that makes videos."""

    def plan(self, wish: Wish) -> Plan:
        """:raises ApiError: 400, the model cannot do it."""

    def film(self, wish: Wish, plan: Plan, path: str, progress: Any, work: Work) -> None:
        """Writes the video to a file; says how far it is, as a share."""

    def size_of(self, fields: Fields) -> tuple[int, int] | None:
        """Width and height of ``resolution``, ``size`` and ``aspect_ratio``."""


class Job:
    def __init__(self, wish: Wish, plan: Plan, model: str, path: str) -> None:
        self.id = f"video_{uuid.uuid4().hex}"
        self.wish = wish
        self.plan = plan
        self.model = model
        self.path = path + f"/{self.id}.mp4"
        self.created = int(time.time())
        self.work: Work | None = None
        self.status = "queued"
        self.progress = 0
        self.finished: int | None = None
        self.error: ApiError | None = None

    @property
    def is_finished(self) -> bool:
        return self.status in ("completed", "failed")

    def finish(self, status: str, error: ApiError | None = None) -> None:
        self.status, self.error, self.finished = status, error, int(time.time())
        if status == "completed":
            self.progress = 100

    def shown(self, keep_seconds: int) -> dict[str, Any]:
        told = None if self.error is None else {"code": self.error.code, "message": self.error.message}
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": self.status,
            "progress": self.progress,
            "created_at": self.created,
            "completed_at": self.finished if self.status == "completed" else None,
            "expires_at": self.finished + keep_seconds if self.finished and self.status == "completed" else None,
            "prompt": self.wish.prompt,
            "size": f"{self.plan.width}x{self.plan.height}",
            "seconds": f"{self.plan.frames / self.plan.fps:.3f}".rstrip("0").rstrip("."),
            "error": told,
        }


class Jobs:
    """All jobs of a process, and their files."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._jobs: dict[str, Job] = {}
        os.makedirs(service.settings.jobs_directory, exist_ok=True)
        # A folder of this process: what another left there is not ours to delete or to show.
        self.directory = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=service.settings.jobs_directory)
        self._watchers: set[asyncio.Task[None]] = set()

    def start(self, wish: Wish, plan: Plan, model: str) -> Job:
        self.sweep()
        job = Job(wish, plan, model, self.directory)
        filmer: Filmer = self._service.worker.model
        job.work = self._service.worker.submit(lambda work: _film(filmer, job, work))
        self._jobs[job.id] = job
        watcher = asyncio.create_task(self._watch(job))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        return job

    async def _watch(self, job: Job) -> None:
        assert job.work is not None
        try:
            await job.work.result
            job.finish("completed")
        except ApiError as error:
            job.finish("failed", error)
        except Cancelled:
            job.finish("failed", ApiError(503, "It was given up: the server was stopped, or the job deleted.", "cancelled"))
        if job.status != "completed":
            with contextlib.suppress(FileNotFoundError):
                os.unlink(job.path)

    def all(self) -> list[Job]:
        self.sweep()
        return sorted(self._jobs.values(), key=lambda job: job.created)

    def find(self, id: str) -> Job:
        self.sweep()
        if id not in self._jobs:
            raise ApiError(404, f"There is no video '{id[:100]}' here: it never was, it is older than {self._service.settings.jobs_keep_seconds} seconds, or the server was started anew.", "video_not_found")
        return self._jobs[id]

    def delete(self, job: Job) -> None:
        if job.work is not None:
            job.work.cancel()
        self._jobs.pop(job.id, None)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(job.path)

    def sweep(self) -> None:
        """What is too old, and the oldest of what is too many."""
        finished = sorted((job for job in self._jobs.values() if job.is_finished), key=lambda job: job.finished or 0)
        latest = time.time() - self._service.settings.jobs_keep_seconds
        too_many = len(finished) - self._service.settings.jobs_keep
        for number, job in enumerate(finished):
            if number < too_many or (job.finished or 0) < latest:
                self.delete(job)

    def close(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def _film(filmer: Filmer, job: Job, work: Work) -> None:
    job.status = "in_progress"

    def progress(share: float) -> None:
        job.progress = max(job.progress, min(99, int(share * 100)))

    filmer.film(job.wish, job.plan, job.path, progress, work)


def routes(service: Service) -> list[Route]:
    jobs = Jobs(service)
    service.on_close.append(jobs.close)
    keep = service.settings.jobs_keep_seconds

    async def read(request: Request) -> tuple[Wish, Plan, str]:
        service.worker.admit()
        fields = await read_json(request)
        service.check_model(fields)
        wish = _wish(fields, service.worker.model)
        return wish, service.worker.model.plan(wish), fields.text("model") or service.options.name

    async def create(request: Request) -> Response:
        return JSONResponse(jobs.start(*await read(request)).shown(keep))

    async def make(request: Request) -> Response:
        wish, plan, model = await read(request)
        job = Job(wish, plan, model, jobs.directory)
        try:
            await answer(service, request, lambda work: _film(service.worker.model, job, work))
            video = await asyncio.to_thread(_content, job.path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(job.path)
        return Response(video, media_type=_MEDIA_TYPE)

    async def show_all(_: Request) -> Response:
        shown = [job.shown(keep) for job in jobs.all()]
        return JSONResponse({"object": "list", "data": shown, "has_more": False})

    async def show(request: Request) -> Response:
        return JSONResponse(jobs.find(request.path_params["id"]).shown(keep))

    async def delete(request: Request) -> Response:
        job = jobs.find(request.path_params["id"])
        jobs.delete(job)
        return JSONResponse({"id": job.id, "object": "video.deleted", "deleted": True})

    async def content(request: Request) -> Response:
        job = jobs.find(request.path_params["id"])
        if request.query_params.get("variant", "video") != "video":
            raise invalid("This server has the video itself only ('variant' video).", "variant", "unsupported_value")
        if job.status != "completed":
            raise ApiError(409, f"The video is {job.status}; its content is there when it is completed.", "video_not_ready")
        return FileResponse(job.path, media_type=_MEDIA_TYPE)

    return [
        Route("/v1/videos/sync", make, methods=["POST"]),
        Route("/v1/videos", create, methods=["POST"]),
        Route("/v1/videos", show_all, methods=["GET"]),
        Route("/v1/videos/{id}/content", content, methods=["GET"]),
        Route("/v1/videos/{id}", show, methods=["GET"]),
        Route("/v1/videos/{id}", delete, methods=["DELETE"]),
    ]


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _wish(fields: Fields, model: Filmer) -> Wish:
    return Wish(
        fields.needed_text("prompt", _LONGEST_PROMPT),
        _seconds(fields),
        model.size_of(fields),
        fields.integer("fps", None, 1, 60),
        fields.integer("num_frames", None, 1, 10_000),
        fields.integer("num_inference_steps", None, 1, 200),
        fields.number("guidance_scale", None, 0, 50),
        fields.text("negative_prompt", None, _LONGEST_PROMPT),
        fields.integer("seed", None, 0, 2**63 - 1),
        _picture(fields),
    )


def _seconds(fields: Fields) -> float | None:
    """``duration`` from the gateway, ``seconds`` (a text) from OpenAI's clients."""
    name = "duration" if fields.has("duration") else "seconds"
    if isinstance(fields.raw(name), str):
        return Fields({name: fields.raw(name)}, is_form=True).number(name, None, 0.01, 3600)
    return fields.number(name, None, 0.01, 3600)


def _picture(fields: Fields) -> Picture | None:
    given = fields.raw("input_reference")
    if given is None:
        return None
    url = given.get("image_url") if isinstance(given, dict) else given
    if isinstance(url, dict):
        url = url.get("url")
    return Picture(data_of(url, "input_reference.image_url", "image"), "input_reference.image_url")
