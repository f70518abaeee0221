{#-
    The rules of `vars: identity:`, checked and with every default filled in:
        identifiers   [{type, priority, unique, limit, normalize, default_country_code, block, from}]
        models        [{model, id, timestamp, identifiers: {type: column}}]
        block         {values, patterns}
        never_link    [[{type, value}, {type, value}]]
        always_link   [[{type, value}, …]], each a group of values that are one person
        salt          text that goes into every profile id
    An error names the rule that is wrong.
-#}
{% macro identity_rules() %}
    {%- set given = var('identity', {}) -%}
    {%- do weft.check_keys('identity', given, [
        'identifiers', 'models', 'block', 'never_link', 'always_link', 'checks', 'salt'
    ]) -%}
    {%- set identifiers = weft.identifier_rules(given.get('identifiers') or []) -%}
    {%- set types = identifiers | map(attribute='type') | list -%}
    {%- set never_link = weft.pair_rules('never_link', given.get('never_link') or [], types) -%}
    {%- set always_link = weft.joined_groups(
        weft.pair_rules('always_link', given.get('always_link') or [], types)
    ) -%}
    {%- do weft.check_contradictions(never_link, always_link) -%}
    {{ return({
        'identifiers': identifiers,
        'models': weft.model_rules(given.get('models') or [], types),
        'block': weft.block_rules('identity: block', given.get('block') or {}, suggested=true),
        'never_link': never_link,
        'always_link': always_link,
        'salt': given.get('salt', project_name),
    }) }}
{% endmacro %}


{#-
    A hash of the rules that decide who is who. State that was built under another one is built
    anew. The number is that of the algorithm, to be raised when the same rules give other answers.
-#}
{% macro identity_rules_hash() %}
    {%- set rules = weft.identity_rules() -%}
    {%- set deciding = {} -%}
    {%- for key, value in rules.items() if key != 'salt' -%}
        {%- do deciding.update({key: value}) -%}
    {%- endfor -%}
    {{ return(local_md5('1 ' ~ tojson(deciding, sort_keys=true))) }}
{% endmacro %}


{% macro identifier_rules(given) %}
    {%- set identifiers = [] -%}
    {%- for rule in given -%}
        {%- do identifiers.append(weft.identifier_rule(rule, loop.index)) -%}
    {%- endfor -%}
    {%- set types = identifiers | map(attribute='type') | list -%}
    {%- if not identifiers -%}
        {%- do weft.rule_error('identity', 'there must be at least one identifier.') -%}
    {%- elif types | unique | list | length < types | length -%}
        {%- do weft.rule_error(
            'identity: identifiers', 'each type may stand there once; they are: ' ~ types | join(', ') ~ '.'
        ) -%}
    {%- elif identifiers | selectattr('unique') | list | length > 1 -%}
        {%- do weft.rule_error('identity', 'at most one identifier may be unique.') -%}
    {%- endif -%}
    {{ return(identifiers) }}
{% endmacro %}


{% macro identifier_rule(rule, priority) %}
    {%- set name = 'identity: identifiers: ' ~ rule.get('type', priority) -%}
    {%- do weft.check_keys(name, rule, [
        'type', 'unique', 'limit', 'normalize', 'default_country_code', 'block', 'from'
    ]) -%}
    {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', rule.get('type', '')) -%}
        {%- do weft.rule_error(
            name, '`type` must be a word of small letters, digits and underscores.'
        ) -%}
    {%- endif -%}
    {%- if rule.get('from') is string or not (rule.get('from') or 'from' in rule) -%}
        {%- do weft.rule_error(name, '`from` must be a list of columns.') -%}
    {%- endif -%}
    {%- for step in rule.get('normalize', []) if step not in ('trim', 'lower', 'e164') -%}
        {%- do weft.rule_error(
            name, "there is no normalisation '" ~ step ~ "'; known: trim, lower, e164."
        ) -%}
    {%- endfor -%}
    {%- set country_code = rule.get('default_country_code', '') | string -%}
    {%- if not modules.re.fullmatch('([1-9][0-9]{0,2})?', country_code) -%}
        {%- do weft.rule_error(name, '`default_country_code` must be digits such as 49.') -%}
    {%- endif -%}
    {{ return({
        'type': rule['type'],
        'priority': priority,
        'unique': rule.get('unique', false),
        'limit': weft.limit_rule(name, rule),
        'normalize': rule.get('normalize', []),
        'default_country_code': country_code,
        'block': weft.block_rules(name ~ ': block', rule.get('block') or {}, suggested=false),
        'from': rule.get('from') or [],
    }) }}
{% endmacro %}


{#-
    How many values of a type a profile takes: {count, seconds}, seconds none without a window, and
    none where there is no limit. A unique type needs none, for it has one value; an anonymous_id
    has none unless the rule gives one; all others have 5.
-#}
{% macro limit_rule(name, rule) %}
    {%- set limit = rule.get('limit', none) -%}
    {%- if limit is none -%}
        {%- set free = rule.get('unique', false) or rule['type'] == 'anonymous_id' or 'limit' in rule -%}
        {{ return(none if free else {'count': 5, 'seconds': none}) }}
    {%- endif -%}
    {%- if rule.get('unique', false) -%}
        {%- do weft.rule_error(name, 'a unique type has one value; leave out `limit`.') -%}
    {%- endif -%}
    {%- set given = limit if limit is mapping else {'count': limit} -%}
    {%- do weft.check_keys(name ~ ': limit', given, ['count', 'window']) -%}
    {%- set count = given.get('count') -%}
    {%- if count is not integer or count is boolean or count < 1 -%}
        {%- do weft.rule_error(name, '`limit` must be a whole number from 1, or have one as `count`.') -%}
    {%- endif -%}
    {{ return({'count': count, 'seconds': weft.window_seconds(name, given.get('window', none))}) }}
{% endmacro %}


{% macro window_seconds(name, window) %}
    {%- if window is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set units = {'hour': 3600, 'day': 86400, 'week': 604800} -%}
    {%- set words = modules.re.fullmatch('([1-9][0-9]*) (hour|day|week)s?', window | string) -%}
    {%- if not words -%}
        {%- do weft.rule_error(
            name ~ ': limit', "`window` must be a number of hours, days or weeks, such as '30 days'."
        ) -%}
    {%- endif -%}
    {{ return((words.group(1) | int) * units[words.group(2)]) }}
{% endmacro %}


{#- Values that are nobody's identifier: placeholders that would glue strangers together. -#}
{% macro block_rules(name, given, suggested) %}
    {%- do weft.check_keys(
        name, given, ['suggested', 'values', 'patterns'] if suggested else ['values', 'patterns']
    ) -%}
    {%- set values = (given.get('values') or []) | map('string') | map('lower') | list -%}
    {%- set patterns = (given.get('patterns') or []) | list -%}
    {%- for pattern in patterns if execute and not weft.is_pattern(pattern) -%}
        {%- do weft.rule_error(
            name, "'" ~ pattern ~ "' is no regular expression; put a backslash before what is to be"
            ~ ' taken as it is.'
        ) -%}
    {%- endfor -%}
    {%- if suggested and given.get('suggested', true) -%}
        {%- set values = values + ['-1', 'null', 'undefined', 'none', 'nan', 'anonymous'] -%}
        {%- set patterns = patterns + ['^[0-]*$'] -%}
    {%- endif -%}
    {{ return({'values': values, 'patterns': patterns}) }}
{% endmacro %}


{% macro rule_error(name, sentence) %}
    {{ exceptions.raise_compiler_error(name ~ ': ' ~ sentence) }}
{% endmacro %}
