"""`python -m providers.simulator`: see the package's docstring or `--help`."""

from __future__ import annotations

import argparse

from providers import simulator
from providers.simulator.cli import add_arguments, serve


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m providers.simulator",
        description=simulator.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    serve(parser.parse_args())


if __name__ == "__main__":
    main()
