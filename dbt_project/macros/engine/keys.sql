{#-
    A text as a key: the 128 bits of its md5. Keys are compared and joined, never shown; a text of
    32 letters would cost twice the memory and thrice the time.
-#}
{% macro key_of(expression) %}
    {{ return(adapter.dispatch('key_of', 'weft')(expression)) }}
{% endmacro %}

{% macro default__key_of(expression) %}
    {{ return('cast(md5(' ~ expression ~ ') as ' ~ weft.sql_type('key') ~ ')') }}
{% endmacro %}

{#- The engine's type of a key. -#}
{% macro key_type() %}
    {{ return(adapter.dispatch('key_type', 'weft')()) }}
{% endmacro %}

{% macro default__key_type() %}
    {{ return('uuid') }}
{% endmacro %}


{#- The same bits in another order, without the way through text: half the time. -#}
{% macro duckdb__key_of(expression) %}
    {{ return('cast(md5_number(' ~ expression ~ ') as uuid)') }}
{% endmacro %}


{#-
    The key of an identifier. A type holds no colon, so that type and value never mix: user_id 123
    and anonymous_id 123 are two.
-#}
{% macro identifier_key(type, value) %}
    {{ return(weft.key_of(weft.literal(type ~ ':') ~ ' || ' ~ value)) }}
{% endmacro %}


{#-
    What decides between links of one time: the md5 of source and message id, which has the same
    order on every engine.
-#}
{% macro event_hash(source, event_id) %}
    {{ return('cast(md5(' ~ source ~ " || ':' || " ~ event_id ~ ') as ' ~ weft.sql_type('key') ~ ')') }}
{% endmacro %}


{#- A number for each row of a query, another one for each, in no order. -#}
{% macro row_numbers() %}
    {{ return(adapter.dispatch('row_numbers', 'weft')()) }}
{% endmacro %}

{% macro default__row_numbers() %}
    {{ return('row_number() over ()') }}
{% endmacro %}
