{#-
    Materialization `ledger`: a table that others append to. The model's query gives its columns and
    no rows; the table is created once, and no build, not even a full refresh, touches it again.
-#}
{% materialization ledger, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        create table if not exists {{ target_relation }} as {{ sql }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
