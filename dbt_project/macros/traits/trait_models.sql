{#-
    The models of computed traits that are joined to `profiles`: `vars: trait_models:` of the
    project. Only where weft's own project runs by itself is it the starter set, which a package
    does not bring.
-#}
{% macro trait_models() %}
    {%- set starter_set = ['purchase_traits', 'browsing_traits'] -%}
    {{ return(var('trait_models', starter_set if project_name == 'weft' else [])) }}
{% endmacro %}


{#- The models of computed traits of accounts that are joined to `account_profiles`. -#}
{% macro account_trait_models() %}
    {{ return(var('account_trait_models', [])) }}
{% endmacro %}
