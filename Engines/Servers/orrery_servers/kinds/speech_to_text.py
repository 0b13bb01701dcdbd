"""Speech → text by transformers: Whisper's kin, Moonshine, Kyutai's model and SeamlessM4T.

Library: transformers 4.57.6 (docs/source/en/model_doc/{whisper,moonshine,kyutai_speech_to_text,seamless_m4t_v2}.md).
"""

from __future__ import annotations

from typing import Any

from ..audio.cutting import pieces
from ..errors import invalid
from ..hugging import library, pretrained, source
from ..loading import require
from ..options import Options
from ..settings import Settings
from ..transcription import Segment, Transcript, Wish, routes  # noqa: F401
from ..worker import Work

_PIECE_SECONDS = 30


class Piecewise:
    """A model that takes short recordings: long ones are cut where it is quiet."""

    translates = False
    times = frozenset({"segment"})

    def __init__(self, model: Any, processor: Any, rate: int) -> None:
        self._model = model
        self._processor = processor
        self.sample_rate = rate

    def transcribe(self, samples: Any, wish: Wish, work: Work) -> Transcript:
        segments = []
        for start, piece in pieces(samples, self.sample_rate, _PIECE_SECONDS):
            work.check()
            with require("torch").inference_mode():
                said = self._hear(piece, wish).strip()
            if said:
                segments.append(Segment(round(start, 3), round(start + len(piece) / self.sample_rate, 3), said))
        return Transcript(" ".join(segment.text for segment in segments), wish.language, segments)

    def _hear(self, piece: Any, wish: Wish) -> str:
        raise NotImplementedError

    def _moved(self, inputs: Any) -> Any:
        return inputs.to(self._model.device, dtype=self._model.dtype)


class WhisperKin(Piecewise):
    """``WhisperForConditionalGeneration``: it says in which language, or finds it, and may translate where it was taught to."""

    translates = True

    def _hear(self, piece: Any, wish: Wish) -> str:
        inputs = self._moved(self._processor(piece, sampling_rate=self.sample_rate, return_tensors="pt", return_attention_mask=True))
        # A model of English alone refuses both words.
        said = {"task": wish.task, "language": wish.language} if getattr(self._model.generation_config, "is_multilingual", False) else {}
        try:
            made = self._model.generate(**inputs, **said, **_warmth(wish))
        except ValueError as error:
            if wish.language is not None and "language" in str(error).lower():
                raise invalid(f"'language' is '{wish.language}', which this model does not know; give an ISO 639-1 code such as en.", "language") from None
            raise
        return self._processor.batch_decode(made, skip_special_tokens=True)[0]


class Moonshine(Piecewise):
    """English; at most six and a half tokens a second, else it may repeat itself (the model's card)."""

    def _hear(self, piece: Any, wish: Wish) -> str:
        inputs = self._moved(self._processor(piece, sampling_rate=self.sample_rate, return_tensors="pt"))
        made = self._model.generate(**inputs, max_length=max(2, int(len(piece) / self.sample_rate * 6.5)))
        return self._processor.batch_decode(made, skip_special_tokens=True)[0]


class Kyutai(Piecewise):
    """24,000 samples a second; the text follows the speech, which the processor pads for."""

    def _hear(self, piece: Any, wish: Wish) -> str:
        inputs = self._moved(self._processor(piece))
        made = self._model.generate(**inputs)
        return self._processor.batch_decode(made, skip_special_tokens=True)[0]


class Seamless(Piecewise):
    """``SeamlessM4Tv2ForSpeechToText``: it must be told in which language to write; its codes have three letters."""

    translates = True
    _CODES = {
        "ar": "arb", "bn": "ben", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "en": "eng", "es": "spa", "et": "est", "fa": "pes", "fi": "fin",
        "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor", "mt": "mlt", "nl": "nld", "pl": "pol", "pt": "por",
        "ro": "ron", "ru": "rus", "sk": "slk", "sv": "swe", "sw": "swh", "te": "tel", "th": "tha", "tl": "tgl", "tr": "tur", "uk": "ukr", "ur": "urd", "uz": "uzn",
        "vi": "vie", "zh": "cmn",
    }  # fmt: skip

    def _hear(self, piece: Any, wish: Wish) -> str:
        language = "en" if wish.task == "translate" else wish.language
        if language is None:
            raise invalid("'language' is needed: this model does not find it by itself.", "language", "missing_required_parameter")
        inputs = self._moved(self._processor(audios=piece, sampling_rate=self.sample_rate, return_tensors="pt"))
        made = self._model.generate(**inputs, tgt_lang=self._CODES.get(language, language))
        return self._processor.decode(made[0].tolist(), skip_special_tokens=True)


def _warmth(wish: Wish) -> dict[str, Any]:
    return {} if not wish.temperature else {"do_sample": True, "temperature": wish.temperature}


_FAMILIES = {
    "moonshine": (Moonshine, "MoonshineForConditionalGeneration"),
    "kyutai_speech_to_text": (Kyutai, "KyutaiSpeechToTextForConditionalGeneration"),
    "seamless_m4t_v2": (Seamless, "SeamlessM4Tv2ForSpeechToText"),
}
"""By the ``model_type`` of a repository's configuration."""


def load(options: Options, _: Settings) -> Piecewise:
    transformers = library()
    config = transformers.AutoConfig.from_pretrained(options.model, **source(options))
    family, model_class = _FAMILIES.get(config.model_type, (WhisperKin, "AutoModelForSpeechSeq2Seq"))
    processor = transformers.AutoProcessor.from_pretrained(options.model, **source(options))
    model = pretrained(options, model_class, places=False)
    return family(model, processor, processor.feature_extractor.sampling_rate)
