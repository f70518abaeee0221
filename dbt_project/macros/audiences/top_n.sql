{#-
    The first few by a column, as a condition of an audience's SELECT; of equals, those whose
    profile id comes first:

        where {{ weft.top_n(100, by='lifetime_revenue') }}

    n       how many
    by      a column or expression of `among`; rows where it is null do not count
    among   the relation in which they are counted. Default: profiles, or account_profiles
    where   a condition on `among`, in SQL
    ascending  the smallest instead of the largest
-#}
{% macro top_n(n, by, among=none, where=none, ascending=false, of='profile_id') %}
    {%- set name = weft.condition_name('top_n', n, {
        'by': by,
        'among': none if among is none else among.identifier,
        'where': none if where is none else weft.unmarked(where),
        'ascending': ascending or none,
    }) -%}
    {%- set key = weft.key_of_condition(of) -%}
    {%- set column, id = 'profile_id', 'profile_id' -%}
    {%- if key == 'account_id' -%}
        {%- set column, id = 'group_id as account_id', 'group_id' -%}
    {%- endif -%}
    {%- set everybody = 'profiles' if key == 'profile_id' else 'account_profiles' -%}
    {%- set relation = ref('weft', everybody) if among is none else among -%}
    {{ return(weft.condition(
        name,
        '\n    select ' ~ column ~ ' from ' ~ relation ~ ' as ranked'
        ~ '\n    where (' ~ by ~ ') is not null' ~ ('' if where is none else ' and (' ~ where ~ ')')
        ~ '\n    order by (' ~ by ~ ') ' ~ ('asc' if ascending else 'desc') ~ ', ' ~ id
        ~ '\n    limit ' ~ (n | int) ~ '\n',
        of
    )) }}
{% endmacro %}
