{#-
    The rows of `event_identifiers` that a plan has to read: all, or those of new loads. They are
    taken from the landed tables themselves, where the condition on loads skips what is old.
    When nothing is new, no table need be asked for its columns.
-#}
{% macro arriving_identifiers(plan, only_others=false) %}
    {%- if plan.is_idle -%}
        {{ return(weft.no_identifier_values()) }}
    {%- endif -%}
    select * from (
        {{ weft.identifier_values(weft.identity_rules(), plan, only_others) | indent(8) }}
    ) as landed_identifiers

    union all

    select
        source,
        landed_table,
        event_id,
        build as load_id,
        seen_at,
        identifier_id,
        identifier_type,
        identifier_value,
        priority,
        first_identifier_id,
        place
    from {{ ref('model_identifiers') }}
    where {{ weft.is_new(plan, 'model_identifiers') }}
    {{- ' and identifier_id <> first_identifier_id' if only_others }}
{%- endmacro %}


{#- The values of a type that a plan has to read, as sent_values() gives them. -#}
{% macro arriving_values(rules, rule, plan) %}
    {%- set none_new = {'identifiers': []} -%}
    {{- weft.sent_values(none_new if plan.is_idle else rules, rule, plan) }}

    union all

    select identifier_value as sent_value, seen_at
    from {{ ref('model_identifiers') }}
    where {{ weft.is_new(plan, 'model_identifiers') }} and identifier_type = {{ weft.literal(rule.type) }}
{%- endmacro %}



{#-
    The rows of identifier_values() for the models that the rules name. Their source is the model's
    name after "model.", and what they lack is a load.
-#}
{% macro model_identifier_values(rules) %}
    {%- set by_type = {} -%}
    {%- for rule in rules.identifiers -%}
        {%- do by_type.update({rule.type: rule}) -%}
    {%- endfor -%}
    {%- set tables = [] -%}
    {%- set forgotten = weft.forgotten_types() -%}
    {%- for given in rules.models -%}
        {%- set relation = ref(given.model) -%}
        {%- set columns = [] -%}
        {%- for type, rule in by_type.items() if type in given.identifiers -%}
            {%- do columns.append({
                'rule': rule, 'expression': adapter.quote(given.identifiers[type])
            }) -%}
        {%- endfor -%}
        {%- if execute -%}
            {%- do weft.check_model_columns(given, relation) -%}
        {%- endif -%}
        {%- do tables.append(({
            'source': 'model.' ~ given.model,
            'landed_table': 'model.' ~ given.model,
            'relation': relation,
            'id': weft.in_byte_order('cast(' ~ adapter.quote(given.id) ~ ' as ' ~ weft.sql_type('text') ~ ')'),
            'load_id': 'cast(null as ' ~ weft.sql_type('integer') ~ ')',
            'seen_at': 'cast(' ~ (adapter.quote(given.timestamp) if given.timestamp else 'null')
                ~ ' as ' ~ weft.sql_type('timestamp') ~ ')',
            'where': adapter.quote(given.id) ~ ' is not null'
                ~ weft.and_not_forgotten(columns, forgotten),
        }, columns)) -%}
    {%- endfor -%}
    {{ return(weft.identifier_rows(tables, rules.block)) }}
{% endmacro %}


{#- Stop when a rule names a column that its model does not have. -#}
{% macro check_model_columns(given, relation) %}
    {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set named = [given.id] + given.identifiers.values() | list -%}
    {%- if given.timestamp -%}
        {%- do named.append(given.timestamp) -%}
    {%- endif -%}
    {%- for column in named if present and column not in present -%}
        {%- do weft.rule_error(
            'identity: models: ' ~ given.model,
            "the model has no column '" ~ column ~ "'; it has: " ~ present | join(', ') ~ '.'
        ) -%}
    {%- endfor -%}
{% endmacro %}
