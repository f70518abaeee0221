{#- A value after the normalisations of its rule: trim, lower, e164. -#}
{% macro normalized(expression, rule) %}
    {%- set value = namespace(sql='cast(' ~ expression ~ ' as ' ~ weft.sql_type('text') ~ ')') -%}
    {%- for step in rule.normalize -%}
        {%- if step == 'e164' -%}
            {%- set value.sql = weft.e164(value.sql, rule.default_country_code) -%}
        {%- elif step == 'lower' -%}
            {%- set value.sql = weft.small_letters(value.sql) -%}
        {%- else -%}
            {%- set value.sql = step ~ '(' ~ value.sql ~ ')' -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(weft.in_byte_order(value.sql)) }}
{% endmacro %}


{#-
    A phone number as E.164: a plus and 8 to 15 digits, whatever stood between them. A number in
    national form (0170 …) gets the country code of the rule; without one, and where no number can
    be made of it, the value is null and identifies nobody.
-#}
{% macro e164(expression, country_code) %}
    {%- set digits = weft.digits(expression) -%}
    {%- set national = "'+" ~ country_code ~ "' || trim(leading '0' from " ~ digits ~ ')' -%}
    {%- set number -%}
        case
            when ltrim({{ expression }}) like '+%' then '+' || {{ digits }}
            when {{ digits }} like '00%' then '+' || substr({{ digits }}, 3)
            {%- if country_code %}
            else {{ national }}
            {%- endif %}
        end
    {%- endset -%}
    {{ return(
        'case when length(' ~ number ~ ') between 9 and 16 then ' ~ number ~ ' end'
    ) }}
{% endmacro %}
