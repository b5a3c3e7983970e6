"""The attacks that the link page resists. Each is tested by a test with this name."""

from tests.web import test_guesses, test_link, test_link_ways, test_whose_garmin

BY_STRANGERS = [
    "test_a_hundred_previews_change_nothing_and_tell_nothing",
    "test_another_browser_is_turned_away_once_one_has_begun",
    "test_of_many_browsers_at_once_one_gets_the_link",
    "test_an_expired_link_is_over_at_both_ends",
    "test_a_used_link_is_over_for_everybody_else",
    "test_a_new_link_ends_the_old_one_also_where_it_was_begun",
    "test_tokens_cannot_be_guessed_or_bent",
    "test_who_tries_a_hundred_addresses_is_slowed_and_nobody_elsewhere",
    "test_pages_without_a_begun_link_are_over",
    "test_a_code_that_nobody_asked_for_is_not_taken",
    "test_another_persons_key_does_not_get_this_history",
]
BY_OTHER_SITES = [
    "test_a_form_without_its_token_is_refused",
    "test_a_form_of_another_browser_is_refused",
    "test_a_form_on_another_site_cannot_post_here",
    "test_a_planted_cookie_is_replaced_by_a_secret_of_our_own",
    "test_an_attackers_own_cookie_does_not_get_a_members_garmin",
    "test_the_token_leaves_the_address_bar_with_the_first_press",
    "test_with_https_the_cookie_cannot_leave_its_host_or_be_read",
    "test_hsts_is_sent_with_https_only",
    "test_every_answer_carries_the_headers_that_protect_it",
    "test_every_page_needs_no_script_and_nobody_elses_file",
    "test_a_forged_host_does_not_get_into_a_page",
]
BY_PATIENCE = [
    "test_a_form_sent_twice_signs_in_once",
    "test_two_tabs_share_one_sign_in",
    "test_a_wrong_password_may_be_tried_three_times",
    "test_a_wrong_code_may_be_tried_three_times",
    "test_three_wrong_keys_are_enough",
    "test_after_six_passwords_within_an_hour_there_is_a_pause",
    "test_each_bad_sign_in_has_one_sentence",  # and none is sent to Garmin while it delays sign-ins
    "test_a_code_that_comes_too_late_ends_the_sign_in",
    "test_a_link_ends_an_hour_after_it_was_made_whatever_is_tried_through_it",
]
BY_STRANGE_INPUT = [
    "test_what_cannot_be_an_address_or_a_password_is_asked_for_again",
    "test_what_cannot_be_a_code_is_asked_for_again",
    "test_what_cannot_be_a_key_is_asked_for_again",
    "test_markup_in_an_address_stays_text",
    "test_a_large_body_is_refused_before_anything_is_done",
    "test_wrong_methods_are_told_which_are_right",
    "test_ways_that_the_operator_forbids_are_neither_shown_nor_taken",
]
BY_READING_WHAT_IS_LEFT = [
    "test_secrets_are_left_nowhere",
    "test_a_key_is_left_nowhere",
    "test_a_password_that_is_kept_is_kept_sealed",
    "test_a_kept_password_is_left_nowhere_even_when_it_is_used",
    "test_a_page_that_breaks_tells_the_log_and_not_the_visitor",
]
BY_FORWARDING = [
    "test_a_forwarded_link_gives_nothing_as_long_as_the_friend_sends_no_code",
    "test_a_code_from_the_friends_own_chat_ends_the_sign_in_and_both_are_told",
    "test_the_friend_can_end_it_on_the_page",
    "test_another_link_that_is_opened_ends_the_sign_in_of_the_one_before",
    "test_a_sign_in_that_garmin_grants_after_another_link_was_opened_is_dropped",
    "test_a_member_cannot_guess_the_code_of_a_friends_sign_in",
    "test_a_code_works_once_and_for_ten_minutes",
    "test_an_attackers_code_does_not_put_the_attackers_account_into_a_chat",
    "test_an_old_thats_not_me_button_changes_nothing",
    "test_nothing_is_read_with_a_key_before_its_code_was_heard",
]
ALL = [*BY_FORWARDING, *BY_STRANGERS, *BY_OTHER_SITES, *BY_PATIENCE, *BY_STRANGE_INPUT, *BY_READING_WHAT_IS_LEFT]


def test_each_attack_that_is_counted_is_played() -> None:
    played = set(vars(test_link)) | set(vars(test_link_ways)) | set(vars(test_guesses))
    played |= set(vars(test_whose_garmin))
    assert [name for name in ALL if name not in played] == []
    assert len(set(ALL)) == len(ALL) >= 30
