"""What an error answer to a paid request proves."""

import pytest

from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    DuplicateReference,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    RateLimited,
    Refused,
    Uncertain,
    UnexpectedReply,
)
from providers.core.payments import error_of_payment
from tests.cases import in_one_test

DUPLICATES = [
    "external_task_id already exists",
    "invalid parameter: submit_id",
    "external_task_id is not unique",
    "The external_task_id you passed is invalid",
    "request_id must be unique",
    "request_id should be unique",
    "request_id不唯一",
    "Duplicate request id",
    "duplicated task",
    "DuplicateRequest",
    "The request has already been submitted",
    "client_request_id: value already in use",
    "A task with this reference exists",
    "idempotency key conflict",
    "Repeated request",
    "任务ID已存在",
    "请求重复,请勿重复提交",
]
NO_DUPLICATES = [
    "prompt is too long",
    "request_id does not exist",
    "Model not exist",
    "The model does not exist (request id: 20261120abc)",
    "image_tail requires mode pro",
    "duration must be 5 or 10",
    "Invalid value for 'aspect_ratio'",
]


@in_one_test("words", DUPLICATES)
@in_one_test("kind", [InvalidParams, Refused, RateLimited])
def test_refusal_for_a_known_reference_has_its_own_class(words, kind):
    error = error_of_payment(kind(words, vendor_code="1201", http_status=400, request_id="rq"))

    assert type(error) is DuplicateReference
    assert (error.message, error.vendor_code, error.http_status, error.request_id) == (words, "1201", 400, "rq")


@pytest.mark.parametrize(
    "words", ["The task is already running", "This request is already being processed", "already in progress", "任务正在进行中"]
)
def test_task_in_progress_is_a_known_reference_except_in_a_rate_limit(words):
    assert type(error_of_payment(Refused(words, vendor_code="x", http_status=400))) is DuplicateReference
    assert type(error_of_payment(RateLimited(f"Too many: {words}", vendor_code="x", http_status=429))) is RateLimited


@in_one_test("words", NO_DUPLICATES)
def test_other_refusals_keep_their_class(words):
    assert type(error_of_payment(InvalidParams(words, vendor_code="1201", http_status=400))) is InvalidParams


@pytest.mark.parametrize("kind", [OutOfCredit, AuthenticationFailed])
def test_refusal_of_the_key_or_the_balance_that_names_our_reference_is_a_known_reference(kind):
    assert type(error_of_payment(kind("request_id already exists", vendor_code="x", http_status=403))) is DuplicateReference


@pytest.mark.parametrize("kind", [ContentRejected, OutOfCredit, AuthenticationFailed])
def test_refusal_with_another_meaning_is_not_a_duplicate(kind):
    assert type(error_of_payment(kind("The quota has already been used", vendor_code="x", http_status=403))) is kind


@pytest.mark.parametrize("kind", [ContentRejected, OutOfCredit])
@pytest.mark.parametrize("words", ["external_task_id already exists; sensitive", "Task already in progress; quota", "任务正在审核"])
def test_refusal_that_may_be_known_by_its_words_alone_can_be_a_known_reference(kind, words):
    assert type(error_of_payment(kind(words, vendor_code="x", http_status=400))) is DuplicateReference


@pytest.mark.parametrize(("status", "becomes"), [(200, Uncertain), (400, Refused)])
def test_task_that_a_gateway_denies_is_a_refusal_only_with_an_http_error(status, becomes):
    assert type(error_of_payment(Refused("no", vendor_code="task_not_exist", http_status=status))) is becomes


@pytest.mark.parametrize("kind", [ProviderDown, UnexpectedReply])
def test_illness_and_unread_answers_leave_the_outcome_unknown(kind):
    assert type(error_of_payment(kind("odd", vendor_code="x", http_status=200))) is Uncertain


@in_one_test("status", [400, 402, 403, 404, 405, 408, 409, 410, 418, 421, 422, 423, 424, 425, 451, 499])
def test_status_without_a_vendor_code_leaves_the_outcome_unknown(status):
    assert type(error_of_payment(Refused("The vendor answered.", http_status=status))) is Uncertain


@pytest.mark.parametrize("status", [403, 404, 422])
def test_code_that_repeats_the_status_proves_no_refusal(status):
    assert type(error_of_payment(Refused("No.", vendor_code=str(status), http_status=status))) is Uncertain


@in_one_test("status", [401, 411, 413, 414, 415, 431])
def test_status_that_servers_answer_before_passing_on_is_a_refusal(status):
    assert type(error_of_payment(Refused("The vendor answered.", http_status=status))) is Refused


@in_one_test("status", [408, 409, 418, 421, 423, 424, 425, 451, 499])
def test_undocumented_code_with_a_status_that_may_follow_acceptance_leaves_the_outcome_unknown(status):
    assert type(error_of_payment(Refused("Something odd.", vendor_code="odd", http_status=status))) is Uncertain


@in_one_test("status", [200, 400, 404, 409, 422])
def test_vendor_code_from_its_table_is_a_refusal_at_any_status(status):
    assert type(error_of_payment(InvalidParams("too long", vendor_code="1200", http_status=status))) is InvalidParams
