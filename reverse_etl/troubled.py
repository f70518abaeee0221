"""Keys of a sync whose last attempt was refused, or ended without a known outcome, as SQL."""

from warehouse.engines import Warehouse, quote
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_BINDINGS, SYNC_PLANS

TROUBLED = quote("weft_troubled")

# An error of the server may come after it has applied the request.
_IN_DOUBT = "(outcome = 'unknown' or coalesce(http_status, 0) >= 500)"


def find_troubled(warehouse: Warehouse, sync: str, account: str) -> bool:
    """Fill the temporary table of troubled keys; whether there are any.

    Columns: key, rejected_operation and rejected_hash of a refusal, open_operation, open_hash and
    open_plan_id of what was sent without a known outcome since the key last succeeded. What was
    attempted before a reset does not count.
    """
    warehouse.execute(
        f"""
        create or replace temporary table {TROUBLED} as
        select key,
            max(case when recency = 1 and outcome = 'rejected' then operation end)
                as rejected_operation,
            max(case when recency = 1 and outcome = 'rejected' then row_hash end)
                as rejected_hash,
            max(case when is_open then operation end) as open_operation,
            max(case when is_open then row_hash end) as open_hash,
            max(case when is_open then plan_id end) as open_plan_id
        from (
            select *, in_doubt and recency_of_doubt = 1
                and (succeeded_at is null or succeeded_at < attempted_at) as is_open
            from ({_ranked()}) as ranked
        ) as judged
        group by key
        having max(case when is_open or (recency = 1 and outcome = 'rejected') then 1 end) = 1
        """,
        [sync, account, sync, sync, account],
    )
    return bool(warehouse.value(f"select count(*) as keys from {TROUBLED}"))


def _ranked() -> str:
    return f"""
        select attempts.key, attempts.operation, row_hash, outcome, attempted_at,
            attempts.plan_id, {_IN_DOUBT} as in_doubt,
            max(case when outcome = 'succeeded' then attempted_at end)
                over (partition by attempts.key) as succeeded_at,
            row_number() over (
                partition by attempts.key order by attempted_at desc, attempt desc
            ) as recency,
            row_number() over (
                partition by attempts.key, {_IN_DOUBT}
                order by attempted_at desc, attempt desc
            ) as recency_of_doubt
        from {SYNC_ATTEMPTS} as attempts
        join {SYNC_PLANS} as plans on plans.plan_id = attempts.plan_id
        where attempts.sync = ? and plans.account = ?
            and attempts.key in (
                select key from {SYNC_ATTEMPTS}
                where sync = ? and (outcome = 'rejected' or {_IN_DOUBT})
            )
            and attempted_at > coalesce(
                (select max(reset_at) from {SYNC_BINDINGS} where sync = ? and account = ?),
                timestamp '1970-01-01'
            )
    """
