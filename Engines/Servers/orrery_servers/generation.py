"""A text that is being made: what has come, where it must stop, and why it stopped. No library's words are in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Sequence

from .errors import ApiError, invalid
from .fields import Fields
from .worker import Work

_MOST = 2**31 - 1


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen. What is ``None`` is the model's own choice."""

    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    repetition_penalty: float | None
    seed: int | None
    stop: tuple[str, ...]

    @staticmethod
    def read(fields: Fields) -> Sampling:
        newer = fields.integer("max_completion_tokens", None, 1, _MOST)
        return Sampling(
            newer if newer is not None else fields.integer("max_tokens", None, 1, _MOST),
            fields.number("temperature", None, 0, 2),
            fields.number("top_p", None, 0, 1),
            fields.integer("top_k", None, -1, _MOST),
            fields.number("repetition_penalty", None, 0.01, 10),
            fields.integer("seed", None, -(2**63), 2**63 - 1),
            tuple(text for text in fields.texts("stop", 16) if text),
        )

    @property
    def is_greedy(self) -> bool:
        return self.temperature is not None and self.temperature < 1e-5


def room(prompt_tokens: int, wanted: int | None, longest: int) -> int:
    """How many tokens an answer may have.

    :raises ApiError: 400 where the context is too short for the prompt, or for what is wanted besides.
    """
    if prompt_tokens >= longest:
        message = f"This model's maximum context length is {longest} tokens, and the messages have {prompt_tokens}; shorten them."
        raise ApiError(400, message, "context_length_exceeded", "messages")
    if wanted is not None and prompt_tokens + wanted > longest:
        message = f"This model's maximum context length is {longest} tokens: the messages have {prompt_tokens} and {wanted} are asked for; at most {longest - prompt_tokens} are left."
        raise ApiError(400, message, "context_length_exceeded", "max_tokens")
    return wanted if wanted is not None else longest - prompt_tokens


@dataclass
class Answer:
    """Where the model's thread writes an answer. Stop strings end it; what may be the beginning of one is held back."""

    work: Work
    stop: Sequence[str] = ()
    prompt_tokens: int = 0
    tokens: int = 0
    finish_reason: str = "stop"
    is_stopped: bool = False
    _held: str = field(default="", repr=False)

    def begin(self, prompt_tokens: int) -> None:
        self.prompt_tokens = prompt_tokens

    @property
    def is_over(self) -> bool:
        """Whether nothing more is wanted: to be asked after every token."""
        return self.is_stopped or self.work.is_cancelled

    def add(self, text: str, tokens: int) -> None:
        """Some text, which took so many tokens since the last."""
        if self.is_stopped:
            return
        self.tokens += tokens
        self._held += text
        found = [at for at in (self._held.find(stop) for stop in self.stop) if at >= 0]
        if found:
            self._held = self._held[: min(found)]
            self.is_stopped = True
        free = len(self._held) - (0 if self.is_stopped else self._possible_stop())
        if free > 0 or tokens > 0:
            self.work.emit((self._held[:free], self.tokens))
        self._held = self._held[free:]

    def end(self, reason: str) -> None:
        """What is held back is no stop string after all."""
        if self._held:
            self.work.emit((self._held, self.tokens))
            self._held = ""
        self.finish_reason = "stop" if self.is_stopped else reason

    def _possible_stop(self) -> int:
        longest = max((len(stop) for stop in self.stop), default=0) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self.stop):
                return length
        return 0


def refuse_what_is_not_done(fields: Fields) -> None:
    """What would be answered wrongly if it were ignored."""
    if (number := fields.integer("n", 1, 1)) != 1:
        raise invalid(f"'n' is {number}; this server makes one answer a request.", "n", "unsupported_value")
    if fields.raw("tools") and fields.raw("tool_choice") != "none":
        raise invalid("This server does not read tool calls out of answers; leave out 'tools', or set 'tool_choice' to none.", "tools", "unsupported_parameter")
    if (shape := fields.object("response_format").text("type", "text")) != "text":
        raise invalid(f"'response_format' is {str(shape)[:40]}; this server cannot hold a model to a format.", "response_format", "unsupported_value")
    if fields.boolean("logprobs"):
        raise invalid("This server gives no logprobs.", "logprobs", "unsupported_parameter")


def one_line(value: Any, longest: int = 200) -> str:
    return " ".join(str(value).split())[:longest]
