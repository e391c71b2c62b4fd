"""The Share panel of a video's page, and links in the admin."""

from __future__ import annotations

import re

from django.contrib.auth.models import Permission, User
from django.test import Client

from access.callers import Caller
from delivery.links import link_url, make_link, page_url
from delivery.models import Link
from tests.web.page_rows import make_video

SCRIPT = {"HX-Request": "true"}


def played(address: str) -> int:
    reply = Client().get(address)
    reply.getvalue()  # read to its end, so that the file is closed
    return reply.status_code


def copied(page: str) -> list[str]:
    return re.findall(r'data-copy="(http://testserver/v/[^"]+)"', page)


def test_link_is_made_copied_and_revoked(visitor, user) -> None:
    video = make_video(user)
    path = f"/videos/{video.pk}/"
    (of_api,) = copied(visitor.get(path).content.decode())

    panel = visitor.post(f"{path}links", {"label": "shop", "days": "7"}, headers=SCRIPT).content.decode()
    link = Link.objects.get()
    page, made, unchanged = copied(panel)

    assert (page, made, unchanged) == (page_url(link, "http://testserver"), link_url(link, "http://testserver"), of_api)
    assert played(page) == 200
    assert "viewed once" in visitor.get(path).text
    assert (link.label, link.owner, round((link.expires_at - link.created_at).total_seconds() / 86400)) == ("shop", user, 7)
    assert [played(address) for address in (made, of_api)] == [200, 200]

    after = visitor.post(f"{path}links/{link.pk}/revoke", headers=SCRIPT).content.decode()
    replaced = visitor.post(f"{path}replace-url", headers={"Referer": f"http://testserver{path}"}, follow=True).content.decode()

    assert copied(after) == [of_api]
    assert "Link replaced." in replaced
    assert [played(address) for address in (made, of_api, *copied(replaced))] == [404, 404, 200]


def test_form_offers_what_the_setting_allows(visitor, user, settings) -> None:
    settings.LINK_DAYS = 30
    path = f"/videos/{make_video(user).pk}/"

    page = visitor.get(path).content.decode()
    refused = visitor.post(f"{path}links", {"days": "31"}, headers=SCRIPT)

    offered = re.findall(r'<option value="(\d*)">([^<]+)</option>', page)
    assert offered == [("", "Works for 30 days"), ("1", "Works for 1 day"), ("7", "Works for 7 days")]
    assert (refused.status_code, Link.objects.count()) == (422, 0)
    assert [visitor.post(f"{path}links", form, headers=SCRIPT).status_code for form in ({"label": "\0"}, {"days": "x"})] == [422, 422]


def test_the_form_makes_links_that_hold_something_back(visitor, user):
    path = f"/videos/{make_video(user).pk}/links"

    panels = [visitor.post(path, form, headers=SCRIPT).text for form in ({"password": "red fox"}, {"offer": "watch"}, {"offer": "preview"})]

    assert [bool(link.password) for link in Link.objects.order_by("pk")] == [True, False, False]
    assert [(link.may_download, link.preview_only) for link in Link.objects.order_by("pk")] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert [text in panel for text, panel in zip(("with a password", "Watch only", "Preview with a watermark"), panels, strict=True)] == [
        True
    ] * 3
    assert len(copied(panels[-1])) == 3 + 1 + 1  # a page each; the file of the second; that of the API
    refused = [visitor.post(path, form, headers=SCRIPT).status_code for form in ({"password": "short"}, {"offer": "x"})]
    assert (refused, Link.objects.count()) == ([422, 422], 3)


def test_who_may_only_look_has_no_panel_and_makes_no_link(visitor, other_user, staff_visitor) -> None:
    video = make_video(other_user)
    looks = User.objects.create_user("looks", is_staff=True)
    client = Client()
    client.force_login(looks)
    path = f"/videos/{video.pk}/"
    link = make_link(video, by=Caller(user=other_user))

    assert copied(client.get(path).content.decode()) == []
    assert [client.post(f"{path}{end}", headers=SCRIPT).status_code for end in ("links", "replace-url", f"links/{link.pk}/revoke")] == [
        403
    ] * 3
    assert visitor.post(f"{path}links", headers=SCRIPT).status_code == 404
    assert len(copied(staff_visitor.get(path).content.decode())) == 3


def test_admin_lists_links_and_revokes_them(staff_visitor, user) -> None:
    links = [make_link(make_video(user), by=Caller(user=user), label=label) for label in ("shop", "blog")]
    views = User.objects.create_user("views", is_staff=True)
    views.user_permissions.set(Permission.objects.filter(codename="view_link"))
    viewer = Client()
    viewer.force_login(views)
    order = {"action": "revoke", "_selected_action": [str(links[0].pk)]}

    viewer.post("/admin/delivery/link/", order)
    assert Link.objects.filter(revoked_at=None).count() == 2
    done = staff_visitor.post("/admin/delivery/link/", order, follow=True).content.decode()

    assert "1 link revoked." in done
    assert [link.works for link in Link.objects.order_by("pk")] == [False, True]
    assert all(text in viewer.get("/admin/delivery/link/").content.decode() for text in ("shop", "blog", "Revoked", "Good"))
    assert viewer.get(f"/admin/delivery/link/{links[1].pk}/change/").status_code == 200
