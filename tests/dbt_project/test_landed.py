"""What a project finds of its landed tables."""

from pathlib import Path

from tests.dbt_project.shop import event
from tests.dbt_project.trait_shop import TraitShop

# Another thread has begun to enter the schema into dbt's cache, and come as far as one table.
HALF_CACHED = """
{%- if execute -%}
    {%- do adapter.cache_added(api.Relation.create(
        database=target.database, schema='web', identifier='first_of_many', type='table'
    )) -%}
{%- endif -%}
select {{ weft.landed_tables('tracks') | length }} as count_tables
"""


def test_a_half_filled_cache_hides_no_landed_table(tmp_path: Path) -> None:
    shop = TraitShop(tmp_path / "shop")
    (shop.folder / "models" / "traits" / "half_cached.sql").write_text(HALF_CACHED)
    shop.load([event("01 10:00", userId="ana")])
    shop.build_models()
    assert shop.rows("select count_tables from analytics.half_cached") == [{"count_tables": 1}]
