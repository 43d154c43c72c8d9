"""The fence: base model, manager and policies of every shared table that has a company.

`parties` fences reading, the one `author` fences writing. The database enforces both by row-level
security; the manager only makes a forgotten company loud instead of empty.
"""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.migrations.operations import RunSQL
from django.db.models.sql import Query
from django.utils.encoding import force_str

from apps.common.fields import uuid7
from apps.tenancy.backend.base import APP
from apps.tenancy.context import NoCompany, current_company_id, role_name


def _must_have_company(model: type[models.Model] | None) -> None:
    if current_company_id() is None and role_name() == APP:
        name = model._meta.label if model else "a fenced table"
        raise NoCompany(f"{name} was asked for outside of any company")


class FencedQuery(Query):
    """A query that refuses to run (not to be built) when no company is current."""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        _must_have_company(self.model)
        return super().get_compiler(*args, **kwargs)


class FencedQuerySet(models.QuerySet[Any]):
    """Base of the query sets of fenced models."""

    def __init__(self, model: Any = None, query: Any = None, **kwargs: Any) -> None:
        super().__init__(model, query or FencedQuery(model), **kwargs)

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        _must_have_company(self.model)
        return super().bulk_create(*args, **kwargs)

    def written_by(self, company: Any) -> Self:
        """Rows whose author is this company (instance or key)."""
        return self.filter(author=company)


FencedManager = models.Manager.from_queryset(FencedQuerySet)
AllPartiesManager = models.Manager.from_queryset(models.QuerySet)


class FencedModel(models.Model):
    """A shared row: written by one company, seen by its parties."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    author = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, related_name="+", editable=False
    )
    parties = ArrayField(models.IntegerField(), editable=False)

    prefix: ClassVar[str] = ""

    objects = FencedManager()
    all_parties = AllPartiesManager()

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        """The copyable id, such as inv_01h…; needs the class's `prefix`."""
        from apps.common.ids import encode

        return encode(self.prefix, self.id)

    def _get_FIELD_display(self, field: Any) -> str:
        """What `get_…_display` shows. Django's own way translates all choices to find one."""
        value = getattr(self, field.attname)
        shown = next((text for code, text in field.flatchoices if code == value), value)
        return str(force_str(shown, strings_only=True))


COMPANY_SETTING = "nullif(current_setting('peruse.company', true), '')::int"
PERSON_SETTING = "nullif(current_setting('peruse.person', true), '')::int"


class Fence(RunSQL):
    """Migration operation: row-level security on one shared table.

    Written without a sub-select, or the planner scans. Several policies, because with a single one
    either party could rewrite the row. `index=False` for tables reached only through a parent.
    """

    def __init__(
        self,
        table: str,
        *,
        index: bool = True,
        append_only: bool = False,
        updated_by: str = "author_id",
        platform_writes: bool = False,
    ) -> None:
        self.table = table
        super().__init__(
            _fence_sql(table, index, append_only, updated_by, platform_writes),
            reverse_sql=RunSQL.noop,
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "Fence", [self.table], {}


def _fence_sql(
    table: str, index: bool, append_only: bool, updated_by: str, platform_writes: bool
) -> list[Any]:
    own = f"author_id = {COMPANY_SETTING}"
    changer = f"{updated_by} = {COMPANY_SETTING}"
    sql = [
        f"alter table {table} enable row level security",
        f"create policy {table}_read on {table} for select to peruse_app "
        f"using (parties @> array[{COMPANY_SETTING}])",
        f"create policy {table}_insert on {table} for insert to peruse_app with check ({own})",
        f"create policy {table}_platform on {table} for select to peruse_platform using (true)",
        f"alter table {table} add constraint {table}_author_is_party "
        "check (parties @> array[author_id])",
    ]
    if append_only:
        sql.append(f"revoke update, delete, truncate on {table} from peruse_app")
    else:
        sql += [
            f"create policy {table}_update on {table} for update to peruse_app "
            f"using ({changer}) with check ({changer})",
            f"create policy {table}_delete on {table} for delete to peruse_app using ({own})",
        ]
    if index:
        sql.append(f"create index {table}_parties on {table} using gin (parties)")
    if platform_writes:
        sql += [
            f"grant insert, update on {table} to peruse_platform",
            f"create policy {table}_platform_insert on {table} for insert to peruse_platform "
            "with check (true)",
            f"create policy {table}_platform_update on {table} for update to peruse_platform "
            "using (true) with check (true)",
        ]
    return sql


def freeze_sql(table: str, when: str = "true") -> list[str]:
    """Statements that forbid UPDATE and DELETE of rows for which `when` (over OLD) holds."""
    return [
        f"create trigger {table}_frozen before update or delete on {table} for each row "
        f"when ({when}) execute function peruse_refuse_change()",
    ]
