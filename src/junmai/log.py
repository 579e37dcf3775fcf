"""Structured logs: one JSON object a line, in a file that rotates; warnings also to the console when asked for."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

import structlog

LOG_BYTES = 5_000_000
LOG_FILES = 5


def configure(data: Path | None) -> None:
    """Send the log to `logs/junmai.log` in the data folder, or nowhere."""
    handler: logging.Handler = logging.NullHandler()
    if data is not None:
        folder = data / "logs"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handler = logging.handlers.RotatingFileHandler(
                folder / "junmai.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
            )
        except OSError:
            handler = logging.NullHandler()  # a log that cannot be written must not stop the photos
    logger = logging.getLogger("junmai")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.raiseExceptions = False
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
