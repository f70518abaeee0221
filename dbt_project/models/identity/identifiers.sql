{{ config(
    materialized='kept',
    key=['identifier_id'],
    replace_when='arriving.first_seen_at < stored.first_seen_at'
        ' or (stored.first_seen_at is null and arriving.first_seen_at is not null)',
    landed=true,
    models=['model_identifiers'],
) }}
{%- set plan = weft.identity_plan(landed=true, models=['model_identifiers']) -%}
{%- set rules = weft.identity_rules() -%}

with

arrived as (

    {%- for rule in rules.identifiers %}
    select
        {{ weft.identifier_key(rule.type, 'sent_value') }} as identifier_id,
        {{ weft.literal(rule.type) }} as identifier_type,
        sent_value as identifier_value,
        cast({{ rule.priority }} as {{ weft.sql_type('integer') }}) as priority,
        first_seen_at
    from (
        select sent_value, min(seen_at) as first_seen_at
        from (
            {{ weft.arriving_values(rules, rule, plan) | indent(12) }}
        ) as sent
        group by sent_value
    ) as sent
    where {{ weft.is_identifying('sent_value', rules.block, rule.block) | indent(4) }}
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

)

select * from arrived
