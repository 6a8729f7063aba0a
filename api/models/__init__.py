"""The tables, one file per family."""

from api.models.access import AccessGrant
from api.models.chats import ChatSession, ChatTurn, Citation
from api.models.evals import EvalRun, GoldenQuestion
from api.models.instruments import Instrument
from api.models.jobs import Job
from api.models.keywords import KeywordBlock, Posting
from api.models.llms import LLMDefault, LLMPrompt
from api.models.people import ApiKey, IdempotentRequest, SignIn, User
from api.models.shards import Shard
from api.models.sources import FragmentRow, FragmentVector, Source, SourceVersion, Upload

__all__ = [
    "AccessGrant",
    "ApiKey",
    "ChatSession",
    "ChatTurn",
    "Citation",
    "EvalRun",
    "FragmentRow",
    "FragmentVector",
    "GoldenQuestion",
    "IdempotentRequest",
    "Instrument",
    "Job",
    "KeywordBlock",
    "LLMDefault",
    "LLMPrompt",
    "Posting",
    "Shard",
    "SignIn",
    "Source",
    "SourceVersion",
    "Upload",
    "User",
]
