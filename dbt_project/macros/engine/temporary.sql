{#- Create a table that lives as long as the connection. -#}
{% macro create_temporary(table, query, name='temporary') %}
    {% call statement(name) %}
        create temporary table {{ table }} as {{ query }}
    {% endcall %}
{% endmacro %}


{#- Let the answer to a query, which may read the table itself, take the table's place. -#}
{% macro replace_temporary(table, query) %}
    {%- do weft.create_temporary(table ~ '_arriving', query) -%}
    {%- do weft.drop_temporary([table]) -%}
    {% call statement('replace') %}
        alter table {{ table }}_arriving rename to {{ table }}
    {% endcall %}
{% endmacro %}


{% macro drop_temporary(tables) %}
    {%- for table in tables -%}
        {% call statement('drop') %}
            drop table {{ table }}
        {% endcall %}
    {%- endfor -%}
{% endmacro %}
