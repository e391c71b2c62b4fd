"""What openai.py does, with the 2.x line of the SDK."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).with_name("openai.py")), run_name="__main__")
