{#-
    The computed traits of the model at hand, checked: a list of {name, table, call, aggregate,
    column, type, output, conditions, days, hours}. An error names the trait and the file.

        table       the landed table of its calls; `call`, their type: track, page or screen
        column      what is aggregated: a column of that table, `timestamp`, or none
        type        how that column is read; `output`, the SQL type of the trait
        conditions  of `where`: a list of {column, type, test}
        days, hours its window, both none when there is none
-#}
{% macro trait_definitions() %}
    {%- set definitions = [] -%}
    {%- if execute -%}
        {%- for name, given in model.config.meta.get('traits', {}).items() -%}
            {%- do definitions.append(
                dict(weft.trait_definition(name, given), position=loop.index)
            ) -%}
        {%- endfor -%}
        {%- if not definitions -%}
            {{ exceptions.raise_compiler_error(
                'Model ' ~ model.name ~ ' has no traits; define them under config: meta: traits:.'
            ) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(definitions) }}
{% endmacro %}


{% macro trait_definition(name, given) %}
    {%- set place = weft.trait_place(name) -%}
    {%- if given is not mapping -%}
        {%- do weft.trait_fault(place, 'is no mapping; write name: {event: …, aggregate: …}.') -%}
    {%- endif -%}
    {%- do weft.check_keys(
        place, given, ['event', 'calls', 'aggregate', 'property', 'type', 'where', 'window']
    ) -%}
    {%- set kind = weft.trait_kind(place, given.get('aggregate')) -%}
    {%- set property = given.get('property') -%}
    {%- if kind.needs_property and not property -%}
        {%- do weft.trait_fault(place, given.aggregate ~ ' needs a `property` to aggregate.') -%}
    {%- elif property and not kind.needs_property -%}
        {%- do weft.trait_fault(place, given.aggregate ~ ' aggregates no `property`.') -%}
    {%- endif -%}
    {%- set type = weft.trait_type(place, given, kind) -%}
    {%- set window = weft.trait_window(place, given.get('window')) -%}
    {{ return({
        'name': name,
        'place': place,
        'table': weft.trait_table(place, given),
        'call': weft.call_tables().get(given.get('calls'), 'track'),
        'aggregate': given.aggregate,
        'column': 'timestamp' if property == 'timestamp'
            else weft.segment_name(property) if property else none,
        'type': type,
        'output': kind.output or weft.sql_type(type),
        'is_list': given.aggregate == 'unique_list',
        'conditions': weft.trait_conditions(place, given.get('where')),
        'days': window.count if window.unit == 'day' else none,
        'hours': window.count if window.unit == 'hour' else none,
    }) }}
{% endmacro %}


{#-
    What there is to know of an aggregate: whether it needs a property, how a property is read
    unless the definition says so, and the SQL type of the trait where the property's does not
    decide.
-#}
{% macro trait_kind(place, aggregate) %}
    {%- set integer, decimal = weft.sql_type('integer'), weft.sql_type('decimal') -%}
    {%- set kinds = {
        'count': {'output': integer},
        'exists': {'output': weft.sql_type('boolean')},
        'days_since': {'output': integer},
        'sum': {'reads': 'decimal', 'output': decimal},
        'average': {'reads': 'decimal', 'output': decimal},
        'min': {'reads': 'decimal'},
        'max': {'reads': 'decimal'},
        'first': {'reads': 'text'},
        'last': {'reads': 'text'},
        'most_frequent': {'reads': 'text'},
        'unique_list': {'reads': 'text'},
        'unique_count': {'reads': 'text', 'output': integer},
    } -%}
    {%- if aggregate not in kinds -%}
        {%- do weft.trait_fault(
            place, "there is no aggregate '" ~ (aggregate or '') ~ "'; known: "
            ~ kinds | join(', ') ~ '.'
        ) -%}
    {%- endif -%}
    {%- set kind = kinds[aggregate] -%}
    {{ return({
        'needs_property': 'reads' in kind, 'reads': kind.get('reads'), 'output': kind.get('output')
    }) }}
{% endmacro %}


{#- How the property of a trait is read. -#}
{% macro trait_type(place, given, kind) %}
    {%- if given.get('property') == 'timestamp' -%}
        {%- if given.aggregate in ('sum', 'average') -%}
            {%- do weft.trait_fault(place, given.aggregate ~ ' needs numbers, not times.') -%}
        {%- endif -%}
        {{ return('timestamp') }}
    {%- endif -%}
    {%- set type = given.get('type', kind.reads) -%}
    {%- set known = ['text', 'decimal', 'integer', 'timestamp', 'date', 'boolean'] -%}
    {%- if type is not none and type not in known -%}
        {%- do weft.trait_fault(
            place, "there is no type '" ~ type ~ "'; known: " ~ known | join(', ') ~ '.'
        ) -%}
    {%- elif given.aggregate in ('sum', 'average') and type != 'decimal' -%}
        {%- do weft.trait_fault(place, given.aggregate ~ ' is always a decimal.') -%}
    {%- elif 'type' in given and not kind.needs_property -%}
        {%- do weft.trait_fault(place, given.aggregate ~ ' reads no property that has a `type`.') -%}
    {%- endif -%}
    {{ return(type) }}
{% endmacro %}


{#- The landed table of the calls that a trait is about. -#}
{% macro trait_table(place, given) %}
    {%- set calls = ['tracks', 'pages', 'screens'] -%}
    {%- if ('event' in given) == ('calls' in given) -%}
        {%- do weft.trait_fault(
            place, 'either `event` names a track call or `calls` is one of '
            ~ calls | join(', ') ~ '.'
        ) -%}
    {%- elif 'event' in given -%}
        {%- if not given.event or given.event is not string or not weft.segment_name(given.event) -%}
            {%- do weft.trait_fault(place, '`event` names no event.') -%}
        {%- endif -%}
        {{ return(weft.event_table(given.event)) }}
    {%- elif given.calls not in calls -%}
        {%- do weft.trait_fault(
            place, "there are no calls '" ~ given.calls ~ "'; known: " ~ calls | join(', ') ~ '.'
        ) -%}
    {%- endif -%}
    {{ return(given.calls) }}
{% endmacro %}


{#- A window such as `60 days` or `12 hours`: {count, unit: day or hour}, both none without one. -#}
{% macro trait_window(place, window) %}
    {%- if window is none -%}
        {{ return({'count': none, 'unit': none}) }}
    {%- endif -%}
    {%- set found = modules.re.fullmatch('([1-9][0-9]{0,5}) (day|hour)s?', window | string) -%}
    {%- if not found -%}
        {%- do weft.trait_fault(
            place, "`window` must be a number of days or hours such as '60 days' or '12 hours',"
            ~ " not '" ~ window ~ "'."
        ) -%}
    {%- endif -%}
    {{ return({'count': found.group(1) | int, 'unit': found.group(2)}) }}
{% endmacro %}


{#- Stop with what is wrong with a definition. -#}
{% macro trait_fault(place, says) %}
    {{ exceptions.raise_compiler_error(place ~ ': ' ~ says) }}
{% endmacro %}
