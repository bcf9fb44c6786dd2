"""The command line: `peerattn COMMAND`, or `python -m peerattn COMMAND`."""

from __future__ import annotations

import sys

from peerattn import threads
from peerattn.cli.console import exit_on_error
from peerattn.cli.main import app


def main() -> None:
    """Run the `peerattn` command; without arguments it prints its help."""
    threads.configure_environment()
    with exit_on_error():
        sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))


if __name__ == "__main__":
    main()
