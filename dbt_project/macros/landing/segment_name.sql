{#-
    The name of a landed table or column for an event or property, by the Segment rule: words of
    capitals-or-digits followed by small letters-or-digits, in small letters, joined by underscores
    (Segment's go-snakecase). `Order Completed` is order_completed, `HTTPServer` is httpserver.
    A leading digit and a reserved word get an underscore in front.
-#}
{% macro segment_name(name) %}
    {%- set words = modules.re.findall('(?=[A-Za-z0-9])[A-Z0-9]*[a-z0-9]*', name) -%}
    {%- set joined = words | select | map('lower') | join('_') -%}
    {%- if joined[:1].isdigit() or joined in weft.reserved_words() -%}
        {{ return('_' ~ joined) }}
    {%- endif -%}
    {{ return(joined) }}
{% endmacro %}


{#- The table of an event's rows: its name, or with an underscore where a call type has that name. -#}
{% macro event_table(event) %}
    {%- set name = weft.segment_name(event) -%}
    {%- set taken = weft.call_tables() | list + ['users', 'accounts'] -%}
    {{ return('_' ~ name if name in taken else name) }}
{% endmacro %}


{#- The words no landed table or column may bear: those DuckDB reserves. -#}
{% macro reserved_words() %}
    {{ return((
        'all analyse analyze and any array as asc asymmetric both case cast check collate column'
        ~ ' constraint create default deferrable desc describe distinct do else end except false'
        ~ ' fetch for foreign from group having in initially intersect into lambda lateral leading'
        ~ ' limit not null offset on only or order pivot pivot_longer pivot_wider placing primary'
        ~ ' qualify references returning select show some summarize symmetric table then to'
        ~ ' trailing true union unique unpivot using variadic when where window with'
    ).split(' ')) }}
{% endmacro %}


{#- The landed table of each call type. -#}
{% macro call_tables() %}
    {{ return({
        'tracks': 'track',
        'identifies': 'identify',
        'pages': 'page',
        'screens': 'screen',
        'groups': 'group',
        'aliases': 'alias',
    }) }}
{% endmacro %}
