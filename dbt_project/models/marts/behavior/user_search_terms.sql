with

searches as (

    select * from {{ ref('int_searches_normalised') }}
    where
        user_key is not null
        and search_text <> ''
        and searched_date <= {{ as_of() }}

),

texts_counted as (

    select
        user_key,
        search_text,
        count(*) as searches
    from searches
    group by user_key, search_text

),

texts_masked as (

    select
        user_key,
        searches,
        case
            when count(*) over (partition by search_text) < {{ var('rare_text_users') }}
                then '(rare)'
            else search_text
        end as term
    from texts_counted

),

terms_counted as (

    select
        user_key,
        term,
        cast(sum(searches) as bigint) as searches
    from texts_masked
    group by user_key, term

),

terms_ranked as (

    select
        *,
        row_number() over (
            partition by user_key
            order by searches desc, term asc
        ) as term_rank
    from terms_counted

),

final as (

    select
        user_key,
        term_rank,
        term,
        searches
    from terms_ranked
    where term_rank <= {{ var('search_terms_kept') }}

)

select * from final
