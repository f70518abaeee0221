"""What identity has to know when a person is forgotten.

The models of identity go on from what they have read, so that a removal must be announced to them
(docs/identity.md); and an id that someone else bears must outlive the person it was minted for.
"""

from reverse_etl.forget.person import PERSON, stored_table
from warehouse.engines import Warehouse
from warehouse.manifest import Manifest
from warehouse.runs import Run
from warehouse.system_tables import utc_now

REASON = "a person was forgotten"


def hand_on_profile_ids(warehouse: Warehouse, manifest: Manifest) -> None:
    """Profile ids minted for the person that others have borne too stay theirs.

    After a split an id may live on with another person than the one whose identifier is its seed.
    Their earliest row in the register takes the seed's place. To be called before rows are deleted.
    """
    register = stored_table(warehouse, manifest, "profile_id_register")
    if register is None:
        return
    ours = f"cast(identifier_id as varchar) in (select value from {PERSON} where kind = 'id')"
    warehouse.execute(
        f"""
        update {register} set is_seed = true where position in (
            select min(position) from {register}
            where not {ours} and profile_id in (
                select profile_id from {register} where is_seed and {ours}
            )
            group by profile_id
        )
        """
    )


def start_over(warehouse: Warehouse, manifest: Manifest, run: Run) -> None:
    """Make the next build solve identity anew, as the macro ``forget_identity`` does.

    In the transaction that deletes, so that no build can miss it.
    """
    builds = stored_table(warehouse, manifest, "identity_builds")
    if builds is None:
        return
    warehouse.execute(
        f"""
        insert into {builds} (model_name, build, is_full, reason, rules_hash, consumed,
            count_written, run_id, as_of, built_at)
        select 'removal', coalesce(max(build), 0) + 1, true, ?, '', '{{}}', 0, ?, ?, ?
        from {builds} where model_name = 'removal'
        """,
        [REASON, run.run_id, run.as_of, utc_now()],
    )
