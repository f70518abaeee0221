{#- How long nothing may happen within a session, in minutes: `vars: session_minutes:`. -#}
{% macro session_minutes() %}
    {%- set minutes = var('session_minutes', 30) -%}
    {%- if minutes is not integer or minutes < 1 -%}
        {{ exceptions.raise_compiler_error(
            "session_minutes must be a whole number of minutes such as 30, not '" ~ minutes ~ "'."
        ) }}
    {%- endif -%}
    {{ return(minutes) }}
{% endmacro %}
