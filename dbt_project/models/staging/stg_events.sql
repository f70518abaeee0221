with

calls as (

    {%- for table, call in weft.call_tables().items() %}
    select
        source,
        id as event_id,
        {{ weft.literal(call) }} as call_type,
        event_text as event_name,
        {{ adapter.quote('timestamp') }} as occurred_at,
        received_at,
        load_id
    from (
        {{ weft.landed(table, {
            'id': 'text',
            'event_text': 'text',
            'timestamp': 'timestamp',
            'received_at': 'timestamp',
        }) }}
    ) as {{ table }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select * from calls
