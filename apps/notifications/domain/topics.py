"""What people may hear of: each topic with the capability it needs and how it is mailed at first."""

from dataclasses import dataclass

AT_ONCE, DAILY, NEVER = "at_once", "daily", "never"


@dataclass(frozen=True, slots=True)
class Topic:
    """`capability`: who hears of it, so that nobody is told of what they cannot act on."""

    code: str
    section: str
    capability: str
    mail: str = DAILY


# At once goes what waits for somebody's answer; the rest comes together once a day.
TOPICS = {
    topic.code: topic
    for topic in (
        Topic("offers", "contracts", "draft_contracts", AT_ONCE),
        Topic("agreements", "contracts", "draft_contracts"),
        Topic("ends", "contracts", "draft_contracts"),
        Topic("invoices", "money", "receive_documents"),
        Topic("reminders", "money", "pay", AT_ONCE),
        Topic("overdue", "money", "settle_receivables"),
        Topic("disputes", "money", "settle_receivables", AT_ONCE),
        Topic("corrections", "money", "approve_invoices"),
        Topic("parked", "money", "run_billing"),
        Topic("statements", "money", "receive_documents"),
        Topic("objections", "money", "receive_documents", AT_ONCE),
        Topic("approvals", "money", "approve_payouts", AT_ONCE),
        Topic("payments", "money", "match_payments", NEVER),
        Topic("failures", "money", "settle_receivables"),
        Topic("plan", "money", "manage_plan", AT_ONCE),
        Topic("data", "data", "share_data", AT_ONCE),
        Topic("readings", "data", "judge_readings"),
        Topic("networks", "networks", "manage_networks", AT_ONCE),
    )
}
