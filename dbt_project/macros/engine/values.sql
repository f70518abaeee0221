{#- A value and its place, which min() and max() compare by the place, then by the value. -#}
{% macro placed_value(place, value) %}
    {{ return(adapter.dispatch('placed_value', 'weft')(place, value)) }}
{% endmacro %}

{% macro default__placed_value(place, value) %}
    {{ return("{'place': " ~ place ~ ", 'value': " ~ value ~ '}') }}
{% endmacro %}


{#- The value of a placed one. -#}
{% macro value_of_placed(expression) %}
    {{ return(adapter.dispatch('value_of_placed', 'weft')(expression)) }}
{% endmacro %}

{% macro default__value_of_placed(expression) %}
    {{ return('(' ~ expression ~ ').value') }}
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
