{#-
    Append who entered and who left since the ledgers were last written: members to
    `audience_memberships`, those held out to `audience_holdouts`.
-#}
{% macro append_memberships(arriving, sides, conditions, settings) %}
    {%- set key = settings.key -%}
    {%- do weft.create_table(
        sides.changes, weft.membership_changes(arriving, sides, conditions, settings), 'changes'
    ) -%}
    {%- do weft.raise_alerts(arriving, sides.changes, settings) -%}
    {%- for part, ledger in {
        'member': weft.audience_memberships(), 'holdout': weft.audience_holdouts()
    }.items() %}
    {% call statement('append_' ~ part) %}
        insert into {{ ledger }} (
            audience, {{ key }}, change, reason, merged_into, run_id, as_of, changed_at
        )
        select
            {{ weft.literal(model.name) }} as audience,
            {{ key }},
            change,
            reason,
            merged_into,
            {{ weft.literal(weft.run_id()) }} as run_id,
            {{ weft.as_of() }} as as_of,
            cast({{ weft.literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
                as {{ weft.sql_type('timestamp') }}) as changed_at
        from {{ sides.changes }}
        where part = {{ weft.literal(part) }}
        order by {{ key }}
    {% endcall %}
    {%- endfor %}
    {%- do adapter.drop_relation(sides.changes) -%}
{% endmacro %}


{#- The query behind it: one row per profile that entered or left a part of the audience, and why. -#}
{% macro membership_changes(arriving, sides, conditions, settings) %}
    {%- set key = settings.key -%}
    {%- set compared = weft.compared_conditions(conditions) -%}
        with

        before as (

            select {{ key }}, 'member' as part
            from ({{ weft.standing_members(weft.audience_memberships(), model.name, key) }}) as members
            union all
            select {{ key }}, 'holdout' as part
            from ({{ weft.standing_members(weft.audience_holdouts(), model.name, key) }}) as held_out

        ),

        present as (

            select {{ key }}, 'member' as part from {{ arriving }}
            {%- if settings.holdout is not none %}
            union all
            select {{ key }}, 'holdout' as part
            from {{ sides.candidates }} as candidates
            where
                {{ weft.is_held_out(settings) }}
                {%- if settings.before %}
                and not exists (
                    select 1 from ({{ weft.taken_before(settings) }}) as taken
                    where taken.{{ key }} = candidates.{{ key }}
                )
                {%- endif %}
            {%- endif %}

        ),

        changes as (

            select
                coalesce(present.{{ key }}, before.{{ key }}) as {{ key }},
                coalesce(present.part, before.part) as part,
                case when before.{{ key }} is null then 'entered' else 'exited' end as change
            from present
            full outer join before
                on before.{{ key }} = present.{{ key }} and before.part = present.part
            where before.{{ key }} is null or present.{{ key }} is null

        ),

        merges as (

            {{ weft.merges_of(settings) }}

        ),

        moves as (

            select
                changes.*,
                merges.merged_into,
                count(*) over (partition by changes.{{ key }}) as parts
            from changes
            left join merges on merges.profile_id = changes.{{ key }} and changes.change = 'exited'

        )

        select
            moves.{{ key }},
            moves.part,
            moves.change,
            moves.merged_into,
            case
                when moves.merged_into is not null then 'merged'
                when moves.parts = 2 then 'holdout'
                when
                    moves.change = 'entered'
                    and moves.{{ key }} in (select merged_into from moves where merged_into is not null)
                    then 'merged'
                {%- if settings.before %}
                when
                    moves.change = 'exited' and moves.{{ key }} in ({{ weft.taken_before(settings) }})
                    then 'priority'
                when
                    moves.change = 'entered' and moves.{{ key }} in ({{ weft.released_now(settings) }})
                    then 'priority'
                {%- endif %}
                else coalesce({{ weft.changed_conditions(compared) }}, 'query')
            end as reason
        from moves
        {%- if compared.conditions %}
        left join {{ sides.conditions }} as holding on holding.{{ key }} = moves.{{ key }}
        {%- if compared.before is not none %}
        left join {{ compared.before }} as held on held.{{ key }} = moves.{{ key }}
        {%- endif %}
        {%- endif %}
{% endmacro %}


{#- Which profile ids have ended in which, as a query; none for accounts. -#}
{% macro merges_of(settings) %}
    {%- set merges = weft.core_relation('profile_merges') -%}
    {%- set is_there = adapter.get_relation(merges.database, merges.schema, merges.identifier) -%}
    {%- if settings.key == 'profile_id' and is_there is not none -%}
        {{ return('select profile_id, merged_into from ' ~ merges) }}
    {%- endif -%}
    {%- set text = weft.sql_type('text') -%}
    {{ return(
        'select cast(null as ' ~ text ~ ') as profile_id, cast(null as ' ~ text
        ~ ') as merged_into where false'
    ) }}
{% endmacro %}


{#- Who left, in this run, an audience that comes first. -#}
{% macro released_now(settings) %}
    {%- set names = [] -%}
    {%- for name in settings.before -%}
        {%- do names.append(weft.literal(name)) -%}
    {%- endfor -%}
    {{ return(
        'select ' ~ settings.key ~ ' from ' ~ weft.audience_memberships() ~ ' where audience in ('
        ~ names | join(', ') ~ ") and change = 'exited' and run_id = " ~ weft.literal(weft.run_id())
        ~ ' and ' ~ settings.key ~ ' is not null'
    ) }}
{% endmacro %}
