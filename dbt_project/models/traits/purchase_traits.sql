{{ weft.computed_traits(
    profiles=ref('profile_identifiers'),
    events=ref('profile_events'),
) }}
