"""What a person wants to hear of."""

from typing import Any

from django import forms

from apps.accounts.domain.capabilities import capabilities_of
from apps.notifications.domain.topics import TOPICS, Topic
from apps.notifications.models import MailMode
from apps.notifications.operations import Chosen
from apps.notifications.queries import choices_of
from apps.notifications.wording import section_titles, topic_title


def topics_for(position: str) -> list[Topic]:
    """Topics somebody in this position hears of."""
    able = capabilities_of(position)
    return [topic for topic in TOPICS.values() if topic.capability in able]


class TopicsForm(forms.Form):
    """Two fields for each topic of the person's position: in the portal, by mail."""

    def __init__(self, *args: Any, person: Any, position: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics = topics_for(position)
        chosen = choices_of([person.pk], [topic.code for topic in self.topics])
        for topic in self.topics:
            choice = chosen.get((person.pk, topic.code))
            self._add(topic, choice.in_app if choice else True, _mail(choice, topic))

    def _add(self, topic: Topic, in_app: bool, mail: str) -> None:
        title = topic_title(topic.code)
        self.fields[f"{topic.code}-in_app"] = forms.BooleanField(
            required=False, initial=in_app, label=title
        )
        self.fields[f"{topic.code}-mail"] = forms.ChoiceField(
            choices=MailMode.choices, initial=mail, label=title
        )

    def sections(self) -> list[tuple[str, list[tuple[str, Any, Any]]]]:
        """Title of each section, and of its topics the title with both fields."""
        own = {topic.code for topic in self.topics}
        found = [
            (title, [self._row(code) for code in codes if code in own])
            for title, codes in section_titles()
        ]
        return [(title, rows) for title, rows in found if rows]

    def _row(self, code: str) -> tuple[str, Any, Any]:
        return topic_title(code), self[f"{code}-in_app"], self[f"{code}-mail"]

    def chosen(self) -> dict[str, Chosen]:
        """By topic; of a valid form."""
        data = self.cleaned_data
        return {
            topic.code: Chosen(data[f"{topic.code}-in_app"], data[f"{topic.code}-mail"])
            for topic in self.topics
        }


def _mail(choice: Any, topic: Topic) -> str:
    return str(choice.mail_mode if choice else topic.mail)
