{%- set rules = weft.identity_rules() -%}

with

sent as (

    {{ weft.identifier_values(rules) }}

),

identifying as (

    select *
    from sent
    where
        {{ weft.is_identifying('identifier_value', rules.block) | indent(8) }}

)

select distinct
    source,
    event_id,
    md5(identifier_type || ':' || identifier_value) as identifier_id,
    identifier_type,
    identifier_value,
    priority,
    least(occurred_at, received_at) as seen_at,
    md5(source || ':' || event_id) as event_hash,
    load_id
from identifying
