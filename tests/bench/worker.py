"""`python -m tests.bench.worker COMPANY KIND END`: one worker process that does the waiting jobs.

Says `ready`, waits for a line, works from the front or the back of the queue, and answers with its
seconds, peak memory in MiB and number of jobs as JSON.
"""

import json
import os
import sys
import time

import django


def main(company_id: int, kind: str, end: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.utils import timezone

    from apps.events.models import Job
    from apps.events.operations import work_on
    from apps.tenancy.context import company_context
    from apps.tenancy.models import Company
    from portal.settled import settle
    from tests.bench.stage import own_peak

    company = Company.objects.get(pk=company_id)
    with company_context(company):
        list(Job.objects.filter(kind=kind)[:1])
        settle()
        print("ready", flush=True)
        sys.stdin.readline()
        start, done = time.perf_counter(), 0
        order = "id" if end == "front" else "-id"
        waiting = Job.objects.filter(kind=kind, state=Job.State.WAITING, company_id=company_id)
        for job_id in list(waiting.order_by(order).values_list("id", flat=True)):
            done += work_on(job_id=job_id, now=timezone.now()) is not None
    answer = {"seconds": time.perf_counter() - start, "memory": own_peak(), "jobs": done}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
