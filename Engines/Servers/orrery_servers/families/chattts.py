"""ChatTTS (2Noise/ChatTTS).

Library: ChatTTS 0.2.5 (2noise/ChatTTS@6f43e01 ChatTTS/core.py: ``Chat.load``, ``infer``, ``sample_random_speaker``, ``InferCodeParams``). It has no voices by name: each number makes
one, always the same.
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..errors import LoadError
from ..loading import device_of, files_of, require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_VOICES = 20
_LONGEST_TEXT = 300


class ChatTts(Spoken):
    def __init__(self, library: Any, chat: Any) -> None:
        voices = [f"voice-{number}" for number in range(1, _VOICES + 1)]
        super().__init__(24000, voices, "voice-2", has_speed=True)
        self._library = library
        self._chat = chat
        self._made: dict[str, str] = {}

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        how = self._library.Chat.InferCodeParams(prompt=f"[speed_{_speed(wish.speed)}]", spk_emb=self._speaker(wish.voice), show_tqdm=False, manual_seed=wish.seed)
        before = self._library.Chat.RefineTextParams(show_tqdm=False, manual_seed=wish.seed)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            for samples in self._chat.infer([text], params_refine_text=before, params_infer_code=how):
                yield samples

    def _speaker(self, voice: str) -> str:
        if voice not in self._made:
            seed(self.voices.index(voice) + 1)
            self._made[voice] = self._chat.sample_random_speaker()
        return self._made[voice]


def _speed(speed: float) -> int:
    """It knows ten speeds; 5 is the usual one."""
    return max(0, min(9, round(5 * speed)))


def load(options: Options) -> ChatTts:
    library = require("ChatTTS")
    torch = require("torch")
    chat = library.Chat()
    if not chat.load(source="custom", custom_path=files_of(options), compile=False, device=torch.device(device_of(options))):
        raise LoadError(f"ChatTTS does not take the files of '{options.model}' (revision {options.revision or 'main'}): they are not those that this version of the library knows.")
    return ChatTts(library, chat)
