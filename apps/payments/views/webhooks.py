"""Where Stripe delivers its messages, on the sign-in host."""

import logging

from celery import current_app
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.access import requires
from apps.payments.domain.webhooks import MOST_BYTES, Forged, NotAMessage
from apps.payments.operations import receive_webhook
from apps.payments.tasks import ROUTE

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
@requires("anybody")
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """200 once the message is kept (or was before); 400 for what is not Stripe's."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return _answer("too large", 413)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        is_new = receive_webhook(body=request.body, signature=signature, now=timezone.now())
    except (Forged, NotAMessage) as error:
        logger.warning("a message to the webhook was refused: %s", error)
        return _answer(str(error), 400)
    if is_new:
        transaction.on_commit(_ring)
    return _answer("kept" if is_new else "nothing to do", 200)


def _answer(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _ring() -> None:
    """A lost bell costs seconds: beat rings too."""
    try:
        current_app.send_task(ROUTE, queue="platform", retry=False)
    except Exception:
        logger.warning("could not ring for a message of the payment provider")
