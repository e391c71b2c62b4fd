"""A language model writes prompts; whatever it does instead, the original comes back with a reason."""

from __future__ import annotations

import json
import time
from threading import Thread

from django.contrib.auth.models import User
from django.utils import timezone, translation

from generation.ordering.assets import store_asset
from prompts.chat import MOST_ASKED, ChatFailed, ask, set_key
from prompts.enhance import Written, caption, describe, enhance, translate
from prompts.instructions import OURS, instruction_for
from prompts.models import ChatEndpoint, Instruction, Purpose
from providers.messages import translated
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.pictures import picture
from tests.scripted_server import ScriptedServer, answer, drip, hang, reset, storm
from tests.task_rows import MODEL

SPEC = ALL_MODELS[MODEL]


def reason_of(written: Written) -> str:
    """Return the code of the first sentence; the original must be what is used then."""
    assert written.text == written.original
    assert written.made_from == {}
    with translation.override("zh-hans"):
        assert translated(written.reason) != str(written.reason)
    return written.reason.parts[0].code


def test_the_football_example_comes_out_as_rich_as_in_the_seed_in_both_languages(endpoint, user):
    chinese = enhance("一个小男孩在球场上踢足球。", owner=user, spec=SPEC)
    english = enhance("A boy plays football on a pitch.", owner=user)

    for detail in ("蓝色足球服", "金色号码", "短裤", "黑白相间", "草坪", "围栏", "观众座椅", "云朵", "眼神", "镜头"):
        assert detail in chinese.text
    for detail in ("blue football shirt", "gold number", "shorts", "black-and-white ball", "fence", "seats", "clouds", "camera", "eyes"):
        assert detail in english.text
    assert chinese.made_from == {
        "original": "一个小男孩在球场上踢足球。",
        "enhanced": {"endpoint": "Sandbox writer", "model": "sim-writer"},
    }
    assert not chinese.reason


def test_ideas_that_it_does_not_know_keep_their_words(endpoint, user):
    assert enhance("a paper boat on a pond", owner=user).text.startswith("a paper boat on a pond. The subject")
    assert enhance("池塘里的纸船", owner=user).text.startswith("池塘里的纸船。主体")


def test_a_model_that_reads_english_only_gets_english(endpoint, user):
    assert enhance("雪地里的狐狸", owner=user, spec=ALL_MODELS["cogvideox/cogvideox-2b"]).text.startswith("A red fox")
    assert translate("雪地里的狐狸", owner=user).made_from["translated"]["model"] == "sim-writer"
    assert translate("雪地里的狐狸", owner=user).text == "A red fox runs across the snow."


def test_a_first_frame_is_described_in_the_language_of_the_idea(endpoint, user):
    asset = store_asset(owner=user, file=picture((400, 200), colour="blue"))

    english = describe(asset, owner=user, idea="the boat turns")
    chinese = describe(asset, owner=user, language="zh-hans")

    assert english.text.startswith("A wide frame in which blue prevails.")
    assert "the boat turns" in english.text
    assert chinese.text.startswith("横幅画面，以蓝色为主色调")
    assert describe(asset, owner=user, idea="小船转弯").text.startswith("横幅")


def test_a_caption_knows_its_platform(endpoint, user):
    assert "#video" in caption("a fox in the snow", owner=user, platform="TikTok").text


@in_one_test(
    ("fault", "code"),
    [
        ("html-200", "chat_unreadable"),
        ("empty-body", "chat_unreadable"),
        ("bad-json", "chat_unreadable"),
        ("reset-before", "chat_unreachable"),
        ("auth", "chat_key"),
        ("quota", "chat_status"),
        ("rate-limit", "chat_status"),
        ("5xx-before", "chat_status"),
        ("chat-huge", "chat_too_large"),
        ("chat-tool-call", "chat_tool_call"),
        ("chat-error-200", "chat_error"),
        ("chat-no-choices", "chat_no_text"),
        ("chat-empty", "chat_no_text"),
        ("chat-cut", "chat_cut"),
        ("chat-refused", "chat_refused"),
    ],
)
def test_the_original_is_used_for_every_wrong_answer(endpoint, user, fault, code):
    assert reason_of(enhance(f"a fox #fault:{fault}", owner=user)) == code


