with

source as (

    select * from {{ source('voice_patterns', 'voice_baseline_stress_markers') }}

),

final as (

    select
        baseline_id,
        marker_position,
        stress_marker,
        is_shown,
        _load_id
    from source

)

select * from final
