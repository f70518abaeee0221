{#-
    The profiles whose traits may have changed since the build before, as a query: those of renewed
    cells, those whose identifiers moved, and, when the as-of date has moved, those with a cell that
    enters or leaves a window.
-#}
{% macro touched_by_traits(groups, kept, plan) %}
{{- weft.moved_profiles(plan) }}
    {%- set days_passed = plan.as_of != weft.as_of() %}
    {%- for group in groups %}
union all
select profile_identifiers.profile_id
from (
        {%- if group.hours %}
        {{- weft.nodes_in_hours(group, plan, days_passed) | indent(4) }}
        {%- else %}
    select identifier_id from {{ weft.touched_cells(group.label) }}
            {%- if days_passed %}
    union all
    select identifier_id from {{ weft.cell_tables(group.label).days }}
    where {{ weft.crosses_an_edge(group, plan) }}
            {%- endif %}
        {%- endif %}
) as nodes
inner join {{ ref('weft', 'profile_identifiers') }} as profile_identifiers
    on profile_identifiers.identifier_id = nodes.identifier_id
    {%- endfor %}
{%- endmacro %}


{#- Which day cells count for other windows now than on the as-of date of the build before. -#}
{% macro crosses_an_edge(group, plan) %}
    {%- set now = weft.as_of() -%}
    {%- set edges = ['(day > ' ~ plan.as_of ~ ' and day <= ' ~ now ~ ')'] -%}
    {%- for days in group.traits | map(attribute='days') | select | unique | sort -%}
        {%- set width = " - interval '" ~ days ~ " day' as date)" -%}
        {%- do edges.append(
            '(day > cast(' ~ plan.as_of ~ width ~ ' and day <= cast(' ~ now ~ width ~ ')'
        ) -%}
    {%- endfor -%}
    {{ return(edges | join(' or ')) }}
{% endmacro %}


{#- The identifiers with new calls of a group, or, after days have passed, with calls in its hours. -#}
{% macro nodes_in_hours(group, plan, days_passed) %}
    {%- set bare = dict(group, columns={}) %}
select identifier_id from (
    {{- weft.trait_rows(bare, plan=plan) | indent(4) }}
) as arrived
    {%- if days_passed %}
    {%- for day in (plan.as_of, weft.as_of()) %}
union all
select identifier_id from (
    {{- weft.trait_rows(bare, weft.in_hours(group.hours, day)) | indent(4) }}
) as counted
    {%- endfor %}
    {%- endif %}
{%- endmacro %}


{#-
    Let `days_since` grow by the days that have passed since the build before, for profiles that are
    not computed anew: nothing else of theirs depends on the date.
-#}
{% macro let_days_pass(target, definitions, touched, plan) %}
    {%- set traits = definitions | selectattr('aggregate', 'equalto', 'days_since') | list -%}
    {%- if traits and weft.rows_are_updated() and plan.as_of != weft.as_of() -%}
        {%- set passed = weft.days_between(plan.as_of, weft.as_of()) -%}
        {% call statement('let_days_pass') %}
            update {{ target }} as stored set
            {%- for trait in traits %}
            {%- set column = adapter.quote(trait.name) %}
                {{ column }} = {{ column }} + {{ passed }}{{ ',' if not loop.last }}
            {%- endfor %}
            where
                not exists (
                    select 1 from {{ touched }} as touched
                    where touched.profile_id = stored.profile_id
                )
                and (
                {%- for trait in traits %}
                    {{ adapter.quote(trait.name) }} is not null{{ ' or' if not loop.last }}
                {%- endfor %}
                )
        {% endcall %}
    {%- endif -%}
{% endmacro %}


{#- Whether rows of a stored table can be updated where they are, in the transaction of a build. -#}
{% macro rows_are_updated() %}
    {{ return(adapter.dispatch('rows_are_updated', 'weft')()) }}
{% endmacro %}

{% macro default__rows_are_updated() %}
    {{ return(true) }}
{% endmacro %}


{#- The profiles whose `days_since` grow, as the end of a query, where rows cannot be updated. -#}
{% macro touched_by_days(target, definitions, plan) %}
    {%- set traits = definitions | selectattr('aggregate', 'equalto', 'days_since') | list -%}
    {%- if traits and not weft.rows_are_updated() and plan.as_of != weft.as_of() %}
union all
select profile_id from {{ target }}
where
        {%- for trait in traits %}
    {{ adapter.quote(trait.name) }} is not null{{ ' or' if not loop.last }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}
