"""Which company a message of the provider concerns; asked by the platform alone."""

from apps.payments.domain.webhooks import Message
from apps.payments.models import Payment, SavedMandate, StripeAccount
from apps.tenancy.models import Company


def company_of(message: Message) -> int | None:
    """The key of the company whose rows the message changes; None when it concerns none.

    By the connected account; else by what this portal wrote on the object; else by the payment it
    is about (a refund or dispute made by hand at the provider carries no mark of ours), or the mandate.
    """
    account = message.account or _account(message)
    if account:
        return StripeAccount.all_parties.filter(account_id=account).values_list(
            "author_id", flat=True
        ).first()  # fmt: skip
    if message.company_id is not None:
        found = Company.objects.filter(pk=message.company_id).exclude(state=Company.State.ERASED)
        return found.values_list("pk", flat=True).first()
    if message.thing.get("object") == "mandate":
        return SavedMandate.all_parties.filter(mandate_ref=str(message.thing.get("id", "-"))).values_list(
            "author_id", flat=True
        ).first()  # fmt: skip
    if not message.subject:
        return None
    return Payment.all_parties.filter(provider_ref=message.subject).values_list(
        "author_id", flat=True
    ).first()  # fmt: skip


def _account(message: Message) -> str:
    is_account = message.thing.get("object") == "account"
    return str(message.thing.get("id", "")) if is_account else ""
