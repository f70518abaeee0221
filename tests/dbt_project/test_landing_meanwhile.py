"""What lands while dbt builds, where an engine lets others write, is for the next build."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt_project.shop import EventShop, event

# A hook runs after a model has been planned, and before its rows are read.
LANDS = """
{% macro land_meanwhile() %}
    {%- if var('lands', false) and execute -%}
        {%- set columns = adapter.get_columns_in_relation(
            api.Relation.create(database=target.database, schema='web', identifier='tracks')
        ) | map(attribute='name') | reject('in', ['id', 'load_id', 'anonymous_id']) | list -%}
        {%- set others = columns | map('tojson') | join(', ') -%}
        {%- do run_query(
            "insert into web.tracks (id, load_id, anonymous_id, " ~ others ~ ")"
            ~ " select 'late', 2, 'late', " ~ others ~ " from web.tracks where id = 'first'"
            ~ " and not exists (select 1 from web.tracks where id = 'late')"
        ) -%}
        {%- do run_query(
            "insert into weft.loads (load_id, source, format, state)"
            ~ " select 2, 'web', 'ndjson', 'landed'"
            ~ " where not exists (select 1 from weft.loads where load_id = 2)"
        ) -%}
    {%- endif -%}
{% endmacro %}
"""
MODELS = ("+events", "+identifiers", "+identity_links")


@pytest.mark.every_engine
@pytest.mark.slow
def test_what_lands_during_a_build_is_read_once_by_the_next(
    tmp_path: Path, output: dict[str, Any]
) -> None:
    shop = EventShop(tmp_path / "shop", output)
    (shop.folder / "macros").mkdir(exist_ok=True)
    (shop.folder / "macros" / "land_meanwhile.sql").write_text(LANDS)
    path = shop.folder / "dbt_project.yml"
    settings = yaml.safe_load(path.read_text())
    hook = {"+pre-hook": "{{ land_meanwhile() }}"}
    settings["models"].setdefault("weft", {})["identity"] = {"events": hook}
    path.write_text(yaml.safe_dump(settings))
    shop.load([event("01 10:00", anonymousId="first", messageId="first")])
    for options in (("--vars", "lands: true"), (), ()):
        shop.build_models("--select", *MODELS, *options)
        events = shop.rows("select event_id from analytics.events order by event_id")
        found = shop.rows("select identifier_value as value from analytics.identifiers order by 1")
        arrived = ["first"] if options else ["first", "late"]
        assert [row["event_id"] for row in events] == arrived
        assert [row["value"] for row in found] == arrived
