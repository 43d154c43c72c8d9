"""The Celery task class that carries the company in its headers."""

from typing import Any

from celery import Task
from django.db import close_old_connections

from apps.common import tracing
from apps.tenancy.context import company_context, current_company_id, no_company
from apps.tenancy.models import Company

HEADER = "peruse_company"


class CompanyGone(RuntimeError):
    """The message names a company that is no more; the task must not run as anybody else."""


class CompanyTask(Task):
    """Runs inside the company it was sent from (or `company_id=`); fails when that is gone."""

    abstract = True

    def apply_async(self, *args: Any, company_id: int | None = None, **options: Any) -> Any:
        company = company_id if company_id is not None else current_company_id()
        headers = {**(options.pop("headers", None) or {}), HEADER: company}
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        close_old_connections()
        key = self._company_key()
        with no_company():
            company = Company.objects.filter(pk=key).first()
        if company is None or company.state == Company.State.ERASED:
            raise CompanyGone(f"company {key} of task {self.name} does not exist")
        with company_context(company), tracing.traced(company=company.slug):
            return super().__call__(*args, **kwargs)

    def _company_key(self) -> int | None:
        direct = getattr(self.request, HEADER, None)
        return direct if direct is not None else (self.request.headers or {}).get(HEADER)
