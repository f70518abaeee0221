{#- Texts on Spark, which compares them by their bytes. A backslash escapes in a literal. -#}
{% macro spark__literal_with_backslash(literal) %}
    {{ return(literal | replace('\\', '\\\\')) }}
{% endmacro %}


{#- Java knows two letters whose small form depends on what stands around them; DuckDB does not. -#}
{% macro spark__small_letters(expression) %}
    {{ return("lower(replace(replace(" ~ expression ~ ", 'Σ', 'σ'), 'İ', 'i'))") }}
{% endmacro %}


{#-
    Java's expressions read as RE2's: a line ends with a newline only, letters are alike in all
    alphabets, the end is the very end, and in a class a bracket is a letter.
-#}
{% macro spark__matches(expression, pattern) %}
    {%- set parts = [] -%}
    {%- set words = '\\\\.|\\[\\^?\\]?(?:\\\\.|\\[:\\^?[a-z]+:\\]|[^\\]\\\\])*\\]|[^\\\\\\[$]+|.' -%}
    {%- for part in modules.re.findall(words, pattern, modules.re.DOTALL) -%}
        {%- if part == '$' -%}
            {%- do parts.append('\\z') -%}
        {%- elif part[:1] == '[' and part | length > 1 -%}
            {%- do parts.append(weft.java_class(part)) -%}
        {%- else -%}
            {%- do parts.append(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('(' ~ expression ~ ' rlike ' ~ weft.literal('(?du)' ~ parts | join) ~ ')') }}
{% endmacro %}

{% macro java_class(given) %}
    {%- set inner = [] -%}
    {%- for part in modules.re.findall('\\\\.|\\[:\\^?[a-z]+:\\]|.', given[1:-1], modules.re.DOTALL) -%}
        {%- if part[:2] == '[:' -%}
            {%- set name = part[2:-2].lstrip('^') -%}
            {%- set java = {'xdigit': 'XDigit', 'word': 'w'}.get(name, name | capitalize) -%}
            {%- do inner.append(('\\P{' if '^' in part else '\\p{') ~ java ~ '}') -%}
        {%- elif part in ('[', '&', ']') -%}
            {%- do inner.append('\\' ~ part) -%}
        {%- else -%}
            {%- do inner.append(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('[' ~ inner | join ~ ']') }}
{% endmacro %}


{% macro spark__json_array_contains(expression, value) %}
    {{ return(
        'coalesce(array_contains(from_json(' ~ expression ~ ", 'array<string>'), "
        ~ weft.literal(value) ~ '), false)'
    ) }}
{% endmacro %}


{% macro spark__digits(expression) %}
    {{ return('regexp_replace(' ~ expression ~ ", '[^0-9]', '')") }}
{% endmacro %}


{% macro spark__sha256(expression) %}
    {{ return('sha2(' ~ expression ~ ', 256)') }}
{% endmacro %}


{% macro spark__contains_text(expression, value) %}
    {{ return('contains(' ~ expression ~ ', ' ~ weft.literal(value) ~ ')') }}
{% endmacro %}
