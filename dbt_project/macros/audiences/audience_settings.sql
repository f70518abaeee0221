{#-
    What `config: meta: audience:` of the model at hand says, checked. An error names the audience
    and its file.

        owner: growth@example.com    # who answers for it
        description: …               # what it is for, beside the model's own description
        key: profile_id              # or account_id, for an audience of accounts
        holdout:                     # a control group, which is not in the audience
          percent: 10
          salt: autumn_2026          # default: the audience's name; a shared salt is a shared group
        priority:                    # a profile is in one audience of a list, the first that takes it
          list: win_back
          position: 2
        alert:                       # what about the size is worth a word
          min: 100
          max: 50000
          change_percent: 30
          stop: true                 # keep the table as it was, and fail

    Gives {key, holdout: none or {threshold, salt}, before: names of the audiences of the list that
    come first, is_narrowed, alert}.
-#}
{% macro audience_settings() %}
    {%- set place = weft.audience_place() -%}
    {%- set given = model.config.meta.get('audience', {}) -%}
    {%- do weft.check_keys(
        place, given, ['owner', 'description', 'key', 'holdout', 'priority', 'alert']
    ) -%}
    {%- set key = given.get('key', 'profile_id') -%}
    {%- if key not in ('profile_id', 'account_id') -%}
        {{ exceptions.raise_compiler_error(
            place ~ ": `key` must be profile_id or account_id, not '" ~ key ~ "'."
        ) }}
    {%- endif -%}
    {%- set holdout = weft.holdout_settings(place, given.get('holdout')) -%}
    {%- set before = weft.audiences_that_come_first(place, given.get('priority')) -%}
    {{ return({
        'key': key,
        'holdout': holdout,
        'before': before,
        'is_narrowed': holdout is not none or before | length > 0,
        'alert': weft.alert_settings(place, given.get('alert')),
    }) }}
{% endmacro %}


{% macro holdout_settings(place, given) %}
    {%- if given is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- do weft.check_keys(place ~ ': holdout', given, ['percent', 'salt']) -%}
    {%- set percent = given.get('percent') -%}
    {%- if percent is not number or percent < 0 or percent > 100 -%}
        {{ exceptions.raise_compiler_error(
            place ~ ': `percent` of holdout must be a number from 0 to 100.'
        ) }}
    {%- endif -%}
    {{ return({
        'threshold': weft.holdout_threshold(percent),
        'salt': given.get('salt', model.name) | string,
    }) }}
{% endmacro %}


{#- The audiences of a priority list that come before the one at hand, checked to be built first. -#}
{% macro audiences_that_come_first(place, given) %}
    {%- if given is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- do weft.check_keys(place ~ ': priority', given, ['list', 'position']) -%}
    {%- if not given.get('list') or given.get('position') is not number -%}
        {{ exceptions.raise_compiler_error(
            place ~ ': priority needs the name of a `list` and a `position`, a number.'
        ) }}
    {%- endif -%}
    {%- set before = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name') -%}
        {%- set other = ((node.config.meta or {}).get('audience') or {}).get('priority') or {} -%}
        {%- if other.get('list') == given['list'] and node.unique_id != model.unique_id -%}
            {%- if other.get('position') == given['position'] -%}
                {{ exceptions.raise_compiler_error(
                    place ~ ': ' ~ node.name ~ ' has position ' ~ given['position']
                    ~ ' of the list ' ~ given['list'] ~ ' already.'
                ) }}
            {%- elif (other.get('position') or 0) < given['position'] -%}
                {%- do before.append(node.name) -%}
                {%- if node.unique_id not in model.depends_on.nodes -%}
                    {{ exceptions.raise_compiler_error(
                        place ~ ' comes after ' ~ node.name ~ ' in the list ' ~ given['list']
                        ~ ' and must be built after it; add this line to its SQL: -- depends_on: '
                        ~ "{{ ref('" ~ node.name ~ "') }}"
                    ) }}
                {%- endif -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(before) }}
{% endmacro %}


{% macro alert_settings(place, given) %}
    {%- set alert = given or {} -%}
    {%- do weft.check_keys(place ~ ': alert', alert, ['min', 'max', 'change_percent', 'stop']) -%}
    {%- for name, limit in alert.items() if name != 'stop' and limit is not number -%}
        {{ exceptions.raise_compiler_error(
            place ~ ': `' ~ name ~ '` of alert must be a number.'
        ) }}
    {%- endfor -%}
    {{ return(alert) }}
{% endmacro %}
