-- what the macros give for values with a known result; the one row is returned if any promise fails
{% set promises = {
    'half_is_left_after_one_half_life': halved('7', 7) ~ ' = 0.5',
    'nothing_is_left_of_an_age_beyond_counting': halved('1e9', 7) ~ ' = 0',
    'of_an_unknown_age_an_unknown_part_is_left': halved('cast(null as integer)', 7) ~ ' is null',
    'integers_divide_to_a_fraction': share('1', '4') ~ ' = 0.25',
    'nothing_has_no_shares': share('1', '0') ~ ' is null',
    'a_day_begins_at_midnight': day_start("date '2040-02-29'")
    ~ " = timestamptz '2040-02-29 00:00:00+00'",
    'a_day_ends_where_the_next_begins': day_start("date '2040-02-29'", 1)
    ~ " = timestamptz '2040-03-01 00:00:00+00'",
    'the_day_is_that_of_utc': utc_date("timestamptz '2022-12-23 02:59:59+03'")
    ~ " = date '2022-12-22'",
    'hours_count_from_1970': epoch_hour("timestamptz '1970-01-02 00:59:59.999+00'") ~ ' = 24',
    'seconds_are_exact_to_the_microsecond': seconds_between(
        "timestamptz '2022-12-22 00:00:00.000001+00'", "timestamptz '2022-12-22 00:01:00+00'"
    ) ~ ' = 59.999999',
    'thirty_days_begin_29_before_as_of': within_days(as_of() ~ ' - 29', 30),
    'thirty_days_do_not_begin_earlier': 'not ' ~ within_days(as_of() ~ ' - 30', 30),
    'thirty_days_end_with_as_of': within_days(as_of(), 30),
    'a_week_ends_on_its_saturday': week_end("date '2022-12-24'") ~ " = date '2022-12-24'",
    'a_week_begins_on_a_sunday': week_end("date '2022-12-18'") ~ " = date '2022-12-24'",
    'the_last_week_end_is_no_later_than_as_of': last_week_end() ~ ' = ' ~ week_end(last_week_end()),
    'the_last_week_ended_within_seven_days': within_days(last_week_end(), 7),
    'thirty_days_may_end_on_another_day': within_days("date '2040-02-01'", 30, "date '2040-03-01'"),
    'thirty_days_to_another_day_do_not_begin_earlier': 'not '
    ~ within_days("date '2040-01-31'", 30, "date '2040-03-01'"),
    'thirty_days_to_another_day_do_not_end_later': 'not '
    ~ within_days("date '2040-03-02'", 30, "date '2040-03-01'"),
    'thirty_days_do_not_end_later': 'not ' ~ within_days(as_of() ~ ' + 1', 30),
    'a_month_begins_on_its_first': month_start("date '2040-02-29'") ~ " = date '2040-02-01'",
    'a_month_begins_with_itself': month_start("date '2040-03-01'") ~ " = date '2040-03-01'",
    'one_of_four_is_more_than_a_22th': 'abs(' ~ wilson_bound('1', '4', '-')
    ~ ' - 0.0455872608) < 1e-9',
    'one_of_four_is_less_than_seven_tenths': 'abs(' ~ wilson_bound('1', '4', '+')
    ~ ' - 0.6993581574) < 1e-9',
    'no_hits_may_be_none_at_all': 'abs(' ~ wilson_bound('0', '10', '-') ~ ') < 1e-9',
    'no_hits_may_be_more': 'abs(' ~ wilson_bound('0', '10', '+') ~ ' - 0.2775327999) < 1e-9',
    'hits_only_may_be_all': 'abs(' ~ wilson_bound('10', '10', '+') ~ ' - 1) < 1e-9',
    'no_trials_say_nothing': wilson_bound('0', '0', '-') ~ ' is null',
} -%}

with

numbers as (

    {{ series(1, 3) }}

),

pairs as (

    select numbers.n * 10 + greater.n as pair
    from numbers
    {{ look_up('numbers', 'greater', 'found.n > numbers.n') }}

),

promises as (

    select
        {% for name, promise in promises.items() -%}
        {{ promise }} as {{ name }},
        {% endfor -%}
        {{ first_by('n', 'n desc', 'n < 3') }} = 2 as the_first_by_order_meets_the_condition,
        {{ exact_sum('0.1 * n') }} = 0.6 as a_sum_of_tenths_is_exact,
        sum(n) = 6 as a_series_has_both_ends,
        (select sum(pairs.pair) from pairs) = 12 + 13 + 23 as a_look_up_joins_what_meets_it
    from numbers

)

select * from promises
where
    not coalesce(
        the_first_by_order_meets_the_condition
        and a_sum_of_tenths_is_exact
        and a_series_has_both_ends
        and a_look_up_joins_what_meets_it
        {%- for name in promises %}
        and {{ name }}
        {%- endfor %},
        false
    )
