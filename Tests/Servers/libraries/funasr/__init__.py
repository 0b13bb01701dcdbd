"""Stands in for funasr 1.3.26 (modelscope/FunASR funasr/auto/auto_model.py ``AutoModel``)."""


class AutoModel:
    def __init__(self, *, model, device, disable_update, trust_remote_code):
        pass

    def generate(self, input, *, fs, cache, language, use_itn, batch_size_s):
        return [{"key": "x", "text": f"<|{language}|>{len(input)} samples"}]
