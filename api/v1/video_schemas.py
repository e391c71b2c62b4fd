"""Videos as /api/v1 shows them. None contains a vendor's URL."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from delivery.links import video_url
from generation.models import Video
from generation.quality import warnings_of

__all__ = ["TaggedVideoOut", "VideoOut", "tagged_out", "video_out"]


class PosterOut(Schema):
    width_px: int
    url: str


class VideoUrls(Schema):
    """Addresses relative to the portal's; they take the same token. `posters` has the poster in every size, the narrowest first."""

    content: str
    poster: str
    posters: list[PosterOut]
    preview: str


class WarningOut(Schema):
    code: Literal["black", "frozen", "silent"]
    message: str


class QualityOut(Schema):
    """What was measured on the file; null where it was not. Nothing here blocks a video."""

    black_s: float | None = Field(None, description="The longest time without a break in which the picture is black.")
    black_share: float | None = Field(None, description="How much of the whole length is black, from 0 to 1.")
    frozen_s: float | None = Field(
        None, description="The longest time in which a picture that is not black does not change, if 0.5 s or more."
    )
    sharpness: float | None = Field(
        None, description="The median variance of the Laplacian at 320 px. Compare it between videos of like content only."
    )
    dhash: list[str] = Field(
        [],
        description="64 bits in hex of the first, middle and last picture that is not black (dHash). Like pictures differ in few bits.",
    )
    silent: bool | None = Field(None, description="Whether a sound track has no sound that can be heard; null without a track.")
    loudness_lufs: float | None = Field(None, description="Integrated loudness (EBU R128); null below -70.")
    peak_dbtp: float | None = Field(None, description="True peak; -120 for digital silence.")
    warnings: list[WarningOut] = Field(description="What a viewer would notice at once. `message` is in the language of the request.")


class VideoOut(Schema):
    id: UUID
    url: str = Field(
        description="Plays without a token, for as long as the portal allows: what you put into a page. POST .../replace-url ends it."
    )
    task: UUID
    model: str
    title: str
    starred: bool
    rating: int | None = Field(description="1 to 5; null: nobody rated it.")
    review: Literal["none", "wanted", "approved", "rejected"] = Field(description="What people decided: POST .../review.")
    actual_prompt: str
    duration_s: float
    reported_duration_s: float | None = Field(description="The length that the vendor reported. It may differ from the file's.")
    width_px: int = Field(description="As players show the video, after its rotation.")
    height_px: int
    fps: float
    codec: str
    has_audio: bool
    content_type: str = Field(description="The media type of the file: video/mp4, video/webm, video/quicktime or video/x-matroska.")
    playable: bool = Field(
        description="Whether every browser plays the file. If not, offer it as a download; the poster and the preview always work."
    )
    size_bytes: int
    sha256: str
    quality: QualityOut | None = Field(description="What the picture and the sound are like; null if the video was not measured.")
    created_at: datetime
    deleted_at: datetime | None = Field(description="Since when it is in the bin. Its `urls` answer 404 until it is restored.")
    purge_at: datetime | None = Field(description="When it is deleted for good, unless somebody restores it. Null: not by itself.")
    urls: VideoUrls


class TaggedVideoOut(VideoOut):
    tags: list[str] = Field(description="Words that people put on it, by name.")


def tagged_out(video: Video, origin: str) -> TaggedVideoOut:
    """Return the video with its tags. Of many videos, read the tags with them: `prefetch_related("tags")`."""
    return TaggedVideoOut(**dict(video_out(video, origin)), tags=[tag.name for tag in video.tags.all()])


def video_out(video: Video, origin: str) -> VideoOut:
    """Return the video as the API shows it; `origin` is where others reach the portal."""
    made = {"task", "starred", "review", "quality", "url", "urls"}
    facts = {name: getattr(video, name) for name in VideoOut.model_fields if name not in made}
    content = f"/api/v1/videos/{video.pk}/content"
    poster = f"{content}?variant=poster" + (f"&v={video.poster_mark}" if video.poster_mark else "")
    posters = [PosterOut(width_px=width, url=f"{poster}&width={width}") for width in video.posters]
    urls = VideoUrls(content=content, poster=poster, posters=posters, preview=f"{content}?variant=preview")
    noted: dict[str, Any] = {"starred": video.favourite, "review": video.review_state or "none"}
    return VideoOut(**facts, **noted, task=video.task_id, url=video_url(video, origin), quality=_quality(video), urls=urls)


def _quality(video: Video) -> QualityOut | None:
    if video.quality is None:
        return None
    warnings = [WarningOut.model_validate(one, from_attributes=True) for one in warnings_of(video)]
    return QualityOut(**{name: fact for name, fact in video.quality.items() if name in QualityOut.model_fields}, warnings=warnings)
