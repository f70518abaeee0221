{#-
    The value of a group's row whose places, and then whose value, are the smallest (function min)
    or the greatest (max) of those that fulfil a condition. A null comes after all else.
-#}
{% macro value_of_extreme(function, places, value, condition=none) %}
    {{ return(adapter.dispatch('value_of_extreme', 'weft')(function, places, value, condition)) }}
{% endmacro %}

{% macro default__value_of_extreme(function, places, value, condition) %}
    {{ return(
        '(' ~ function ~ '(' ~ weft.placed_value(places, value) ~ ')'
        ~ (' filter (where ' ~ condition ~ ')' if condition else '') ~ ').value'
    ) }}
{% endmacro %}

{#- A value and its places, which min() and max() compare by the places, then by the value. -#}
{% macro placed_value(places, value) %}
    {%- set place = "{'place': " ~ places[0] ~ ", 'value': " ~ places[1] ~ '}'
        if places | length == 2 else places[0] -%}
    {{ return("{'place': " ~ place ~ ", 'value': " ~ value ~ '}') }}
{% endmacro %}


{#-
    The same in two steps: what is kept of a group, {name: SQL}, so that the value of several such
    groups together can be told, from {name: column}.
-#}
{% macro placed_measures(name, function, place, value, condition) %}
    {{ return(adapter.dispatch('placed_measures', 'weft')(name, function, place, value, condition)) }}
{% endmacro %}

{% macro default__placed_measures(name, function, place, value, condition) %}
    {{ return({
        name: function ~ '(' ~ weft.placed_value([place], value) ~ ')'
            ~ ' filter (where ' ~ condition ~ ')'
    }) }}
{% endmacro %}

{% macro value_of_placed_measures(name, function, made_of, condition='') %}
    {{ return(adapter.dispatch('value_of_placed_measures', 'weft')(name, function, made_of, condition)) }}
{% endmacro %}

{% macro default__value_of_placed_measures(name, function, made_of, condition) %}
    {{ return(
        '(' ~ function ~ '(' ~ made_of[name] ~ ')'
        ~ (' filter (where ' ~ condition ~ ')' if condition else '') ~ ').value'
    ) }}
{% endmacro %}


{#- The smallest (function min) or greatest (max) value of a group, of one of weft's types. -#}
{% macro extreme(function, expression, type) %}
    {{ return(adapter.dispatch('extreme', 'weft')(function, expression, type)) }}
{% endmacro %}

{% macro default__extreme(function, expression, type) %}
    {{ return(function ~ '(' ~ expression ~ ')') }}
{% endmacro %}


{#- The value of a group all of whose values are the same. -#}
{% macro any_of(expression) %}
    {{ return(adapter.dispatch('any_of', 'weft')(expression)) }}
{% endmacro %}

{% macro default__any_of(expression) %}
    {{ return(dbt.any_value(expression)) }}
{% endmacro %}


{#- A number that is the smaller the later a timestamp is. -#}
{% macro newest_first(moment) %}
    {{ return(adapter.dispatch('newest_first', 'weft')(moment)) }}
{% endmacro %}

{% macro default__newest_first(moment) %}
    {{ return('-epoch_us(' ~ moment ~ ')') }}
{% endmacro %}


{#- The values of a group that fulfil a condition, as a sorted array; null when there are none. -#}
{% macro list_of(expression, condition) %}
    {{ return(adapter.dispatch('list_of', 'weft')(expression, condition)) }}
{% endmacro %}

{% macro default__list_of(expression, condition) %}
    {{ return('list_sort(list(' ~ expression ~ ') filter (where ' ~ condition ~ '))') }}
{% endmacro %}


{#- The type of an array of some type. -#}
{% macro list_type(type) %}
    {{ return(adapter.dispatch('list_type', 'weft')(type)) }}
{% endmacro %}

{% macro default__list_type(type) %}
    {{ return(type ~ '[]') }}
{% endmacro %}
