{#- The columns of the ledger of builds of profiles and traits, as a query without rows. -#}
{% macro no_trait_builds() %}
    {{ return(weft.no_rows({
        'model_name': 'text',
        'build': 'integer',
        'is_full': 'boolean',
        'reason': 'text',
        'signature': 'text',
        'consumed': 'text',
        'unusable': 'text',
        'count_touched': 'integer',
        'count_written': 'integer',
        'run_id': 'text',
        'as_of': 'date',
        'built_at': 'timestamp',
    })) }}
{% endmacro %}


{#- The ledger's table, wherever the project has put the model `trait_builds`. -#}
{% macro trait_builds() %}
    {{ return(weft.core_relation('trait_builds')) }}
{% endmacro %}


{#- SQL that creates the ledger where it does not exist. -#}
{% macro create_trait_builds() %}
    {%- if execute -%}
        {{ return(weft.create_ledger(weft.trait_builds(), weft.no_trait_builds())) }}
    {%- endif -%}
{% endmacro %}


{#- The last build of the model at hand as a mapping, none when there is none. -#}
{% macro last_trait_build() %}
    {%- set rows = run_query(
        'select build, signature, consumed, as_of from ' ~ weft.trait_builds()
        ~ ' where model_name = ' ~ weft.literal(model.name) ~ ' order by build desc limit 1'
    ).rows -%}
    {%- if not rows -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return({
        'build': rows[0][0] | int,
        'signature': fromjson(rows[0][1]),
        'consumed': fromjson(rows[0][2]),
        'as_of': rows[0][3],
    }) }}
{% endmacro %}


{#- Record a build of a model, in the transaction that writes its result, and say why it was full. -#}
{% macro record_trait_build(plan, count_touched, count_written, unusable={}) %}
    {% call statement('record_build') %}
        insert into {{ weft.trait_builds() }} (
            model_name, build, is_full, reason, signature, consumed, unusable,
            count_touched, count_written, run_id, as_of, built_at
        )
        select
            {{ weft.literal(model.name) }},
            {{ plan.number }},
            {{ plan.is_full }},
            {{ weft.literal(plan.reason) }},
            {{ weft.literal(tojson(plan.signature, sort_keys=true)) }},
            {{ weft.literal(tojson(plan.present, sort_keys=true)) }},
            {{ weft.literal(tojson(unusable, sort_keys=true)) }},
            {{ count_touched }},
            {{ count_written }},
            {{ weft.literal(weft.run_id()) }},
            {{ weft.as_of() }},
            cast({{ weft.literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
                as {{ weft.sql_type('timestamp') }})
    {% endcall %}
    {%- if plan.reason -%}
        {%- do log(model.name ~ ': built in full, ' ~ plan.reason, info=true) -%}
    {%- endif -%}
    {%- for property, count in unusable.items() -%}
        {%- do log(
            model.name ~ ': ' ~ count ~ ' values of ' ~ property
            ~ ' are no numbers in range, and count as not sent', info=true
        ) -%}
    {%- endfor -%}
{% endmacro %}
