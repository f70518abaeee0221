{#-
    The audience without those that another audience of its priority list has, and without those
    that are held out.
-#}
{% macro narrow_audience(arriving, candidates, settings) %}
    {%- set query -%}
        select *
        from {{ candidates }} as candidates
        where
            true
            {%- if settings.holdout is not none %}
            and not {{ weft.is_held_out(settings) }}
            {%- endif %}
            {%- if settings.before %}
            and not exists (
                select 1 from ({{ weft.taken_before(settings) }}) as taken
                where taken.{{ settings.key }} = candidates.{{ settings.key }}
            )
            {%- endif %}
    {%- endset -%}
    {%- do weft.create_table(arriving, query, 'narrow') -%}
{% endmacro %}


{#-
    Whether a profile is held out: when the first 32 bits of the md5 of salt and id lie below the
    percentage's share of all values. They are compared as texts of hexadecimal digits, so every
    engine agrees; a larger percentage holds out the same profiles and more.
-#}
{% macro is_held_out(settings) %}
    {%- if settings.holdout.threshold is none -%}
        {{ return('true') }}
    {%- endif -%}
    {{ return(
        'substr(md5(' ~ weft.literal(settings.holdout.salt ~ ':') ~ ' || ' ~ settings.key
        ~ '), 1, 8) < ' ~ weft.literal(settings.holdout.threshold)
    ) }}
{% endmacro %}


{#- Where a percentage ends among the values of eight hexadecimal digits, none for all of them. -#}
{% macro holdout_threshold(percent) %}
    {{ return(none if percent == 100 else '%08x' % ((percent * 42949672.96) | round | int)) }}
{% endmacro %}


{#- Who is in, or held out of, an audience that comes first. -#}
{% macro taken_before(settings) %}
    {%- set parts = [] -%}
    {%- for ledger in (weft.audience_memberships(), weft.audience_holdouts()) -%}
        {%- for name in settings.before -%}
            {%- do parts.append(weft.standing_members(ledger, name, settings.key)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(parts | join(' union all ')) }}
{% endmacro %}
