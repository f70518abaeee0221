{#-
    What a solve works on, as temporary tables:
        weft_nodes     identifier_id, priority, node (a dense integer), is_anchor
        weft_edges     node_a, node_b, position, linked_at: every link between two nodes; positions
                       are unique and in the order in which links count, negative where always_link
                       joins
        weft_hooks_0   tree, root, is_anchored, position: what always_link joins before the rounds
        weft_links     tree_a, tree_b, a_is_anchored, b_is_anchored, position: what is to be solved
-#}
{% macro forest_start(plan, target) %}
    {%- set rules = weft.identity_rules() -%}
    {%- set always_linked = weft.ruled_identifiers(rules.always_link, rules.identifiers) -%}
    {%- do weft.create_temporary('weft_always_linked', always_linked) -%}
    {%- do weft.create_temporary('weft_nodes', weft.forest_nodes(plan, target)) -%}
    {%- do weft.create_temporary('weft_hooks_0', weft.forest_always_linked()) -%}
    {%- do weft.create_temporary('weft_edges', weft.forest_edges(plan)) -%}
    {%- set query -%}
        select
            coalesce(a.root, edges.node_a) as tree_a,
            coalesce(b.root, edges.node_b) as tree_b,
            coalesce(a.is_anchored, edges.a_is_anchor) as a_is_anchored,
            coalesce(b.is_anchored, edges.b_is_anchor) as b_is_anchored,
            edges.position
        from weft_edges as edges
        left join weft_hooks_0 as a on a.tree = edges.node_a
        left join weft_hooks_0 as b on b.tree = edges.node_b
        where
            edges.position > 0
            and coalesce(a.root, edges.node_a) <> coalesce(b.root, edges.node_b)
            and not (
                coalesce(a.is_anchored, edges.a_is_anchor)
                and coalesce(b.is_anchored, edges.b_is_anchor)
            )
    {%- endset -%}
    {%- do weft.create_temporary('weft_links', query) -%}
{% endmacro %}


{#- All identifiers, or those of the trees that what is new touches. -#}
{% macro forest_nodes(plan, target) %}
    {%- if not plan.is_full -%}
        {%- do weft.create_temporary('weft_touched', weft.forest_touched(plan, target)) -%}
    {%- endif -%}
    {%- set unique_type = weft.unique_identifier_type() -%}
    select
        identifiers.identifier_id,
        identifiers.priority,
        {{ weft.row_numbers() }} as node,
        identifiers.identifier_type = {{ weft.literal(unique_type) }} as is_anchor
    from {{ ref('identifiers') }} as identifiers
    {%- if not plan.is_full %}
    where identifiers.identifier_id in (select identifier_id from weft_touched)
    {%- endif %}
{% endmacro %}


{#-
    The identifiers that are to be solved again: new ones, and those of every tree in which an
    identifier or a link is new or earlier than it was.
-#}
{% macro forest_touched(plan, target) %}
    with

    changed_identifiers as (

        select identifier_id from {{ ref('identifiers') }}
        where {{ weft.is_new(plan, 'identifiers') }}

    ),

    changed_links as (

        select first_identifier_id, second_identifier_id from {{ ref('identity_links') }}
        where {{ weft.is_new(plan, 'identity_links') }}

    ),

    changed as (

        select identifier_id from changed_identifiers
        union
        select first_identifier_id from changed_links
        union
        select second_identifier_id from changed_links

    ),

    -- Whoever is always linked with what is new is touched by it.
    always_linked as (

        select others.identifier_id
        from weft_always_linked as named
        inner join weft_always_linked as others on others.rule_number = named.rule_number
        where named.identifier_id in (select identifier_id from changed)

    ),

    seeds as (

        select identifier_id from changed
        union
        select identifier_id from always_linked

    ),

    trees as (

        select distinct tree_id from {{ target }}
        where identifier_id in (select identifier_id from seeds)

    )

    select identifier_id from seeds
    union
    select identifier_id from {{ target }}
    where tree_id in (select tree_id from trees)
{% endmacro %}


{#-
    The hooks that always_link makes among the identifiers that are there: each of a group to the
    smallest one. A group is anchored when any of it is.
-#}
{% macro forest_always_linked() %}
    with

    members as (

        select distinct
            named.rule_number,
            nodes.node,
            nodes.is_anchor
        from weft_always_linked as named
        inner join weft_nodes as nodes on nodes.identifier_id = named.identifier_id

    ),

    groups as (

        select
            rule_number,
            min(node) as root,
            max(case when is_anchor then 1 else 0 end) = 1 as is_anchored
        from members
        group by rule_number

    )

    select
        members.node as tree,
        groups.root,
        groups.is_anchored,
        -row_number() over (order by members.node) as position
    from members
    inner join groups on groups.rule_number = members.rule_number
{% endmacro %}


{#- The links between the nodes, with their place in the order in which links count. -#}
{% macro forest_edges(plan) %}
    select
        a.node as node_a,
        b.node as node_b,
        a.is_anchor as a_is_anchor,
        b.is_anchor as b_is_anchor,
        row_number() over (
            order by
                links.linked_at nulls last,
                links.event_hash,
                links.place
        ) as position,
        coalesce(links.linked_at, {{ weft.end_of_time() }}) as linked_at
    from {{ ref('identity_links') }} as links
    inner join weft_nodes as a on a.identifier_id = links.first_identifier_id
    inner join weft_nodes as b on b.identifier_id = links.second_identifier_id
    union all
    select
        root as node_a,
        tree as node_b,
        is_anchored as a_is_anchor,
        is_anchored as b_is_anchor,
        position,
        cast('0001-01-01' as {{ weft.sql_type('timestamp') }}) as linked_at
    from weft_hooks_0
    where root <> tree
{% endmacro %}


{#- Where links without a time rank: after all others. -#}
{% macro end_of_time() %}
    {{ return("cast('9999-12-31' as " ~ weft.sql_type('timestamp') ~ ')') }}
{% endmacro %}
