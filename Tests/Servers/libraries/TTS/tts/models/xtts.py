"""Stands in for coqui-tts 0.27.5 (idiap/coqui-ai-TTS TTS/tts/models/xtts.py ``Xtts``)."""

from types import SimpleNamespace

import _library


class Xtts:
    @staticmethod
    def init_from_config(config):
        return Xtts()

    def load_checkpoint(self, config, checkpoint_dir=None, checkpoint_path=None, vocab_path=None, eval=True, strict=True, use_deepspeed=False, speaker_file_path=None):
        speaker = {"gpt_cond_latent": "latent", "speaker_embedding": "who"}
        self.speaker_manager = SimpleNamespace(speakers={"Claribel Dervla": speaker, "Daisy Studious": speaker})

    def to(self, device):
        return self

    def get_conditioning_latents(self, audio_path, max_ref_length=30, gpt_cond_len=6):
        open(audio_path[0], "rb").close()
        return "latent", "who"

    def inference(self, text, language, gpt_cond_latent, speaker_embedding, temperature=0.75, length_penalty=1.0, repetition_penalty=10.0, top_k=50, top_p=0.85, do_sample=True, num_beams=1, speed=1.0):
        return {"wav": _library.say(text, int(24000 / speed))}
