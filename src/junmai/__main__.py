"""`junmai` and `python -m junmai`.

Nothing heavy is imported here: a spawned worker process imports this module again before it gets its work.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        from junmai import files

        for name in ("stdin", "stdout", "stderr"):
            if getattr(sys, name) is None:  # closed by a daemon: a database must not get its number
                setattr(sys, name, files.nowhere())
        from junmai.cli.main import run
    except KeyboardInterrupt:  # while it loads; later it is the command's to say
        sys.exit(130)

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
