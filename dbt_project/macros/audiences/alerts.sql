{#- Say what is unusual about the size of an audience; with `stop: true`, leave it as it was. -#}
{% macro raise_alerts(arriving, changes, settings) %}
    {%- if settings.alert -%}
        {%- set row = run_query(
            'select (select count(*) from ' ~ arriving ~ '), '
            ~ " count(case when change = 'entered' then 1 end),"
            ~ " count(case when change = 'exited' then 1 end) from " ~ changes
            ~ " where part = 'member'"
        ).rows[0] -%}
        {%- set alerts = weft.size_alerts(settings.alert, row[0], row[0] - row[1] + row[2]) -%}
        {%- set message = weft.audience_place() ~ ' ' ~ alerts | join(', and ') ~ '.' -%}
        {%- if alerts and settings.alert.get('stop') -%}
            {{ exceptions.raise_compiler_error(message ~ ' It was left as it was.') }}
        {%- elif alerts -%}
            {%- do exceptions.warn(message) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#- What a size breaks of the limits of an alert, as parts of a sentence. -#}
{% macro size_alerts(alert, size, size_before) %}
    {%- set alerts = [] -%}
    {%- if alert.get('min') is not none and size < alert['min'] -%}
        {%- do alerts.append('has ' ~ size ~ ' members, below ' ~ alert['min']) -%}
    {%- endif -%}
    {%- if alert.get('max') is not none and size > alert['max'] -%}
        {%- do alerts.append('has ' ~ size ~ ' members, above ' ~ alert['max']) -%}
    {%- endif -%}
    {%- set moved = (size - size_before) | abs -%}
    {%- if alert.get('change_percent') is not none and size_before > 0
        and moved * 100 > alert['change_percent'] * size_before -%}
        {%- do alerts.append(
            'went from ' ~ size_before ~ ' to ' ~ size ~ ' members, more than '
            ~ alert['change_percent'] ~ ' percent'
        ) -%}
    {%- endif -%}
    {{ return(alerts) }}
{% endmacro %}
