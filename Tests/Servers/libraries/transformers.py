"""Stands in for transformers 4.57.6 (huggingface/transformers): what the kinds and families of the servers call of it, with its names.

A chat model repeats what it is told; ``repeat N word`` is answered with so many words. A token is a byte, so that a character may be half there.
"""

from __future__ import annotations

import re
import types

import numpy

import _library
import torch
from torch import Tensor

__version__ = "4.57.6"

_EOS, _FIRST = 1, 10


class TemplateError(Exception):
    """jinja2.exceptions.TemplateError."""

    __module__ = "jinja2.exceptions"


class StoppingCriteria:
    def __call__(self, input_ids, scores, **kwargs):
        raise NotImplementedError


class StoppingCriteriaList(list):
    pass


class GenerationConfig:
    def __init__(self, *, max_new_tokens, stop_strings=None, do_sample=False, temperature=None, top_p=None):
        self.max_new_tokens = max_new_tokens


class BatchEncoding(dict):
    def to(self, device, dtype=None):
        return self


def _encode(text):
    return [byte + _FIRST for byte in text.encode()]


def _decode(tokens):
    return bytes(token - _FIRST for token in tokens if token >= _FIRST).decode("utf-8", "replace")


def _batch(text):
    ids = _encode(text)
    return BatchEncoding(input_ids=Tensor([ids]), attention_mask=Tensor([[1] * len(ids)]))


def _source(pretrained_model_name_or_path, revision="main", trust_remote_code=False):
    _library.load()
    return pretrained_model_name_or_path.lower()


class _Config:
    def __init__(self, name):
        types_of = {"got-ocr": "got_ocr2", "molmo": "molmo", "moondream": "moondream1", "janus": "janus", "moonshine": "moonshine", "kyutai": "kyutai_speech_to_text", "seamless": "seamless_m4t_v2", "whisper": "whisper"}
        self.model_type = next((kind for part, kind in types_of.items() if part in name), "other")
        self.max_position_embeddings = 4096
        self.hidden_size = 4
        self.sampling_rate = 16000


class AutoConfig:
    @staticmethod
    def from_pretrained(pretrained_model_name_or_path, *, revision="main", trust_remote_code=False):
        return _Config(_source(pretrained_model_name_or_path))


class Tokenizer:
    eos_token_id = _EOS
    eos_token = ""
    model_max_length = 10**30

    def __call__(self, text, *, return_tensors=None, truncation=False, max_length=None, padding=False, add_special_tokens=True):
        if return_tensors is None:
            return {"input_ids": _encode(text)}
        batch = _batch(text)
        return BatchEncoding({name: value[:, :max_length] for name, value in batch.items()}) if truncation else batch

    def apply_chat_template(self, conversation, *, add_generation_prompt=False, tokenize=True, return_dict=False, return_tensors=None, enable_thinking=None):
        for message in conversation:
            if message["role"] == "developer":
                raise TemplateError("Unexpected role developer")
        text = "".join(f"<{message['role']}>{message['content']}" for message in conversation)
        return _batch(text) if tokenize else text

    def decode(self, token_ids, *, skip_special_tokens=False):
        return _decode(token_ids.tolist() if isinstance(token_ids, Tensor) else token_ids)

    def convert_tokens_to_ids(self, token):
        return None


class AutoTokenizer:
    @staticmethod
    def from_pretrained(pretrained_model_name_or_path, *, revision="main", trust_remote_code=False):
        _source(pretrained_model_name_or_path)
        return Tokenizer()


