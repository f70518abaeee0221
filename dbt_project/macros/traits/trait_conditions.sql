{#-
    The conditions of `where`, all of which an event must fulfil: a list of {column, type, test},
    where `test` is SQL with {} for the column read as that type.

        currency: EUR                  this value
        category: [shirts, scarves]    one of these
        coupon: null                   not sent, or sent as null
        price: {">=": 50, "<": 100}    within bounds; numbers, or times written as ISO 8601
        name: {contains: Shirt}        a text within the text
        country: {not: PT}             sent, and none of a value or a list; {not: null}: sent
-#}
{% macro trait_conditions(place, where) %}
    {%- set conditions = [] -%}
    {%- if where is not none and where is not mapping -%}
        {%- do weft.trait_fault(place, '`where` must be a mapping of properties to values.') -%}
    {%- endif -%}
    {%- for property, wanted in (where or {}).items() -%}
        {%- set tests = wanted if wanted is mapping else {'is': wanted} -%}
        {%- if not tests -%}
            {%- do weft.trait_fault(place, '`where: ' ~ property ~ '` says nothing.') -%}
        {%- endif -%}
        {%- for operator, value in tests.items() -%}
            {%- set condition = weft.trait_condition(place, property, operator, value) -%}
            {%- do condition.update({
                'column': 'timestamp' if property == 'timestamp' else weft.segment_name(property)
            }) -%}
            {%- do conditions.append(condition) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}


{% macro trait_condition(place, property, operator, value) %}
    {%- set name = '`where: ' ~ property ~ '`' -%}
    {%- if operator in ('is', 'not') -%}
        {{ return(weft.membership_condition(place, name, operator == 'not', value)) }}
    {%- elif operator == 'contains' -%}
        {%- if value is not string or not value -%}
            {%- do weft.trait_fault(place, name ~ ': contains needs a text.') -%}
        {%- endif -%}
        {{ return({'type': 'text', 'test': weft.contains_text('{}', value)}) }}
    {%- elif operator in ('>', '>=', '<', '<=') -%}
        {%- set literal = weft.typed_literal(value) -%}
        {%- if value is number and value | abs > 1000000000000000000 -%}
            {%- do weft.trait_fault(place, name ~ ': ' ~ value ~ ' is out of range.') -%}
        {%- elif literal.type not in ('decimal', 'timestamp') -%}
            {%- do weft.trait_fault(
                place, name ~ ': ' ~ operator ~ ' needs a number, or a time such as'
                ~ " '2026-09-30' or '2026-09-30T12:00:00Z'."
            ) -%}
        {%- endif -%}
        {{ return({'type': literal.type, 'test': '{} ' ~ operator ~ ' ' ~ literal.sql}) }}
    {%- endif -%}
    {%- do weft.trait_fault(
        place, name ~ ": there is no comparison '" ~ operator
        ~ "'; known: >, >=, <, <=, not, contains."
    ) -%}
{% endmacro %}


{#- A property is, or is not, a value or one of a list; or is, or is not, null. -#}
{% macro membership_condition(place, name, negated, value) %}
    {%- if value is none -%}
        {{ return({'type': 'text', 'test': '{} is ' ~ ('not ' if negated else '') ~ 'null'}) }}
    {%- endif -%}
    {%- set values = [value] if value is string or value is not iterable else value | list -%}
    {%- set literals, types = [], [] -%}
    {%- for one in values -%}
        {%- if one is number and one | abs > 1000000000000000000 -%}
            {%- do weft.trait_fault(place, name ~ ': ' ~ one ~ ' is out of range.') -%}
        {%- elif one is none or one is mapping or (one is iterable and one is not string) -%}
            {%- do weft.trait_fault(place, name ~ ': a list holds texts, numbers or booleans.') -%}
        {%- endif -%}
        {%- set type = weft.typed_literal(one).type -%}
        {%- do types.append('text' if one is string else type) -%}
        {%- do literals.append(weft.literal(one) if one is string else weft.typed_literal(one).sql) -%}
    {%- endfor -%}
    {%- if not values -%}
        {%- do weft.trait_fault(place, name ~ ': the list is empty.') -%}
    {%- elif types | unique | list | length > 1 -%}
        {%- do weft.trait_fault(place, name ~ ': the values of a list must be of one type.') -%}
    {%- endif -%}
    {{ return({
        'type': types[0],
        'test': '{} ' ~ ('not ' if negated else '') ~ 'in (' ~ literals | join(', ') ~ ')',
    }) }}
{% endmacro %}


{#- A value of YAML as {type, sql}: a number, a boolean, a time that is written as one, a text. -#}
{% macro typed_literal(value) %}
    {%- if value is boolean -%}
        {{ return({'type': 'boolean', 'sql': value | string | lower}) }}
    {%- elif value is number -%}
        {{ return({
            'type': 'decimal',
            'sql': 'cast(' ~ weft.literal(value) ~ ' as ' ~ weft.sql_type('decimal') ~ ')',
        }) }}
    {%- endif -%}
    {%- set pattern = '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+]00:00)?)?' -%}
    {%- if modules.re.fullmatch(pattern, value | string) -%}
        {%- set moment = (value | string).replace('Z', '').replace('+00:00', '') -%}
        {{ return({
            'type': 'timestamp',
            'sql': 'cast(' ~ weft.literal(moment) ~ ' as ' ~ weft.sql_type('timestamp') ~ ')',
        }) }}
    {%- endif -%}
    {{ return({'type': 'text', 'sql': weft.literal(value)}) }}
{% endmacro %}


{#- Whether a text contains another, letter for letter. -#}
{% macro contains_text(expression, value) %}
    {{ return(adapter.dispatch('contains_text', 'weft')(expression, value)) }}
{% endmacro %}

{% macro default__contains_text(expression, value) %}
    {{ return('strpos(' ~ expression ~ ', ' ~ weft.literal(value) ~ ') > 0') }}
{% endmacro %}
