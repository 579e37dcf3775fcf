"""Seconds of each step inside `develop_photo`, in one warm process with one thread, as JSON.

python -m bench.parts.steps FOLDER TIMES plain|all
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from bench.parts.looks import all_features

from junmai.develop.pipeline import develop_photo
from junmai.domain.model import OutputOptions, Recipe

QUALITY = 92


def main() -> None:
    """Develop the folder's first photo some times; print the median of each step."""
    photo, times = min(Path(sys.argv[1]).iterdir()), int(sys.argv[2])
    recipe = Recipe(settings=all_features() if sys.argv[3] == "all" else {}, output=OutputOptions(quality=QUALITY))
    develop_photo(photo, recipe)  # compiles, loads, fills tables
    cpu, began = time.process_time(), time.perf_counter()
    laps = [develop_photo(photo, recipe).seconds for _ in range(times)]
    told = {
        "seconds": (time.perf_counter() - began) / times,
        "cpu": (time.process_time() - cpu) / times,
        "steps": {name: statistics.median(lap[name] for lap in laps) for name in laps[0]},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
