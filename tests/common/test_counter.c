#include "common/counter.h"

#include <pthread.h>

#include "tests/support/check.h"

static struct counter apples = COUNTER("test.apples", "apples");
static struct counter pears = COUNTER("test.pears", "pears");

static void *count_many(void *user)
{
	(void)user;
	for (unsigned i = 0; i < 10000; i++) {
		counter_add(&apples, 1);
		counter_add(&pears, 2);
	}
	return NULL;
}

static void sum(void *user, const struct counter *counter)
{
	*(uint64_t *)user += counter_value(counter);
}

START_TEST(threads_lose_no_count_and_register_once)
{
	pthread_t threads[4];
	uint64_t total = 0;

	for (unsigned i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, count_many, NULL);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(counter_value(&apples), 40000);
	counter_walk(sum, &total);
	ck_assert_uint_eq(total, 120000);
}
END_TEST

TEST_MAIN("counter", threads_lose_no_count_and_register_once)
