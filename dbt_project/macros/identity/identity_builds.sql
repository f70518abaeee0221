{#- The columns of the ledger of builds, as a query without rows. -#}
{% macro no_identity_builds() %}
    {{ return(weft.no_rows({
        'model_name': 'text',
        'build': 'integer',
        'is_full': 'boolean',
        'reason': 'text',
        'rules_hash': 'text',
        'consumed': 'text',
        'count_written': 'integer',
        'count_rounds': 'integer',
        'run_id': 'text',
        'as_of': 'date',
        'built_at': 'timestamp',
    })) }}
{% endmacro %}


{#- The ledger's table, wherever the project has put the model `identity_builds`. -#}
{% macro identity_builds() %}
    {{ return(weft.core_relation('identity_builds')) }}
{% endmacro %}


{#- SQL that creates the ledger where it does not exist. -#}
{% macro create_identity_builds() %}
    {%- if execute -%}
        {{ return(weft.create_ledger(weft.identity_builds(), weft.no_identity_builds())) }}
    {%- endif -%}
{% endmacro %}


{#- Record a build of a model, in the transaction that writes its result. -#}
{% macro record_build(name, plan, count_written, count_rounds=none) %}
    {% call statement('record_build') %}
        insert into {{ weft.identity_builds() }} (
            model_name, build, is_full, reason, rules_hash, consumed,
            count_written, count_rounds, run_id, as_of, built_at
        )
        select
            {{ weft.literal(name) }},
            {{ plan.number }},
            {{ plan.is_full }},
            {{ weft.literal(plan.reason) }},
            {{ weft.literal(plan.rules_hash) }},
            {{ weft.literal(tojson(plan.present, sort_keys=true)) }},
            {{ count_written }},
            {{ 'null' if count_rounds is none else count_rounds }},
            {{ weft.literal(weft.run_id()) }},
            {{ weft.as_of() }},
            cast({{ weft.literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
                as {{ weft.sql_type('timestamp') }})
    {% endcall %}
    {%- set how = 'full (' ~ plan.reason ~ ')' if plan.is_full else 'incremental' -%}
    {{ log(name ~ ': ' ~ how ~ ', ' ~ count_written ~ ' rows written', info=plan.is_full) }}
{% endmacro %}


{#-
    Say that landed rows were deleted: the next build makes identity anew from what is still
    landed, the profile ids staying those of the register. To be run by whoever deletes them:
        dbt run-operation weft.forget_identity --args '{reason: "a request to be forgotten"}'
-#}
{% macro forget_identity(reason='landed rows were removed') %}
    {%- do run_query(weft.create_identity_builds()) -%}
    {%- set builds = weft.latest_identity_builds() -%}
    {%- set number = builds.get('removal', {}).get('build', 0) + 1 -%}
    {%- do weft.record_build(
        'removal', {'number': number, 'is_full': true, 'reason': reason, 'present': {}, 'rules_hash': ''}, 0
    ) -%}
    {%- do adapter.commit() -%}
{% endmacro %}


{#-
    A named moment between two steps of a build. Nothing happens here; a test that listens to dbt's
    events ends the process at one of them, as a power cut would.
-#}
{% macro moment(name) %}
    {%- do log('weft moment: ' ~ model.name ~ ' ' ~ name) -%}
{% endmacro %}
