{#-
    Root some of the trees: weft_rooted has a row per node of them, with
        parent                 the next node on the way to the root, null for the root itself
        position               that of the link to the parent, null for the root
        entered, left_again    when a walk round the tree, along every link once down and once up,
                               comes to the node and leaves it for good; a node is below another
                               when it is entered between the two
    A walk is a list of steps, each of which knows the next one. How far every step is from the end
    is found by pointer jumping, in log2 of its length rounds; so a chain of a million costs twenty.
-#}
{% macro forest_root(roots) %}
    {%- do weft.create_temporary('weft_tops', weft.forest_tops(roots)) -%}
    {%- do weft.create_temporary('weft_steps', weft.forest_steps()) -%}
    {%- do weft.create_temporary('weft_walk', weft.forest_walk()) -%}
    {%- for jump in range(64) -%}
        {%- if weft.value_of('select count(*) from weft_walk where onward is not null') == 0 -%}
            {%- break -%}
        {%- endif -%}
        {%- set query -%}
            select walk.step, ahead.onward, walk.to_go + coalesce(ahead.to_go, 0) as to_go
            from weft_walk as walk
            left join weft_walk as ahead on ahead.step = walk.onward
        {%- endset -%}
        {%- do weft.replace_temporary('weft_walk', query) -%}
    {%- endfor -%}
    {%- do weft.create_temporary('weft_rooted', weft.forest_rooted()) -%}
    {%- do weft.drop_temporary(['weft_tops', 'weft_steps', 'weft_walk']) -%}
{% endmacro %}


{#- Where each of the trees is rooted: at its value of the unique type, else its earliest identifier. -#}
{% macro forest_tops(roots) %}
    select root, node
    from (
        select
            nodes.root,
            nodes.node,
            row_number() over (
                partition by nodes.root
                order by
                    nodes.is_anchor desc,
                    identifiers.first_seen_at nulls last,
                    identifiers.priority,
                    identifiers.identifier_value
            ) as place
        from weft_roots as nodes
        inner join {{ ref('identifiers') }} as identifiers
            on identifiers.identifier_id = nodes.identifier_id
        where nodes.root in ({{ roots }})
    ) as ranked
    where place = 1
{% endmacro %}


{#-
    Every link in both directions. A step is numbered, `back` is the same link the other way, and
    `turn` its place among the steps out of a node.
-#}
{% macro forest_steps() %}
    with

    links as (

        select
            branches.*,
            2 * row_number() over (order by branches.position) as number
        from weft_branches as branches
        where branches.root in (select root from weft_tops)

    ),

    steps as (

        select root, node_a as tail, node_b as head, position, number as step, number + 1 as back
        from links
        union all
        select root, node_b as tail, node_a as head, position, number + 1 as step, number as back
        from links

    )

    select
        *,
        row_number() over (partition by tail order by position) as turn,
        count(*) over (partition by tail) as count_turns
    from steps
{% endmacro %}


{#- After a step into a node comes the next step out of it in turn; the walk ends back at the root. -#}
{% macro forest_walk() %}
    select
        steps.step,
        case
            when tops.node is not null and back.turn = back.count_turns then null
            else onward.step
        end as onward,
        cast(1 as {{ weft.sql_type('integer') }}) as to_go
    from weft_steps as steps
    inner join weft_steps as back on back.step = steps.back
    inner join weft_steps as onward
        on
            onward.tail = steps.head
            and onward.turn = case when back.turn = back.count_turns then 1 else back.turn + 1 end
    left join weft_tops as tops on tops.node = steps.head
{% endmacro %}


{#- The way to a node is walked down before it is walked up. -#}
{% macro forest_rooted() %}
    select
        steps.root,
        steps.head as node,
        steps.tail as parent,
        steps.position,
        -down.to_go as entered,
        -up.to_go as left_again
    from weft_steps as steps
    inner join weft_walk as down on down.step = steps.step
    inner join weft_walk as up on up.step = steps.back
    where down.to_go > up.to_go
    union all
    select
        root,
        node,
        null as parent,
        null as position,
        {#- Before the first step of the longest walk, and after its last one. -#}
        -cast(4611686018427387904 as {{ weft.sql_type('integer') }}) as entered,
        0 as left_again
    from weft_tops
{% endmacro %}
