{{ config(materialized='profile_rows', touched_by=['profile_identifiers', 'identifier_activity']) }}
-- depends_on: {{ ref('profile_id_register') }}

{%- set rules = weft.identity_rules() %}

with

by_type as (

    select
        profile_identifiers.profile_id,
        profile_identifiers.identifier_type,
        {{ weft.value_of_extreme(
            'min',
            [weft.newest_first('identifier_activity.last_seen_at')],
            'profile_identifiers.identifier_value'
        ) }} as last_value,
        {{ weft.list_of('profile_identifiers.identifier_value', 'true') }} as all_values,
        min(profile_identifiers.first_seen_at) as first_seen_at
    from {{ ref('profile_identifiers') }} as profile_identifiers
    inner join {{ ref('identifier_activity') }} as identifier_activity
        on identifier_activity.identifier_id = profile_identifiers.identifier_id
    where {{ weft.is_touched() }}
    group by profile_identifiers.profile_id, profile_identifiers.identifier_type

)

select
    profile_id,
    {%- for rule in rules.identifiers %}
    {%- set is_type = 'identifier_type = ' ~ weft.literal(rule.type) %}
    max(last_value) filter (where {{ is_type }}) as {{ adapter.quote(rule.type) }},
    {{ weft.any_of('all_values') }} filter (where {{ is_type }}) as {{ adapter.quote(rule.type ~ '_all') }},
    {%- endfor %}
    min(first_seen_at) as first_seen_at
from by_type
group by profile_id
