{#- The columns of the ledger of memberships, as a query without rows. -#}
{% macro no_audience_memberships() %}
    select
        cast(null as {{ weft.sql_type('text') }}) as audience,
        cast(null as {{ weft.sql_type('text') }}) as profile_id,
        cast(null as {{ weft.sql_type('text') }}) as change,
        cast(null as {{ weft.sql_type('text') }}) as reason,
        cast(null as {{ weft.sql_type('text') }}) as run_id,
        cast(null as {{ weft.sql_type('date') }}) as as_of,
        cast(null as {{ weft.sql_type('timestamp') }}) as changed_at
    where false
{% endmacro %}


{#- The ledger's table, wherever the project has put the model `audience_memberships`. -#}
{% macro audience_memberships() %}
    {{ return(weft.core_relation('audience_memberships')) }}
{% endmacro %}


{#- SQL that creates the ledger where it does not exist. -#}
{% macro create_audience_memberships() %}
    {%- if execute -%}
        {{ return(weft.create_ledger(weft.audience_memberships(), weft.no_audience_memberships())) }}
    {%- endif -%}
{% endmacro %}
