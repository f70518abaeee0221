{#-
    Stop when a build would give traits another type than they have in the warehouse: whoever reads
    them expects the former. A full refresh may.

    existing  the table as it stands, none before the first build
    query     the query that would replace it
    names     the columns that must stay what they are
-#}
{% macro refuse_other_types(existing, query, names) %}
    {%- if existing is not none and existing.is_table and not flags.FULL_REFRESH -%}
        {%- set stored = {} -%}
        {%- for column in adapter.get_column_schema_from_query('select * from ' ~ existing) -%}
            {%- do stored.update({column.name: column.dtype}) -%}
        {%- endfor -%}
        {%- for column in adapter.get_column_schema_from_query(query) if column.name in names -%}
            {%- set before = stored.get(column.name, column.dtype) -%}
            {%- if before != column.dtype -%}
                {%- do weft.trait_fault(
                    weft.trait_place(column.name),
                    'it is ' ~ before ~ ' in the warehouse and would become ' ~ column.dtype
                    ~ '; give the new one another name, or change it for all who read it: '
                    ~ 'weft build --full-refresh --select ' ~ model.name ~ '+'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{#- How an error names a trait of the model at hand. -#}
{% macro trait_place(name) %}
    {%- set file = (model.patch_path or model.original_file_path).split('://')[-1] -%}
    {{ return('Trait ' ~ name ~ ' (' ~ file ~ ')') }}
{% endmacro %}
