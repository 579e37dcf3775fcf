"""One command line in two processes at once, each with half of the photos: what two cores of this machine bring.

python -m bench.parts.pair PHOTO... -- PROGRAM ARGUMENT...
"""

from __future__ import annotations

import subprocess
import sys


def main() -> None:
    """Run both to their end; fail where one fails."""
    middle = sys.argv.index("--")
    photos, line = sys.argv[1:middle], sys.argv[middle + 1 :]
    both = [subprocess.Popen([*line, *photos[part::2]]) for part in range(2)]
    raise SystemExit(max(abs(each.wait()) for each in both))


if __name__ == "__main__":
    main()
