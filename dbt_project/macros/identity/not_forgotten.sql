{#-
    The condition that a row carries no identifier of a person who was forgotten, as the end of a
    `where`; empty where nobody was. Such a row is nobody's: events of them no longer land, but an
    identifier may come in another spelling than was suppressed, and the rows of a model are not
    weft's to delete.

    columns   as of identifier_columns_in()
    types     forgotten_types()
-#}
{% macro and_not_forgotten(columns, types) %}
    {%- set conditions = [] -%}
    {%- for column in columns if column.rule.type in types -%}
        {%- set value = weft.normalized(column.expression, column.rule) -%}
        {%- do conditions.append(
            ' and not coalesce(' ~ weft.sha256(weft.small_letters('trim(' ~ value ~ ')')) ~ ' in ('
            ~ 'select value_hash from ' ~ weft.system_table('suppressions')
            ~ " where reason = 'forgotten' and type = " ~ weft.literal(column.rule.type) ~ '), false)'
        ) -%}
    {%- endfor -%}
    {{ return(conditions | join) }}
{% endmacro %}


{#- The identifier types of which a value was forgotten, sorted. -#}
{% macro forgotten_types() %}
    {{ return(adapter.dispatch('forgotten_types', 'weft')()) }}
{% endmacro %}

{% macro default__forgotten_types() %}
    {%- set register = weft.system_table('suppressions') -%}
    {%- if not execute or weft.stored_relation(register.schema, register.identifier) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set found = run_query(
        'select distinct type from ' ~ register ~ " where reason = 'forgotten' order by type"
    ) -%}
    {{ return(found.columns[0].values() | list) }}
{% endmacro %}
