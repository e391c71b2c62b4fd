"""What we want and remember, by aggregate."""

from generation.models.attempt import Attempt, Dispatch, TaskEvent
from generation.models.prompt import Asset, Prompt
from generation.models.task import GenerationTask, TaskInput
from generation.models.video import Video

__all__ = ["Asset", "Attempt", "Dispatch", "GenerationTask", "Prompt", "TaskEvent", "TaskInput", "Video"]
