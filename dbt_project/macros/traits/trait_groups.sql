{#-
    The traits of a model in groups that are computed in one pass: those over the calls of one
    landed table, and among them those of one window of hours, which day cells cannot serve. A list
    of {label, table, call, hours, traits, columns, measures, series, landed, names}:

        landed     where its calls have landed, and the `names` they were sent under, if known
        label      names the group's parts in SQL: order_completed, pages_12_hours
        columns    what it reads of the landed table, {alias: {column, type}}
        measures   what a cell holds, {name: SQL over the rows of a cell}
        series     the values that are counted one by one, {name: {value, condition}}

    A measure is named after what it is, so that traits share it, and renaming a trait or changing
    its days leaves the cells as they are.
-#}
{% macro trait_groups(definitions) %}
    {%- set groups = {} -%}
    {%- for trait in definitions -%}
        {%- set label = trait.table ~ ('_' ~ trait.hours ~ '_hours' if trait.hours else '') -%}
        {%- do groups.setdefault(label, {
            'label': label,
            'table': trait.table,
            'call': trait.call,
            'landed': [],
            'names': none,
            'hours': trait.hours,
            'traits': [],
            'columns': {},
            'measures': {},
            'series': {},
        }) -%}
        {%- do weft.add_to_group(groups[label], trait) -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for group in groups.values() -%}
        {%- if group.table not in found -%}
            {%- do found.update({group.table: weft.landed_calls(group.table)}) -%}
        {%- endif -%}
        {%- do group.update(found[group.table]) -%}
    {%- endfor -%}
    {{ return(groups.values() | list) }}
{% endmacro %}


{#-
    Where the calls of a table have landed, {landed: of landed_tables(), names}. The names are those
    under which an event's calls were sent, the same in `events` as in its own table; none when they
    are not known, or the table holds calls of any name.
-#}
{% macro landed_calls(table) %}
    {{ return(adapter.dispatch('landed_calls', 'weft')(table)) }}
{% endmacro %}

{% macro default__landed_calls(table) %}
    {%- set landed = weft.landed_tables(table) -%}
    {%- set queries = [] -%}
    {%- for one in landed if 'event_text' in one.columns -%}
        {%- do queries.append('select event_text from ' ~ one.relation) -%}
    {%- endfor -%}
    {%- if table in weft.call_tables() or not landed or queries | length < landed | length -%}
        {{ return({'landed': landed, 'names': none}) }}
    {%- endif -%}
    {%- set names = run_query(
        'select distinct event_text from (' ~ queries | join(' union all ')
        ~ ') as calls order by event_text'
    ).columns[0].values() | list -%}
    {{ return({'landed': landed, 'names': names if none not in names else none}) }}
{% endmacro %}


{#- Enter a trait into its group, with the names of what it is made of. -#}
{% macro add_to_group(group, trait) %}
    {%- set tests = [] -%}
    {%- for condition in trait.conditions -%}
        {%- set column = weft.group_column(group, condition.column, condition.type) -%}
        {%- do tests.append(condition.test.replace('{}', column, 1)) -%}
    {%- endfor -%}
    {%- set value = weft.group_column(group, trait.column, trait.type) if trait.column else none -%}
    {%- set condition = tests | join(' and ') -%}
    {%- set suffix = '_' ~ trait.column ~ '_' ~ trait.type if trait.column else '' -%}
    {%- if condition -%}
        {%- set suffix = suffix ~ '_if_' ~ local_md5(condition)[:8] -%}
    {%- endif -%}
    {%- set made_of = {} -%}
    {%- if trait.aggregate in ('most_frequent', 'unique_list', 'unique_count') -%}
        {%- set name = suffix[1:] -%}
        {%- do group.series.update({name: {'value': value, 'condition': condition}}) -%}
        {%- do made_of.update({'series': name}) -%}
    {%- else -%}
        {%- for function, sql in weft.trait_measures(
            trait.aggregate, value, trait.type, condition
        ).items() -%}
            {%- set measure = weft.short_name(function ~ suffix) -%}
            {%- do group.measures.update({measure: sql}) -%}
            {%- do made_of.update({function: adapter.quote(measure)}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do group.traits.append(dict(trait, made_of=made_of, label=group.label)) -%}
{% endmacro %}


{#- The alias under which a group reads a column as a type. -#}
{% macro group_column(group, column, type) %}
    {%- if column == 'timestamp' -%}
        {{ return('occurred_at') }}
    {%- endif -%}
    {%- set alias = column ~ '__' ~ type -%}
    {%- do group.columns.update({alias: {'column': column, 'type': type}}) -%}
    {{ return(adapter.quote(alias)) }}
{% endmacro %}


{#- What a cell must hold for an aggregate, {function: SQL over the cell's rows}. -#}
{% macro trait_measures(aggregate, value, type, condition) %}
    {%- set filter = ' filter (where ' ~ condition ~ ')' if condition else '' -%}
    {%- set sum = 'sum(' ~ (value or '') ~ ')' ~ filter -%}
    {%- set sent = (value or '') ~ ' is not null' ~ (' and ' ~ condition if condition else '') -%}
    {%- if aggregate in ('count', 'exists', 'days_since') -%}
        {{ return({'count': 'count(*)' ~ filter}) }}
    {%- elif aggregate == 'sum' -%}
        {{ return({'sum': sum}) }}
    {%- elif aggregate == 'average' -%}
        {{ return({'sum': sum, 'count': 'count(' ~ value ~ ')' ~ filter}) }}
    {%- elif aggregate in ('min', 'max') -%}
        {{ return({aggregate: weft.extreme(aggregate, value, type) ~ filter}) }}
    {%- endif -%}
    {#- Of several values at one instant the first is the smallest and the last the greatest. -#}
    {%- set function = 'min' if aggregate == 'first' else 'max' -%}
    {{ return(weft.placed_measures(aggregate, function, 'occurred_at', value, sent)) }}
{% endmacro %}
