{#-
    What this build of a model of identity has to read: everything, or what is new since the build
    before. A mapping:
        number     of this build of this model; every row it writes bears it as `build`
        is_full    whether all is built anew, and `reason`, why, in a few words
        is_idle    whether there is nothing to read
        consumed   {input: the highest load or build that was read before}
        present    {input: the highest that is there now}
        rules_hash of the rules that are in force
    An input is a source of events ("web"), a table of a source that is a view ("crm.tracks"), or a
    model, by its latest build that wrote anything. What was consumed is recorded in the transaction that writes the
    result, so a build that dies leaves nothing half known and the next one goes on from there.

    landed   whether the model reads landed calls
    models   the models of identity it reads
-#}
{% macro identity_plan(landed=false, models=[]) %}
    {%- set plan = {
        'number': 1,
        'is_full': true,
        'is_idle': false,
        'reason': 'first build',
        'consumed': {},
        'present': {},
        'rules_hash': '',
    } -%}
    {%- if not execute -%}
        {{ return(plan) }}
    {%- endif -%}
    {%- do plan.update({'rules_hash': weft.identity_rules_hash()}) -%}
    {%- set builds = weft.latest_identity_builds() -%}
    {%- set last = builds.get(model.name) -%}
    {%- if landed -%}
        {%- do plan.present.update(weft.present_loads()) -%}
    {%- endif -%}
    {%- for name in models + ['removal'] if name in builds -%}
        {%- do plan.present.update({name: builds[name].written_build}) -%}
    {%- endfor -%}
    {%- if last is none or last is undefined -%}
        {{ return(plan) }}
    {%- endif -%}
    {%- do plan.update({
        'number': last.build + 1,
        'consumed': fromjson(last.consumed),
        'reason': weft.reason_to_start_over(plan, last, builds),
    }) -%}
    {%- do plan.update({
        'is_full': plan.reason != '',
        'is_idle': plan.reason == '' and plan.present == plan.consumed,
    }) -%}
    {{ return(plan) }}
{% endmacro %}


{#- Why a model cannot go on from its last build; empty when it can. -#}
{% macro reason_to_start_over(plan, last, builds) %}
    {%- set built = load_relation(this) -%}
    {%- if built is none or built.is_view -%}
        {{ return('first build') }}
    {%- elif flags.FULL_REFRESH -%}
        {{ return('full refresh') }}
    {%- elif last.rules_hash != plan.rules_hash -%}
        {{ return('the rules have changed') }}
    {%- endif -%}
    {%- for input, consumed in fromjson(last.consumed).items() -%}
        {%- if plan.present.get(input, 0) < consumed -%}
            {{ return('loads of ' ~ input ~ ' are gone') }}
        {%- endif -%}
    {%- endfor -%}
    {%- set consumed = fromjson(last.consumed) -%}
    {%- for input in plan.present if input in builds -%}
        {%- if builds[input].full_build > consumed.get(input, 0) -%}
            {{ return(builds[input].full_reason) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(weft.reason_of_dead_build(last.build)) }}
{% endmacro %}


{#-
    Why a model cannot go on after a build that died; empty when it can, as always where rows and
    ledger are one transaction.
-#}
{% macro reason_of_dead_build(last_build) %}
    {{ return(adapter.dispatch('reason_of_dead_build', 'weft')(last_build)) }}
{% endmacro %}

{% macro default__reason_of_dead_build(last_build) %}
    {{ return('') }}
{% endmacro %}


{#-
    {model: {build, rules_hash, consumed, written_build, full_build, full_reason}}: the last build
    of every model of identity, the last that wrote anything, and the last full one.
-#}
{% macro latest_identity_builds() %}
    {%- set ledger = weft.identity_builds() -%}
    {%- set found = {} -%}
    {%- set query -%}
        select model_name, build, is_full, reason, rules_hash, consumed, count_written
        from {{ ledger }} order by model_name, build
    {%- endset -%}
    {%- for row in run_query(query).rows -%}
        {%- set before = found.get(row[0], {'written_build': 0, 'full_build': 0, 'full_reason': ''}) -%}
        {%- do found.update({row[0]: {
            'build': row[1] | int,
            'rules_hash': row[4],
            'consumed': row[5],
            'written_build': row[1] | int if row[2] or row[6] else before.written_build,
            'full_build': row[1] | int if row[2] else before.full_build,
            'full_reason': row[3] if row[2] else before.full_reason,
        }}) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#-
    The highest load of every source of which anything has landed. The rows of a view have loads of
    their own, each table its own.

    It is asked once in a run: what lands while others build, where the engine lets it, is for the
    next run, and all models of this one read the same.
-#}
{% macro present_loads() %}
    {%- set memory = weft.run_memory() -%}
    {%- if 'present_loads' not in memory -%}
        {#- Two models may ask at once: the first answer counts for both. -#}
        {%- do memory.setdefault('present_loads', weft.find_present_loads()) -%}
    {%- endif -%}
    {{ return(memory.present_loads) }}
{% endmacro %}


{% macro find_present_loads() %}
    {%- set present = {} -%}
    {%- for source in weft.landed_sources() -%}
        {%- for table in weft.call_tables() -%}
            {%- set relation = weft.stored_relation(source, table) -%}
            {%- if relation is not none and relation.is_view -%}
                {%- do present.update({
                    source ~ '.' ~ table: weft.highest_load('select load_id from ' ~ relation)
                }) -%}
            {%- elif relation is not none and source not in present -%}
                {%- do present.update({source: weft.highest_load(weft.landed_loads(source))}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(present) }}
{% endmacro %}


{% macro highest_load(loads) %}
    {{ return(weft.value_of('select coalesce(max(load_id), 0) from (' ~ loads ~ ') as loads')) }}
{% endmacro %}


{#- Which rows of a landed table a plan reads, as a condition; all that are landed where it counts no loads. -#}
{% macro is_arriving(landed, table, plan=none) %}
    {%- if plan is none or 'present' not in plan -%}
        {{ return(weft.is_landed(landed)) }}
    {%- endif -%}
    {{ return(weft.is_landed(landed) ~ ' and ' ~ weft.is_load_of_plan(landed, table, plan)) }}
{% endmacro %}


{#- Whether a row came with a load that a plan reads, as a condition. Views may not know theirs. -#}
{% macro is_load_of_plan(landed, table, plan) %}
    {%- set input = landed.source ~ '.' ~ table if landed.relation.is_view else landed.source -%}
    {%- set load = 'coalesce(load_id, 0)' if landed.relation.is_view else 'load_id' -%}
    {%- set until = load ~ ' <= ' ~ plan.present.get(input, 0) -%}
    {%- if plan.is_full -%}
        {{ return(until) }}
    {%- endif -%}
    {{ return('load_id > ' ~ plan.consumed.get(input, 0) ~ ' and ' ~ until) }}
{% endmacro %}


{#- Whether a row of a model of identity is new to a plan, as a condition on its `build`. -#}
{% macro is_new(plan, name, build='build') %}
    {{ return(build ~ ' > ' ~ (0 if plan.is_full else plan.consumed.get(name, 0))) }}
{% endmacro %}


{#- The same for the rows of `stg_events`, which are those of all landed tables. -#}
{% macro is_arriving_event(plan) %}
    {%- set conditions = ['false'] -%}
    {%- for table, call in weft.call_tables().items() -%}
        {%- for landed in weft.landed_tables(table) -%}
            {%- do conditions.append(
                '(source = ' ~ weft.literal(landed.source) ~ ' and call_type = ' ~ weft.literal(call)
                ~ ' and ' ~ weft.is_load_of_plan(landed, table, plan) ~ ')'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(conditions | join(' or ')) }}
{% endmacro %}
