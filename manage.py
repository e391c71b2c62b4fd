#!/usr/bin/env python
"""Django's command line for the portal; `python manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")
    from django.core.management import execute_from_command_line

    from videoportal.env import BadSetting

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as wrong:
        sys.exit(f"The portal does not start. {wrong}")


if __name__ == "__main__":
    main()
