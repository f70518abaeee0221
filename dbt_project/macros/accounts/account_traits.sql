{#-
    The traits of accounts, {name: type}: every column that a group call has landed beside those of
    every call, by name.
-#}
{% macro account_traits() %}
    {{ return(weft.landed_traits('groups', weft.columns_of_every_call() + [
        'group_id', 'count_members', 'first_seen_at', 'last_seen_at',
    ])) }}
{% endmacro %}
