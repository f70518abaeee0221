{#-
    Materialization `audience`: a table of profiles (or accounts), and the history of who entered
    and left it.

    The model's query returns `profile_id`, once per member, and any columns to send along. The
    table is built anew and, in the same transaction, whoever is in it and was no member enters the
    ledger `audience_memberships`, and whoever was and is not leaves it. Plain `dbt build` therefore
    keeps history, and a build that fails leaves table and ledger as they were.

    `config: meta: audience:` may hold back some of the profiles (holdout), leave those to an
    audience that comes first (priority), or watch the size (alert); see audience_settings.
-#}
{% materialization audience, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set arriving = weft.arriving_relation(target_relation) -%}
    {%- set settings = weft.audience_settings() -%}
    {%- set conditions = weft.marked_conditions(sql) -%}
    {%- set sides = weft.audience_sides(settings) -%}

    {%- for side in sides.values() -%}
        {{ drop_relation_if_exists(adapter.get_relation(side.database, side.schema, side.identifier)) }}
    {%- endfor -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do weft.expect_long_lists() -%}
    {%- do weft.create_conditions(sides.conditions, conditions, settings) -%}
    {%- set query = weft.query_on_conditions(sql, sides.conditions, conditions, settings) -%}
    {%- do weft.create_table(
        sides.candidates if settings.is_narrowed else arriving, query, 'main'
    ) -%}
    {%- if settings.is_narrowed -%}
        {%- do weft.check_audience(sides.candidates, settings) -%}
        {%- do weft.narrow_audience(arriving, sides.candidates, settings) -%}
    {%- else -%}
        {%- do weft.check_audience(arriving, settings) -%}
    {%- endif -%}
    {%- do weft.append_memberships(arriving, sides, conditions, settings) -%}
    {%- do weft.keep_conditions(sides.conditions, conditions) -%}
    {%- if settings.is_narrowed -%}
        {%- do adapter.drop_relation(sides.candidates) -%}
    {%- endif -%}
    {%- do weft.put_in_place(arriving, existing_relation, target_relation) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- The tables that stand beside an audience's while it is built: {name: relation}. -#}
{% macro audience_sides(settings) %}
    {%- set names = ['conditions', 'changes'] + (['candidates'] if settings.is_narrowed else []) -%}
    {%- set sides = {} -%}
    {%- for name in names -%}
        {%- do sides.update({name: api.Relation.create(
            database=this.database,
            schema=this.schema,
            identifier=this.identifier ~ '__' ~ name ~ weft.arriving_suffix(),
            type='table'
        )}) -%}
    {%- endfor -%}
    {{ return(sides) }}
{% endmacro %}


{#- How an error names the audience at hand. -#}
{% macro audience_place() %}
    {{ return('Audience ' ~ model.name ~ ' (' ~ model.original_file_path ~ ')') }}
{% endmacro %}


{#- Stop the build when the query does not give one row per profile (or account). -#}
{% macro check_audience(relation, settings) %}
    {%- set place = weft.audience_place() -%}
    {%- set kind = 'profile' if settings.key == 'profile_id' else 'account' -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- if settings.key not in columns -%}
        {{ exceptions.raise_compiler_error(
            place ~ ' does not return ' ~ settings.key ~ '; it returns: ' ~ columns | join(', ')
            ~ '.'
        ) }}
    {%- endif -%}
    {%- set counts = run_query(
        'select count(*), count(' ~ settings.key ~ '), count(distinct ' ~ settings.key ~ ') from '
        ~ relation
    ).rows[0] -%}
    {%- if counts[0] != counts[1] -%}
        {{ exceptions.raise_compiler_error(
            place ~ ' returns rows without a ' ~ settings.key ~ '.'
        ) }}
    {%- elif counts[1] != counts[2] -%}
        {{ exceptions.raise_compiler_error(
            place ~ ' returns ' ~ counts[1] ~ ' rows for ' ~ counts[2] ~ ' ' ~ kind
            ~ 's; it must return each ' ~ kind ~ ' once.'
        ) }}
    {%- endif -%}
{% endmacro %}
