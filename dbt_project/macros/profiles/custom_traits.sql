{#-
    The custom traits of profiles, {name: {type, keep, sources}}: those declared in
    `vars: custom_traits:`, then every other trait that an identify call has landed, by name.
    Identifier types have columns of their own.

        first_name: text                              # its type; the latest value counts
        plan: {type: text, keep: first}               # or most_frequent
        country: {type: text, sources: [crm, web]}    # crm's value, where it has one
-#}
{% macro custom_traits() %}
    {%- set traits = {} -%}
    {%- for name, given in var('custom_traits', {}).items() -%}
        {%- do traits.update({name: weft.custom_trait(name, given)}) -%}
    {%- endfor -%}
    {%- set not_traits = weft.columns_of_every_call() + ['profile_id', 'first_seen_at'] -%}
    {%- set not_traits = not_traits + weft.identifier_columns() -%}
    {%- for column, type in weft.landed_traits('identifies', not_traits).items() -%}
        {%- if column not in traits -%}
            {%- do traits.update({column: weft.custom_trait(column, type)}) -%}
        {%- elif not traits[column].type -%}
            {%- do traits[column].update({'type': type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for trait in traits.values() if not trait.type -%}
        {%- do trait.update({'type': 'text'}) -%}
    {%- endfor -%}
    {{ return(traits) }}
{% endmacro %}


{#-
    The traits that the calls of a landed table have brought, {name: type}, by name: its columns but
    those that are none and those of the context. A trait that landed with different types from two
    sources is text.
-#}
{% macro landed_traits(name, not_traits) %}
    {%- set landed = {} -%}
    {%- for table in weft.landed_tables(name) -%}
        {%- for column, dtype in table.columns.items() -%}
            {%- set type = weft.type_of(dtype) -%}
            {%- if column not in not_traits and not column.startswith('context_') -%}
                {%- do landed.update({column: type if landed.get(column, type) == type else 'text'}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set traits = {} -%}
    {%- for column in landed | sort -%}
        {%- do traits.update({column: landed[column]}) -%}
    {%- endfor -%}
    {{ return(traits) }}
{% endmacro %}


{#- The custom traits whose type the project declares; others have the type they landed with. -#}
{% macro declared_custom_traits() %}
    {%- set names = [] -%}
    {%- for name, given in var('custom_traits', {}).items() -%}
        {%- if given is string or given.get('type') -%}
            {%- do names.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{#- What `vars: custom_traits:` says of one trait, checked. -#}
{% macro custom_trait(name, given) %}
    {%- set place = 'custom_traits: ' ~ name -%}
    {%- set rule = given if given is mapping else {'type': given} -%}
    {%- set rules = ['latest', 'first', 'most_frequent'] -%}
    {%- do weft.check_keys(place, rule, ['type', 'keep', 'sources']) -%}
    {%- if rule.get('keep', 'latest') not in rules -%}
        {%- do weft.trait_fault(
            place, "there is no rule to keep '" ~ rule.keep ~ "'; known: " ~ rules | join(', ') ~ '.'
        ) -%}
    {%- elif rule.get('sources', []) is string or rule.get('sources', []) is not iterable -%}
        {%- do weft.trait_fault(place, '`sources` must be a list of sources, the best first.') -%}
    {%- endif -%}
    {%- if rule.get('type') -%}
        {%- do weft.sql_type(rule.type) -%}
    {%- endif -%}
    {{ return({
        'type': rule.get('type'),
        'keep': rule.get('keep', 'latest'),
        'sources': rule.get('sources', []),
    }) }}
{% endmacro %}


{#-
    The value of a custom trait that survives, as a query with one row per profile, from a table
    with profile_id, source, place (the order of a profile's identify calls) and for each trait its
    column and `<trait>__removed`: whether it was sent as null.

    A null takes away what the same source has said before; sources that are not ranked count as
    one. Of the sources that still have something to say the best one counts, then the rule.
-#}
{% macro surviving_trait(name, rule, table) %}
    {%- set value, removed = adapter.quote(name), adapter.quote(name ~ '__removed') -%}
    {%- set ranks = [] -%}
    {%- for source in rule.sources -%}
        {%- do ranks.append('when ' ~ weft.literal(source) ~ ' then ' ~ loop.index0) -%}
    {%- endfor -%}
    {%- set rank = 'case source ' ~ ranks | join(' ') ~ ' else ' ~ rule.sources | length ~ ' end'
        if ranks else '0' %}
select
    profile_id,
    {{ weft.value_of_extreme('min', ['source_rank', 'place'], 'value') }} as {{ value }}
from (
    select
        profile_id,
        source_rank,
        value,
        {%- if rule.keep == 'latest' %}
        -max(place) as place
        {%- elif rule.keep == 'first' %}
        min(place) as place
        {%- else %}
        -count(*) as place
        {%- endif %}
    from (
        select
            profile_id,
            place,
            {{ value }} as value,
            {{ rank }} as source_rank,
            max(case when {{ removed }} then place end)
                over (partition by profile_id, {{ rank }}) as removed_at
        from {{ table }}
        where {{ value }} is not null or {{ removed }}
    ) as said
    where value is not null and (removed_at is null or place > removed_at)
    group by profile_id, source_rank, value
) as surviving
group by profile_id
{%- endmacro %}


{#- The columns that the loader writes on every identify call, beside its traits. -#}
{% macro columns_of_every_call() %}
    {{ return([
        'id', 'anonymous_id', 'user_id', 'received_at', 'sent_at', 'original_timestamp',
        'timestamp', 'uuid_ts', 'loaded_at', 'load_id', 'null_traits',
    ]) }}
{% endmacro %}


{#- The columns that the identifier types have in `profiles`. -#}
{% macro identifier_columns() %}
    {%- set columns = [] -%}
    {%- for rule in weft.identity_rules().identifiers -%}
        {%- do columns.append(rule.type) -%}
        {%- do columns.append(rule.type ~ '_all') -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
