{{ config(
    unique_key='user_key',
    indexes=[
        {'columns': ['_events_load_id']},
        {'columns': ['_session_rows_load_id']},
        {'columns': ['_perfumes_load_id']},
    ],
    post_hook='{{ mark_as_of() }}',
) }}

with

{{ dirty_keys('dirty_users', [
    dirty_users(),
    dirty_users_of('int_perfumes_priced', '_perfumes_load_id', 'int_user_perfumes', 'perfume_id'),
]) }}

pairs as (

    select * from {{ rows_of('int_user_perfumes', 'user_key', 'dirty_users') }}
    where view_count > 0 or in_collection

),

perfumes as (

    select * from {{ ref('int_perfumes_priced') }}

),

final as (

    select
        pairs.user_key,
        count(*) as perfumes,
        min(perfumes.price) as min_price,
        max(perfumes.price) as max_price,
        -- of equal prices rounding would put the mean beside them
        least(
            greatest({{ exact_sum('perfumes.price') }} / count(*), min(perfumes.price)),
            max(perfumes.price)
        ) as average_price,
        max(pairs._events_load_id) as _events_load_id,
        max(pairs._session_rows_load_id) as _session_rows_load_id,
        max(perfumes._load_id) as _perfumes_load_id
    from pairs
    inner join perfumes on pairs.perfume_id = perfumes.perfume_id
    where perfumes.price is not null
    group by pairs.user_key

)

{{ final_rows('dirty_users', 'user_key') }}
