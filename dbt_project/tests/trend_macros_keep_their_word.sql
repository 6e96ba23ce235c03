-- what the macros of trends give for values with a known result; the row is returned if any fails
{% set promises = {
    'sunday_begins_a_week': week_number("date '2022-12-18'") ~ ' = 1 + '
    ~ week_number("date '2022-12-17'"),
    'saturday_ends_it': week_number("date '2022-12-24'") ~ ' = ' ~ week_number("date '2022-12-18'"),
    'a_week_starts_on_its_sunday': week_start(week_number("date '2022-12-24'"))
    ~ " = date '2022-12-18'",
    'the_tail_beyond_1_96_is_5_percent': 'abs(' ~ two_sided_p('-1.959963984540054') ~ ' - 0.05) < 1e-12',
    'the_median_of_four_lies_between_two': median_of([double(9), double(1), double(2), double(4)])
    ~ ' = 3',
    'nothing_is_further_out_than_0': two_sided_p('0') ~ ' = 1',
} -%}

with

-- evidence 1, 2, 4 of the as_of day, the one before and 7 days before
evidence as (

    select
        1 as evidence,
        date '2022-12-22' as evidence_date
    union all
    select
        2 as evidence,
        date '2022-12-21' as evidence_date
    union all
    select
        4 as evidence,
        date '2022-12-15' as evidence_date

),

promises as (

    select
        {% for name, promise in promises.items() -%}
        {{ promise }} as {{ name }},
        {% endfor -%}
        {{ trending_score('evidence', 'evidence_date', "date '2022-12-22'") }} = 2
            as a_score_halves_in_a_day_and_ends_after_a_week,
        {{ trending_score('evidence', 'evidence_date', "date '2022-12-21'") }} = 2.0625
            as days_after_do_not_count
    from evidence

)

select * from promises
where
    not coalesce(
        a_score_halves_in_a_day_and_ends_after_a_week
        and days_after_do_not_count
        {%- for name in promises %}
        and {{ name }}
        {%- endfor %},
        false
    )
