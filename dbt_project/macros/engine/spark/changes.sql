{#-
    Changes of stored tables on Spark, where a table is written anew to change a row of it, and what
    is appended to it shows at once: a build that dies has written its rows and not said so.

    The next build bears the same number and compares again. Rows with its number are not there
    unless such a build left them; they count as written by this one, so that others read them, and
    are not appended twice.
-#}
{% macro spark__write_changes(target, mode, key, plan, replace) %}
    {%- set arriving = model.name ~ '__arriving' -%}
    {%- set columns = weft.stored_columns(target) -%}
    {%- set was_written = 'select count(*) from ' ~ target ~ ' where build >= ' ~ plan.number -%}
    {%- if mode == 'append' -%}
        {%- set before = weft.value_of(was_written) -%}
        {%- if before > 0 -%}
            {%- do weft.replace_temporary(arriving, weft.spark_missing_rows(target, arriving, key, plan)) -%}
        {%- endif -%}
        {{ return(before + weft.insert_rows(target, arriving, columns, plan.number)) }}
    {%- endif -%}
    {%- set changed = model.name ~ '__changed' -%}
    {%- do weft.create_temporary(
        changed, weft.changed_rows(target, arriving, columns, key, mode, replace), 'changed'
    ) -%}
    {%- set touched = weft.value_of('select count(*) from ' ~ changed) -%}
    {%- if touched > 0 -%}
        {%- do weft.spark_exchange_changed(target, changed, columns, key, mode, plan) -%}
    {%- endif -%}
    {%- do weft.drop_temporary([changed]) -%}
    {{ return(touched or weft.value_of(was_written)) }}
{% endmacro %}


{#- A model that adds to what is stored would add to what the dead build has added to. -#}
{% macro spark__reason_of_dead_build(last_build) %}
    {%- set was_written = config.get('adds_up', false) and weft.value_of(
        'select count(*) from ' ~ this ~ ' where build > ' ~ last_build
    ) > 0 -%}
    {{ return('a build died that had written its rows' if was_written else '') }}
{% endmacro %}


{#- The arriving rows that a build of this number has not appended yet. -#}
{% macro spark_missing_rows(target, arriving, key, plan) %}
    {{ return(
        'select arriving.* from ' ~ arriving ~ ' as arriving left anti join (select * from ' ~ target
        ~ ' where build >= ' ~ plan.number ~ ') as stored on ' ~ weft.same_key('stored', 'arriving', key)
    ) }}
{% endmacro %}


{#- Rows that are new are appended; only where others go or change is the table written anew. -#}
{% macro spark_exchange_changed(target, changed, columns, key, mode, plan) %}
    {%- set match = weft.same_key('stored', 'gone', key) -%}
    {%- set replaced = weft.value_of(
        'select count(*) from ' ~ target ~ ' as stored left semi join ' ~ changed ~ ' as gone on ' ~ match
    ) -%}
    {%- if replaced == 0 -%}
        {%- do weft.insert_rows(target, changed, columns, plan.number, 'not is_gone') -%}
    {%- else -%}
        {%- if mode == 'mirror' and not plan.is_full -%}
            {%- do weft.spark_announce_removal(plan) -%}
        {%- endif -%}
        {%- set arriving -%}
            select {{ columns | join(', ') }}, cast({{ plan.number }} as {{ weft.sql_type('integer') }}) as build
            from {{ changed }} where not is_gone
        {%- endset -%}
        {%- do weft.spark_exchange(target, columns + ['build'], changed, match, arriving) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Rows that are no more cannot be seen by those who read the table next; they have to start over,
    and are told so before the rows go: a build that dies after that has told the truth too early.
-#}
{% macro spark_announce_removal(plan) %}
    {%- set reason = 'rows of ' ~ model.name ~ ' have changed or are gone' -%}
    {%- set number = weft.latest_identity_builds().get('removal', {}).get('build', 0) + 1 -%}
    {%- do weft.record_build(
        'removal', {'number': number, 'is_full': true, 'reason': reason, 'present': {}, 'rules_hash': ''}, 0
    ) -%}
    {%- do plan.present.update({'removal': number}) -%}
    {%- do plan.update({'is_full': true, 'reason': reason}) -%}
{% endmacro %}


{% macro spark__exchange_profile_rows(target, changed, columns, key) %}
    {%- set arriving -%}
        select {{ columns | join(', ') }} from {{ changed }} where {{ key }} is not null
    {%- endset -%}
    {%- do weft.spark_exchange(
        target, columns, changed, 'gone.changed_key = stored.' ~ key, arriving
    ) -%}
{% endmacro %}


{% macro spark__replace_cells(table, query, touched) %}
    {%- if weft.value_of('select count(*) from ' ~ touched ~ ' where is_stored') == 0 -%}
        {% call statement('insert_cells') %}
            insert into {{ table }} {{ query }}
        {% endcall %}
    {%- else -%}
        {%- set columns = adapter.get_columns_in_relation(table) | map(attribute='quoted') | list -%}
        {%- do weft.spark_exchange(
            table,
            columns,
            touched,
            'gone.is_stored and gone.identifier_id = stored.identifier_id and gone.day = stored.day',
            query
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro spark__create_cells(table, query) %}
    {%- set arriving = weft.arriving_relation(table) -%}
    {%- do weft.create_table(arriving, query, 'create_cells') -%}
    {%- do weft.put_in_place(
        arriving, adapter.get_relation(table.database, table.schema, table.identifier), table
    ) -%}
{% endmacro %}


{#- A build that died after its update would let the days pass twice. -#}
{% macro spark__rows_are_updated() %}
    {{ return(false) }}
{% endmacro %}
