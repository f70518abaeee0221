-- What a person who knows DuckDB would write for the same traits, profiles and audiences, with the
-- same daily state: cells of an identifier and a day, from which traits are computed.
-- {as_of} is put in by the benchmark.

create or replace schema by_hand;

create temporary table orders as
select
    events.identifier_id, cast(events.occurred_at as date) as day, events.occurred_at,
    try_cast(landed.revenue as decimal(38, 9)) as revenue, landed.currency, landed.coupon
from web.order_completed as landed
inner join analytics.events as events
    on events.event_id = landed.id and events.source = 'web'
where events.event_name = 'Order Completed' and events.identifier_id is not null;

create table by_hand.order_days as
select
    identifier_id, day,
    count(*) as orders,
    count(*) filter (where currency = 'EUR') as orders_in_euro,
    sum(revenue) as revenue,
    count(revenue) as revenues,
    min(revenue) as least,
    max(revenue) as greatest,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    min({'at': occurred_at, 'coupon': coupon}) filter (where coupon is not null) as first_coupon,
    max({'at': occurred_at, 'coupon': coupon}) filter (where coupon is not null) as last_coupon
from orders
group by identifier_id, day;

drop table orders;

create temporary table views as
select
    events.identifier_id, cast(events.occurred_at as date) as day, events.occurred_at,
    landed.name, landed.category
from web.product_viewed as landed
inner join analytics.events as events
    on events.event_id = landed.id and events.source = 'web'
where events.event_name = 'Product Viewed' and events.identifier_id is not null;

create table by_hand.view_days as
select
    identifier_id, day,
    count(*) as views,
    max(occurred_at) as last_at,
    max({'at': occurred_at, 'name': name}) filter (where name is not null) as last_name
from views
group by identifier_id, day;

create table by_hand.view_categories as
select identifier_id, day, category, count(*) as views
from views
where category is not null
group by identifier_id, day, category;

drop table views;

create table by_hand.addition_days as
select
    events.identifier_id, cast(events.occurred_at as date) as day,
    count(*) as additions,
    sum(try_cast(landed.price as decimal(38, 9))) as added,
    max(events.occurred_at) as last_at
from web.product_added as landed
inner join analytics.events as events
    on events.event_id = landed.id and events.source = 'web'
where events.event_name = 'Product Added' and events.identifier_id is not null
group by 1, 2;

create table by_hand.mail_days as
select identifier_id, cast(occurred_at as date) as day, count(*) as mails
from analytics.events
where event_name = 'Email Opened' and identifier_id is not null
group by 1, 2;

create table by_hand.page_days as
select identifier_id, cast(occurred_at as date) as day, count(*) as pages
from analytics.events
where call_type = 'page' and identifier_id is not null
group by 1, 2;

create table by_hand.traits as
with

orders as (
    select
        profile_id,
        sum(orders) as orders,
        sum(orders) filter (where day > {as_of} - 30) as orders_30,
        sum(orders) filter (where day > {as_of} - 60) as orders_60,
        sum(orders_in_euro) as orders_in_euro,
        sum(orders) filter (where day > {as_of} - 90) > 0 as bought_90,
        sum(revenue) as revenue,
        sum(revenue) filter (where day > {as_of} - 30) as revenue_30,
        cast(sum(revenue) / nullif(sum(revenues), 0) as decimal(38, 9)) as mean_order,
        min(least) as least_order,
        max(greatest) as greatest_order,
        min(first_at) as first_order_at,
        max(last_at) as last_order_at,
        min(first_coupon).coupon as first_coupon,
        max(last_coupon).coupon as last_coupon,
        {as_of} - max(day) as days_since_order
    from by_hand.order_days inner join analytics.profile_identifiers using (identifier_id)
    where day <= {as_of}
    group by profile_id
),

views as (
    select
        profile_id,
        sum(views) as views,
        sum(views) filter (where day > {as_of} - 7) as views_7,
        sum(views) filter (where day > {as_of} - 30) as views_30,
        max(last_name).name as last_viewed,
        max(last_at) as last_view_at
    from by_hand.view_days inner join analytics.profile_identifiers using (identifier_id)
    where day <= {as_of}
    group by profile_id
),

