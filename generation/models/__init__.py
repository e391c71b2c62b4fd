"""The tables of the engine, one module for each aggregate."""

from generation.models.alias import ModelAlias
from generation.models.attempt import Attempt, Dispatch, TaskEvent
from generation.models.bill import Bill, BillLine
from generation.models.cached import CachedModel
from generation.models.failover import FailoverRule
from generation.models.keeping import LostFile, Walk
from generation.models.news import TaskNews
from generation.models.prompt import Asset, Prompt
from generation.models.switch import PaidSubmits
from generation.models.task import GenerationTask
from generation.models.task_input import TaskInput
from generation.models.video import Video
from generation.models.worker import LiveWorker

__all__ = [
    "Asset",
    "Attempt",
    "Bill",
    "BillLine",
    "CachedModel",
    "Dispatch",
    "FailoverRule",
    "GenerationTask",
    "LiveWorker",
    "LostFile",
    "ModelAlias",
    "PaidSubmits",
    "Prompt",
    "TaskEvent",
    "TaskInput",
    "TaskNews",
    "Video",
    "Walk",
]
