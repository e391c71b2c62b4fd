"""Makes the sample clips of the built-in styles with the sandbox's painter: `python -m tools.style_samples` after a style was added."""

from __future__ import annotations

import os
from pathlib import Path

import django

from providers.simulator.media.clip import Clip
from providers.simulator.media.encode import encode

FOLDER = Path(__file__).parent.parent / "static/portal/styles"
WIDTH_PX, HEIGHT_PX, DURATION_S = 320, 180, 2


def main() -> None:
    """Write a clip for each style that has none."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")
    django.setup()
    from prompts.styles import STYLES

    FOLDER.mkdir(exist_ok=True)
    for style in STYLES.values():
        path = FOLDER / f"{style.id}.mp4"
        if not path.exists():
            text = f"{style.name['en']} · {style.name['zh-hans']}"
            encode(Clip(width_px=WIDTH_PX, height_px=HEIGHT_PX, duration_s=DURATION_S, text=text, caption="sandbox · 沙盒"), path)
            print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
