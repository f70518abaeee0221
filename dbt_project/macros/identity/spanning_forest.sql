{#-
    Materialization `spanning_forest`: which identifiers hang together, earliest link first.

    Links are taken in order; one that would join two trees that both hold an anchor, a value of the
    unique type, is refused. That is the minimum spanning forest of the graph in which all anchors
    are one vertex, and Boruvka's algorithm finds it in rounds: every tree without an anchor hooks
    itself to the neighbour across its earliest link (of two that chose each other the smaller
    becomes root), pointer jumping shortens the chains of hooks to their roots, and links that now
    lie inside a tree or between two anchored trees are dropped. Every round at least halves the
    trees that can still hook, so log2 of the number of identifiers bounds the rounds. What
    `always_link` names is one before the first round. Then the trees are cut, see forest_cut.

    A full build solves all links, an incremental one those of the trees that new links touch: the
    forest of a tree's links and the new ones is that of all links ever seen. Identifiers become
    dense integers for the time of the solve; what is stored are their keys.

    The table has one row per identifier: identifier_id, tree_id, piece_id, cut_from_id, cut_reason,
    build.
-#}
{% materialization spanning_forest, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set plan = weft.identity_plan(models=['identifiers', 'identity_links']) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if plan.is_idle -%}
        {% call statement('main') %} select 'nothing is new' {% endcall %}
        {%- set count_rounds, written = 0, 0 -%}
    {%- else -%}
        {%- do weft.forest_start(plan, target_relation) -%}
        {%- do weft.moment('started') -%}
        {%- set count_rounds = weft.forest_solve() -%}
        {%- do weft.moment('solved') -%}
        {%- do weft.forest_cut() -%}
        {%- do weft.moment('cut') -%}
        {%- set written = weft.forest_write(plan, target_relation, existing_relation) -%}
        {%- do weft.forest_clean_up(plan) -%}
    {%- endif -%}
    {%- do weft.moment('written') -%}
    {%- do weft.record_build(model.name, plan, written, count_rounds) -%}
    {%- do weft.moment('recorded') -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {%- do weft.moment('committed') -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Write the result, or what of it differs from what is stored; how many rows. -#}
{% macro forest_write(plan, target, existing) %}
    {%- set result = weft.forest_result() -%}
    {%- if plan.is_full -%}
        {{ return(weft.write_anew(target, existing, result, plan.number)) }}
    {%- endif -%}
    {%- do weft.create_temporary(model.name ~ '__arriving', result, name='main') -%}
    {%- set written = weft.write_changes(target, 'upsert', ['identifier_id'], plan) -%}
    {%- do weft.drop_temporary([model.name ~ '__arriving']) -%}
    {{ return(written) }}
{% endmacro %}


{#- Rounds until no link is left; how many they were. Afterwards weft_roots has a row per node. -#}
{% macro forest_solve() %}
    {#- 2^64 nodes are more than any warehouse holds. -#}
    {%- set last_round = namespace(number=none) -%}
    {%- for round in range(64) -%}
        {%- if weft.value_of('select count(*) from weft_links') == 0 -%}
            {%- set last_round.number = round -%}
            {%- break -%}
        {%- endif -%}
        {%- set hooks = 'weft_hooks_' ~ (round + 1) -%}
        {%- do weft.forest_hook(hooks) -%}
        {%- do weft.forest_jump(hooks) -%}
        {%- do weft.forest_contract(hooks) -%}
    {%- endfor -%}
    {%- if last_round.number is none -%}
        {%- do exceptions.raise_compiler_error(model.name ~ ': the forest did not converge.') -%}
    {%- endif -%}
    {%- do weft.forest_follow(last_round.number) -%}
    {{ return(last_round.number) }}
{% endmacro %}


{#-
    Every tree without an anchor hooks to the neighbour across its earliest link:
    tree, root, is_anchored (whether the root is), position (of the link).
-#}
{% macro forest_hook(hooks) %}
    {%- set query -%}
        with

        earliest as (

            select tree, min(position) as position
            from (
                select tree_a as tree, position from weft_links where not a_is_anchored
                union all
                select tree_b as tree, position from weft_links where not b_is_anchored
            ) as directed
            group by tree

        ),

        choices as (

            select
                earliest.tree,
                case when tree = tree_a then tree_b else tree_a end as root,
                case when tree = tree_a then b_is_anchored else a_is_anchored end as is_anchored,
                earliest.position
            from earliest
            inner join weft_links as links on links.position = earliest.position

        )

        select choices.*
        from choices
        left join choices as back on back.tree = choices.root and back.root = choices.tree
        where back.tree is null or choices.tree > back.tree
    {%- endset -%}
    {%- do weft.create_temporary(hooks, query) -%}
{% endmacro %}


{#- Follow the hooks of hooks until every one points at a root: the chains halve each time. -#}
{% macro forest_jump(hooks) %}
    {%- for jump in range(64) -%}
        {%- set chained = weft.value_of(
            'select count(*) from ' ~ hooks ~ ' as hooks'
            ~ ' inner join ' ~ hooks ~ ' as onward on onward.tree = hooks.root'
        ) -%}
        {%- if chained == 0 -%}
            {%- break -%}
        {%- endif -%}
        {%- set query -%}
            select
                hooks.tree,
                coalesce(onward.root, hooks.root) as root,
                coalesce(onward.is_anchored, hooks.is_anchored) as is_anchored,
                hooks.position
            from {{ hooks }} as hooks
            left join {{ hooks }} as onward on onward.tree = hooks.root
        {%- endset -%}
        {%- do weft.replace_temporary(hooks, query) -%}
    {%- endfor -%}
{% endmacro %}


{#- Links go between roots now; those that join nothing new, or two anchors, are dropped. -#}
{% macro forest_contract(hooks) %}
    {%- set query -%}
        with

        moved as (

            select
                coalesce(a.root, links.tree_a) as tree_a,
                coalesce(b.root, links.tree_b) as tree_b,
                coalesce(a.is_anchored, links.a_is_anchored) as a_is_anchored,
                coalesce(b.is_anchored, links.b_is_anchored) as b_is_anchored,
                links.position
            from weft_links as links
            left join {{ hooks }} as a on a.tree = links.tree_a
            left join {{ hooks }} as b on b.tree = links.tree_b

        )

        select
            least(tree_a, tree_b) as tree_a,
            greatest(tree_a, tree_b) as tree_b,
            {{ weft.any_of('case when tree_a < tree_b then a_is_anchored else b_is_anchored end') }}
                as a_is_anchored,
            {{ weft.any_of('case when tree_a < tree_b then b_is_anchored else a_is_anchored end') }}
                as b_is_anchored,
            min(position) as position
        from moved
        where tree_a <> tree_b and not (a_is_anchored and b_is_anchored)
        group by least(tree_a, tree_b), greatest(tree_a, tree_b)
    {%- endset -%}
    {%- do weft.replace_temporary('weft_links', query) -%}
{% endmacro %}


{#-
    Where each node ended: weft_roots. A tree hooks once; the hooks of the last round end at roots,
    and those of a round before follow the later ones. The links of all hooks are the forest.
-#}
{% macro forest_follow(count_rounds) %}
    {%- do weft.create_temporary(
        'weft_hooks', 'select tree, root, position from weft_hooks_0 where false'
    ) -%}
    {%- for round in range(count_rounds, -1, -1) -%}
        {%- set query -%}
            select hooks.tree, coalesce(later.root, hooks.root) as root, hooks.position
            from weft_hooks_{{ round }} as hooks
            left join weft_hooks as later on later.tree = hooks.root
            where hooks.tree <> hooks.root
            union all
            select tree, root, position from weft_hooks
        {%- endset -%}
        {%- do weft.replace_temporary('weft_hooks', query) -%}
        {%- do weft.drop_temporary(['weft_hooks_' ~ round]) -%}
    {%- endfor -%}
    {%- set roots -%}
        select nodes.*, coalesce(hooks.root, nodes.node) as root
        from weft_nodes as nodes
        left join weft_hooks as hooks on hooks.tree = nodes.node
    {%- endset -%}
    {%- do weft.create_temporary('weft_roots', roots) -%}
{% endmacro %}


{% macro forest_clean_up(plan) %}
    {%- do weft.drop_temporary([
        'weft_nodes', 'weft_edges', 'weft_links', 'weft_hooks', 'weft_roots', 'weft_pieces',
        'weft_cuts', 'weft_always_linked',
    ]) -%}
    {%- if not plan.is_full -%}
        {%- do weft.drop_temporary(['weft_touched']) -%}
    {%- endif -%}
{% endmacro %}
