{#-
    Materialization `profile_rows`: a table of profiles of which a build rewrites only rows that have
    become different, so that a quiet batch rewrites none. It has one row per profile, or per `key`.

    The model's query gives all rows. Where it says {% raw %}`{{ weft.is_touched() }}`{% endraw %} it can spare itself the
    profiles that cannot have changed since the build before. Which may have, beside those whose
    identifiers moved, the settings say:

        touched_by   models of identity: the profiles of identifiers with new rows in them
        calls        types of calls: the profiles that new calls of these types belong to

    A table that joins traits that count days is written anew when the as-of date has moved: nearly
    all of its rows change then, and to look for those that do not would cost more than to write all.

    The columns named in `stable` may not change their type, see refuse_other_types.

    Rows, and the line in `trait_builds` that says what was consumed, are one transaction.
-#}
{% materialization profile_rows, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- do weft.refuse_other_types(existing_relation, sql, config.get('stable', [])) -%}
    {%- set plan = weft.profile_rows_plan(sql) -%}
    {%- set arriving = adapter.quote(model.alias ~ '__arriving') -%}
    {%- set is_partial = config.get('touched_by') or config.get('calls') -%}
    {%- set touched = weft.touched_table() if is_partial else none -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if plan.is_full or weft.most_rows_change(plan) -%}
        {%- set written = weft.write_profile_rows_anew(target_relation, existing_relation, sql) -%}
        {%- set count_touched = written -%}
    {%- else -%}
        {%- if touched -%}
            {%- do weft.create_touched(
                touched,
                weft.moved_profiles(plan)
                ~ weft.profiles_of_new_rows(plan, config.get('touched_by', []))
                ~ weft.profiles_of_new_calls(plan, config.get('calls', []))
            ) -%}
        {%- endif -%}
        {%- do weft.create_temporary(
            arriving,
            sql.replace(weft.is_touched(), 'profile_id in (select profile_id from ' ~ touched ~ ')'),
            'main'
        ) -%}
        {%- set written = weft.write_profile_rows(
            target_relation, arriving, touched, config.get('key', 'profile_id')
        ) -%}
        {%- set count_touched = weft.one_value('select count(*) from ' ~ (touched or arriving)) -%}
        {%- do weft.drop_temporary([arriving] + ([touched] if touched else [])) -%}
    {%- endif -%}
    {%- do weft.record_trait_build(plan, count_touched, written) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Whether days have passed since the build before, and the model joins traits that count them. -#}
{% macro most_rows_change(plan) %}
    {%- if plan.as_of == weft.as_of() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for name in model.depends_on.nodes -%}
        {%- set traits = (graph.nodes.get(name, {}).get('config', {}).get('meta') or {}).get('traits') -%}
        {%- if traits is mapping
            and 'days_since' in traits.values() | map(attribute='aggregate') | list -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{% endmacro %}


{#- The plan of a model of materialization `profile_rows`; it depends on its query and its columns. -#}
{% macro profile_rows_plan(sql) %}
    {%- set columns = [] -%}
    {%- for column in adapter.get_column_schema_from_query(sql) -%}
        {%- do columns.append(column.name ~ ' ' ~ column.dtype) -%}
    {%- endfor -%}
    {%- set models = ['profile_id_register'] + config.get('touched_by', []) -%}
    {%- if config.get('calls') -%}
        {%- do models.append('events') -%}
    {%- endif -%}
    {%- set plan = weft.trait_plan(models, {'query': local_md5(sql ~ columns | join(', '))}) -%}
    {%- if not plan.is_full and plan.before.get('query') != plan.signature.query -%}
        {%- do weft.start_over(plan, 'its query has changed') -%}
    {%- endif -%}
    {{ return(plan) }}
{% endmacro %}


{#-
    Whether the profile `profile_id` may have changed since the build before, as a condition. It is
    true as it stands; the materialization puts its own in this place where it can.
-#}
{% macro is_touched() %}
    {{ return('true /* or touched */') }}
{% endmacro %}


{#- The temporary table of the profiles that a build touches. -#}
{% macro touched_table() %}
    {{ return(adapter.quote(model.alias ~ '__touched')) }}
{% endmacro %}


{#- Create a temporary table of the profiles that a query gives, each once. -#}
{% macro create_touched(touched, query) %}
    {%- do weft.create_temporary(
        touched, 'select distinct profile_id from (' ~ query ~ ') as touched', 'touched'
    ) -%}
{% endmacro %}


{#- The profiles of identifiers with new rows in models of identity. -#}
{% macro profiles_of_new_rows(plan, models) %}
    {%- for name in models %}
union all
select profile_identifiers.profile_id
from {{ ref('weft', name) }} as changed
inner join {{ ref('weft', 'profile_identifiers') }} as profile_identifiers
    on profile_identifiers.identifier_id = changed.identifier_id
where {{ weft.is_new(plan, name, 'changed.build') }}
    {%- endfor %}
{%- endmacro %}


{#- The profiles that new calls of some types belong to. -#}
{% macro profiles_of_new_calls(plan, calls) %}
    {%- if calls %}
union all
select profile_identifiers.profile_id
from {{ ref('weft', 'events') }} as events
inner join {{ ref('weft', 'profile_identifiers') }} as profile_identifiers
    on profile_identifiers.identifier_id = events.identifier_id
where {{ weft.is_new_event(plan) }} and events.call_type in ({{ weft.literals(calls) }})
    {%- endif %}
{%- endmacro %}


{#- Build a table aside and let it take the place of the one there was; how many rows it has. -#}
{% macro write_profile_rows_anew(target, existing, sql) %}
    {%- set arriving = weft.arriving_relation(target) -%}
    {%- do weft.create_table(arriving, sql, 'main') -%}
    {%- do weft.after_filling(arriving) -%}
    {%- do weft.put_in_place(arriving, existing, target) -%}
    {{ return(weft.one_value('select count(*) from ' ~ target)) }}
{% endmacro %}


{#-
    Write the arriving rows that differ from those stored, and delete stored ones that should have
    arrived and did not; how many rows were added, replaced or deleted.

    touched   the table of the profiles that should have arrived; all without
    key       the column that tells rows apart
-#}
{% macro write_profile_rows(target, arriving, touched=none, key='profile_id') %}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | list -%}
    {%- set changed = adapter.quote(model.alias ~ '__changed') -%}
    {%- set query -%}
        select
            coalesce(arriving.{{ key }}, stored.{{ key }}) as changed_key,
            arriving.*
        from {{ arriving }} as arriving
        full outer join (
            select * from {{ target }}
            {%- if touched %}
            where profile_id in (select profile_id from {{ touched }})
            {%- endif %}
        ) as stored on stored.{{ key }} = arriving.{{ key }}
        where
            stored.{{ key }} is null
            or arriving.{{ key }} is null
            {%- for column in columns %}
            or arriving.{{ column }} is distinct from stored.{{ column }}
            {%- endfor %}
    {%- endset -%}
    {%- do weft.create_temporary(changed, query, 'changed') -%}
    {%- set written = weft.one_value('select count(*) from ' ~ changed) -%}
    {%- if written > 0 -%}
        {%- do weft.exchange_profile_rows(target, changed, columns, key) -%}
    {%- endif -%}
    {%- do weft.drop_temporary([changed]) -%}
    {{ return(written) }}
{% endmacro %}


{#- Let the changed rows take the place of those that are stored under their keys. -#}
{% macro exchange_profile_rows(target, changed, columns, key) %}
    {%- do adapter.dispatch('exchange_profile_rows', 'weft')(target, changed, columns, key) -%}
{% endmacro %}

{% macro default__exchange_profile_rows(target, changed, columns, key) %}
    {% call statement('delete') %}
        delete from {{ target }}
        where {{ key }} in (select changed_key from {{ changed }})
    {% endcall %}
    {% call statement('insert') %}
        insert into {{ target }} ({{ columns | join(', ') }})
        select {{ columns | join(', ') }} from {{ changed }} where {{ key }} is not null
    {% endcall %}
{% endmacro %}
