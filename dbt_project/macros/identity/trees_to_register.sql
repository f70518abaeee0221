{#-
    The identifiers, with their pieces, whose profile ids a build has to look at: all of them, or those
    that the solve touched and whoever ever shared a profile id with these. Nobody else can gain or
    lose an id, and of every id all who bear it are there.
-#}
{% macro trees_to_register(plan, register) %}
    {%- set trees = ref('identity_trees') -%}
    {%- if plan.is_full -%}
select identifier_id, piece_id from {{ trees }}
    {%- else -%}
select identifier_id, piece_id
from {{ trees }}
where piece_id in (
    select trees.piece_id
    from {{ trees }} as trees
    inner join (
        -- What the solve touched.
        select identifier_id
        from {{ trees }}
        where piece_id in (
            select piece_id from {{ trees }} where {{ weft.is_new(plan, 'identity_trees') }}
        )
        union
        -- Whoever ever shared a profile id with it.
        select identifier_id
        from {{ register }}
        where profile_id in (
            select profile_id
            from {{ register }}
            where identifier_id in (
                select identifier_id
                from {{ trees }}
                where piece_id in (
                    select piece_id from {{ trees }}
                    where {{ weft.is_new(plan, 'identity_trees') }}
                )
            )
        )
    ) as concerned on concerned.identifier_id = trees.identifier_id
)
    {%- endif -%}
{% endmacro %}
