"""Who sees whose participation."""

from apps.networks.domain.visibility import parties_of

FOUNDER, MEMBER, OTHER = 1, 5, 3


def test_the_founder_and_the_company_itself_always_see_it() -> None:
    seen = parties_of(
        founder=FOUNDER, company=MEMBER, active=True, members={FOUNDER, MEMBER, OTHER},
        members_meet=False,
    )  # fmt: skip
    assert seen == [FOUNDER, MEMBER]


def test_members_that_meet_see_each_other_once_both_have_joined() -> None:
    members = {FOUNDER, MEMBER, OTHER}
    assert parties_of(
        founder=FOUNDER, company=MEMBER, active=True, members=members, members_meet=True
    ) == [FOUNDER, OTHER, MEMBER]
    assert parties_of(
        founder=FOUNDER, company=MEMBER, active=False, members=members, members_meet=True
    ) == [FOUNDER, MEMBER]


def test_every_member_sees_what_the_founder_does() -> None:
    assert parties_of(
        founder=FOUNDER, company=FOUNDER, active=True, members={FOUNDER, MEMBER, OTHER},
        members_meet=False,
    ) == [FOUNDER, OTHER, MEMBER]  # fmt: skip
