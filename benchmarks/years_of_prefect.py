"""Months of runs in Prefect's own database, each month followed by the deletion of old runs that its server does.

In: PREFECT_HOME of an empty folder. Out: its database, as large as years of running leave it: what the deletion frees
is filled again by the next month, so the size stays.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

LOGS_A_RUN, TASKS_A_RUN = 12, 2


async def simulate_months(*, months: int, polls_a_day: int) -> None:
    """Write the runs of some months that end now, and delete old ones after each as the server does."""
    from prefect.server.database import provide_database_interface
    from prefect.server.services.db_vacuum import vacuum_old_flow_runs

    db = provide_database_interface()
    await db.create_db()
    flow_id = uuid4()
    async with db.session_context(begin_transaction=True) as session:
        session.add(db.Flow(id=flow_id, name="spotify-ingestion", tags=[], labels={}))
    now = datetime.now(UTC)
    for month in range(months):
        ended = now - timedelta(days=30 * (months - 1 - month))
        for day in range(30):
            await _write_day(db, flow_id, ended - timedelta(days=29 - day), polls_a_day)
        await vacuum_old_flow_runs(db=db)


async def _write_day(db: Any, flow_id: Any, day: datetime, polls: int) -> None:
    """Write the runs of one day, each with its states, tasks and logs."""
    from prefect.server.schemas.states import StateType

    moments = {uuid4(): day - timedelta(minutes=30 * number) for number in range(polls)}
    ended = {"state_type": StateType.COMPLETED, "state_name": "Completed"}
    async with db.session_context(begin_transaction=True) as session:
        for run_id, at in moments.items():
            times = {"start_time": at, "end_time": at}
            session.add(db.FlowRun(id=run_id, flow_id=flow_id, name=f"ingestion {at}", tags=[], **ended, **times))
        await session.flush()
        for run_id, at in moments.items():
            for task in range(TASKS_A_RUN):
                key = f"poll recently played-{task}"
                times = {"start_time": at, "end_time": at}
                session.add(db.TaskRun(flow_run_id=run_id, task_key=key, dynamic_key=key, name=key, **ended, **times))
            for line in range(LOGS_A_RUN):
                said = f"poll recently played: 1 new plays, 49 known. Line {line}."
                session.add(db.Log(flow_run_id=run_id, name="prefect.flow_runs", level=20, message=said, timestamp=at))
