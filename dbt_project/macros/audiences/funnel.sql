{#-
    Whoever took steps in their order, as a condition of an audience's SELECT:

        where {{ weft.funnel(['Product Added', 'Order Completed'], within='1 day') }}

    steps      names of track calls, or {event, where}; each happens at a later moment than the one
               before it
    within     how long after the first step the last one may come, '1 day' being 24 hours; the
               limit itself still counts
    started    a window of the first step that ends with the as-of day, as `within` of `performed`
    completed  true: some first step was followed by all others in time. false: some first step was
               not, so whoever added, ordered and added again has abandoned a cart; a first step
               whose time is not over when the as-of day ends is not counted yet

    Every occurrence of the first step is tried. One pass per step: for each moment, the earliest at
    which the steps from there on could be done.
-#}
{% macro funnel(steps, within=none, started=none, completed=true, of='profile_id') %}
    {%- set name = weft.condition_name('funnel', steps, {
        'within': within, 'started': started, 'completed': none if completed else false,
    }) -%}
    {%- if steps is string or steps is mapping or steps | length < 2 -%}
        {{ exceptions.raise_compiler_error(
            weft.audience_place() ~ ': ' ~ name ~ ' needs a list of at least two steps.'
        ) }}
    {%- endif -%}
    {%- set key = weft.key_of_condition(of) -%}
    {%- set wanted = 'done_1 is not null' if completed else 'done_1 is null' -%}
    {%- if within is not none -%}
        {%- set window = weft.trait_window(weft.audience_place() ~ ': ' ~ name, within) -%}
        {%- set hours = window.count * (24 if window.unit == 'day' else 1) -%}
        {%- set limit = "occurred_at + interval '" ~ hours ~ " hour'" -%}
        {%- set wanted = 'done_1 <= ' ~ limit -%}
        {%- if not completed -%}
            {%- set wanted = '(done_1 is null or done_1 > ' ~ limit ~ ') and ' ~ limit ~ ' < '
                ~ weft.end_of_day(weft.as_of()) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(weft.condition(
        name,
        '\n    select ' ~ key ~ ' from (' ~ weft.funnel_moments(name, steps, started, key) ~ ') as moments'
        ~ '\n    where is_start and ' ~ wanted
        ~ '\n    group by ' ~ key ~ '\n',
        of
    )) }}
{% endmacro %}


{#-
    One row per profile (or account) and moment, with `is_start` and `done_1`, when a funnel that starts there is
    done at the earliest. Rows of one moment are one, so that a later row is a later moment.
-#}
{% macro funnel_moments(name, steps, started, key) %}
    {%- set branches = [] -%}
    {%- for step in steps -%}
        {%- set place = weft.audience_place() ~ ': ' ~ name -%}
        {%- if step is mapping -%}
            {%- do weft.check_keys(place, step, ['event', 'where']) -%}
        {%- endif -%}
        {%- set event = step['event'] if step is mapping else step -%}
        {%- set where = step.get('where') if step is mapping else none -%}
        {%- do branches.append(
            '\n    select ' ~ key ~ ', occurred_at, ' ~ loop.index ~ ' as step, '
            ~ (weft.starts_in_window(place, started) if loop.first else 'false') ~ ' as is_start'
            ~ '\n    from (' ~ weft.event_moments(name, event, none, where, none, key) ~ ') as events'
        ) -%}
    {%- endfor -%}
    {%- set flags = [] -%}
    {%- for step in steps -%}
        {%- do flags.append('bool_or(step = ' ~ loop.index ~ ') as step_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set query = {'sql':
        '\n    select ' ~ key ~ ', occurred_at, bool_or(is_start) as is_start, ' ~ flags | join(', ')
        ~ '\n    from (' ~ branches | join('\n    union all') ~ ') as steps'
        ~ '\n    group by ' ~ key ~ ', occurred_at'
    } -%}
    {%- for step in range(steps | length, 0, -1) -%}
        {%- set reached = 'occurred_at' -%}
        {%- if not loop.first -%}
            {%- set reached = 'min(done_' ~ (step + 1) ~ ') over (partition by ' ~ key
                ~ ' order by occurred_at rows between 1 following and unbounded following)' -%}
        {%- endif -%}
        {%- do query.update({'sql':
            '\n    select *, case when step_' ~ step ~ ' then ' ~ reached ~ ' end as done_' ~ step
            ~ ' from (' ~ query.sql ~ ') as later_' ~ step
        }) -%}
    {%- endfor -%}
    {{ return(query.sql) }}
{% endmacro %}


{% macro starts_in_window(place, started) %}
    {{ return('true' if started is none else weft.moment_condition(place, started)) }}
{% endmacro %}
