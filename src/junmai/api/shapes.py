"""Values of the library as JSON."""

from __future__ import annotations

from pathlib import Path

from junmai.clock import iso
from junmai.domain.model import Collection, Item, Photo, Session
from junmai.domain.preset import Preset


def photo(one: Photo) -> dict[str, object]:
    """A photo of the library."""
    return {
        "photo_id": one.id,
        "session_id": one.session_id,
        "file_name": one.file_name,
        "path": one.path,
        "kind": one.kind,
        "captured_at": one.captured_at,
        "camera": one.camera,
        "rating": one.rating,
        "label": one.label,
        "width": one.width,
        "height": one.height,
        "size": one.size,
        "facts": one.facts,
        "unsupported": one.unsupported,
    }


def item(one: Item, *, pixels: bool = True) -> dict[str, object]:
    """One photo in a batch; `output_path` where its output stands. Without `pixels` it has none."""
    done = pixels and one.status in ("processed", "skipped") and one.output_name is not None
    return {
        "position": one.position,
        "photo_id": one.photo_id,
        "file_name": Path(one.path).name if one.path else None,
        "status": one.status,
        "attempts": one.attempt,
        "tries": one.tries,
        "error_kind": one.error_kind,
        "error_message": one.error_message,
        "output_path": str(Path(one.folder) / str(one.output_name)) if done else None,
        "output_name": one.output_name,
        "output_sha256": one.output_sha256,
        "output_size": one.output_size,
        "seconds": one.seconds,
        "ended_at": iso(one.ended_at),
    }


def session(one: Session) -> dict[str, object]:
    """A session."""
    return {
        "session_id": one.id,
        "name": one.name,
        "folder": one.folder,
        "first_at": one.first_at,
        "last_at": one.last_at,
        "named_by_user": one.named_by_user,
        "photo_count": one.photo_count,
        "cover_photo_id": one.cover_photo_id,
    }


def collection(one: Collection) -> dict[str, object]:
    """A collection."""
    return {"name": one.name, "photo_count": one.photo_count, "cover_photo_id": one.cover_photo_id}


def preset(one: Preset) -> dict[str, object]:
    """A preset."""
    return {
        "name": one.name,
        "version": one.version,
        "title": one.title,
        "description": one.description,
        "kind": one.origin.get("kind", "built-in"),
        "settings": dict(one.settings),
    }
