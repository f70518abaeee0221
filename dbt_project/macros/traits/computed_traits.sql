{#-
    Computed traits, as a query with one row per profile: what `config: meta: traits:` of the model
    defines. The definitions are in docs/traits.md:

        orders_last_60_days:
          event: Order Completed     # a track call; or calls: pages, screens or tracks
          aggregate: count           # what to make of the events
          property: revenue          # of what, for aggregates that need it
          where: {currency: EUR}     # only of these events
          window: 60 days            # the as-of day and the 59 before

    of    'accounts' for traits of accounts, one row per `group_id`, over the events of all members

    As it stands the query reads every event; it may be built as a table or a view. With
    materialization `computed_traits` the same is kept in cells of a day, of which a build renews
    those that new events touch.
-#}
{% macro computed_traits(of='profiles') %}
    {#- What the materialization reads beside: a model has to name all it depends on. -#}
    {%- set read = [
        ref('weft', 'events'),
        ref('weft', 'profile_identifiers'),
        ref('weft', 'profile_id_register'),
    ] -%}
    {%- if of == 'accounts' -%}
        {%- do read.append(ref('weft', 'account_members')) -%}
    {%- elif of != 'profiles' -%}
        {{ exceptions.raise_compiler_error(
            'Model ' ~ model.name ~ ": traits are of 'profiles' or 'accounts', not of '" ~ of ~ "'."
        ) }}
    {%- endif -%}
    {%- if execute %}
{{ weft.trait_results(weft.trait_groups(weft.trait_definitions())) }}
    {%- else %}
select cast(null as {{ weft.sql_type('text') }}) as profile_id
    {%- endif %}
{% endmacro %}


{#- Whom the traits of the model at hand are about, by the key of its rows: profile_id or group_id. -#}
{% macro trait_owner() %}
    {%- set members = graph.nodes['model.weft.account_members'].unique_id -%}
    {{ return('group_id' if members in model.depends_on.nodes else 'profile_id') }}
{% endmacro %}
