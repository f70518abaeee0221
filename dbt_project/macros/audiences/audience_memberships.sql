{#- The columns of a ledger of memberships, as a query without rows. -#}
{% macro no_audience_memberships() %}
    {{ return(weft.no_rows(weft.membership_columns())) }}
{% endmacro %}


{#- The columns of a ledger of memberships, {name: type}. -#}
{% macro membership_columns() %}
    {{ return({
        'audience': 'text',
        'profile_id': 'text',
        'account_id': 'text',
        'change': 'text',
        'reason': 'text',
        'merged_into': 'text',
        'run_id': 'text',
        'as_of': 'date',
        'changed_at': 'timestamp',
    }) }}
{% endmacro %}


{#- The ledger's table, wherever the project has put the model `audience_memberships`. -#}
{% macro audience_memberships() %}
    {{ return(weft.core_relation('audience_memberships')) }}
{% endmacro %}


{#- The ledger of who is held out, wherever the project has put the model `audience_holdouts`. -#}
{% macro audience_holdouts() %}
    {{ return(weft.core_relation('audience_holdouts')) }}
{% endmacro %}


{#-
    Create both ledgers where they do not exist, and give an older one the columns it lacks. They
    are never dropped and never rewritten.
-#}
{% macro create_audience_memberships() %}
    {%- if execute -%}
        {%- for ledger in (weft.audience_memberships(), weft.audience_holdouts()) -%}
            {%- do adapter.create_schema(ledger) -%}
            {%- do run_query(
                'create table if not exists ' ~ ledger ~ ' as ' ~ weft.no_audience_memberships()
            ) -%}
            {%- set present = adapter.get_columns_in_relation(ledger) | map(attribute='name') | list -%}
            {%- for name, type in weft.membership_columns().items() if name not in present -%}
                {%- do run_query(
                    'alter table ' ~ ledger ~ ' add column ' ~ name ~ ' ' ~ weft.sql_type(type)
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{#- Who has entered an audience once more than it has left, as a query. -#}
{% macro standing_members(ledger, audience, key) %}
    {{ return(
        'select ' ~ key ~ ' from ' ~ ledger ~ ' where audience = ' ~ weft.literal(audience)
        ~ ' and ' ~ key ~ ' is not null group by ' ~ key
        ~ " having sum(case when change = 'entered' then 1 else -1 end) > 0"
    ) }}
{% endmacro %}
