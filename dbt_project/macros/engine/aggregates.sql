{#- The distinct values of a group as a sorted array. -#}
{% macro sorted_list(expression) %}
    {{ return(adapter.dispatch('sorted_list', 'weft')(expression)) }}
{% endmacro %}

{% macro default__sorted_list(expression) %}
    {{ return('array_agg(distinct ' ~ expression ~ ' order by ' ~ expression ~ ')') }}
{% endmacro %}


{#-
    The value of the first row of a group in an order, its null included; rows that do not fulfil
    the condition do not count.
-#}
{% macro first_value_of(expression, order_by, condition) %}
    {{ return(adapter.dispatch('first_value_of', 'weft')(expression, order_by, condition)) }}
{% endmacro %}

{% macro default__first_value_of(expression, order_by, condition) %}
    {{ return(
        '(array_agg(' ~ expression ~ ' order by ' ~ order_by ~ ')'
        ~ ' filter (where ' ~ condition ~ '))[1]'
    ) }}
{% endmacro %}
