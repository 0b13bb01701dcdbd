"""Stands in for coqui-tts 0.27.5 (idiap/coqui-ai-TTS TTS/tts/configs/xtts_config.py)."""


class XttsConfig:
    languages = ["en", "de", "zh-cn"]

    def load_json(self, file_name):
        open(file_name, "rb").close()
