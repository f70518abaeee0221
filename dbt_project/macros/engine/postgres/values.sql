{#-
    What PostgreSQL has instead of the smallest of rows, which it knows only from release 18: the
    first value of a group in an order.
-#}
{% macro postgres__value_of_extreme(function, places, value, condition) %}
    {%- set order = [] -%}
    {%- for place in places + [value] -%}
        {%- do order.append(place ~ (' desc' if function == 'max' else '')) -%}
    {%- endfor -%}
    {{ return(
        '(array_agg(' ~ value ~ ' order by ' ~ order | join(', ') ~ ')'
        ~ (' filter (where ' ~ condition ~ ')' if condition else '') ~ ')[1]'
    ) }}
{% endmacro %}


{#- A cell holds the value beside its place. -#}
{% macro postgres__placed_measures(name, function, place, value, condition) %}
    {{ return({
        name: weft.value_of_extreme(function, [place], value, condition),
        name ~ '_at': function ~ '(' ~ place ~ ') filter (where ' ~ condition ~ ')',
    }) }}
{% endmacro %}

{% macro postgres__value_of_placed_measures(name, function, made_of, condition) %}
    {%- set place = made_of[name ~ '_at'] -%}
    {%- set is_there = place ~ ' is not null' -%}
    {{ return(weft.value_of_extreme(
        function, [place], made_of[name], is_there ~ ' and ' ~ condition if condition else is_there
    )) }}
{% endmacro %}


{% macro postgres__newest_first(moment) %}
    {{ return('-cast(extract(epoch from ' ~ moment ~ ') * 1000000 as bigint)') }}
{% endmacro %}


{% macro postgres__list_of(expression, condition) %}
    {{ return(
        'array_agg(' ~ expression ~ ' order by ' ~ expression ~ ') filter (where ' ~ condition ~ ')'
    ) }}
{% endmacro %}


{% macro postgres__any_of(expression) %}
    {{ return('any_value(' ~ expression ~ ')') }}
{% endmacro %}


{#- Nobody looks at a table before a minute has passed, at a temporary one never; guesses are wild. -#}
{% macro postgres__after_filling(table) %}
    {% call statement('analyze') %}
        analyze {{ table }}
    {% endcall %}
{% endmacro %}


{#-
    A list that does not fit into a query's working memory, of which there is little unless somebody
    asked for more, is read again for every row. Half a gigabyte holds some eight million ids.
-#}
{% macro postgres__expect_long_lists() %}
    {% call statement('long_lists') %}
        select set_config('work_mem', '262144', true)
        from pg_settings
        where name = 'work_mem' and setting::bigint < 262144
    {% endcall %}
{% endmacro %}
