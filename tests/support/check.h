/*
 * check - Check (libcheck) with less ceremony
 *
 *	START_TEST(cut_visits_every_part) { ... } END_TEST
 *	TEST_MAIN("slice", cut_visits_every_part, cut_keeps_a_last_empty_part)
 *
 * Test functions are named as sentences. Each runs in its own process unless
 * CK_FORK=no.
 */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <check.h>
#include <signal.h>
#include <stdlib.h>

#include "common/slice.h"

#define ck_assert_slice_eq(actual, expected)                                                   \
	do {                                                                                   \
		struct slice ck_a_ = (actual), ck_e_ = (expected);                             \
		ck_assert_msg(slice_eq(ck_a_, ck_e_), "got '%.*s', want '%.*s'",               \
			SLICE_FMT(ck_a_), SLICE_FMT(ck_e_));                                   \
	} while (0)

enum { TEST_SECONDS_MAX = 300 }; /* for tests that hang, not for those on a busy machine */

static inline int test_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, TEST_SECONDS_MAX);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	signal(SIGPIPE, SIG_IGN);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define TEST_MAIN(name, ...)                                                                   \
	int main(void)                                                                         \
	{                                                                                      \
		const TTest *const tests[] = {__VA_ARGS__};                                    \
		return test_run(name, tests, ARRAY_LEN(tests));                                \
	}

#endif
