"""Addresses of people on a company's host."""

from django.urls import path

from apps.accounts.access import requires
from apps.accounts.views import (
    acceptance,
    company,
    confirmation,
    entry,
    keys,
    partners,
    people,
    policy_reports,
    public,
    sign_on_settings,
    webhook_log,
    webhooks,
)

may_manage = requires("manage_keys")

urlpatterns = [
    path("enter/", entry.enter, name="enter"),
    path("enter/start/", entry.start, name="enter_start"),
    path("policy-reports/", policy_reports.policy_reports, name="policy_reports"),
    path("confirmation/kept/", confirmation.kept_form, name="kept_form"),
    path("enter/help/end/", entry.end_help, name="end_help"),
    path("sign-out/", entry.sign_out, name="sign_out"),
    path("language/", public.language, name="set_language"),
    path("profile/", entry.profile, name="profile"),
    path("company/", company.company_detail, name="company_detail"),
    path("company/facts/", company.company_facts, name="company_facts"),
    path("company/sign-on/", sign_on_settings.sign_on, name="sign_on"),
    path("company/sign-on/provider/", sign_on_settings.provider, name="sign_on_provider"),
    path("company/sign-on/ending/", sign_on_settings.ending, name="sign_on_ending"),
    path("company/sign-on/link/", sign_on_settings.new_link, name="sign_on_link"),
    path("company/sign-on/link/ending/", sign_on_settings.link_ending, name="sign_on_unlink"),
    path("people/", requires("view_people")(people.PeopleList.as_view()), name="people"),
    path("people/invitations/new/", people.new_invitation, name="invitation_new"),
    path(
        "people/invitations/<pid:invitation_id>/withdrawal/", people.withdrawal,
        name="invitation_withdrawal",
    ),
    path("people/<pid:membership_id>/", people.person, name="person"),
    path("people/<pid:membership_id>/position/", people.position, name="person_position"),
    path("people/<pid:membership_id>/ending/", people.ending, name="person_ending"),
    path("invitations/acceptance/", acceptance.acceptance, name="invitation_acceptance"),
    path("keys/", requires("manage_keys")(keys.KeyList.as_view()), name="key_list"),
    path("keys/new/", keys.new_key, name="key_new"),
    path("keys/<pid:key_id>/", keys.key_detail, name="key_detail"),
    path("keys/<pid:key_id>/successor/", keys.successor, name="key_successor"),
    path("keys/<pid:key_id>/revocation/", keys.revocation, name="key_revocation"),
    path("webhooks/", may_manage(webhooks.WebhookList.as_view()), name="webhook_list"),
    path("webhooks/new/", webhooks.new_webhook, name="webhook_new"),
    path(
        "webhooks/messages/", may_manage(webhook_log.MessageList.as_view()), name="webhook_messages"
    ),
    path("webhooks/messages/<pid:message_id>/", webhook_log.message_detail, name="webhook_message"),
    path(
        "webhooks/messages/<pid:message_id>/replay/", webhook_log.message_replay,
        name="webhook_message_replay",
    ),
    path("webhooks/<pid:webhook_id>/", webhooks.webhook_detail, name="webhook_detail"),
    path("webhooks/<pid:webhook_id>/edit/", webhooks.edit_webhook, name="webhook_edit"),
    path("webhooks/<pid:webhook_id>/secret/", webhooks.secret, name="webhook_secret"),
    path("webhooks/<pid:webhook_id>/pause/", webhooks.pause, name="webhook_pause"),
    path("webhooks/<pid:webhook_id>/resumption/", webhooks.resumption, name="webhook_resumption"),
    path("webhooks/<pid:webhook_id>/removal/", webhooks.removal, name="webhook_removal"),
    path("webhooks/<pid:webhook_id>/test-message/", webhooks.test_message, name="webhook_test"),
    path("webhooks/<pid:webhook_id>/replay/", webhook_log.webhook_replay, name="webhook_replay"),
    path("partners/", requires("view_people")(partners.PartnerList.as_view()), name="partners"),
    path("partners/new/", partners.new_partner, name="partner_new"),
]  # fmt: skip
