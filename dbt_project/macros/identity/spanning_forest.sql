{#-
    Materialization `spanning_forest`: which nodes hang together, earliest link first.

    The model's query gives nodes and links in one list:
        node_id, is_anchor, neighbour_id, position
    A node is a row without neighbour; a link is a row with a neighbour and its position in the
    order in which links count (unique; the earliest is the smallest). The table that is built has
    one row per node: node_id, root_id.

    Links are taken in order; one that would join two trees that both hold an anchor is refused.
    That is the minimum spanning forest of the graph in which all anchors are one vertex, and
    Boruvka's algorithm finds it in rounds: every tree without an anchor hooks itself to the
    neighbour across its earliest link (of two that chose each other the smaller becomes root),
    pointer jumping shortens the chains of hooks to their roots, and links that now lie inside a
    tree or between two anchored trees are dropped. Every round at least halves the trees that can
    still hook, so log2 of the number of nodes bounds the rounds.
-#}
{% materialization spanning_forest, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set arriving = make_intermediate_relation(target_relation) -%}
    {%- set work = 'weft_forest_' ~ model.name -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do weft.forest_start(work, sql) -%}
    {#- 2^64 nodes are more than any warehouse holds. -#}
    {%- set last_round = namespace(number=none) -%}
    {%- for round in range(64) -%}
        {%- if weft.forest_links_left(work) == 0 -%}
            {%- set last_round.number = round -%}
            {%- break -%}
        {%- endif -%}
        {%- do weft.forest_hook(work) -%}
        {%- do weft.forest_jump(work) -%}
        {%- do weft.forest_contract(work) -%}
    {%- endfor -%}
    {%- if last_round.number is none -%}
        {{ exceptions.raise_compiler_error(model.name ~ ': the forest did not converge.') }}
    {%- endif -%}
    {{ log(model.name ~ ': solved in ' ~ last_round.number ~ ' rounds.') }}

    {{ drop_relation_if_exists(load_cached_relation(arriving)) }}
    {% call statement('main') %}
        create table {{ arriving }} as
        select nodes.node_id, roots.node_id as root_id
        from {{ work }}_nodes as nodes
        inner join {{ work }}_nodes as roots on roots.node = nodes.root
    {% endcall %}
    {%- do weft.forest_clean_up(work) -%}
    {%- do weft.put_in_place(arriving, existing_relation, target_relation) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Nodes become dense integers for the time of the solve; every node is its own root. -#}
{% macro forest_start(work, sql) %}
    {% call statement('start') %}
        create temporary table {{ work }}_input as {{ sql }}
    {% endcall %}
    {% call statement('start') %}
        create temporary table {{ work }}_nodes as
        select
            node_id,
            is_anchor,
            row_number() over (order by node_id) as node,
            row_number() over (order by node_id) as root
        from {{ work }}_input
        where neighbour_id is null
    {% endcall %}
    {% call statement('start') %}
        create temporary table {{ work }}_trees as
        select node as tree, is_anchor as is_anchored from {{ work }}_nodes
    {% endcall %}
    {% call statement('start') %}
        create temporary table {{ work }}_links as
        select a.node as tree_a, b.node as tree_b, links.position
        from {{ work }}_input as links
        inner join {{ work }}_nodes as a on a.node_id = links.node_id
        inner join {{ work }}_nodes as b on b.node_id = links.neighbour_id
        where
            links.neighbour_id is not null
            and a.node <> b.node
            and not (a.is_anchor and b.is_anchor)
    {% endcall %}
{% endmacro %}


{% macro forest_links_left(work) %}
    {{ return(run_query('select count(*) from ' ~ work ~ '_links').columns[0].values()[0] | int) }}
{% endmacro %}


{#- Every tree without an anchor hooks to the neighbour across its earliest link. -#}
{% macro forest_hook(work) %}
    {% call statement('hook') %}
        create temporary table {{ work }}_hooks as
        with

        directed as (

            select tree_a as tree, tree_b as neighbour, position from {{ work }}_links
            union all
            select tree_b as tree, tree_a as neighbour, position from {{ work }}_links

        ),

        earliest as (

            select directed.tree, min(directed.position) as position
            from directed
            inner join {{ work }}_trees as trees using (tree)
            where not trees.is_anchored
            group by directed.tree

        ),

        choices as (

            select earliest.tree, directed.neighbour
            from earliest
            inner join directed using (tree, position)

        )

        select choices.tree, choices.neighbour as root
        from choices
        left join choices as back
            on back.tree = choices.neighbour and back.neighbour = choices.tree
        where back.tree is null or choices.tree > back.tree
    {% endcall %}
{% endmacro %}


{#- Follow the hooks of hooks until every one points at a root: the chains halve each time. -#}
{% macro forest_jump(work) %}
    {%- for jump in range(64) -%}
        {%- set chained = run_query(
            'select count(*) from ' ~ work ~ '_hooks as hooks'
            ~ ' inner join ' ~ work ~ '_hooks as onward on onward.tree = hooks.root'
        ).columns[0].values()[0] | int -%}
        {%- if chained == 0 -%}
            {%- break -%}
        {%- endif -%}
        {% call statement('jump') %}
            create temporary table {{ work }}_jumped as
            select hooks.tree, coalesce(onward.root, hooks.root) as root
            from {{ work }}_hooks as hooks
            left join {{ work }}_hooks as onward on onward.tree = hooks.root
        {% endcall %}
        {%- do weft.replace_temporary(work ~ '_jumped', work ~ '_hooks') -%}
    {%- endfor -%}
{% endmacro %}


{#- Trees take their new root; what no longer joins two trees that may be joined is dropped. -#}
{% macro forest_contract(work) %}
    {% call statement('contract') %}
        update {{ work }}_nodes
        set root = hooks.root
        from {{ work }}_hooks as hooks
        where hooks.tree = {{ work }}_nodes.root
    {% endcall %}
    {% call statement('contract') %}
        create temporary table {{ work }}_left as
        with

        moved as (

            select
                coalesce(a.root, links.tree_a) as tree_a,
                coalesce(b.root, links.tree_b) as tree_b,
                links.position
            from {{ work }}_links as links
            left join {{ work }}_hooks as a on a.tree = links.tree_a
            left join {{ work }}_hooks as b on b.tree = links.tree_b

        )

        select
            least(moved.tree_a, moved.tree_b) as tree_a,
            greatest(moved.tree_a, moved.tree_b) as tree_b,
            min(moved.position) as position
        from moved
        inner join {{ work }}_trees as a on a.tree = moved.tree_a
        inner join {{ work }}_trees as b on b.tree = moved.tree_b
        where moved.tree_a <> moved.tree_b and not (a.is_anchored and b.is_anchored)
        group by least(moved.tree_a, moved.tree_b), greatest(moved.tree_a, moved.tree_b)
    {% endcall %}
    {%- do weft.replace_temporary(work ~ '_left', work ~ '_links') -%}
    {% call statement('contract') %}
        drop table {{ work }}_hooks
    {% endcall %}
{% endmacro %}


{% macro forest_clean_up(work) %}
    {%- for part in ['input', 'nodes', 'trees', 'links'] -%}
        {% call statement('clean_up') %}
            drop table {{ work }}_{{ part }}
        {% endcall %}
    {%- endfor -%}
{% endmacro %}


{% macro replace_temporary(arriving, name) %}
    {% call statement('replace') %}
        drop table {{ name }}
    {% endcall %}
    {% call statement('replace') %}
        alter table {{ arriving }} rename to {{ name }}
    {% endcall %}
{% endmacro %}
