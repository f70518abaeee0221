{#-
    Texts on PostgreSQL, where a database has an order of its own for them: they are compared by
    their bytes, as everywhere else.
-#}
{% macro postgres__in_byte_order(expression) %}
    {{ return('(' ~ expression ~ ') collate "C"') }}
{% endmacro %}


{#- The order of bytes knows the small letters of English only, and a database may know no others. -#}
{% macro postgres__small_letters(expression) %}
    {{ return('lower((' ~ expression ~ ') collate "' ~ weft.postgres_letters() ~ '")') }}
{% endmacro %}

{#- A collation that knows the letters of all alphabets: the database's own, if it does. -#}
{% macro postgres_letters() %}
    {%- if not execute -%}
        {{ return('default') }}
    {%- endif -%}
    {%- set query -%}
        select coalesce(
            min(case when datlocprovider <> 'c' or datctype not in ('C', 'POSIX') then 'default' end),
            (
                select min(collname) from pg_collation
                where collname in ('C.utf8', 'C.UTF-8', 'pg_c_utf8') and collencoding in (-1, encoding)
            ),
            'default'
        )
        from pg_database
        where datname = current_database()
        group by encoding
    {%- endset -%}
    {{ return(weft.one_value(query)) }}
{% endmacro %}


{#-
    A word's edge and a text's end are written otherwise than in RE2, the rest alike. In the order of
    bytes, letters and digits of a class are the English ones, as in RE2.
-#}
{% macro postgres__matches(expression, pattern) %}
    {%- set words = {'b': 'y', 'B': 'Y', 'z': 'Z'} -%}
    {%- set parts = [] -%}
    {%- for part in modules.re.findall('\\\\.|[^\\\\]+|\\\\$', pattern, modules.re.DOTALL) -%}
        {%- do parts.append('\\' ~ words.get(part[1], part[1]) if part[:1] == '\\' and part | length == 2 else part) -%}
    {%- endfor -%}
    {{ return('(' ~ weft.in_byte_order(expression) ~ ' ~ ' ~ weft.literal(parts | join) ~ ')') }}
{% endmacro %}


{% macro postgres__json_array_contains(expression, value) %}
    {{ return(
        'coalesce(cast(' ~ expression ~ ' as jsonb) @> jsonb_build_array(cast('
        ~ weft.literal(value) ~ ' as text)), false)'
    ) }}
{% endmacro %}


{% macro postgres__sha256(expression) %}
    {{ return('encode(sha256(convert_to(' ~ expression ~ ", 'UTF8')), 'hex')") }}
{% endmacro %}


{#- PostgreSQL cuts a name after 63 bytes, and two that begin alike would be one. -#}
{% macro postgres__short_name(name) %}
    {{ return(name if name.encode('utf-8') | length <= 63 else name[:54] ~ '_' ~ local_md5(name)[:8]) }}
{% endmacro %}

{% macro postgres__longest_name() %}
    {{ return(63) }}
{% endmacro %}
