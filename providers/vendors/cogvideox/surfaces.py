"""The address of a local CogVideoX service, and the limits of one graphics card. Data.

The port and the limits are those of the service's published examples; read 2026-11-20. There is no key.
"""

from __future__ import annotations

from providers.core.base import Limits, Sandbox, Surface, by_slug

__all__ = ["SURFACES"]

SURFACES = by_slug(
    Surface(
        slug="local",
        label="CogVideoX service",
        base_url="http://localhost:6006",
        credentials=(),
        help=(
            "One card renders two videos at a time. Its network must be among those that downloads may come from. "
            "A service that answers only when the video is rendered needs an answer timeout of minutes."
        ),
        limits=Limits(max_in_flight=2, polls_per_second=1),
        sandbox=Sandbox(path="/hosts/cogvideox", credentials={}),
    )
)
