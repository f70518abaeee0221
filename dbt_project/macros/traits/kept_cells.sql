{#- The tables of a group's cells. -#}
{% macro cell_tables(label) %}
    {%- set tables = {} -%}
    {%- for part in ('days', 'values') -%}
        {%- do tables.update({part: api.Relation.create(
            database=this.database,
            schema=this.schema,
            identifier=weft.short_name(model.alias ~ '__' ~ label ~ '__' ~ part),
            type='table'
        )}) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{% macro has_cells(label) %}
    {%- set days = weft.cell_tables(label).days -%}
    {{ return(adapter.get_relation(days.database, days.schema, days.identifier) is not none) }}
{% endmacro %}


{#- The temporary table of the cells of a group that a build touches. -#}
{% macro touched_cells(label) %}
    {{ return(adapter.quote(weft.short_name(model.alias ~ '__' ~ label ~ '__touched'))) }}
{% endmacro %}


{#- Bring the cells of a group up to date. -#}
{% macro keep_cells(group, plan) %}
    {%- set tables = weft.cell_tables(group.label) -%}
    {%- if group.label not in plan.anew -%}
        {%- do weft.renew_cells(group, tables, plan) -%}
    {%- elif group.series -%}
        {%- set calls = weft.create_calls(group, weft.trait_rows(group)) -%}
        {%- do weft.create_cells(tables.days, weft.trait_day_cells(group, calls)) -%}
        {%- do weft.create_cells(tables['values'], weft.trait_value_cells(group, calls)) -%}
        {%- do weft.drop_temporary([calls]) -%}
    {%- else -%}
        {%- set calls = '(' ~ weft.trait_rows(group) ~ ') as calls' -%}
        {%- do weft.create_cells(tables.days, weft.trait_day_cells(group, calls)) -%}
    {%- endif -%}
{% endmacro %}


{#- Create cells anew, in place of those that are there. -#}
{% macro create_cells(table, query) %}
    {%- do adapter.dispatch('create_cells', 'weft')(table, query) -%}
    {%- do weft.after_filling(table) -%}
{% endmacro %}

{% macro default__create_cells(table, query) %}
    {% call statement('drop_cells') %}
        drop table if exists {{ table }}
    {% endcall %}
    {%- do weft.create_table(table, query, 'create_cells') -%}
{% endmacro %}


{#- A temporary table of calls of a group; its name. -#}
{% macro create_calls(group, query) %}
    {%- set calls = adapter.quote(weft.short_name(model.alias ~ '__' ~ group.label ~ '__calls')) -%}
    {%- do weft.create_temporary(calls, query, 'calls') -%}
    {{ return(calls) }}
{% endmacro %}


{#-
    Compute anew the cells of identifiers and days with new calls. Of a cell that is not stored yet
    all calls are new; only for one that is, those of before are read again.
-#}
{% macro renew_cells(group, tables, plan) %}
    {%- set calls = weft.create_calls(group, weft.trait_rows(group, plan=plan)) -%}
    {%- set touched = weft.touched_cells(group.label) -%}
    {%- set query -%}
        select
            calls.identifier_id,
            calls.day,
            count(stored.day) > 0 as is_stored
        from (select distinct identifier_id, day from {{ calls }}) as calls
        left join {{ tables.days }} as stored
            on stored.identifier_id = calls.identifier_id and stored.day = calls.day
        group by calls.identifier_id, calls.day
    {%- endset -%}
    {%- do weft.create_temporary(touched, query, 'touched_cells') -%}
    {%- set found = run_query(
        'select count(*), min(day) filter (where is_stored), max(day) filter (where is_stored) from '
        ~ touched
    ).rows[0] -%}
    {%- if found[1] is not none -%}
        {%- set condition = 'not (' ~ weft.is_new_event(plan) ~ ') and '
            ~ weft.is_reopened(touched) -%}
        {%- do weft.add_to_temporary(
            calls, weft.trait_rows(group, condition, days=[found[1], found[2]])
        ) -%}
    {%- endif -%}
    {%- if found[0] > 0 -%}
        {%- do weft.replace_cells(tables.days, weft.trait_day_cells(group, calls), touched) -%}
        {%- if group.series -%}
            {%- do weft.replace_cells(
                tables['values'], weft.trait_value_cells(group, calls), touched
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do weft.drop_temporary([calls]) -%}
{% endmacro %}


{#- Whether an event belongs to a cell that was stored before and is touched now. -#}
{% macro is_reopened(touched) %}
    {{ return(
        'exists (select 1 from ' ~ touched ~ ' as touched where touched.is_stored'
        ~ ' and touched.identifier_id = events.identifier_id'
        ~ ' and touched.day = ' ~ weft.local_date('events.occurred_at') ~ ')'
    ) }}
{% endmacro %}


{#- Let cells take the place of those that were stored of their identifiers and days. -#}
{% macro replace_cells(table, query, touched) %}
    {%- do adapter.dispatch('replace_cells', 'weft')(table, query, touched) -%}
{% endmacro %}

{% macro default__replace_cells(table, query, touched) %}
    {% call statement('delete_cells') %}
        delete from {{ table }} as stored
        using {{ touched }} as touched
        where
            touched.is_stored
            and touched.identifier_id = stored.identifier_id
            and touched.day = stored.day
    {% endcall %}
    {% call statement('insert_cells') %}
        insert into {{ table }} {{ query }}
    {% endcall %}
{% endmacro %}


{#- Drop the lists of touched cells, and the tables of groups that are no longer defined. -#}
{% macro drop_touched_cells(kept, plan) %}
    {%- set labels = kept | map(attribute='label') | list -%}
    {%- for label in labels if label not in plan.anew -%}
        {%- do weft.drop_temporary([weft.touched_cells(label)]) -%}
    {%- endfor -%}
    {%- for label in plan.before.get('cells', {}) if label not in labels -%}
        {%- for table in weft.cell_tables(label).values() -%}
            {% call statement('drop_cells') %}
                drop table if exists {{ table }}
            {% endcall %}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{#- How many values of each property were sent that are no numbers in range, where there are any. -#}
{% macro unusable_values(kept) %}
    {%- set found = {} -%}
    {%- for group in kept -%}
        {%- for alias, wanted in group.columns.items() if wanted.type == 'decimal' -%}
            {%- set count = weft.one_value(
                'select coalesce(sum(' ~ adapter.quote(alias ~ '__unusable') ~ '), 0) from '
                ~ weft.cell_tables(group.label).days
            ) | int -%}
            {%- if count > 0 -%}
                {%- do found.update({group.table ~ '.' ~ wanted.column: count}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
