{#- Create a table that lives as long as the connection. -#}
{% macro create_temporary(table, query, name='temporary') %}
    {%- do adapter.dispatch('create_temporary', 'weft')(table, query, name) -%}
{% endmacro %}

{% macro default__create_temporary(table, query, name) %}
    {% call statement(name) %}
        create temporary table {{ table }} as {{ query }}
    {% endcall %}
    {%- do weft.after_filling(table) -%}
{% endmacro %}


{#- What an engine has to do once a table is filled, so that it is read well at once. -#}
{% macro after_filling(table) %}
    {{ return(adapter.dispatch('after_filling', 'weft')(table)) }}
{% endmacro %}

{% macro default__after_filling(table) %}
{% endmacro %}


{#- Let the answer to a query, which may read the table itself, take the table's place. -#}
{% macro replace_temporary(table, query) %}
    {%- do adapter.dispatch('replace_temporary', 'weft')(table, query) -%}
{% endmacro %}

{% macro default__replace_temporary(table, query) %}
    {%- do weft.create_temporary(table ~ '_arriving', query) -%}
    {%- do weft.drop_temporary([table]) -%}
    {% call statement('replace') %}
        alter table {{ table }}_arriving rename to {{ table }}
    {% endcall %}
{% endmacro %}


{#- Let the answer to a query join the rows that are there. -#}
{% macro add_to_temporary(table, query) %}
    {%- do adapter.dispatch('add_to_temporary', 'weft')(table, query) -%}
{% endmacro %}

{% macro default__add_to_temporary(table, query) %}
    {% call statement('add') %}
        insert into {{ table }} {{ query }}
    {% endcall %}
{% endmacro %}


{% macro drop_temporary(tables) %}
    {%- do adapter.dispatch('drop_temporary', 'weft')(tables) -%}
{% endmacro %}

{% macro default__drop_temporary(tables) %}
    {%- for table in tables -%}
        {% call statement('drop') %}
            drop table {{ table }}
        {% endcall %}
    {%- endfor -%}
{% endmacro %}


{#- What an engine needs before a query that searches long lists, as `not in` does, in a transaction. -#}
{% macro expect_long_lists() %}
    {{ return(adapter.dispatch('expect_long_lists', 'weft')()) }}
{% endmacro %}

{% macro default__expect_long_lists() %}
{% endmacro %}
