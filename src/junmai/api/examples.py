"""Examples of requests and answers, for the OpenAPI."""

from __future__ import annotations

ID = "batch_3f9c1a2b4d5e"
OTHER = "batch_77aa90c1d2e3"
STATUS: dict[str, object] = {
    "batch_id": ID,
    "session_id": 1,
    "status": "running",
    "total_photos": 240,
    "processed_count": 96,
    "failed_count": 1,
    "skipped_count": 0,
    "cancelled_count": 0,
    "remaining_count": 143,
    "progress_percent": 40.42,
    "created_at": "2026-05-18T09:30:00.000Z",
    "started_at": "2026-05-18T09:30:00.041Z",
    "paused_at": None,
    "completed_at": None,
    "priority": 5,
    "photos_per_second": 1.31,
    "eta_seconds": 109.0,
    "eta_low_seconds": 98.0,
    "eta_high_seconds": 124.0,
    "pause_reason": None,
    "matching": None,
    "measured_count": 0,
    "preset": "warm-portrait@1",
    "config": {"preset": "warm-portrait", "blend": 80.0, "settings": {}, "output": {"format": "jpeg", "quality": 92}},
}
MATCH: dict[str, object] = {
    "position": 0,
    "photo_id": 17,
    "file_name": "IMG_0017.CR3",
    "status": "processed",
    "exposure": 0.41,
    "red": 1.08,
    "green": 0.99,
    "blue": 0.93,
    "scene": 0,
    "capped": False,
    "why": None,
    "distance_before": 6.2,
    "distance_after": 0.8,
    "off": False,
    "by_exposure": 0.0,
    "by_red": 1.0,
    "by_blue": 1.0,
}
ITEM: dict[str, object] = {
    "position": 0,
    "photo_id": 17,
    "file_name": "IMG_0017.CR3",
    "status": "processed",
    "attempts": 1,
    "tries": 0,
    "error_kind": None,
    "error_message": None,
    "output_path": "/photos/developed/IMG_0017.jpg",
    "output_name": "IMG_0017.jpg",
    "output_sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "output_size": 4812034,
    "seconds": 1.52,
    "ended_at": "2026-05-18T09:30:04.120Z",
}
LEFT: dict[str, object] = {
    "path": "/photos/wedding/IMG_0021.xmp",
    "photo_id": 21,
    "reason": "sidecar_edited",
    "detail": "The sidecar /photos/wedding/IMG_0021.xmp is not as the batch wrote it (another program wrote to it), so "
    "it was left alone.",
}
PHOTO: dict[str, object] = {
    "photo_id": 17,
    "session_id": 1,
    "file_name": "IMG_0017.CR3",
    "path": "/photos/wedding/IMG_0017.CR3",
    "kind": "raw",
    "captured_at": "2026-05-17T17:31:08",
    "camera": "Canon EOS R6",
    "rating": 4,
    "label": None,
    "width": 5472,
    "height": 3648,
    "size": 24117248,
    "facts": {"iso": 400, "lens": "RF 50mm F1.8 STM"},
    "unsupported": None,
}
SESSION: dict[str, object] = {
    "session_id": 1,
    "name": "wedding",
    "folder": "/photos/wedding",
    "first_at": "2026-05-17T14:02:11",
    "last_at": "2026-05-17T23:40:55",
    "named_by_user": False,
    "photo_count": 240,
    "cover_photo_id": 1,
}
PRESET: dict[str, object] = {
    "name": "warm-portrait",
    "version": 1,
    "title": "Warm portrait",
    "description": "Soft contrast, warm skin.",
    "kind": "built-in",
    "settings": {"Exposure2012": 0.15, "Temperature": 5900},
}
START: dict[str, object] = {
    "by ids": {"photo_ids": [17, 18, 19], "session_id": 1, "config": {"preset": "warm-portrait", "blend": 80}},
    "by a selection": {
        "selection": {"first": "2026-05-17", "last": "2026-05-18", "min_rating": 4},
        "config": {"output": {"format": "webp", "size": 2048}},
    },
}
COMMANDS = {"pause": "Batch paused successfully", "resume": "Batch resumed successfully"}
WORKERS: dict[str, object] = {
    "workers": [
        {
            "id": "runner_4711",
            "role": "worker",
            "host": "studio-2",
            "pid": 4242,
            "workers": 4,
            "version": "1.0.0, engine 5",
            "roots": ["archive"],
            "started_at": "2026-05-18T09:30:00.000Z",
            "photos": [
                {
                    "photo_id": 17,
                    "file_name": "IMG_0017.CR3",
                    "batch_id": ID,
                    "since": "2026-05-18T09:30:03.400Z",
                }
            ],
        }
    ],
    "queue_depth": 8,
    "queue_error": None,
    "waiting": [{"batch_id": ID, "roots": ["scratch"]}],
}
EVENTS = (
    "retry: 2000\n: from 41\n\n"
    "id: 42\nevent: job_completed\n"
    f'data: {{"type": "job_completed", "timestamp": "2026-05-18T09:30:04.120Z", "job_id": "{ID}", "photo_id": 17}}\n\n'
)


def said(message: str, **more: object) -> dict[str, object]:
    """The answer to a command."""
    return {"message": message, "batch_id": ID, **more}
