{{ config(materialized='ephemeral') }}

with

searches as (

    select * from {{ ref('stg_new_smell__search_queries') }}

),

sessions as (

    select * from {{ ref('int_sessions_summarised') }}

),

final as (

    select
        searches.search_id,
        searches.session_key,
        -- a search belongs to the user of its session
        coalesce(sessions.user_key, searches.user_key) as user_key,
        trim(regexp_replace(lower(searches.query_text), '\s+', ' ', 'g')) as search_text,
        {{ utc_date('searches.searched_at') }} as searched_date,
        searches._load_id
    from searches
    left join sessions on searches.session_key = sessions.session_key

)

select * from final