class Processor(Tokenizer):
    """Of pictures, of sound, or of voices: each call names which."""

    def __init__(self, name):
        self.tokenizer = Tokenizer()
        self.feature_extractor = types.SimpleNamespace(sampling_rate=24000 if "kyutai" in name else 16000)
        self._name = name

    def __call__(self, raw=None, *, text=None, images=None, audio=None, audios=None, sampling_rate=None, return_tensors=None, return_attention_mask=None, padding=None, voice_preset=None, format=None):
        if text is None and isinstance(raw, str):
            text = raw
        if text is not None:
            batch = _batch(text if isinstance(text, str) else text[0])
            if images is not None:
                batch["pixel_values"] = Tensor(numpy.asarray(images.resize((2, 2)), dtype=numpy.float32))
            if audio is not None:
                batch["decoder_attention_mask"] = Tensor([[1, 1]])
            return batch
        if hasattr(raw, "width"):
            return _batch(f"<user>[picture {raw.width}x{raw.height}]")
        samples = raw if raw is not None else audio if audio is not None else audios
        assert isinstance(samples, numpy.ndarray) and samples.dtype == numpy.float32
        return BatchEncoding(input_features=Tensor(samples))

    def apply_chat_template(self, conversation, *, add_generation_prompt=False, tokenize=True, return_dict=False, return_tensors=None, generation_mode=None, enable_thinking=None):
        def shown(part):
            return part["text"] if part["type"] == "text" else f"[picture {part['image'].width}x{part['image'].height} {part['image'].getpixel((0, 0))}]"

        return _batch("".join(f"<{message['role']}>" + "".join(map(shown, message["content"])) for message in conversation))

    def batch_decode(self, sequences, *, skip_special_tokens=False, audio_prompt_len=None):
        if isinstance(sequences, _Sound):
            return [Tensor(sequences.values)]
        return [self.decode(sequence, skip_special_tokens=skip_special_tokens) for sequence in sequences.values.tolist()]

    def get_audio_prompt_len(self, decoder_attention_mask):
        return decoder_attention_mask.shape[-1]

    def post_process_generation(self, text, *, task, image_size):
        return {task: {"labels": [text], "size": list(image_size)} if task == "<OD>" else text}

    def process(self, *, images=None, text):
        return {"input_ids": Tensor(_encode(f"<user>{''.join(f'[picture {i.width}x{i.height}]' for i in images or [])}{text}"))}


class AutoProcessor:
    @staticmethod
    def from_pretrained(pretrained_model_name_or_path, *, revision="main", trust_remote_code=False):
        return Processor(_source(pretrained_model_name_or_path))


class _Sound(Tensor):
    pass


def _answer(prompt):
    said = prompt.rsplit("<user>", 1)[-1].split("<assistant>")[0]
    match = re.fullmatch(r"repeat (\d+) (.+)", said)
    return (match[2] + " ") * int(match[1]) if match else f"You said: {said}"


def _fail(text):
    """``fail KIND`` fails in the words of a library, which may say anything."""
    if text.startswith("You said: fail "):
        raise {"KeyError": KeyError("hf_secret"), "OutOfMemoryError": _library.OutOfMemoryError("CUDA out of memory"), "CudaError": RuntimeError("CUDA error: device-side assert triggered")}[text[15:]]


class Model:
    """Any model: what is called of it says what it is."""

    dtype = torch.float32
    device = torch.device("cpu")

    def __init__(self, name):
        self.config = _Config(name)
        self.generation_config = types.SimpleNamespace(eos_token_id=[_EOS], sample_rate=24000, is_multilingual="distil" not in name)
        self._name = name

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *, revision="main", trust_remote_code=False, dtype="auto", device_map=None, attn_implementation=None):
        return cls(_source(pretrained_model_name_or_path))

    def to(self, device=None, dtype=None):
        return self

    def eval(self):
        return self

    def generate(
        self,
        *,
        input_ids=None,
        attention_mask=None,
        pixel_values=None,
        max_new_tokens=20,
        streamer=None,
        stopping_criteria=(),
        num_beams=1,
        do_sample=False,
        temperature=None,
        top_p=None,
        top_k=None,
        repetition_penalty=None,
        generation_mode=None,
        tokenizer=None,
        stop_strings=None,
        max_length=None,
        min_length=None,
    ):
        if temperature == 0 or (streamer is not None and num_beams > 1):
            raise ValueError("as the real one")
        text = _answer(_decode(input_ids[0].tolist()))
        _fail(text)
        tokens = [*_encode(text), _EOS][:max_new_tokens] if streamer else _encode(text)[:max_new_tokens if max_length is None else max_length]
        if streamer:
            streamer.put(input_ids)
        for count, token in enumerate(tokens, 1):
            _library.pause()
            if streamer:
                streamer.put(Tensor([token]))
            so_far = Tensor([tokens[:count]])
            if any(criterion(so_far, None).values.all() for criterion in stopping_criteria):
                tokens = tokens[:count]
                break
        if streamer:
            streamer.end()
        return Tensor([tokens])


