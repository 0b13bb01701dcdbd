"""What all kinds that run on transformers have in common.

Library: transformers 4.57.6 (huggingface/transformers; ``generate`` with ``streamer`` and ``stopping_criteria``), and 4.38 to 5.15 where an entry
names those. ``dtype`` was ``torch_dtype`` before 4.56.
"""

from __future__ import annotations

from typing import Any, Callable

from .errors import invalid
from .generation import Answer, Sampling, one_line, room
from .loading import device_of, dtype_of, require
from .options import Options

_FALLBACK_LENGTH = 4096


def library() -> Any:
    return require("transformers")


def pretrained(options: Options, auto_class: str, places: bool = True, **more: Any) -> Any:
    """A model, on its device and ready to answer.

    :param places: let the library spread it over the GPUs; code out of repositories seldom can.
    """
    transformers = library()
    device = device_of(options)
    known = {**source(options), dtype_name(transformers.__version__): dtype_of(options), **more}
    if options.own.get("attn_implementation"):
        known["attn_implementation"] = options["attn_implementation"]
    spread = places and device == "cuda"
    model = getattr(transformers, auto_class).from_pretrained(options.model, **known, **({"device_map": "auto"} if spread else {}))
    if not spread:
        model = model.to(device)
    return model.eval()


def source(options: Options) -> dict[str, Any]:
    return {"revision": options.revision or "main", "trust_remote_code": options.trust_remote_code}


def dtype_name(version: str) -> str:
    major, minor = (int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:2])
    return "dtype" if (major, minor) >= (4, 56) else "torch_dtype"


def max_length(options: Options, config: Any, tokenizer: Any = None) -> int:
    """Tokens that prompt and answer may have together."""
    if options.own.get("max_model_len"):
        return options["max_model_len"]
    inner = config.get_text_config() if hasattr(config, "get_text_config") else config
    for name in ("max_position_embeddings", "max_sequence_length", "n_positions", "seq_length"):
        if isinstance(known := getattr(inner, name, None), int) and known > 0:
            return known
    known = getattr(tokenizer, "model_max_length", None)
    return known if isinstance(known, int) and 0 < known < 10**9 else _FALLBACK_LENGTH


def templated(template: Callable[..., Any], messages: list[dict[str, Any]], **more: Any) -> Any:
    """The messages by the model's chat template.

    :raises ApiError: 400, the template does not take them (a role that it does not know, roles that do not alternate).
    """
    try:
        return template(messages, add_generation_prompt=True, **more)
    except Exception as error:
        if any(kind.__module__.startswith("jinja2") for kind in type(error).__mro__):
            raise invalid(f"The model's chat template does not take these messages: {one_line(error)}", "messages") from None
        if "chat_template" in str(error) or "chat template" in str(error):
            raise invalid("This model has no chat template; it cannot be asked by messages.", "messages", "unsupported_operation") from None
        raise


def generate(model: Any, inputs: dict[str, Any], decode: Callable[[list[int]], str], sampling: Sampling, to: Answer, longest: int, prompt_tokens: int, is_encoder_decoder: bool = False, **more: Any) -> None:
    """Makes an answer token by token.

    :param decode: tokens → their text, without special ones.
    :param is_encoder_decoder: the prompt is no part of what is made: the context holds the answer alone.
    """
    torch, transformers = require("torch"), library()
    allowed = min(sampling.max_tokens or longest, longest) if is_encoder_decoder else room(prompt_tokens, sampling.max_tokens, longest)
    to.begin(prompt_tokens)
    stream = _Stream(decode, to)

    class Over(transformers.StoppingCriteria):  # type: ignore[name-defined]
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            return torch.full((input_ids.shape[0],), to.is_over, dtype=torch.bool, device=input_ids.device)

    if sampling.seed is not None:
        torch.manual_seed(sampling.seed)
    with torch.inference_mode():
        model.generate(
            **inputs,
            max_new_tokens=allowed,
            streamer=stream,
            stopping_criteria=transformers.StoppingCriteriaList([Over()]),
            **choices(sampling),
            **more,
        )
    # What ends it besides the bound is a token that says so, or one of ours who stops it.
    is_full = stream.count >= allowed and stream.last not in end_tokens(model)
    to.end("length" if is_full else "stop")


def choices(sampling: Sampling) -> dict[str, Any]:
    """Sampling as ``generate`` has it. Beams cannot be streamed."""
    given: dict[str, Any] = {"num_beams": 1}
    if sampling.is_greedy:
        return {**given, "do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    if sampling.temperature is not None or sampling.top_p is not None or sampling.top_k is not None:
        given["do_sample"] = True
    for name in ("temperature", "top_p", "repetition_penalty"):
        if (value := getattr(sampling, name)) is not None:
            given[name] = value
    if given.get("top_p") == 0:
        given["top_p"] = 1e-6
    if sampling.top_k is not None:
        given["top_k"] = max(sampling.top_k, 0)  # -1 is vLLM's word for all of them.
    return given


def end_tokens(model: Any) -> set[int]:
    ends = getattr(model.generation_config, "eos_token_id", None)
    return set(ends) if isinstance(ends, (list, tuple)) else set() if ends is None else {ends}


class _Stream:
    """The library's streamer: the prompt comes first, then every token (``BaseStreamer``: ``put`` and ``end``)."""

    def __init__(self, decode: Callable[[list[int]], str], to: Answer) -> None:
        self._decode = decode
        self._to = to
        self._tokens: list[int] = []
        self._said = ""
        self._untold = 0
        self._is_prompt = True
        self.count = 0
        self.last: int | None = None

    def put(self, value: Any) -> None:
        if self._is_prompt:
            self._is_prompt = False
            return
        for token in value.reshape(-1).tolist():
            self._tokens.append(token)
            self.count += 1
            self._untold += 1
            self.last = token
        text = self._decode(self._tokens)
        if not text.endswith("\ufffd"):  # Else half a character, whose other half is in the next token.
            self._tell(text)

    def end(self) -> None:
        self._tell(self._decode(self._tokens))

    def _tell(self, text: str) -> None:
        self._to.add(text[len(self._said) :], self._untold)
        self._said, self._untold = text, 0
        if len(self._tokens) > 64 and text.endswith("\n"):
            self._tokens, self._said = [], ""  # So that long answers are not decoded anew with every token.
