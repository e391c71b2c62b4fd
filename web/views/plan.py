"""The content plan: topics and platforms become prompts, captions and times, as a table, a CSV or a batch."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from access.callers import Caller, caller_of
from batches.upload import upload
from delivery.csv_export import csv_lines
from generation.errors import InvalidRequest, NotThere, PortalError
from generation.ordering.first_values import enabled_accounts, first_choice
from prompts.content_plan import MOST_POSTS, Plan, plan_posts, with_captions
from prompts.platforms import PLATFORMS
from prompts.templates import own
from providers.core.messages import Message
from providers.messages import translated
from web.recipe_form import RecipeForm, reading_language

__all__ = ["batch", "export", "plan"]

COLUMNS = ("topic", "platform", "prompt", "caption", "post at")
MAPPING = {
    "topic": "metadata.topic",
    "platform": "platform",
    "prompt": "prompt",
    "caption": "metadata.caption",
    "post at": "metadata.post_at",
}


class PlanForm(forms.Form):
    """What is to be posted, and where."""

    topics = forms.CharField(
        label=gettext_lazy("Topics"), widget=forms.Textarea(attrs={"rows": 5}), help_text=gettext_lazy("One in each line.")
    )
    platforms = forms.MultipleChoiceField(label=gettext_lazy("Platforms"), widget=forms.CheckboxSelectMultiple())
    style = forms.ChoiceField(label=gettext_lazy("Style"), required=False)
    first_day = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    every_days = forms.IntegerField(
        label=gettext_lazy("Days between topics"),
        min_value=1,
        max_value=90,
        initial=1,
        widget=forms.NumberInput(attrs={"data-stepper": "1"}),
    )
    captions = forms.BooleanField(label=gettext_lazy("Let a language model write captions"), required=False, initial=True)

    def __init__(self, data: Any = None, *, caller: Caller) -> None:
        super().__init__(data, label_suffix="")
        language = reading_language()
        self.caller = caller
        self.fields["platforms"].choices = [(one.id, one.name[language]) for one in PLATFORMS.values()]  # type: ignore[attr-defined]
        self.fields["style"].choices = RecipeForm(caller=caller).fields["style"].choices  # type: ignore[attr-defined]
        self.fields["first_day"].initial = timezone.localdate() + timedelta(days=1)

    def clean_topics(self) -> list[str]:
        return list(dict.fromkeys(filter(None, map(str.strip, self.cleaned_data["topics"].splitlines()))))

    def clean_first_day(self) -> date:
        day: date = self.cleaned_data["first_day"]
        if not timezone.localdate() <= day <= timezone.localdate() + timedelta(days=730):
            raise forms.ValidationError(_("Choose a day between today and two years from now."))
        return day

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        count = len(data.get("topics") or ()) * len(data.get("platforms") or ())
        if count > MOST_POSTS:
            words = _("That would be %(count)d posts; %(most)d at most. Choose fewer topics or platforms.")
            self.add_error("topics", words % {"count": count, "most": MOST_POSTS})
        return data

    def planned(self) -> Plan | None:
        """Return the plan; None where the form says what is wrong."""
        if not self.is_valid():
            return None
        data = self.cleaned_data
        try:
            posts = plan_posts(
                data["topics"],
                [PLATFORMS[one] for one in data["platforms"]],
                first_day=data["first_day"],
                every_days=data["every_days"],
                style=own.find_style(self.caller, data["style"]) if data["style"] else None,
            )
        except InvalidRequest as wrong:
            self.add_error("topics", next(iter(wrong.fields.values())))
            return None
        except NotThere as gone:  # the style was deleted after the form was opened
            self.add_error("style", gone.message)
            return None
        return with_captions(posts, owner=self.caller.user) if data["captions"] else Plan(posts=posts, reason=Message())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST shows the plan below it."""
    form = PlanForm(request.POST if request.method == "POST" else None, caller=caller_of(request))
    made = form.planned() if form.is_bound else None
    language = reading_language()
    posts = [
        {"topic": post.topic, "platform": post.platform.id, "name": post.platform.name[language], "at": timezone.localtime(post.at)}
        | {"prompt": post.made.text, "caption": post.caption}
        for post in (made.posts if made else ())
    ]
    missing = bool(made) and form.cleaned_data["captions"] and any(not post["caption"] for post in posts)
    reason = translated(made.reason) if made and made.reason else ""
    context = {"form": form, "posts": posts, "missing": missing, "reason": reason}
    return render(request, "prompts/plan.html", context, status=422 if form.is_bound and form.errors else 200)


@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Return the plan as it is in the page, with what was edited there, as CSV."""
    answer = StreamingHttpResponse(csv_lines([COLUMNS, *_rows(request)]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="content-plan.csv"'
    return answer


@login_required
@require_POST
def batch(request: HttpRequest) -> HttpResponse:
    """Make a batch of the plan, which is checked and shown with its cost before anything is ordered."""
    caller = caller_of(request)
    table = io.BytesIO(b"".join(csv_lines([COLUMNS, *_rows(request)])))
    defaults = {"model": first_choice(caller.user, enabled_accounts()).name}
    name = _("Content plan")
    try:
        made = upload(
            by=caller,
            file=table,
            file_name="content-plan.csv",
            name=name,
            mapping=MAPPING,
            defaults=defaults,
            language=get_language() or "",
        )
    except PortalError as refusal:
        messages.error(request, refusal.message)
        return redirect("content-plan")
    return redirect("batch", made.pk)


def _rows(request: HttpRequest) -> list[list[str]]:
    """Return the rows of the page's table."""
    columns = [request.POST.getlist(name)[:MOST_POSTS] for name in ("topic", "platform", "prompt", "caption", "at")]
    return [[" ".join(cell.split()) for cell in row] for row in zip(*columns, strict=False)]
