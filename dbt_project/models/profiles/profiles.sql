{%- set rules = weft.identity_rules() -%}
{%- set custom_traits = weft.custom_traits() -%}
{%- set identify_columns = {'id': 'text', 'null_traits': 'text'} -%}
{%- do identify_columns.update(custom_traits) -%}

with

profile_identifiers as (

    select
        profile_identifiers.*,
        identifier_activity.last_seen_at
    from {{ ref('profile_identifiers') }} as profile_identifiers
    inner join {{ ref('identifier_activity') }} as identifier_activity
        on identifier_activity.identifier_id = profile_identifiers.identifier_id

),

identities as (

    select
        profile_id,
        {%- for rule in rules.identifiers %}
        {%- set is_type = 'identifier_type = ' ~ weft.literal(rule.type) %}
        {{ weft.first_value_of(
            'identifier_value', 'last_seen_at desc, identifier_value', is_type
        ) }} as {{ adapter.quote(rule.type) }},
        {{ weft.sorted_list('identifier_value') }}
            filter (where {{ is_type }}) as {{ adapter.quote(rule.type ~ '_all') }},
        {%- endfor %}
        min(first_seen_at) as first_seen_at
    from profile_identifiers
    group by profile_id

),

identifies as (

    {{ weft.landed('identifies', identify_columns) }}

),

-- The latest value counts; one that was sent as null is removed.
custom_traits as (

    select
        {%- for trait in custom_traits %}
        {%- set trait_column = 'identifies.' ~ adapter.quote(trait) %}
        {{ weft.first_value_of(
            trait_column,
            'events.occurred_at desc, events.received_at desc, events.event_id',
            trait_column ~ ' is not null or '
            ~ weft.json_array_contains('identifies.null_traits', trait)
        ) }} as {{ adapter.quote(trait) }},
        {%- endfor %}
        events.profile_id
    from identifies
    inner join {{ ref('profile_events') }} as events
        on events.source = identifies.source and events.event_id = identifies.id
    group by events.profile_id

)

select
    identities.profile_id,
    {%- for column in weft.identifier_columns() %}
    identities.{{ adapter.quote(column) }},
    {%- endfor %}
    {%- for trait in custom_traits %}
    custom_traits.{{ adapter.quote(trait) }},
    {%- endfor %}
    {%- for name in weft.trait_models() %}
    {%- set trait_model = ref(project_name, name) %}
    {%- for column in weft.trait_columns(trait_model) %}
    {{ name }}.{{ adapter.quote(column) }},
    {%- endfor %}
    {%- endfor %}
    identities.first_seen_at
from identities
left join custom_traits on custom_traits.profile_id = identities.profile_id
{%- for name in weft.trait_models() %}
left join {{ ref(project_name, name) }} as {{ name }} on {{ name }}.profile_id = identities.profile_id
{%- endfor %}
