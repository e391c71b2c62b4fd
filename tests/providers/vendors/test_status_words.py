"""Plain status words count at every vendor, in any letter case; no word that nobody knows ends a paid render."""

import random

from providers.core.errors import GenerationFailed, ProviderError
from providers.core.types import Snapshot, State, Submission
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import make_provider, outcome, reply_of

URL = "https://files.example/a.mp4"
MEANINGS = {
    State.SUCCEEDED: ["succeeded", "succeed", "success", "completed", "complete", "done", "finished"],
    State.FAILED: ["failed", "fail", "failure", "error", "timed_out", "rejected"],
    State.CANCELLED: ["cancelled", "canceled"],
    State.QUEUED: ["queued", "in_queue", "pending", "submitted", "waiting", "NOT_START"],
    State.RUNNING: ["running", "in_progress", "in-progress", "In Progress", "processing", "generating"],
}
WORDS = [(word, state) for state, words in MEANINGS.items() for word in words]
CASES = [str.lower, str.upper, str.title, str.swapcase]
POLLS = {
    "kling": (
        Submission(id="1", model="kling-v1-6", kind="text2video"),
        lambda word: {"code": 0, "data": {"task_id": "1", "task_status": word, "task_result": {"videos": [{"url": URL, "duration": "5"}]}}},
    ),
    "kling-new": (
        Submission(id="1", model="kling-3.0"),
        lambda word: {"code": 0, "data": [{"id": "1", "status": word, "outputs": [{"type": "video", "url": URL}]}]},
    ),
    "dashscope": (
        Submission(id="1", model="wanx2.1-t2v-turbo"),
        lambda word: {"output": {"task_id": "1", "task_status": word, "video_url": URL}, "request_id": "r"},
    ),
    "zhipu": (Submission(id="1", model="cogvideox-3"), lambda word: {"task_status": word, "video_result": [{"url": URL}]}),
    "ark": (
        Submission(id="1", model="doubao-seedance-1-5-pro-251215"),
        lambda word: {"id": "1", "status": word, "content": {"video_url": URL}},
    ),
    "minimax": (Submission(id="1", model="MiniMax-H3"), lambda word: {"task": {"id": "1", "status": word, "content": {"url": URL}}}),
    "minimax-v1": (
        Submission(id="1", model="MiniMax-Hailuo-02"),
        lambda word: {"task_id": "1", "status": word, "file_id": "2", "base_resp": {"status_code": 0, "status_msg": "success"}},
    ),
    "vidu": (Submission(id="1", model="viduq3-turbo"), lambda word: {"id": "1", "state": word, "creations": [{"url": URL}]}),
    "openrouter": (Submission(id="1", model="google/veo-3.1"), lambda word: {"id": "1", "status": word, "unsigned_urls": [URL]}),
    "volcvisual": (
        Submission(id="1", model="jimeng_t2v_v30"),
        lambda word: {"code": 10000, "data": {"status": word, "video_url": URL}, "message": "Success"},
    ),
    "cogvideox": (Submission(id="1", model="cogvideox-2b"), lambda word: {"status": word, "video_url": URL}),
    "openai-videos": (Submission(id="video_1", model="gateway-model"), lambda word: {"id": "video_1", "object": "video", "status": word}),
    "jimeng": (
        Submission(id="1", model="jimeng-video-2.0", kind="task"),
        lambda word: {
            "ret": "0",
            "data": {
                "task_map": {"1": {"status": word, "item_list": [{"video": {"transcoded_video": {"origin": {"video_url": URL}}}}]}},
            },
        },
    ),
}
FILE = {"file": {"file_id": "2", "download_url": URL}, "base_resp": {"status_code": 0}}
SEED = 20261128


def poll(name, body):
    vendor = name.removesuffix("-new").removesuffix("-v1")
    provider = make_provider(vendor)
    answers = [reply_of(body)]
    try:
        return outcome(provider, provider.poll(POLLS[name][0]), *answers)
    except AssertionError:  # a vendor that is asked a second question for the file's address
        return outcome(provider, provider.poll(POLLS[name][0]), *answers, reply_of(FILE))


@in_one_test("name", POLLS)
def test_plain_word_counts_in_any_letter_case(name):
    for word, state in WORDS:
        answers = [poll(name, POLLS[name][1](case(word))) for case in CASES]

        assert {answer.state if isinstance(answer, Snapshot) else answer for answer in answers} == {state}, word
        assert {bool(answer.outputs) for answer in answers} == {state is State.SUCCEEDED}, word
        assert {answer.error is not None for answer in answers} == {state is State.FAILED}, word


@in_one_test("name", POLLS)
def test_unknown_status_word_keeps_running(name):
    source = random.Random(SEED)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz_ ÄÖ进行中", k=source.randint(3, 20))).strip() or "x" for _ in range(200)]

    answers = [poll(name, POLLS[name][1](word)) for word in words]

    assert {answer.state for answer in answers} == {State.RUNNING}


def mutated(source, value):
    """The answer with one of its values replaced, dropped or nested."""
    if isinstance(value, dict) and value and source.random() < 0.8:
        name = source.choice(list(value))
        changed = dict(value)
        if source.random() < 0.2:
            del changed[name]
        else:
            changed[name] = mutated(source, value[name])
        return changed
    if isinstance(value, list) and value and source.random() < 0.7:
        return [mutated(source, value[0]), *value[1:]]
    return source.choice([None, "", 0, -1, 7, 1e308, True, False, [], {}, [None], {"a": 1}, "x", "\x00", "NaN", " a b ", "../../x?y#z"])


@in_one_test("name", POLLS)
def test_damaged_answer_is_never_a_crash_nor_the_failure_of_a_render(name):
    source = random.Random(SEED)
    bodies = [POLLS[name][1](word) for word in ("succeeded", "processing")]

    answers = [poll(name, mutated(source, source.choice(bodies))) for _ in range(500)]

    assert all(isinstance(answer, (Snapshot, ProviderError)) and not isinstance(answer, GenerationFailed) for answer in answers)
    assert not any(isinstance(answer, Snapshot) and answer.state in {State.FAILED, State.CANCELLED} for answer in answers)
