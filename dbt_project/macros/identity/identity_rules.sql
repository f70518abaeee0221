{#-
    The rules of `vars: identity:`, checked: {identifiers: [{type, unique, normalize, from,
    priority}], block: {values, patterns}}. An error names the rule that is wrong.
-#}
{% macro identity_rules() %}
    {%- set given = var('identity', {}) -%}
    {%- do weft.check_keys('identity', given, ['identifiers', 'block', 'salt']) -%}
    {%- set identifiers = [] -%}
    {%- for rule in given.get('identifiers', []) -%}
        {%- do identifiers.append(weft.identifier_rule(rule, loop.index)) -%}
    {%- endfor -%}
    {%- if not identifiers -%}
        {{ exceptions.raise_compiler_error('identity: there must be at least one identifier.') }}
    {%- endif -%}
    {%- if identifiers | selectattr('unique') | list | length > 1 -%}
        {{ exceptions.raise_compiler_error('identity: at most one identifier may be unique.') }}
    {%- endif -%}
    {{ return({
        'identifiers': identifiers,
        'block': weft.block_rules(given.get('block', {})),
        'salt': given.get('salt', project_name),
    }) }}
{% endmacro %}


{% macro identifier_rule(rule, priority) %}
    {%- set name = 'identity: identifiers: ' ~ rule.get('type', priority) -%}
    {%- do weft.check_keys(name, rule, ['type', 'unique', 'normalize', 'from', 'default_country_code']) -%}
    {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', rule.get('type', '')) -%}
        {{ exceptions.raise_compiler_error(
            name ~ ': `type` must be a word of small letters, digits and underscores.'
        ) }}
    {%- endif -%}
    {%- if not rule.get('from') -%}
        {{ exceptions.raise_compiler_error(name ~ ': `from` must name at least one column.') }}
    {%- endif -%}
    {%- for step in rule.get('normalize', []) if step not in ('trim', 'lower', 'e164') -%}
        {{ exceptions.raise_compiler_error(
            name ~ ": there is no normalisation '" ~ step ~ "'; known: trim, lower, e164."
        ) }}
    {%- endfor -%}
    {%- set country_code = rule.get('default_country_code', '') | string -%}
    {%- if not modules.re.fullmatch('([1-9][0-9]{0,2})?', country_code) -%}
        {{ exceptions.raise_compiler_error(
            name ~ ': `default_country_code` must be digits such as 49.'
        ) }}
    {%- endif -%}
    {{ return({
        'type': rule['type'],
        'unique': rule.get('unique', false),
        'normalize': rule.get('normalize', []),
        'default_country_code': country_code,
        'from': rule['from'],
        'priority': priority,
    }) }}
{% endmacro %}


{#- Values that are nobody's identifier: placeholders that would glue strangers together. -#}
{% macro block_rules(given) %}
    {%- do weft.check_keys('identity: block', given, ['suggested', 'values', 'patterns']) -%}
    {%- set values = given.get('values', []) | list -%}
    {%- set patterns = given.get('patterns', []) | list -%}
    {%- if given.get('suggested', true) -%}
        {%- set values = values + ['-1', 'null', 'undefined', 'none', 'nan', 'anonymous'] -%}
        {%- set patterns = patterns + ['^[0-]*$'] -%}
    {%- endif -%}
    {{ return({'values': values, 'patterns': patterns}) }}
{% endmacro %}
