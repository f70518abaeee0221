{#-
    The computed traits of the model at hand, checked: a list of {name, event, aggregate, property,
    type, where, window_days}. An error names the trait and the file.
-#}
{% macro trait_definitions() %}
    {%- set definitions = [] -%}
    {%- if execute -%}
        {%- for name, given in model.config.meta.get('traits', {}).items() -%}
            {%- do definitions.append(weft.trait_definition(name, given)) -%}
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
    {%- set place = 'Trait ' ~ name ~ ' (' ~ model.patch_path ~ ')' -%}
    {%- do weft.check_keys(
        place, given, ['event', 'aggregate', 'property', 'type', 'where', 'window']
    ) -%}
    {%- set aggregates = [
        'count', 'exists', 'sum', 'average', 'min', 'max', 'first', 'last', 'unique_count'
    ] -%}
    {%- set aggregate = given.get('aggregate') -%}
    {%- if not given.get('event') -%}
        {{ exceptions.raise_compiler_error(place ~ ': `event` names no event.') }}
    {%- elif aggregate not in aggregates -%}
        {{ exceptions.raise_compiler_error(
            place ~ ": there is no aggregate '" ~ (aggregate or '') ~ "'; known: "
            ~ aggregates | join(', ') ~ '.'
        ) }}
    {%- elif aggregate not in ('count', 'exists') and not given.get('property') -%}
        {{ exceptions.raise_compiler_error(
            place ~ ': ' ~ aggregate ~ ' needs a `property` to aggregate.'
        ) }}
    {%- elif aggregate in ('sum', 'average') and given.get('type', 'decimal') != 'decimal' -%}
        {{ exceptions.raise_compiler_error(
            place ~ ': ' ~ aggregate ~ ' is always a decimal.'
        ) }}
    {%- endif -%}
    {{ return({
        'name': name,
        'event': given['event'],
        'aggregate': aggregate,
        'property': given.get('property'),
        'type': given.get('type', 'decimal'),
        'where': given.get('where', {}),
        'window_days': weft.window_days(place, given.get('window')),
    }) }}
{% endmacro %}


{#- A window such as `60 days` as a number, none when there is no window. -#}
{% macro window_days(place, window) %}
    {%- if window is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set found = modules.re.fullmatch('([1-9][0-9]*) days?', window | string) -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error(
            place ~ ": `window` must be a number of days such as '60 days', not '" ~ window ~ "'."
        ) }}
    {%- endif -%}
    {{ return(found.group(1) | int) }}
{% endmacro %}
