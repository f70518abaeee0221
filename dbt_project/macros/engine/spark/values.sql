{#-
    Values of groups on Spark. A null is the smallest of all to it, so that each place says beside
    itself whether it is null.
-#}
{% macro spark__value_of_extreme(function, places, value, condition) %}
    {{ return(
        function ~ '(' ~ weft.spark_placed_value(places, value) ~ ')'
        ~ (' filter (where ' ~ condition ~ ')' if condition else '') ~ '.value'
    ) }}
{% endmacro %}

{% macro spark_placed_value(places, value) %}
    {%- set fields = [] -%}
    {%- for place in places -%}
        {%- set name = 'place_' ~ loop.index -%}
        {%- do fields.append("'no_" ~ name ~ "', " ~ place ~ " is null, '" ~ name ~ "', " ~ place) -%}
    {%- endfor -%}
    {{ return(
        'named_struct(' ~ fields | join(', ') ~ ", 'no_value', " ~ value ~ " is null, 'value', "
        ~ value ~ ')'
    ) }}
{% endmacro %}


{% macro spark__placed_measures(name, function, place, value, condition) %}
    {{ return({
        name: function ~ '(' ~ weft.spark_placed_value([place], value) ~ ')'
            ~ ' filter (where ' ~ condition ~ ')'
    }) }}
{% endmacro %}

{% macro spark__value_of_placed_measures(name, function, made_of, condition) %}
    {{ return(
        function ~ '(' ~ made_of[name] ~ ')'
        ~ (' filter (where ' ~ condition ~ ')' if condition else '') ~ '.value'
    ) }}
{% endmacro %}


{% macro spark__newest_first(moment) %}
    {{ return('-unix_micros(cast(' ~ moment ~ ' as timestamp_ltz))') }}
{% endmacro %}


{% macro spark__any_of(expression) %}
    {{ return('any_value(' ~ expression ~ ')') }}
{% endmacro %}


{% macro spark__list_of(expression, condition) %}
    {{ return(
        'nullif(sort_array(collect_list(' ~ expression ~ ') filter (where ' ~ condition ~ ')), array())'
    ) }}
{% endmacro %}

{% macro spark__list_type(type) %}
    {{ return('array<' ~ type ~ '>') }}
{% endmacro %}


{% macro spark__sorted_list(expression) %}
    {{ return('sort_array(collect_set(' ~ expression ~ '))') }}
{% endmacro %}


{#-
    The greatest in an order. What stands in it without `desc` is a text: its digits are turned
    round, and a letter after all digits ends it, so that a text comes before those it begins.
-#}
{% macro spark__first_value_of(expression, order_by, condition) %}
    {%- set places = [] -%}
    {%- for place in order_by.split(', ') -%}
        {%- if place.endswith(' desc') -%}
            {%- do places.append(place[:-5]) -%}
        {%- else -%}
            {%- do places.append(
                "concat(translate(hex(" ~ place ~ "), '0123456789ABCDEF', 'FEDCBA9876543210'), '~')"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(
        'max_by(' ~ expression ~ ', struct(' ~ places | join(', ') ~ ')) filter (where '
        ~ condition ~ ')'
    ) }}
{% endmacro %}


{#- Numbers for rows, each another one; a number of every row in turn would make one machine wait for all. -#}
{% macro spark__row_numbers() %}
    {{ return('monotonically_increasing_id() + 1') }}
{% endmacro %}
