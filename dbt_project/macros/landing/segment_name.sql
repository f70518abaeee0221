{#-
    The name of a landed table or column for an event or property, by the Segment rule: words of
    capitals-or-digits followed by small letters-or-digits, in small letters, joined by underscores
    (Segment's go-snakecase). `Order Completed` is order_completed, `HTTPServer` is httpserver.
    A leading digit and a reserved word get an underscore in front; a long name is cut.
-#}
{% macro segment_name(name) %}
    {%- set words = modules.re.findall('(?=[A-Za-z0-9])[A-Z0-9]*[a-z0-9]*', name) -%}
    {%- set joined = words | select | map('lower') | join('_') -%}
    {%- set name = ('_' ~ joined if joined[:1].isdigit() else joined)[:weft.longest_name()] -%}
    {{ return('_' ~ name if name in weft.reserved_words() else name) }}
{% endmacro %}


{#- How many letters the name of a landed table or column has at most. -#}
{% macro longest_name() %}
    {{ return(adapter.dispatch('longest_name', 'weft')()) }}
{% endmacro %}

{% macro default__longest_name() %}
    {{ return(127) }}
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
