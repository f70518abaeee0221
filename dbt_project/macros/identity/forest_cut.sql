{#-
    The cuts, a function of the trees alone. A tree is rooted at its value of the unique type, else
    at its earliest identifier. A value is over the limit of its type when that many others of its
    type have an earlier first link in the tree (within the window before its own, if there is one);
    it is cut off with all that hangs below it. Then, for each pair of `never_link` that is still in
    one piece, the latest link between them is cut. What is cut off attaches nowhere else.

    Gives weft_cuts (node, cut_from, reason) and weft_pieces (node, piece), both of those trees
    only in which anything was cut.
-#}
{% macro forest_cut() %}
    {%- set rules = weft.identity_rules() -%}
    {%- set limited = rules.identifiers | rejectattr('limit', 'none') | list -%}
    {%- do weft.create_temporary('weft_pairs', weft.forest_never_linked(rules)) -%}
    {%- do weft.create_temporary('weft_crowded', weft.forest_crowded(limited)) -%}
    {%- do weft.create_temporary('weft_branches', weft.forest_branches()) -%}
    {%- do weft.create_temporary('weft_over', weft.forest_over(limited)) -%}
    {%- do weft.forest_root(
        'select root from weft_over union select root from weft_pairs'
    ) -%}
    {%- set cuts -%}
        select rooted.node, rooted.parent as cut_from, 'limit' as reason
        from weft_rooted as rooted
        inner join weft_over as over_limit on over_limit.node = rooted.node
        where rooted.parent is not null
    {%- endset -%}
    {%- do weft.create_temporary('weft_cuts', cuts) -%}
    {%- do weft.forest_pieces() -%}
    {%- if weft.value_of('select count(*) from weft_pairs') > 0 -%}
        {%- do weft.replace_temporary('weft_cuts', weft.forest_never_link_cuts()) -%}
        {%- do weft.drop_temporary(['weft_pieces']) -%}
        {%- do weft.forest_pieces() -%}
    {%- endif -%}
    {%- do weft.drop_temporary([
        'weft_pairs', 'weft_crowded', 'weft_branches', 'weft_over', 'weft_rooted'
    ]) -%}
{% endmacro %}


{#- The pairs of never_link whose two sides ended in one tree. -#}
{% macro forest_never_linked(rules) %}
    with

    named as (

        {{ weft.ruled_identifiers(rules.never_link, rules.identifiers) | indent(8) }}

    )

    select
        a.root,
        sides_a.rule_number,
        a.node as node_a,
        b.node as node_b
    from named as sides_a
    inner join named as sides_b
        on sides_b.rule_number = sides_a.rule_number and sides_b.side = 2
    inner join weft_roots as a on a.identifier_id = sides_a.identifier_id
    inner join weft_roots as b on b.identifier_id = sides_b.identifier_id
    where sides_a.side = 1 and a.root = b.root and a.node <> b.node
{% endmacro %}


{#- The trees that have more values of a type than its limit, or both sides of a pair. -#}
{% macro forest_crowded(limited) %}
    select root from weft_pairs
    {%- for rule in limited %}
    union
    select root
    from weft_roots
    where priority = {{ rule.priority }}
    group by root
    having count(*) > {{ rule.limit.count }}
    {%- endfor %}
{% endmacro %}


{#- The links that hold the crowded trees together. -#}
{% macro forest_branches() %}
    select
        roots.root,
        edges.node_a,
        edges.node_b,
        edges.position,
        edges.linked_at
    from weft_edges as edges
    inner join weft_hooks as hooks on hooks.position = edges.position
    inner join weft_roots as roots on roots.node = edges.node_a
    where roots.root in (select root from weft_crowded)
{% endmacro %}


{#-
    The values over the limit of their type: root, node. What always_link names counts, yet is never
    over: the rule says whose it is.
-#}
{% macro forest_over(limited) %}
    with

    first_links as (

        select root, node, min(position) as position, min(linked_at) as linked_at
        from (
            select root, node_a as node, position, linked_at from weft_branches
            union all
            select root, node_b as node, position, linked_at from weft_branches
        ) as ends
        group by root, node

    ),

    ranked as (

        select
            cast(null as {{ weft.sql_type('integer') }}) as root,
            cast(null as {{ weft.sql_type('integer') }}) as node,
            0 as count_earlier,
            0 as count_expired,
            1 as count_allowed
        where false
        {%- for rule in limited %}
        union all
        select
            first_links.root,
            first_links.node,
            rank() over (partition by first_links.root order by first_links.position) - 1
                as count_earlier,
            {%- if rule.limit.seconds %}
            count(*) over (
                partition by first_links.root
                order by first_links.linked_at
                range between unbounded preceding and interval '{{ rule.limit.seconds }}' second preceding
            ) as count_expired,
            {%- else %}
            0 as count_expired,
            {%- endif %}
            {{ rule.limit.count }} as count_allowed
        from first_links
        inner join weft_roots as roots on roots.node = first_links.node
        where roots.priority = {{ rule.priority }}
        {%- endfor %}

    )

    select root, node
    from ranked
    where
        count_earlier - count_expired >= count_allowed
        and node not in (
            select node_a from weft_edges where position < 0
            union all
            select node_b from weft_edges where position < 0
        )
{% endmacro %}


{#-
    The cuts so far, and for each pair still in one piece the latest link between them: that of a
    node below which exactly one of the two hangs.
-#}
{% macro forest_never_link_cuts() %}
    with

    pairs as (

        select
            pairs.root,
            pairs.rule_number,
            a.entered as entered_a,
            b.entered as entered_b
        from weft_pairs as pairs
        inner join weft_rooted as a on a.node = pairs.node_a
        inner join weft_rooted as b on b.node = pairs.node_b
        inner join weft_pieces as piece_a on piece_a.node = pairs.node_a
        inner join weft_pieces as piece_b on piece_b.node = pairs.node_b
        where piece_a.piece = piece_b.piece

    ),

    between_them as (

        select
            pairs.rule_number,
            below.node,
            below.parent,
            row_number() over (
                partition by pairs.rule_number order by below.position desc
            ) as lateness
        from pairs
        inner join weft_rooted as below on below.root = pairs.root
        where
            below.position > 0
            and (pairs.entered_a between below.entered and below.left_again)
            <> (pairs.entered_b between below.entered and below.left_again)

    )

    select node, cut_from, reason from weft_cuts
    union all
    select distinct node, parent as cut_from, 'never_link' as reason
    from between_them
    where lateness = 1
{% endmacro %}


{#- One row per node of a tree that was cut: the cut node, or root, that is nearest above it. -#}
{% macro forest_pieces() %}
    {%- set start -%}
        select
            rooted.node,
            case
                when rooted.parent is null or cuts.node is not null then rooted.node
                else rooted.parent
            end as piece
        from weft_rooted as rooted
        left join weft_cuts as cuts on cuts.node = rooted.node
    {%- endset -%}
    {%- do weft.create_temporary('weft_pieces', start) -%}
    {%- for jump in range(64) -%}
        {%- set query -%}
            select pieces.node, above.piece
            from weft_pieces as pieces
            inner join weft_pieces as above on above.node = pieces.piece
        {%- endset -%}
        {%- set moving = weft.value_of(
            'select count(*) from weft_pieces as pieces inner join weft_pieces as above'
            ~ ' on above.node = pieces.piece where above.piece <> pieces.piece'
        ) -%}
        {%- if moving == 0 -%}
            {%- break -%}
        {%- endif -%}
        {%- do weft.replace_temporary('weft_pieces', query) -%}
    {%- endfor -%}
{% endmacro %}
