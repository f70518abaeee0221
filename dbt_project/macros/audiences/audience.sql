{#-
    Materialization `audience`: a table of profiles, and the history of who entered and left it.

    The model's query returns `profile_id`, once per member, and any columns to send along. The
    table is built anew and, in the same transaction, whoever is in it and was no member enters the
    ledger `audience_memberships`, and whoever was and is not leaves it. Plain `dbt build` therefore
    keeps history, and a build that fails leaves table and ledger as they were.
-#}
{% materialization audience, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set arriving = make_intermediate_relation(target_relation) -%}

    {{ drop_relation_if_exists(load_cached_relation(arriving)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') %}
        create table {{ arriving }} as {{ sql }}
    {% endcall %}
    {%- do weft.check_audience(arriving) -%}
    {%- do weft.append_memberships(arriving) -%}
    {%- do weft.put_in_place(arriving, existing_relation, target_relation) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Stop the build when the query does not give one row per profile. -#}
{% macro check_audience(relation) %}
    {%- set place = 'Audience ' ~ model.name ~ ' (' ~ model.original_file_path ~ ')' -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- if 'profile_id' not in columns -%}
        {{ exceptions.raise_compiler_error(
            place ~ ' does not return profile_id; it returns: ' ~ columns | join(', ') ~ '.'
        ) }}
    {%- endif -%}
    {%- set counts = run_query(
        'select count(*), count(profile_id), count(distinct profile_id) from ' ~ relation
    ).rows[0] -%}
    {%- if counts[0] != counts[1] -%}
        {{ exceptions.raise_compiler_error(place ~ ' returns rows without a profile_id.') }}
    {%- elif counts[1] != counts[2] -%}
        {{ exceptions.raise_compiler_error(
            place ~ ' returns ' ~ counts[1] ~ ' rows for ' ~ counts[2]
            ~ ' profiles; it must return each profile once.'
        ) }}
    {%- endif -%}
{% endmacro %}


{#- Append who entered and who left since the ledger was last written. -#}
{% macro append_memberships(arriving) %}
    {% call statement('memberships') %}
        insert into {{ weft.audience_memberships() }} (
            audience, profile_id, change, reason, run_id, as_of, changed_at
        )
        with

        -- A member has entered once more than it has left.
        members as (

            select profile_id
            from {{ weft.audience_memberships() }}
            where audience = {{ weft.literal(model.name) }}
            group by profile_id
            having sum(case when change = 'entered' then 1 else -1 end) > 0

        )

        select
            {{ weft.literal(model.name) }} as audience,
            coalesce(arriving.profile_id, members.profile_id) as profile_id,
            case when members.profile_id is null then 'entered' else 'exited' end as change,
            'query' as reason,
            {{ weft.literal(weft.run_id()) }} as run_id,
            {{ weft.as_of() }} as as_of,
            cast({{ weft.literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
                as {{ weft.sql_type('timestamp') }}) as changed_at
        from {{ arriving }} as arriving
        full outer join members on members.profile_id = arriving.profile_id
        where members.profile_id is null or arriving.profile_id is null
    {% endcall %}
{% endmacro %}