class AutoModelForCausalLM(Model):
    def generate(self, *, eos_token_id=None, **more):
        if eos_token_id is None:
            return super().generate(**more)
        assert eos_token_id == 128258  # Orpheus: 10 frames of 7 codes, behind the prompt.
        codes = [128266 + place % 7 * 4096 + place for place in range(70)]
        return Tensor([more["input_ids"][0].tolist() + codes + [eos_token_id]])

    def generate_from_batch(self, batch, generation_config, tokenizer=None):
        made = _encode(_answer(_decode(batch["input_ids"][0].tolist())))[: generation_config.max_new_tokens]
        return Tensor([batch["input_ids"][0].tolist() + made])

    def query(self, image, question, stream=False):
        return {"answer": iter([f"{question} ", f"about {image.width}x{image.height}"])}

    def caption(self, image, length="normal", stream=False):
        return {"caption": iter(["a ", "picture"])}

    def detect(self, image, object):
        return {"objects": [{"x_min": 0.1, "label": object}]}

    point = detect


class AutoModelForSeq2SeqLM(Model):
    pass


class AutoModelForImageTextToText(Model):
    pass


class AutoModelForCTC(Model):
    pass


class _Listening(Model):
    def _heard(self, samples, more=""):
        _library.pause()
        return Tensor([_encode(f"{len(samples)} samples{more}")])


class AutoModelForSpeechSeq2Seq(_Listening):
    def generate(self, *, input_features, attention_mask=None, task=None, language=None, do_sample=False, temperature=None):
        if language == "xx":
            raise ValueError("Unsupported language: xx.")
        return self._heard(input_features, f" {task} {language}")


class MoonshineForConditionalGeneration(_Listening):
    def generate(self, *, input_features, max_length):
        return self._heard(input_features, f" in {max_length}")


class KyutaiSpeechToTextForConditionalGeneration(_Listening):
    def generate(self, *, input_features):
        return self._heard(input_features)


class SeamlessM4Tv2ForSpeechToText(_Listening):
    def generate(self, *, input_features, tgt_lang):
        return self._heard(input_features, f" to {tgt_lang}")


def pipeline(task, *, model, tokenizer, feature_extractor, device):
    assert task == "automatic-speech-recognition"
    return lambda inputs: {"text": f"{len(inputs['raw'])} SAMPLES AT {inputs['sampling_rate']}"}


class BarkModel(Model):
    def generate(self, *, input_ids, attention_mask, do_sample):
        return Tensor([_library.say(_decode(input_ids[0].tolist()), 24000)])


class DiaForConditionalGeneration(Model):
    def generate(self, *, input_ids, attention_mask, max_new_tokens, decoder_attention_mask=None):
        return _Sound(_library.say(re.sub(r"\[S\d\]", "", _decode(input_ids[0].tolist())), 44100))


class VitsModel(Model):
    speaking_rate = 1.0

    def __call__(self, *, input_ids, attention_mask):
        return types.SimpleNamespace(waveform=Tensor([_library.say(_decode(input_ids[0].tolist()), 16000)]))


class SpeechT5HifiGan(Model):
    pass


class SpeechT5ForTextToSpeech(Model):
    def generate_speech(self, input_ids, speaker_embeddings, *, vocoder):
        assert speaker_embeddings.shape == (1, 512) and isinstance(vocoder, SpeechT5HifiGan)
        return Tensor(_library.say(_decode(input_ids[0].tolist()), 16000))