def completion(content: object, **more: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop", **more}]}).encode()


@in_one_test(
    ("action", "code"),
    [
        (hang, "chat_unreachable"),
        (drip, "chat_unreachable"),
        (reset, "chat_unreachable"),
        (answer(302, headers="Location: http://127.0.0.1:1/\r\n"), "chat_status"),
        (answer(200, b"[]"), "chat_unreadable"),
        (answer(200, b"[" * 100_000), "chat_unreadable"),
        (answer(200, b'{"code": 1003, "message": "busy"}'), "chat_no_text"),
        (answer(200, b'{"choices": {"0": 1}}'), "chat_no_text"),
        (answer(200, b'{"choices": [null]}'), "chat_no_text"),
        (answer(200, b'{"choices": [{"error": {"code": 500}, "message": {"content": "x"}}]}'), "chat_error"),
        (answer(200, completion({"text": "x"})), "chat_no_text"),
        (answer(200, completion("x", finish_reason="content_filter")), "chat_refused"),
        (answer(200, completion("<think>hm</think>")), "chat_no_text"),
        (answer(200, completion("x" * 100_000)), "chat_over_limit"),
    ],
)
def test_the_original_is_used_for_what_no_sound_server_does(db, user, action, code):
    with ScriptedServer(action) as server:
        ChatEndpoint.objects.all().delete()
        ChatEndpoint.objects.create(name="odd", base_url=server.url, model="m", is_local=True, timeout_s=1)
        assert reason_of(enhance("a fox", owner=user, spec=SPEC)) == code


def test_an_endless_answer_ends(db, user):
    with ScriptedServer(storm(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 50_000)) as server:
        ChatEndpoint.objects.create(name="odd", base_url=server.url, model="m", is_local=True, timeout_s=5)
        assert reason_of(enhance("a fox", owner=user)) == "chat_too_large"


@in_one_test(
    ("said", "used"),
    [
        ("  A fox.\n", "A fox."),
        ("“A fox.”", "A fox."),
        ('"A fox." and "a crow."', '"A fox." and "a crow."'),
        ("```text\nA fox.\n```", "A fox."),
        ("Prompt: A fox.", "A fox."),
        ("**提示词：** 一只狐狸。", "一只狐狸。"),
        ("<think>A fox?\nYes.</think>\n\nA fox.", "A fox."),
        ([{"type": "text", "text": "A "}, {"type": "text", "text": "fox."}], "A fox."),
        ("A \x00 fox \ud800.", "A ? fox ?."),
    ],
)
def test_what_models_put_around_a_text_is_removed(db, user, said, used):
    with ScriptedServer(answer(200, completion(said))) as server:
        ChatEndpoint.objects.all().delete()
        ChatEndpoint.objects.create(name="one", base_url=server.url, model="m", is_local=True)
        assert enhance("a fox", owner=user).text == used


def test_the_request_has_the_key_the_model_and_our_instruction(db, user):
    with ScriptedServer(answer(200, completion("A fox."))) as server:
        one = ChatEndpoint(name="one", base_url=f"{server.url}/v1/", model="writer-1", agreed_at=timezone.now())
        set_key(one, "sk-secret")
        one.save()
        enhance("a fox", owner=user, spec=SPEC)

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    sent = json.loads(body)
    assert head.startswith(b"POST /v1/chat/completions ")
    assert b"Authorization: Bearer sk-secret" in head
    assert (sent["model"], sent["stream"], sent["messages"][1]) == ("writer-1", False, {"role": "user", "content": "a fox"})
    assert sent["messages"][0]["content"].startswith(OURS[Purpose.ENHANCE, "en"])
    assert "sk-secret" not in one.sealed_key


@in_one_test(
    ("facts", "code"),
    [
        ({"is_local": False}, "chat_none"),
        ({"enabled": False}, "chat_none"),
        ({"base_url": "http://169.254.169.254/v1"}, "chat_unreachable"),
        ({"base_url": "not an address"}, "chat_unreachable"),
        ({"base_url": "http://127.0.0.1:1"}, "chat_unreachable"),
        ({"sealed_key": "damaged"}, "chat_key_unreadable"),
    ],
)
def test_prompts_go_only_where_they_may(endpoint, user, facts, code):
    ChatEndpoint.objects.filter(pk=endpoint.pk).update(
        **{"is_local": True, "enabled": True, "base_url": endpoint.base_url, "sealed_key": "", **facts}
    )

    assert reason_of(enhance("a fox", owner=user)) == code


def test_an_image_goes_only_to_a_model_that_sees(endpoint, user):
    ChatEndpoint.objects.update(sees_images=False)
    asset = store_asset(owner=user, file=picture())

    assert reason_of(describe(asset, owner=user)) == "chat_blind"
    ChatEndpoint.objects.all().delete()
    assert reason_of(describe(asset, owner=user)) == "chat_none"


def test_an_endpoint_outside_is_preferred_once_it_is_agreed_to(endpoint, user):
    with ScriptedServer(answer(200, completion("From outside."))) as server:
        outside = ChatEndpoint.objects.create(name="outside", base_url=server.url, model="m", priority=1)
        assert enhance("a fox", owner=user).by["model"] == "sim-writer"
        ChatEndpoint.objects.filter(pk=outside.pk).update(agreed_at=timezone.now())
        assert enhance("a fox", owner=user).text == "From outside."


def test_an_administrators_instruction_replaces_ours_and_the_family_goes_first(db):
    family = SPEC.provider

    assert instruction_for(Purpose.ENHANCE, "en", SPEC).startswith(OURS[Purpose.ENHANCE, "en"])
    Instruction.objects.create(purpose=Purpose.ENHANCE, language="en", text="For all.")
    Instruction.objects.create(purpose=Purpose.ENHANCE, language="en", family=family, text="For one.")
    assert instruction_for(Purpose.ENHANCE, "en", SPEC).startswith("For one.\n\nThe prompt has at most")
    assert instruction_for(Purpose.ENHANCE, "en") == "For all."
    assert instruction_for(Purpose.ENHANCE, "zh-hans") == OURS[Purpose.ENHANCE, "zh-hans"]
    assert "[推进]" in instruction_for(Purpose.ENHANCE, "zh-hans", ALL_MODELS["minimax/MiniMax-Hailuo-02"])


def test_few_wait_at_one_time_and_fewer_for_one_person():
    """`ask` needs no database, so threads can share these rows, which are not stored."""
    person, other = User(pk=1), User(pk=2)
    with ScriptedServer(hang, hang) as server:
        slow = ChatEndpoint(name="slow", base_url=server.url, model="m", timeout_s=1)
        thread = Thread(target=code_of, args=[slow, person])
        thread.start()
        while not server.requests:
            time.sleep(0.01)
        codes = code_of(slow, person), code_of(slow, other)
        thread.join()

    assert MOST_ASKED == 2
    assert codes == ("chat_busy", "chat_unreachable")


def code_of(endpoint: ChatEndpoint, owner: User) -> str:
    try:
        return ask(endpoint, owner=owner, instruction="", text="a fox")
    except ChatFailed as failed:
        return failed.words.parts[0].code
