"""Stands in for funasr 1.3.26 (funasr/utils/postprocess_utils.py)."""

import re


def rich_transcription_postprocess(s):
    return re.sub(r"<\|[^|]*\|>", "", s)
