"""Reads the fields of a request. What is of the wrong type or out of its range is refused by name; what is not known is ignored."""

from __future__ import annotations

import math
from typing import Any, Mapping, Sequence

from .errors import ApiError, invalid

_MISSING = object()


class Fields:
    """A JSON object, or a form, whose values are all texts. ``null`` is as good as absent."""

    def __init__(self, values: Mapping[str, Any], is_form: bool = False) -> None:
        self._values = values
        self._is_form = is_form

    def raw(self, name: str) -> Any:
        return self._values.get(name)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def all(self) -> dict[str, Any]:
        return dict(self._values)

    def text(self, name: str, default: str | None = None, longest: int | None = None) -> str | None:
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise _wrong_type(name, "a text", value)
        if longest is not None and len(value) > longest:
            raise invalid(f"'{name}' has {len(value)} characters; at most {longest} are taken.", name, "string_above_max_length")
        return value

    def needed_text(self, name: str, longest: int | None = None) -> str:
        value = self.text(name, longest=longest)
        if value is None or not value.strip():
            raise invalid(f"'{name}' is needed: a text that is not empty.", name, "missing_required_parameter" if value is None else "invalid_value")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.text(name) or default
        if value not in choices and self.has(name):
            raise invalid(f"'{name}' is '{_short(value)}'; it is one of {', '.join(choices)}.", name)
        return value

    def number(self, name: str, default: float | None = None, low: float = -math.inf, high: float = math.inf) -> float | None:
        value = self._number(name)
        if value is _MISSING:
            return default
        if not low <= value <= high:
            raise invalid(f"'{name}' is {_short(value)}; it is a number {_range(low, high)}.", name)
        return float(value)

    def integer(self, name: str, default: int | None = None, low: float = -math.inf, high: float = math.inf) -> int | None:
        value = self._number(name)
        if value is _MISSING:
            return default
        if value != int(value):
            raise _wrong_type(name, "a whole number", value)
        if not low <= value <= high:
            raise invalid(f"'{name}' is {_short(int(value))}; it is a whole number {_range(low, high)}.", name)
        return int(value)

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self._values.get(name)
        if value is None:
            return default
        if self._is_form and isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
            return value.lower() in ("true", "1")
        if not isinstance(value, bool):
            raise _wrong_type(name, "true or false", value)
        return value

    def object(self, name: str) -> Fields:
        value = self._values.get(name)
        if value is not None and not isinstance(value, dict):
            raise _wrong_type(name, "an object", value)
        return Fields(value or {})

    def texts(self, name: str, most: int | None = None) -> list[str]:
        """A text, or a list of them."""
        value = self._values.get(name)
        if value is None:
            return []
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise _wrong_type(name, "a text or a list of texts", value)
        if most is not None and len(texts) > most:
            raise invalid(f"'{name}' has {len(texts)} texts; at most {most} are taken.", name)
        return texts

    def _number(self, name: str) -> Any:
        value = self._values.get(name)
        if value is None or (self._is_form and value == ""):
            return _MISSING
        if self._is_form and isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise _wrong_type(name, "a number", value) from None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value in (math.inf, -math.inf):
            raise _wrong_type(name, "a finite number", value)
        return value


def _wrong_type(name: str, wanted: str, value: Any) -> ApiError:
    seen = {bool: "true or false", int: "a number", float: "a number that is none", str: "a text", list: "a list", dict: "an object"}.get(type(value), "something else")
    return invalid(f"'{name}' takes {wanted}, not {seen}.", name, "invalid_type")


def _range(low: float, high: float) -> str:
    return f"from {low:.16g} to {high:.16g}" if math.isfinite(high) else f"from {low:.16g} on"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:40] + "…"
