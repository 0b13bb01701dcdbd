"""The messages of a chat, checked. Pictures come as ``data:`` URLs alone: a server that fetched others could be sent anywhere."""

from __future__ import annotations

import base64
import binascii
import io
import re
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, invalid

ROLES = ("system", "developer", "user", "assistant", "tool", "function")

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<parameters>(?:;[\w.+-]+=[^;,]*)*)(?P<base64>;base64)?,", re.ASCII)

_MAX_PIXELS = 64 << 20
"""A small file may unfold to any size."""


@dataclass(frozen=True)
class Picture:
    bytes: bytes
    param: str

    def open(self) -> Any:
        """As Pillow has it, in RGB."""
        from PIL import Image

        try:
            image = Image.open(io.BytesIO(self.bytes), formats=("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"))
            if image.width * image.height > _MAX_PIXELS:
                raise invalid(f"The picture has {image.width} × {image.height} pixels; at most {_MAX_PIXELS} in all are taken.", self.param, "invalid_image")
            return image.convert("RGB")
        except ApiError:
            raise
        except Exception:
            raise invalid("The picture cannot be read; send png, jpeg, webp, gif, bmp or tiff.", self.param, "invalid_image") from None


@dataclass(frozen=True)
class Message:
    role: str
    parts: tuple[str | Picture, ...]
    more: dict[str, Any]
    """Its other fields, for the chat template."""

    @property
    def text(self) -> str:
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def pictures(self) -> list[Picture]:
        return [part for part in self.parts if isinstance(part, Picture)]


def read_messages(value: Any, takes_pictures: bool) -> list[Message]:
    if not isinstance(value, list) or not value:
        raise invalid("'messages' is needed: a list of at least one message.", "messages", "missing_required_parameter" if value is None else "invalid_type")
    return [_message(message, f"messages[{i}]", takes_pictures) for i, message in enumerate(value)]


def _message(value: Any, param: str, takes_pictures: bool) -> Message:
    if not isinstance(value, dict):
        raise invalid(f"'{param}' is an object with 'role' and 'content'.", param, "invalid_type")
    role = value.get("role")
    if role not in ROLES:
        raise invalid(f"'{param}.role' is one of {', '.join(ROLES)}.", f"{param}.role")
    content = value.get("content")
    more = {name: field for name, field in value.items() if name not in ("role", "content")}
    if content is None:
        return Message(role, (), more)
    if isinstance(content, str):
        return Message(role, (content,), more)
    if not isinstance(content, list):
        raise invalid(f"'{param}.content' is a text or a list of parts.", f"{param}.content", "invalid_type")
    return Message(role, tuple(_part(part, f"{param}.content[{i}]", takes_pictures) for i, part in enumerate(content)), more)


def _part(value: Any, param: str, takes_pictures: bool) -> str | Picture:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text" and isinstance(value.get("text"), str):
        return value["text"]
    if kind == "image_url":
        if not takes_pictures:
            raise invalid("This model takes no pictures.", param, "unsupported_value")
        url = value.get("image_url")
        return Picture(data_of(url.get("url") if isinstance(url, dict) else url, f"{param}.image_url.url", "image"), f"{param}.image_url.url")
    raise invalid(f"'{param}' is {{\"type\":\"text\",\"text\":…}}" + (" or {\"type\":\"image_url\",\"image_url\":{\"url\":\"data:…\"}}" if takes_pictures else "") + ".", param)


def data_of(url: Any, param: str, kind: str) -> bytes:
    """The bytes of a ``data:`` URL."""
    if not isinstance(url, str):
        raise invalid(f"'{param}' is a text.", param, "invalid_type")
    match = _DATA_URL.match(url)
    if match is None or not match["base64"]:
        raise invalid(f"'{param}' must be a data: URL in base64 (data:{kind}/…;base64,…): this server fetches nothing.", param, "unsupported_url")
    try:
        data = base64.b64decode(url[match.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"'{param}' has no valid base64.", param, "invalid_url") from None
    if not data:
        raise invalid(f"'{param}' is empty.", param, "invalid_url")
    return data
