{#-
    The rules `never_link` and `always_link`: pairs of values, each written "type: value".
    Returns [[{type, value}, {type, value}]].
-#}
{% macro pair_rules(key, given, types) %}
    {%- set pairs = [] -%}
    {%- for pair in given -%}
        {%- set name = 'identity: ' ~ key ~ ': ' ~ loop.index -%}
        {%- if pair is string or pair is mapping or pair | length != 2 -%}
            {%- do weft.rule_error(name, "it must be a list of two, each 'type: value'.") -%}
        {%- endif -%}
        {%- set sides = [] -%}
        {%- for side in pair -%}
            {%- do sides.append(weft.pair_side(name, side, types)) -%}
        {%- endfor -%}
        {%- if sides[0] == sides[1] -%}
            {%- do weft.rule_error(name, 'its two sides are the same.') -%}
        {%- endif -%}
        {%- do pairs.append(sides) -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}


{#- One side of a pair. `email: a@b.de` without quotes is a mapping of one key to YAML. -#}
{% macro pair_side(name, given, types) %}
    {%- if given is mapping and given | length == 1 -%}
        {%- set type, value = (given.items() | list)[0] -%}
    {%- else -%}
        {%- set type, colon, value = (given | string).partition(':') -%}
    {%- endif -%}
    {%- set side = {'type': type | trim, 'value': value | string | trim} -%}
    {%- if side.type not in types -%}
        {%- do weft.rule_error(
            name, "there is no identifier type '" ~ side.type ~ "'; known: " ~ types | join(', ') ~ '.'
        ) -%}
    {%- elif not side.value -%}
        {%- do weft.rule_error(name, "a side must be 'type: value'; " ~ side.type ~ ' has no value.') -%}
    {%- endif -%}
    {{ return(side) }}
{% endmacro %}


{#- Pairs joined to groups: what is always linked to the same is always linked. -#}
{% macro joined_groups(pairs) %}
    {%- set groups = {} -%}
    {%- set group_of = {} -%}
    {%- for pair in pairs -%}
        {%- set names = [weft.side_name(pair[0]), weft.side_name(pair[1])] -%}
        {%- set number = loop.index -%}
        {%- set joined = [] -%}
        {%- for side in pair -%}
            {%- set name = names[loop.index0] -%}
            {%- set before = groups.pop(group_of.get(name, 0), [side]) -%}
            {%- for one in before if one not in joined -%}
                {%- do joined.append(one) -%}
                {%- do group_of.update({weft.side_name(one): number}) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do groups.update({number: joined}) -%}
    {%- endfor -%}
    {{ return(groups.values() | list) }}
{% endmacro %}


{% macro side_name(side) %}
    {{ return(side.type ~ ': ' ~ side.value) }}
{% endmacro %}


{% macro check_contradictions(never_link, always_link) %}
    {%- set group_of = {} -%}
    {%- for group in always_link -%}
        {%- set number = loop.index -%}
        {%- for side in group -%}
            {%- do group_of.update({weft.side_name(side): number}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for pair in never_link -%}
        {%- set names = [weft.side_name(pair[0]), weft.side_name(pair[1])] -%}
        {%- if names[0] in group_of and group_of[names[0]] == group_of.get(names[1]) -%}
            {%- do weft.rule_error(
                'identity: never_link: ' ~ loop.index,
                'always_link makes ' ~ names | join(' and ') ~ ' one; take one of the rules out.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{#-
    The rule `models`: dbt models whose rows say which identifiers belong together.
    Returns [{model, id, timestamp, identifiers: {type: column}}], timestamp none where not given.
-#}
{% macro model_rules(given, types) %}
    {%- set found = [] -%}
    {%- for rule in given -%}
        {%- set name = 'identity: models: ' ~ rule.get('model', loop.index) -%}
        {%- do weft.check_keys(name, rule, ['model', 'id', 'timestamp', 'identifiers']) -%}
        {%- for key in ['model', 'id', 'identifiers'] if not rule.get(key) -%}
            {%- do weft.rule_error(name, 'it lacks `' ~ key ~ '`.') -%}
        {%- endfor -%}
        {%- for type in rule['identifiers'] if type not in types -%}
            {%- do weft.rule_error(
                name, "there is no identifier type '" ~ type ~ "'; known: " ~ types | join(', ') ~ '.'
            ) -%}
        {%- endfor -%}
        {%- do found.append({
            'model': rule['model'],
            'id': rule['id'],
            'timestamp': rule.get('timestamp', none),
            'identifiers': rule['identifiers'],
        }) -%}
    {%- endfor -%}
    {%- set names = found | map(attribute='model') | list -%}
    {%- if names | unique | list | length < names | length -%}
        {%- do weft.rule_error('identity: models', 'each model may stand there once.') -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{#-
    The values that pair rules name, as a query: number of the pair or group, side, identifier_id.
    `members` is one of the lists of identity_rules(), `identifiers` its identifiers.
-#}
{% macro ruled_identifiers(members, identifiers) %}
    {%- set selects = [] -%}
    {%- for rule in identifiers -%}
        {%- set rows = [] -%}
        {%- for group in members -%}
            {%- set number = loop.index -%}
            {%- for member in group if member.type == rule.type -%}
                {%- do rows.append(
                    '(' ~ number ~ ', ' ~ (group.index(member) + 1) ~ ', '
                    ~ weft.literal(member.value) ~ ')'
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if rows -%}
            {%- do selects.append(
                'select rule_number, side, '
                ~ weft.identifier_key(rule.type, weft.normalized('given_value', rule))
                ~ ' as identifier_id from (values ' ~ rows | join(', ')
                ~ ') as given (rule_number, side, given_value)'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not selects -%}
        {%- do selects.append(
            'select cast(null as ' ~ weft.sql_type('integer') ~ ') as rule_number, cast(null as '
            ~ weft.sql_type('integer') ~ ') as side, cast(null as ' ~ weft.sql_type('key')
            ~ ') as identifier_id where false'
        ) -%}
    {%- endif -%}
    {{ return(selects | join('\nunion all\n')) }}
{% endmacro %}
