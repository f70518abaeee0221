{#- A profile has at most one value of the unique identifier type. -#}
{% test one_per_profile(model) %}
select profile_id
from {{ model }}
where identifier_type = {{ weft.literal(weft.unique_identifier_type()) }}
group by profile_id
having count(*) > 1
{% endtest %}
