"""Addresses of notifications on a company's host."""

from django.urls import path

from apps.notifications import views

urlpatterns = [
    path("notifications/", views.notification_list, name="notification_list"),
    path("notifications/bell/", views.bell, name="notification_bell"),
    path("notifications/reading/", views.reading_of_all, name="notification_reading_of_all"),
    path("notifications/topics/", views.topics, name="notification_topics"),
    path(
        "notifications/<pid:notification_id>/reading/", views.reading,
        name="notification_reading",
    ),
    path("notifications/mails/<pid:mail_id>/sending/", views.sending, name="notification_sending"),
]  # fmt: skip
