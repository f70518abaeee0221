{#-
    Whoever did something, as a condition of an audience's SELECT:

        where {{ weft.performed('Order Completed', at_least=2, within='30 days') }}

    event     the name of a track call; or calls='pages', 'screens' or 'tracks' for all of these
    at_least, at_most, exactly
              how often; at least once unless said otherwise, and `at_least=0` counts who never did
    within    '30 days': the as-of day and the 29 before; '12 hours': the last hours of the as-of day
    where     only events with these properties, in the words of a trait's `where`: a value, a list,
              {'>=': 50}, {'contains': 'x'}, {'not': 'x'}
    of        the column compared, where `profile_id` alone would be ambiguous; `group_id` in an
              audience of accounts, for what an account's members did together
-#}
{% macro performed(
    event=none, at_least=none, at_most=none, exactly=none, within=none, where=none, calls=none,
    of='profile_id'
) %}
    {%- set name = weft.condition_name('performed', event, {
        'calls': calls, 'at_least': at_least, 'at_most': at_most, 'exactly': exactly,
        'within': within, 'where': where,
    }) -%}
    {%- set least = exactly if exactly is not none else (at_least if at_least is not none else 1) -%}
    {%- set most = exactly if exactly is not none else at_most -%}
    {%- set key = weft.key_of_condition(of) -%}
    {%- set moments = weft.event_moments(name, event, within, where, calls, key) -%}
    {%- if least == 0 and most is none -%}
        {{ exceptions.raise_compiler_error(
            weft.audience_place() ~ ': ' ~ name ~ ' holds for everyone; say at_most, or leave it out.'
        ) }}
    {%- elif least == 0 -%}
        {{ return(weft.condition(
            'more than: ' ~ name, weft.counted_moments(moments, most + 1, none, key), of, is_negated=true
        )) }}
    {%- endif -%}
    {{ return(weft.condition(name, weft.counted_moments(moments, least, most, key), of)) }}
{% endmacro %}


{#- Whoever did not do something; arguments as of `performed`. -#}
{% macro not_performed(event=none, within=none, where=none, calls=none, of='profile_id') %}
    {%- set name = weft.condition_name('performed', event, {
        'calls': calls, 'within': within, 'where': where,
    }) -%}
    {%- set key = weft.key_of_condition(of) -%}
    {%- set moments = weft.event_moments(name, event, within, where, calls, key) -%}
    {{ return(weft.condition(name, weft.counted_moments(moments, 1, none, key), of, is_negated=true)) }}
{% endmacro %}


{% macro counted_moments(moments, least, most, key) %}
    {%- set having = 'count(*) >= ' ~ (least | int) -%}
    {%- if most is not none -%}
        {%- set having = having ~ ' and count(*) <= ' ~ (most | int) -%}
    {%- endif -%}
    {{ return(
        '\n    select ' ~ key ~ ' from (' ~ moments ~ ') as moments'
        ~ '\n    group by ' ~ key ~ ' having ' ~ having ~ '\n'
    ) }}
{% endmacro %}


{#-
    When each profile did something, as a query: (profile_id, occurred_at), one row per event; or
    each account, by its members: (account_id, occurred_at).
-#}
{% macro event_moments(name, event, within, where, calls=none, key='profile_id') %}
    {%- set place = weft.audience_place() ~ ': ' ~ name -%}
    {%- set given = {'event': event} if calls is none else {'calls': calls} -%}
    {%- if calls is not none and event is not none -%}
        {%- do given.update({'event': event}) -%}
    {%- endif -%}
    {%- set table = weft.trait_table(place, given) -%}
    {%- set columns = {'id': 'text'} -%}
    {%- set conditions = [weft.local_date('events.occurred_at') ~ ' <= ' ~ weft.as_of()] -%}
    {%- for wanted in weft.trait_conditions(place, where) -%}
        {%- set column = 'landed.' ~ adapter.quote(wanted.column) -%}
        {%- if wanted.column == 'timestamp' -%}
            {%- set column = 'events.occurred_at' -%}
        {%- else -%}
            {%- do columns.update({wanted.column: 'text'}) -%}
            {%- if wanted.type != 'text' -%}
                {%- set column = weft.try_cast(column, wanted.type, weft.sql_type('text')) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do conditions.append(wanted.test | replace('{}', column)) -%}
    {%- endfor -%}
    {%- if within is not none -%}
        {%- do conditions.append(weft.moment_condition(place, within)) -%}
    {%- endif -%}
    {%- set events = ref('weft', 'profile_events') -%}
    {%- set landed = weft.landed(table, columns) -%}
    {%- set owner, members = 'events.profile_id', '' -%}
    {%- if key == 'account_id' -%}
        {%- set owner = 'members.group_id as account_id' -%}
        {%- set members = '\n    inner join ' ~ ref('weft', 'account_members') ~ ' as members'
            ~ '\n        on members.profile_id = events.profile_id' -%}
    {%- endif -%}
    {{ return(
        '\n    select ' ~ owner ~ ', events.occurred_at\n    from (' ~ landed ~ ') as landed'
        ~ '\n    inner join ' ~ events ~ ' as events'
        ~ '\n        on events.source = landed.source and events.event_id = landed.id' ~ members
        ~ '\n    where ' ~ conditions | join('\n        and ')
    ) }}
{% endmacro %}


{#- Whether an event lies in a window that ends with the as-of day. -#}
{% macro moment_condition(place, within) %}
    {%- set window = weft.trait_window(place, within) -%}
    {%- if window.unit == 'day' -%}
        {{ return(
            weft.local_date('events.occurred_at') ~ ' > ' ~ weft.days_before_as_of(window.count)
        ) }}
    {%- endif -%}
    {{ return(weft.in_hours(window.count)) }}
{% endmacro %}
