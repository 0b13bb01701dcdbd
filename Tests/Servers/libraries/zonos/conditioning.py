"""Stands in for zonos 0.1.0 (Zyphra/Zonos zonos/conditioning.py ``make_cond_dict``)."""


def make_cond_dict(text="", language="en-us", speaker=None, emotion=(), fmax=22050.0, pitch_std=20.0, speaking_rate=15.0, vqscore_8=(), ctc_loss=0.0, dnsmos_ovrl=4.0, speaker_noised=False, unconditional_keys=(), device="cpu"):
    return {"text": text, "speaking_rate": speaking_rate}
