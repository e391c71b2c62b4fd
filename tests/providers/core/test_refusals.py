"""What an error in any shape says, and what its code and words mean."""

from providers.core.errors import ContentRejected, OutOfCredit
from providers.core.refusals import Complaint, complaint_in, meaning_of, words_in
from tests.cases import in_one_test

FASTAPI = [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required", "input": None}, {"loc": ["body", "n"], "msg": "Too big"}]


@in_one_test(
    ("body", "status", "code", "words"),
    [
        ({"error": {"message": "no", "type": "t", "param": None, "code": "c"}}, 400, "c", "no"),
        ({"error": {"message": "no", "type": "t", "param": None, "code": "400"}}, 400, "t", "no"),
        ({"error": {"message": "no", "type": "t", "code": 400}}, 400, "t", "no"),
        ({"error": {"code": 403}}, 403, "", ""),
        ({"error": "no"}, 400, "HTTP 400", "no"),
        ({"error": "no", "path": "/v1"}, 400, "", "no"),
        ({"error": ["no", "never"]}, 422, "HTTP 422", "no; never"),
        ({"errors": [{"code": "c", "detail": "no"}]}, 400, "c", "no"),
        ({"code": "c", "message": "no", "data": None}, 403, "c", "no"),
        ({"code": "c", "message": "no", "data": None}, 200, "c", "no"),
        ({"code": 403, "msg": "no"}, 403, "", "no"),
        ({"error_code": 17, "error_msg": "no"}, 400, "17", "no"),
        ({"success": False, "message": "no"}, 200, "", "no"),
        ({"detail": "no"}, 400, "HTTP 400", "no"),
        ({"detail": FASTAPI}, 422, "HTTP 422", "body.prompt: Field required; body.n: Too big"),
        ({"detail": {"error": {"message": "no"}}}, 400, "HTTP 400", "no"),
        ({"type": "about:blank", "title": "No", "status": 403, "detail": "because"}, 403, "", "because"),
        ({"error": {}}, 500, "", ""),
        ({}, 404, "", ""),
    ],
)
def test_code_and_words_are_found_in_every_shape(body, status, code, words):
    assert complaint_in(body, status) == Complaint(code=code, words=words)


@in_one_test(
    "body",
    [
        {},
        {"error": None},
        {"error": ""},
        {"code": 0},
        {"code": 200, "data": {}},
        {"code": "success"},
        {"code": "SUCCESS"},
        {"message": "m"},
    ],
)
def test_answer_that_complains_of_nothing(body):
    assert complaint_in(body, 200) is None


@in_one_test(
    ("code", "words", "kind"),
    [
        ("insufficient_user_quota", "user quota is not enough", OutOfCredit),
        ("", "用户额度不足, 剩余额度: ＄0.000000 额度", OutOfCredit),
        ("", "该令牌额度已用尽", OutOfCredit),
        ("", "Insufficient balance.", OutOfCredit),
        ("429", 'OpenAIException - {"error":{"code":"insufficient_quota"}}', OutOfCredit),
        ("", "You exceeded your current quota, please check your plan and billing details.", OutOfCredit),
        ("sensitive_words_detected", "", ContentRejected),
        ("", "Your request was blocked by our moderation system.", ContentRejected),
        ("", "内容审核未通过", ContentRejected),
        ("", "Post Img Risk Not Pass", ContentRejected),
        ("insufficient_capacity", "try later", None),
        ("insufficient_permissions", "no", None),
        ("", "Header names are case-insensitive; the value is case-sensitive.", None),
        ("", "prompt is too long", None),
        ("", "任务已提交，正在审核中", None),
        ("", "请求重复，待审核", None),
        ("", "Already submitted, pending moderation", None),
    ],
)
def test_meaning_is_read_from_code_and_words(code, words, kind):
    assert meaning_of(Complaint(code=code, words=words)) is kind


def test_words_of_any_depth_are_cut_and_never_crash():
    deep: object = "no"
    for _ in range(50):
        deep = {"error": [deep]}

    assert words_in(deep) == ""
    assert len(words_in({"message": "x" * 10_000})) == 500
    assert words_in([7, None, {"loc": ["a"], "msg": "b"}, {}]) == "a: b"
