{#-
    What this build of the model at hand has to read: everything, or what is new since the build
    before. A mapping:

        number     of this build of this model
        is_full    whether all is built anew, and `reason`, why, in a few words
        consumed   {model of identity: its latest build that was read before}
        loads      {input: highest load} of the events that were read before, see identity_plan
        as_of      the as-of date of the build before, as a SQL literal
        signature  what the result depends on beside the events: `before` has that of the last build
        present    {model of identity: its latest build that wrote anything}

    What was consumed is recorded in the transaction that writes the result: a build that dies
    leaves nothing half known, and the next one goes on from there.

    models     the models of identity that the model reads
    signature  what its result depends on beside them, as a mapping of texts
-#}
{% macro trait_plan(models, signature={}) %}
    {%- set builds = weft.latest_identity_builds() -%}
    {%- set last = weft.last_trait_build() -%}
    {%- set present = {} -%}
    {%- for name in models if name in builds -%}
        {%- do present.update({name: builds[name].written_build}) -%}
    {%- endfor -%}
    {%- set plan = {
        'number': last.build + 1 if last else 1,
        'is_full': false,
        'reason': '',
        'consumed': last.consumed if last else {},
        'loads': weft.loads_of_events(last.consumed.get('events', 0)) if last else {},
        'as_of': "date '" ~ last.as_of ~ "'" if last else none,
        'signature': dict(weft.common_signature(), **signature),
        'before': last.signature if last else {},
        'present': present,
    } -%}
    {%- set reason = weft.reason_to_build_anew(plan, last, builds) -%}
    {%- if reason -%}
        {%- do weft.start_over(plan, reason) -%}
    {%- endif -%}
    {{ return(plan) }}
{% endmacro %}


{#- Let a plan build everything anew. -#}
{% macro start_over(plan, reason) %}
    {%- do plan.update({'is_full': true, 'reason': reason}) -%}
{% endmacro %}


{#- Why a model cannot go on from its last build; empty when it can. -#}
{% macro reason_to_build_anew(plan, last, builds) %}
    {%- set built = load_relation(this) -%}
    {%- if built is none or built.is_view or last is none -%}
        {{ return('first build') }}
    {%- elif flags.FULL_REFRESH -%}
        {{ return('full refresh') }}
    {%- endif -%}
    {%- for key, value in weft.common_signature().items() if plan.before.get(key) != value -%}
        {{ return('the ' ~ key ~ ' has changed') }}
    {%- endfor -%}
    {%- for name in plan.present -%}
        {%- set consumed = plan.consumed.get(name, 0) -%}
        {%- if builds[name].full_build > consumed -%}
            {{ return(builds[name].full_reason) }}
        {%- elif builds[name].build < consumed -%}
            {{ return('builds of ' ~ name ~ ' are gone') }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}


{#-
    What every model of profiles and traits depends on beside the events themselves; the words
    complete the sentence "the … has changed".
-#}
{% macro common_signature() %}
    {{ return(adapter.dispatch('common_signature', 'weft')()) }}
{% endmacro %}

{% macro default__common_signature() %}
    {%- set replays = weft.one_value(
        'select count(*) from ' ~ weft.system_table('runs')
        ~ " where figures like '%\"replayed_values\":%' and figures not like '%\"replayed_values\": 0%'"
    ) if weft.landed_sources() else 0 -%}
    {%- set views = run_query(
        'select source, uri, checksum from ' ~ weft.system_table('loads')
        ~ " where state = 'landed' and format = 'view' order by source, uri"
    ).rows | map('join', ' ') | join(', ') if weft.landed_sources() else '' -%}
    {{ return({
        'time zone': var('timezone', 'UTC'),
        'set of discarded values': replays | string,
        'mapping of tables of the warehouse': local_md5(views),
    }) }}
{% endmacro %}


{#- The loads that a build of `events`, and all before it, came with: {input: highest load}. -#}
{% macro loads_of_events(build) %}
    {%- set rows = run_query(
        'select consumed from ' ~ weft.identity_builds()
        ~ " where model_name = 'events' and build = " ~ build
    ).rows -%}
    {{ return(fromjson(rows[0][0]) if rows else {}) }}
{% endmacro %}


{#- Whether an event is new to a plan, as a condition over `events`. -#}
{% macro is_new_event(plan) %}
    {{ return(weft.is_new(plan, 'events', 'events.build')) }}
{% endmacro %}


{#- The profiles whose identifiers came, or moved from or to them, since the build before. -#}
{% macro moved_profiles(plan) %}
    {%- set register = ref('weft', 'profile_id_register') %}
    {%- set is_new = weft.is_new(plan, 'profile_id_register') %}
select profile_id
from {{ register }}
where {{ is_new }}
union all
select previous_profile_id as profile_id
from {{ register }}
where {{ is_new }} and previous_profile_id is not null
{%- endmacro %}


{#- The first value of a query's first row. -#}
{% macro one_value(query) %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}
