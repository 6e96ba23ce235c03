{{ config(incremental_strategy='append', full_refresh=false) }}

with

vocabulary as (

    select * from {{ ref('int_feature_vocabulary') }}

),

final as (

    select
        vocabulary_id,
        kind,
        place,
        value
    from vocabulary
    where
        kind is not null
        {% if is_incremental() -%}
        and vocabulary_id not in (select known.vocabulary_id from {{ this }} as known)
        {%- endif %}

)

select * from final
