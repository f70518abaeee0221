{#-
    Materialization `kept`: a table whose rows stay as they are until they have to change.

    The model's query gives the rows that are new or may differ, by the plan the model asks for:
        {%- set plan = weft.identity_plan(landed=true) -%}
    Of them only those are written whose key is not there or whose columns differ, each with the
    number of the build as `build`; so whoever reads the table next sees by that number what is new
    to it. A build that brings nothing new touches no row.

        key      the columns that tell rows apart
        replace_when  a row that arrives takes the place of the stored one, as a condition on
                 `arriving` and `stored`; without it, whenever they differ
        mode     upsert: the query gives rows to add or replace. A column `is_gone` marks rows to
                 delete, and is not stored
                 append: the query gives rows that were not there, always
                 mirror: the query gives all rows, those it does not give are deleted
        adds_up  a row that arrives is made of the stored one, so that to write it twice is wrong
        endure   keep the table through full builds, whose query compares everything

    Rows, and the line in `identity_builds` that says what was consumed, are one transaction.
-#}
{% materialization kept, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set plan = weft.identity_plan(config.get('landed', false), config.get('models', [])) -%}
    {%- set mode = config.get('mode', 'upsert') -%}
    {%- set compares_all = mode == 'mirror' or config.get('endure', false) -%}
    {%- set starts_over = existing_relation is none or (plan.is_full and not compares_all) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if starts_over -%}
        {%- set written = weft.write_anew(target_relation, existing_relation, sql, plan.number) -%}
    {%- elif plan.is_idle and mode != 'mirror' -%}
        {% call statement('main') %} select 'nothing is new' {% endcall %}
        {%- set written = 0 -%}
    {%- else -%}
        {%- do weft.create_temporary(model.name ~ '__arriving', sql, 'main') -%}
        {%- set written = weft.write_changes(
            target_relation, mode, config.get('key'), plan, config.get('replace_when')
        ) -%}
        {%- do weft.drop_temporary([model.name ~ '__arriving']) -%}
    {%- endif -%}
    {%- do weft.moment('written') -%}
    {%- do weft.record_build(model.name, plan, written) -%}
    {%- do weft.moment('recorded') -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {%- do weft.moment('committed') -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Build the table aside and let it take the place of the one there was; how many rows it has. -#}
{% macro write_anew(target, existing, sql, number) %}
    {%- set arriving = weft.arriving_relation(target) -%}
    {%- set query -%}
        select *, cast({{ number }} as {{ weft.sql_type('integer') }}) as build
        from ({{ sql }}) as arriving
    {%- endset -%}
    {%- do weft.create_table(arriving, query, 'main') -%}
    {%- do weft.after_filling(arriving) -%}
    {%- do weft.put_in_place(arriving, existing, target) -%}
    {{ return(weft.value_of('select count(*) from ' ~ target)) }}
{% endmacro %}


{#- Write what differs between a table and the rows that arrive; how many rows were touched. -#}
{% macro write_changes(target, mode, key, plan, replace=none) %}
    {{ return(adapter.dispatch('write_changes', 'weft')(target, mode, key, plan, replace)) }}
{% endmacro %}

{% macro default__write_changes(target, mode, key, plan, replace) %}
    {%- set arriving = model.name ~ '__arriving' -%}
    {%- set columns = weft.stored_columns(target) -%}
    {%- if mode == 'append' -%}
        {{ return(weft.insert_rows(target, arriving, columns, plan.number)) }}
    {%- endif -%}
    {%- set changed = model.name ~ '__changed' -%}
    {%- set query = weft.changed_rows(target, arriving, columns, key, mode, replace) -%}
    {%- do weft.create_temporary(changed, query, 'changed') -%}
    {%- set touched = weft.value_of('select count(*) from ' ~ changed) -%}
    {%- if touched > 0 -%}
        {%- set replaced = weft.delete_rows(target, changed, key) -%}
        {%- set kept = weft.insert_rows(target, changed, columns, plan.number, 'not is_gone') -%}
        {%- if mode == 'mirror' and replaced > 0 and not plan.is_full -%}
            {#- Others cannot see what is no more; they have to start over. -#}
            {%- do plan.update({
                'is_full': true, 'reason': 'rows of ' ~ model.name ~ ' have changed or are gone'
            }) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do weft.drop_temporary([changed]) -%}
    {{ return(touched) }}
{% endmacro %}


{#- The arriving rows that are not stored as they arrive, and those that are stored and gone. -#}
{% macro changed_rows(target, arriving, columns, key, mode, replace=none) %}
    {%- set marked = 'is_gone' in weft.column_names(arriving) -%}
    {%- set others = columns | reject('in', key) | list -%}
    select
        {%- for column in columns %}
        arriving.{{ column }},
        {%- endfor %}
        {{ 'arriving.is_gone' if marked else 'false' }} as is_gone
    from {{ arriving }} as arriving
    left join {{ target }} as stored
        on {{ weft.same_key('stored', 'arriving', key) }}
    where
        {%- if marked %}
        (not arriving.is_gone or stored.{{ key[0] }} is not null) and (arriving.is_gone or
        {%- endif %}
        stored.{{ key[0] }} is null
        {%- if replace %}
        or {{ replace }}
        {%- else %}
        {%- for column in others %}
        or stored.{{ column }} is distinct from arriving.{{ column }}
        {%- endfor %}
        {%- endif %}
        {{- ')' if marked }}
    {%- if mode == 'mirror' %}
    union all
    select
        {%- for column in columns %}
        stored.{{ column }},
        {%- endfor %}
        true as is_gone
    from {{ target }} as stored
    where not exists (
        select 1 from {{ arriving }} as arriving
        where {{ weft.same_key('stored', 'arriving', key) }}
    )
    {%- endif %}
{% endmacro %}


{% macro delete_rows(target, changed, key) %}
    {%- set before = weft.value_of('select count(*) from ' ~ target) -%}
    {% call statement('delete') %}
        delete from {{ target }} as stored
        using {{ changed }} as changed
        where {{ weft.same_key('stored', 'changed', key) }}
    {% endcall %}
    {{ return(before - weft.value_of('select count(*) from ' ~ target)) }}
{% endmacro %}


{#- Insert rows that are there; an insert of none would hide a later one from DuckDB 2.0. -#}
{% macro insert_rows(target, rows, columns, number, condition='true') %}
    {%- set count = weft.value_of('select count(*) from ' ~ rows ~ ' where ' ~ condition) -%}
    {%- if count > 0 -%}
        {% call statement('insert') %}
            insert into {{ target }} ({{ columns | join(', ') }}, build)
            select {{ columns | join(', ') }}, {{ number }} from {{ rows }} where {{ condition }}
        {% endcall %}
    {%- endif -%}
    {{ return(count) }}
{% endmacro %}


{% macro same_key(left, right, key) %}
    {%- set terms = [] -%}
    {%- for column in key -%}
        {%- do terms.append(left ~ '.' ~ column ~ ' = ' ~ right ~ '.' ~ column) -%}
    {%- endfor -%}
    {{ return(terms | join(' and ')) }}
{% endmacro %}


{#- The columns of a table of materialization `kept`, without the build that wrote a row. -#}
{% macro stored_columns(relation) %}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') -%}
    {{ return(names | reject('equalto', 'build') | list) }}
{% endmacro %}


{% macro column_names(table) %}
    {{ return(run_query('select * from ' ~ table ~ ' where false').column_names) }}
{% endmacro %}


{% macro value_of(query) %}
    {{ return(run_query(query).columns[0].values()[0] | int) }}
{% endmacro %}
