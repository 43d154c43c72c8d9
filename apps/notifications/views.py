"""A person's notifications: the bell's number, the list, reading, and what to hear of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.period import parse_instant
from apps.common.quantity import BadValue
from apps.notifications.domain.topics import TOPICS
from apps.notifications.forms import TopicsForm, topics_for
from apps.notifications.models import Notification
from apps.notifications.operations import mark_all_read, mark_read, save_choices, send_again
from apps.notifications.queries import UNREAD_SHOWN, doubtful_mails, inbox, unread_count
from apps.notifications.wording import path_of, text_of, topic_title

PER_PAGE = 25


@require_GET
@requires("view_home")
def bell(request: HttpRequest) -> HttpResponse:
    """The number at the bell, asked for by the page once it stands."""
    count = unread_count(request.user)
    shown = f"{UNREAD_SHOWN}+" if count > UNREAD_SHOWN else str(count)
    response = render(request, "notifications/bell.html", {"count": count, "shown": shown})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_GET
@requires("view_home")
def notification_list(request: HttpRequest) -> HttpResponse:
    """What the person was told, latest first; unread ones alone, or one topic, by the address."""
    unread, topic = request.GET.get("state") == "unread", request.GET.get("topic", "")
    rows = _narrowed(inbox(request.user), unread, topic)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "items": [_item(row) for row in page], "unread": unread, "topic": topic,
        "narrowed": unread or topic in TOPICS, "now": timezone.now(),
        "topics": [(one.code, topic_title(one.code)) for one in topics_for(_position(request))],
        "unread_count": unread_count(request.user),
        "doubtful": list(doubtful_mails(request.user).prefetch_related("notifications")[:10]),
    }  # fmt: skip
    return render(request, "notifications/list.html", context)


def _narrowed(
    rows: QuerySet[Notification], unread: bool, topic: str
) -> QuerySet[Notification]:  # fmt: skip
    if unread:
        rows = rows.filter(read_at=None)
    return rows.filter(topic=topic) if topic in TOPICS else rows


def _item(row: Notification) -> dict[str, Any]:
    return {
        "row": row, "text": text_of(row.message, row.params), "topic": topic_title(row.topic),
        "path": path_of(row.message, row.subject),
    }  # fmt: skip


def _position(request: HttpRequest) -> str:
    return str(request.membership.position)  # type: ignore[attr-defined]


@require_POST
@requires("view_home")
def reading(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Mark one as read; `open` goes on to what it is about."""
    try:
        found = mark_read(notification_id=notification_id, person=request.user, now=timezone.now())
    except Notification.DoesNotExist:
        raise Http404 from None
    if "open" in request.POST:
        return redirect(path_of(found.message, found.subject))
    return redirect("notification_list")


@require_POST
@requires("view_home")
def reading_of_all(request: HttpRequest) -> HttpResponse:
    """Mark as read what the page showed or could have shown when it was opened."""
    now = timezone.now()
    mark_all_read(person=request.user, until=_until(request, now), now=now)
    return redirect("notification_list")


def _until(request: HttpRequest, now: datetime) -> datetime:
    try:
        return min(parse_instant(request.POST.get("until", "")), now)
    except BadValue:
        return now


@require_POST
@requires("view_home")
def sending(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """Send a mail of which nobody knows whether it arrived once more."""
    if not doubtful_mails(request.user).filter(pk=mail_id).exists():
        raise Http404
    send_again(mail_id=mail_id, person=request.user, now=timezone.now())
    messages.success(request, _("The mail is sent again."))
    return redirect("notification_list")


@require_http_methods(["GET", "POST"])
@requires("view_home")
def topics(request: HttpRequest) -> HttpResponse:
    """Choose topic by topic what to hear of in the portal and by mail."""
    form = TopicsForm(request.POST or None, person=request.user, position=_position(request))
    if request.method == "POST" and form.is_valid():
        save_choices(person=request.user, choices=form.chosen())
        messages.success(request, _("Saved. It counts from the next notification on."))
        return redirect("notification_topics")
    status = 422 if request.method == "POST" else 200
    return render(request, "notifications/topics.html", {"form": form}, status=status)
