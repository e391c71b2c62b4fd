"""`make run`: which accounts it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import takewhile

import pytest

from tools.stack import ROOT, free_port

ENDS_WITH = "Ctrl-C stops it"


@pytest.mark.slow
def test_accounts_of_the_terminal_are_made_and_called_real(tmp_path):
    own = {
        "DJANGO_SETTINGS_MODULE": "videoportal.settings",
        "PORTAL_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "",
        "PORT": str(free_port(8_700)),
    }
    given = {"ALIYUN_API_KEY": "sk-canary-of-a-terminal", "DASHSCOPE_HTTP_BASE_URL": "http://127.0.0.1:9/api/v1"}
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]  # as a shell starts what is not to end by Ctrl-C
    command = [*in_background, sys.executable, "-m", "tools.run"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | own | given, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        said = list(takewhile(lambda line: ENDS_WITH not in line, run.stdout))
        run.send_signal(signal.SIGINT)
        run.stdout.read()

    assert run.returncode == 0
    assert "DashScope, Beijing: from ALIYUN_API_KEY; real: what it renders is billed\n" in said
