{#-
    A condition of an audience, marked so that the build can tell it from the SQL around it.

    name        how the reason of a change calls it, e.g. performed("Order Completed", at_least=2)
    query       a query that returns the id of everyone for whom it holds
    of          the column of the analyst's SELECT that is compared
    is_negated  whether it must not hold

    The marks are comments: the SQL means the same to whoever runs it by hand.
-#}
{% macro condition(name, query, of, is_negated=false) %}
    {%- set label = name | replace('*/', '* /') | replace('\n', ' ') -%}
    {{ return(
        of ~ (' not' if is_negated else '') ~ ' in (/*weft:condition ' ~ label ~ '*/'
        ~ weft.unmarked(query) ~ '/*weft:end*/)'
    ) }}
{% endmacro %}


{#-
    Who a condition is about, by the name of the column it is compared with: account_id for
    `account_id` and `group_id`, else profile_id.
-#}
{% macro key_of_condition(of) %}
    {{ return('account_id' if of.split('.') | last in ('account_id', 'group_id') else 'profile_id') }}
{% endmacro %}


{#- How a call of a helper macro reads, from its arguments; those that are none are left out. -#}
{% macro condition_name(macro_name, first, named) %}
    {%- set arguments = [] if first is none else [tojson(first)] -%}
    {%- for name, value in named.items() if value is not none -%}
        {%- do arguments.append(name ~ '=' ~ tojson(value)) -%}
    {%- endfor -%}
    {{ return(macro_name ~ '(' ~ arguments | join(', ') ~ ')') }}
{% endmacro %}


{#- SQL without the marks of conditions: one condition inside another is part of it. -#}
{% macro unmarked(text) %}
    {{ return(modules.re.sub('/[*]weft:(condition .*?|end)[*]/', '', text)) }}
{% endmacro %}


{#-
    The marked conditions of compiled SQL, each once, in their order: a list of {name, column,
    query}. The column's name comes from the condition's, so that it stays the same as others come
    and go.
-#}
{% macro marked_conditions(text) %}
    {%- set pattern = '/[*]weft:condition (.*?)[*]/(.*?)/[*]weft:end[*]/' -%}
    {%- set conditions = {} -%}
    {%- for name, query in modules.re.findall(pattern, text, modules.re.DOTALL) -%}
        {%- do conditions.update({
            name: {'name': name, 'column': 'c_' ~ local_md5(name)[:12], 'query': query}
        }) -%}
    {%- endfor -%}
    {{ return(conditions.values() | list) }}
{% endmacro %}


{#- The table of conditions: one row per profile for whom one holds, a boolean column each. -#}
{% macro create_conditions(relation, conditions, settings) %}
    {%- if conditions -%}
        {%- set query -%}
            select
                {{ settings.key }}
                {%- for condition in conditions %},
                bool_or(condition_name = {{ weft.literal(condition.column) }}) as {{ condition.column }}
                {%- endfor %}
            from (
                {%- for condition in conditions %}
                {{- ' union all' if not loop.first }}
                select {{ settings.key }}, {{ weft.literal(condition.column) }} as condition_name
                from ({{ condition.query }}) as {{ condition.column }}
                {%- endfor %}
            ) as holding
            where {{ settings.key }} is not null
            group by {{ settings.key }}
        {%- endset -%}
        {%- do weft.create_table(relation, query, 'conditions') -%}
    {%- endif -%}
{% endmacro %}


{#- The audience's query, which reads each condition from the table instead of computing it again. -#}
{% macro query_on_conditions(text, relation, conditions, settings) %}
    {%- set queries = {'text': text} -%}
    {%- for condition in conditions -%}
        {%- do queries.update({'text': queries.text | replace(
            '/*weft:condition ' ~ condition.name ~ '*/' ~ condition.query ~ '/*weft:end*/',
            'select ' ~ settings.key ~ ' from ' ~ relation ~ ' where ' ~ condition.column
        )}) -%}
    {%- endfor -%}
    {{ return(queries.text) }}
{% endmacro %}


{#- The table beside the audience's own in which its conditions are kept. -#}
{% macro kept_conditions() %}
    {{ return(api.Relation.create(
        database=this.database,
        schema=this.schema,
        identifier=this.identifier ~ '__conditions',
        type='table'
    )) }}
{% endmacro %}


{#- Let this build's conditions take the place of the last one's. -#}
{% macro keep_conditions(arriving, conditions) %}
    {%- set kept = weft.kept_conditions() -%}
    {%- set existing = adapter.get_relation(kept.database, kept.schema, kept.identifier) -%}
    {%- if conditions -%}
        {%- do weft.put_in_place(arriving, existing, kept) -%}
    {%- elif existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
{% endmacro %}


{#-
    The conditions that can be compared with the last build: {conditions, before}. On an audience's
    first build none held before, so `before` is none; a condition that the last build did not know
    says nothing about anyone's change.
-#}
{% macro compared_conditions(conditions) %}
    {%- set kept = weft.kept_conditions() -%}
    {%- set existing = adapter.get_relation(kept.database, kept.schema, kept.identifier) -%}
    {%- if existing is none -%}
        {%- set written = run_query(
            'select count(*) from ' ~ weft.audience_memberships() ~ ' where audience = '
            ~ weft.literal(model.name)
        ).rows[0][0] -%}
        {{ return({'conditions': [] if written else conditions, 'before': none}) }}
    {%- endif -%}
    {%- set known = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
    {%- set common = [] -%}
    {%- for condition in conditions if condition.column in known -%}
        {%- do common.append(condition) -%}
    {%- endfor -%}
    {{ return({'conditions': common, 'before': existing}) }}
{% endmacro %}


{#- The conditions that hold and did not (+), or did and hold no more (-); null when none changed. -#}
{% macro changed_conditions(compared) %}
    {%- if not compared.conditions -%}
        {{ return('cast(null as ' ~ weft.sql_type('text') ~ ')') }}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for condition in compared.conditions -%}
        {%- set holds = 'coalesce(holding.' ~ condition.column ~ ', false)' -%}
        {%- set held = 'false' -%}
        {%- if compared.before is not none -%}
            {%- set held = 'coalesce(held.' ~ condition.column ~ ', false)' -%}
        {%- endif -%}
        {%- do parts.append(
            'case when ' ~ holds ~ ' and not ' ~ held ~ ' then '
            ~ weft.literal('+ ' ~ condition.name) ~ ' when ' ~ held ~ ' and not ' ~ holds
            ~ ' then ' ~ weft.literal('- ' ~ condition.name) ~ ' end'
        ) -%}
    {%- endfor -%}
    {{ return("nullif(concat_ws('; ', " ~ parts | join(', ') ~ "), '')") }}
{% endmacro %}
