"""The pages a person sees: Checkout, the question of the payer's bank, a company's set-up."""

from html import escape

from portal.local.stripe.store import Thing

DECIMALS = {
    "jpy": 0,
    "krw": 0,
    "clp": 0,
    "vnd": 0,
    "bhd": 3,
    "jod": 3,
    "kwd": 3,
    "omr": 3,
    "tnd": 3,
}
# Of invoices: one that was given up can still be paid.
PAYABLE = ("open", "uncollectible")
STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:light-dark(#f6f8fa,#14181d);color:light-dark(#1f2937,#e5e7eb)}
main{max-width:26rem;margin:6vh auto;padding:1.5rem;background:light-dark(#fff,#1e242b);border-radius:12px;box-shadow:0 1px 6px #0003}
h1{font-size:1rem;font-weight:500;margin:0}.sum{font-size:2rem;font-weight:600;margin:0 0 1rem}
label{display:block;margin:.75rem 0 .25rem}input{box-sizing:border-box;width:100%;padding:.6rem;font:inherit;border:1px solid #8899a6;border-radius:6px;background:transparent;color:inherit}
button,a.button{display:block;box-sizing:border-box;width:100%;margin-top:1rem;padding:.7rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;border:0;border-radius:6px;background:#4f46e5;color:#fff;cursor:pointer}
.plain{background:transparent!important;color:inherit!important;border:1px solid #8899a6!important}
.note{font-size:.85rem;color:light-dark(#5b6672,#9aa5b1)}.bad{padding:.6rem;border-radius:6px;background:#b91c1c;color:#fff}
code{white-space:nowrap}
"""
TEXTS = {
    "en": {
        "test": "Test page on this machine: no money moves.", "card": "Card number",
        "or": "or by direct debit", "pay": "Pay", "save": "Allow direct debits",
        "cancel": "Cancel", "cards": "Goes through: 4242 4242 4242 4242. Declined: 4000 0000 0000 0002. "
        "The bank asks: 4000 0025 0000 3155. Direct debit: DE89 3704 0044 0532 0130 00.",
        "asks": "Your bank asks whether you are paying this.", "yes": "Approve", "no": "Refuse",
        "over": "This page cannot be used any more.", "setup": "Tell who you are",
        "tell": "At the real provider a company proves here who it is and where its money goes.",
        "done": "All true, go on", "portal": "Your subscriptions", "none": "No subscription.",
        "until": "ends with its period", "end": "End with the period", "go_on": "Keep it",
        "new_card": "New card", "keep_card": "Use this card", "back": "Back", "invoice": "Invoice",
        "paid": "Nothing is to be paid here.",
    },
    "de": {
        "test": "Testseite auf diesem Rechner: Es wird kein Geld bewegt.", "card": "Kartennummer",
        "or": "oder per Lastschrift", "pay": "Bezahlen", "save": "Lastschriften erlauben",
        "cancel": "Abbrechen", "cards": "Geht durch: 4242 4242 4242 4242. Abgelehnt: 4000 0000 0000 0002. "
        "Die Bank fragt nach: 4000 0025 0000 3155. Lastschrift: DE89 3704 0044 0532 0130 00.",
        "asks": "Ihre Bank fragt, ob Sie das bezahlen.", "yes": "Freigeben", "no": "Ablehnen",
        "over": "Diese Seite kann nicht mehr benutzt werden.", "setup": "Sagen Sie, wer Sie sind",
        "tell": "Beim echten Dienstleister weist ein Unternehmen hier nach, wer es ist und wohin sein Geld geht.",
        "done": "Alles richtig, weiter", "portal": "Ihre Abonnements", "none": "Kein Abonnement.",
        "until": "endet mit seinem Zeitraum", "end": "Zum Ende des Zeitraums kündigen",
        "go_on": "Behalten", "new_card": "Neue Karte", "keep_card": "Diese Karte benutzen",
        "back": "Zurück", "invoice": "Rechnung", "paid": "Hier ist nichts zu bezahlen.",
    },
}  # fmt: skip


def _page(title: str, body: str, language: str = "en") -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main>"
        "</body></html>"
    )


def words(session: Thing) -> dict[str, str]:
    return TEXTS["de" if session.get("locale") == "de" else "en"]


def amount(session: Thing) -> str:
    if session["amount_total"] is None:
        return ""
    return money(session["amount_total"], session["currency"], session.get("locale"))


def money(minor: int, currency: str, locale: str | None = None) -> str:
    digits = DECIMALS.get(currency, 2)
    whole, part = divmod(minor, 10**digits)
    text = f"{whole:,}" + (f".{part:0{digits}}" if digits else "")
    if locale == "de":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{text} {currency.upper()}"


def checkout(session: Thing, problem: str = "") -> str:
    """The form: a card, or where the session takes it a direct debit."""
    say, language = words(session), "de" if session.get("locale") == "de" else "en"
    kinds = session["payment_method_types"]
    fields = ""
    if "card" in kinds:
        fields += f'<label for="card">{say["card"]}</label><input id="card" name="card" inputmode="numeric" autocomplete="off">'
    if "sepa_debit" in kinds:
        title = say["or"] + ": IBAN" if "card" in kinds else "IBAN"
        fields += (
            f'<label for="iban">{title}</label><input id="iban" name="iban" autocomplete="off">'
        )
    cancel = session["cancel_url"]
    back = f'<a class="button plain" href="{escape(cancel)}">{say["cancel"]}</a>' if cancel else ""
    button = say["save"] if session["mode"] == "setup" else say["pay"]
    told = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    body = (
        f"<h1>{escape(', '.join(session['_lines']))}</h1><p class='sum'>{amount(session)}</p>{told}"
        f'<form method="post">{fields}<button>{button}</button></form>{back}'
        f'<p class="note">{say["test"]} {say["cards"]}</p>'
    )
    return _page("Checkout", body, language)


def bank_asks(session: Thing, number: str) -> str:
    say, language = words(session), "de" if session.get("locale") == "de" else "en"
    body = (
        f"<h1>{say['asks']}</h1><p class='sum'>{amount(session)}</p>"
        f'<form method="post"><input type="hidden" name="card" value="{escape(number)}">'
        f'<button name="asked" value="yes">{say["yes"]}</button>'
        f'<button class="plain" name="asked" value="no">{say["no"]}</button></form>'
    )
    return _page("Checkout", body, language)


def over(session: Thing) -> str:
    return _page("Checkout", f"<h1>{words(session)['over']}</h1>")


def setup(account: Thing) -> str:
    say = TEXTS["de" if account["country"] in ("DE", "AT", "CH") else "en"]
    body = (
        f"<h1>{say['setup']}</h1><p>{say['tell']}</p>"
        f'<form method="post"><button>{say["done"]}</button></form><p class="note">{say["test"]}</p>'
    )
    return _page("Connect", body)


def portal(session: Thing, subscriptions: list[Thing], problem: str = "") -> str:
    """The billing portal: each subscription with its next step, and another card."""
    say, language = words(session), "de" if session.get("locale") == "de" else "en"
    told = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    rows = "".join(_subscription(one, say) for one in subscriptions) or f"<p>{say['none']}</p>"
    body = (
        f"<h1>{say['portal']}</h1>{told}{rows}"
        f'<form method="post"><label for="card">{say["new_card"]}</label>'
        f'<input id="card" name="card" inputmode="numeric" autocomplete="off">'
        f"<button>{say['keep_card']}</button></form>"
        f'<a class="button plain" href="{escape(session["return_url"])}">{say["back"]}</a>'
        f'<p class="note">{say["test"]} {say["cards"]}</p>'
    )
    return _page("Billing", body, language)


def _subscription(one: Thing, say: dict[str, str]) -> str:
    ends = one["cancel_at"] is not None
    names = ", ".join(
        str(item["price"].get("nickname") or item["price"]["product"])
        for item in one["items"]["data"]
    )
    state = f"{one['status']}, {say['until']}" if ends else one["status"]
    act, text = ("keep", say["go_on"]) if ends else ("cancel", say["end"])
    return (
        f"<p>{escape(names)} ({escape(state)})</p>"
        f'<form method="post"><input type="hidden" name="subscription" value="{escape(one["id"])}">'
        f'<button class="plain" name="act" value="{act}">{text}</button></form>'
    )


def invoice(found: Thing, problem: str = "", number: str = "") -> str:
    """The page of an open invoice: pay it with a card; with `number` the bank's question."""
    say = TEXTS["en"]
    head = f"<h1>{say['invoice']} {escape(found['number'] or '')}</h1>"
    if found["status"] not in PAYABLE:
        return _page("Invoice", f"{head}<p>{say['paid']}</p>")
    head += f"<p class='sum'>{money(found['amount_due'], found['currency'])}</p>"
    if number:
        form = (
            f'<p>{say["asks"]}</p><form method="post"><input type="hidden" name="card" '
            f'value="{escape(number)}"><button name="asked" value="yes">{say["yes"]}</button></form>'
        )
        return _page("Invoice", head + form)
    told = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    form = (
        f'{told}<form method="post"><label for="card">{say["card"]}</label>'
        f'<input id="card" name="card" inputmode="numeric" autocomplete="off">'
        f'<button>{say["pay"]}</button></form><p class="note">{say["test"]} {say["cards"]}</p>'
    )
    return _page("Invoice", head + form)
