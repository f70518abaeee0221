{#-
    The table's rows. A tree, and a piece of one that was cut, is named after its value of the
    unique type, else after the smallest key in it, whichever build solved it.
-#}
{% macro forest_result() %}
    with

    trees as (

        select
            root,
            coalesce(
                {{ weft.extreme('min', 'case when is_anchor then identifier_id end', 'key') }},
                {{ weft.extreme('min', 'identifier_id', 'key') }}
            ) as tree_id
        from weft_roots
        group by root

    ),

    pieces as (

        select
            pieces.piece,
            coalesce(
                {{ weft.extreme('min', 'case when roots.is_anchor then roots.identifier_id end', 'key') }},
                {{ weft.extreme('min', 'roots.identifier_id', 'key') }}
            ) as piece_id
        from weft_pieces as pieces
        inner join weft_roots as roots on roots.node = pieces.node
        group by pieces.piece

    )

    select
        roots.identifier_id,
        trees.tree_id,
        coalesce(pieces.piece_id, trees.tree_id) as piece_id,
        cut_from.identifier_id as cut_from_id,
        cuts.reason as cut_reason
    from weft_roots as roots
    inner join trees on trees.root = roots.root
    left join weft_pieces as places on places.node = roots.node
    left join pieces on pieces.piece = places.piece
    left join weft_cuts as cuts on cuts.node = roots.node
    left join weft_roots as cut_from on cut_from.node = cuts.cut_from
{% endmacro %}