categories as (
    select
        profile_id,
        list_sort(list(category)) as categories,
        count(*) filter (where views_30 > 0) as categories_30,
        min({'views': -views, 'category': category}) filter (where views >= 2).category
            as usual_category
    from (
        select
            profile_id, category, sum(views) as views,
            sum(views) filter (where day > {as_of} - 30) as views_30
        from by_hand.view_categories
        inner join analytics.profile_identifiers using (identifier_id)
        where day <= {as_of}
        group by profile_id, category
    ) as counted
    group by profile_id
),

additions as (
    select
        profile_id,
        sum(additions) filter (where day > {as_of} - 7) as additions_7,
        sum(added) filter (where day > {as_of} - 7) as added_7,
        max(last_at) as last_added_at
    from by_hand.addition_days inner join analytics.profile_identifiers using (identifier_id)
    where day <= {as_of}
    group by profile_id
),

mails as (
    select
        profile_id,
        sum(mails) filter (where day > {as_of} - 30) as mails_30,
        sum(mails) > 0 as opened_ever,
        {as_of} - max(day) as days_since_mail
    from by_hand.mail_days inner join analytics.profile_identifiers using (identifier_id)
    where day <= {as_of}
    group by profile_id
),

pages as (
    select profile_id, sum(pages) as pages_30
    from by_hand.page_days inner join analytics.profile_identifiers using (identifier_id)
    where day > {as_of} - 30 and day <= {as_of}
    group by profile_id
)

select
    people.profile_id,
    cast(coalesce(orders, 0) as bigint) as orders,
    cast(coalesce(orders_30, 0) as bigint) as orders_30,
    cast(coalesce(orders_60, 0) as bigint) as orders_60,
    cast(coalesce(orders_in_euro, 0) as bigint) as orders_in_euro,
    coalesce(bought_90, false) as bought_90,
    revenue, revenue_30, mean_order, least_order, greatest_order, first_order_at, last_order_at,
    first_coupon, last_coupon, days_since_order,
    cast(coalesce(views, 0) as bigint) as views,
    cast(coalesce(views_7, 0) as bigint) as views_7,
    cast(coalesce(views_30, 0) as bigint) as views_30,
    last_viewed, last_view_at, categories, coalesce(categories_30, 0) as categories_30,
    usual_category, cast(coalesce(additions_7, 0) as bigint) as additions_7, added_7, last_added_at,
    cast(coalesce(mails_30, 0) as bigint) as mails_30, coalesce(opened_ever, false) as opened_ever,
    days_since_mail, cast(coalesce(pages_30, 0) as bigint) as pages_30
from (select distinct profile_id from analytics.profile_identifiers) as people
left join orders using (profile_id)
left join views using (profile_id)
left join categories using (profile_id)
left join additions using (profile_id)
left join mails using (profile_id)
left join pages using (profile_id);

create table by_hand.profiles as
with

identities as (
    select
        profile_id,
        arg_max(identifier_value, last_seen_at) filter (where identifier_type = 'user_id') as user_id,
        list_sort(list(identifier_value) filter (where identifier_type = 'user_id')) as user_id_all,
        arg_max(identifier_value, last_seen_at) filter (where identifier_type = 'anonymous_id')
            as anonymous_id,
        list_sort(list(identifier_value) filter (where identifier_type = 'anonymous_id'))
            as anonymous_id_all,
        min(first_seen_at) as first_seen_at
    from analytics.profile_identifiers
    inner join analytics.identifier_activity using (identifier_id)
    group by profile_id
),

custom_traits as (
    select
        profile_id,
        min({'at': -epoch_us(occurred_at), 'id': event_id, 'value': city})
            filter (where city is not null).value as city,
        min({'at': -epoch_us(occurred_at), 'id': event_id, 'value': plan})
            filter (where plan is not null).value as plan
    from web.identifies as landed
    inner join analytics.events as events
        on events.event_id = landed.id and events.source = 'web'
    inner join analytics.profile_identifiers using (identifier_id)
    group by profile_id
)

select identities.*, custom_traits.* exclude (profile_id), traits.* exclude (profile_id)
from identities
left join custom_traits using (profile_id)
left join by_hand.traits as traits using (profile_id);
