{#-
    Materialization `computed_traits`: the table of the traits that the model defines, and beside it
    the cells they are computed from, per landed table T two tables

        <model>__T__days      one row per identifier and day, with the measures of T's traits
        <model>__T__values    one row per identifier, day, series and value, with how often

    A build renews, from the events themselves, the cells of every identifier and day that new
    events touch; nothing is ever added to a cell, so late events count as if they had come in time.
    Cells know identifiers, not profiles: a merge or split moves them without a change. Then the
    traits are computed anew of the profiles concerned: those of renewed cells, those whose
    identifiers moved, and those with a cell that enters or leaves a window. Traits of accounts are
    computed of all of them: who belongs to one may have changed.

    Cells whose definition was edited are rebuilt, and the build says so. All of it, and the line in
    `trait_builds`, is one transaction.
-#}
{% materialization computed_traits, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set definitions = weft.trait_definitions() -%}
    {%- set groups = weft.trait_groups(definitions) -%}
    {%- set owner = weft.trait_owner() -%}
    {%- set kept = groups | rejectattr('hours') | list -%}
    {%- set plan = weft.computed_traits_plan(definitions, kept) -%}
    {%- do weft.refuse_other_types(
        existing_relation, sql, definitions | map(attribute='name') | list
    ) -%}
    {%- set touched, arriving = weft.touched_table(), adapter.quote(model.alias ~ '__arriving') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- for group in kept -%}
        {%- do weft.keep_cells(group, plan) -%}
    {%- endfor -%}
    {%- set stored = {} -%}
    {%- for group in kept -%}
        {%- do stored.update({group.label: weft.cell_tables(group.label)}) -%}
    {%- endfor -%}
    {%- if plan.is_full -%}
        {%- set written = weft.write_profile_rows_anew(
            target_relation, existing_relation, weft.trait_results(groups, stored)
        ) -%}
        {%- set count_touched = written -%}
    {%- elif owner == 'group_id' -%}
        {%- do weft.create_temporary(arriving, weft.trait_results(groups, stored), 'main') -%}
        {%- set written = weft.write_profile_rows(target_relation, arriving, none, owner) -%}
        {%- set count_touched = weft.one_value('select count(*) from ' ~ arriving) -%}
        {%- do weft.drop_temporary([arriving]) -%}
    {%- else -%}
        {%- do weft.create_touched(
            touched,
            weft.touched_by_traits(groups, kept, plan)
            ~ weft.touched_by_days(target_relation, definitions, plan)
        ) -%}
        {%- do weft.let_days_pass(target_relation, definitions, touched, plan) -%}
        {%- do weft.create_temporary(arriving, weft.trait_results(groups, stored, touched), 'main') -%}
        {%- set written = weft.write_profile_rows(target_relation, arriving, touched) -%}
        {%- set count_touched = weft.one_value('select count(*) from ' ~ touched) -%}
        {%- do weft.drop_temporary([arriving, touched]) -%}
    {%- endif -%}
    {%- do weft.drop_touched_cells(kept, plan) -%}
    {%- do weft.record_trait_build(plan, count_touched, written, weft.unusable_values(kept)) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#-
    The plan of a trait model. Beside what every plan has: `anew`, the labels of the groups whose
    cells are built anew. Where any are, all traits are computed anew from the cells.
-#}
{% macro computed_traits_plan(definitions, kept) %}
    {%- set signature = {'definitions': local_md5(tojson(definitions, sort_keys=true)), 'cells': {}} -%}
    {%- for group in kept -%}
        {%- do signature.cells.update({group.label: weft.group_signature(group)}) -%}
    {%- endfor -%}
    {%- set plan = weft.trait_plan(['events', 'profile_id_register'], signature) -%}
    {%- set before = plan.before.get('cells', {}) -%}
    {%- set anew, edited = [], [] -%}
    {%- for group in kept -%}
        {%- set is_edited = before.get(group.label) != signature.cells[group.label] -%}
        {%- if plan.is_full or is_edited or not weft.has_cells(group.label) -%}
            {%- do anew.append(group.label) -%}
        {%- endif -%}
        {%- if is_edited -%}
            {%- do edited.append(group.label) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not plan.is_full -%}
        {%- if edited -%}
            {%- do weft.start_over(plan, 'edited traits of ' ~ edited | join(', ')) -%}
        {%- elif anew -%}
            {%- do weft.start_over(plan, 'no cells of ' ~ anew | join(', ')) -%}
        {%- elif plan.before.get('definitions') != signature.definitions -%}
            {%- do weft.start_over(plan, 'edited traits, of the same cells') -%}
        {%- elif plan.as_of > weft.as_of() -%}
            {%- do weft.start_over(plan, 'an earlier as-of date') -%}
        {%- endif -%}
    {%- endif -%}
    {%- do plan.update({'anew': anew}) -%}
    {{ return(plan) }}
{% endmacro %}


{#- What the cells of a group depend on beside the events: what they hold, and how columns have landed. -#}
{% macro group_signature(group) %}
    {%- set landed = {} -%}
    {%- for table in group.landed -%}
        {%- for wanted in group.columns.values() -%}
            {%- do landed.update({
                table.source ~ '.' ~ wanted.column: table.columns.get(wanted.column, '')
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(local_md5(tojson(
        [group.call, group.columns, group.measures, group.series, landed], sort_keys=true
    ))) }}
{% endmacro %}
