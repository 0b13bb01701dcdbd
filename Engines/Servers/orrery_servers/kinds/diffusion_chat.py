"""Chat by a model that fills in masked tokens in place of writing one after another (LLaDA).

Model: GSAI-ML/LLaDA-8B-Instruct, by its own code (``AutoModel``, transformers 4.38.2). The sampling follows "Large Language Diffusion Models"
(arXiv:2502.09992): per block, the surest of the predicted tokens stay and the others are masked again; noise after arXiv:2409.02908. Looked up in
ML-GSAI/LLaDA@41760b9 generate.py.
"""

from __future__ import annotations

from typing import Any

from ..chat import Dialogue, routes  # noqa: F401
from ..generation import Answer, room
from ..hugging import library, max_length, pretrained, source, templated
from ..loading import require
from ..options import Options
from ..settings import Settings

_MASK = 126336
_BLOCK = 32
_USUAL_LENGTH = 256


class DiffusionChat:
    takes_pictures = False

    def __init__(self, model: Any, tokenizer: Any, length: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        torch = require("torch")
        messages = [{"role": message.role, "content": message.text} for message in dialogue.messages]
        text = templated(self._tokenizer.apply_chat_template, messages, tokenize=False)
        prompt = torch.tensor([self._tokenizer(text)["input_ids"]], device=self._model.device)
        left = room(prompt.shape[1], dialogue.sampling.max_tokens, self.max_length)
        wanted = dialogue.sampling.max_tokens or min(_USUAL_LENGTH, left)
        to.begin(prompt.shape[1])
        if dialogue.sampling.seed is not None:
            torch.manual_seed(dialogue.sampling.seed)
        self._write(prompt, wanted, dialogue.sampling.temperature or 0.0, to)

    def _write(self, prompt: Any, wanted: int, temperature: float, to: Answer) -> None:
        """Block by block, so that what is done can be sent."""
        torch = require("torch")
        blocks = -(-wanted // _BLOCK)
        # The length is fixed in advance: the model sees the masks of all blocks.
        room_for = torch.full((1, min(blocks * _BLOCK, self.max_length - prompt.shape[1])), _MASK, dtype=torch.long, device=prompt.device)
        tokens = torch.cat([prompt, room_for], dim=1)
        ends, said, count = self._ends(), "", 0
        for start in range(prompt.shape[1], prompt.shape[1] + wanted, _BLOCK):
            end = min(start + _BLOCK, tokens.shape[1])
            self._fill(tokens, start, end, temperature, to)
            if to.is_over:
                break
            made = tokens[0, prompt.shape[1] : min(end, prompt.shape[1] + wanted)].tolist()
            over = next((i for i, token in enumerate(made) if token in ends), None)
            made = made if over is None else made[:over]
            text = self._tokenizer.decode(made, skip_special_tokens=True)
            to.add(text[len(said) :], len(made) - count)
            said, count = text, len(made)
            if over is not None:
                to.end("stop")
                return
        to.end("stop" if to.is_over else "length")

    def _fill(self, tokens: Any, start: int, end: int, temperature: float, to: Answer) -> None:
        """Replaces the masks between ``start`` and ``end``, one a step: the surest first."""
        torch = require("torch")
        with torch.no_grad():
            for _ in range(end - start):
                if to.is_over:
                    return
                logits = self._model(tokens).logits[0, start:end].to(torch.float64)
                guess = torch.argmax(_noised(torch, logits, temperature), dim=-1)
                sure = torch.gather(torch.softmax(logits, dim=-1), -1, guess.unsqueeze(-1)).squeeze(-1)
                open_ = tokens[0, start:end] == _MASK
                best = int(torch.argmax(torch.where(open_, sure, torch.full_like(sure, -1.0))))
                tokens[0, start + best] = guess[best]

    def _ends(self) -> set[int]:
        ends = (self._tokenizer.eos_token_id, *(self._tokenizer.convert_tokens_to_ids(word) for word in ("<|eot_id|>", "<|endoftext|>")))
        return {token for token in ends if token is not None}


def _noised(torch: Any, logits: Any, temperature: float) -> Any:
    """Gumbel noise in 64 bits: in fewer, quality suffers."""
    if temperature <= 0:
        return logits
    noise = torch.rand_like(logits).clamp_min(1e-300)
    return logits.exp() / (-torch.log(noise)) ** temperature


def load(options: Options, _: Settings) -> DiffusionChat:
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModel", places=False)
    return DiffusionChat(model, tokenizer, max_length(options, model.config, tokenizer))
