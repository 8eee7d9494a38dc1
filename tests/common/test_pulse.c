#include "common/pulse.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/loop.h"
#include "tests/support/check.h"

static struct pulse one, other;
static const char *name;

/* Waits for time itself to pass: a look counts it. */
static void let_pass(int64_t ms)
{
	const int64_t until_ms = clock_mono_ms() + ms;

	while (clock_mono_ms() < until_ms)
		usleep(1000);
}

START_TEST(without_a_pulse_nobody_is_silent)
{
	ck_assert_uint_eq(pulse_look(&name), 0);
	ck_assert_ptr_null(name);
	pulse_end(&one);
}
END_TEST

START_TEST(the_quietest_is_told_until_it_beats)
{
	pulse_begin(&one, "one");
	pulse_begin(&other, "other");
	(void)pulse_look(&name);
	let_pass(20);
	pulse_beat(&one);
	uint64_t first_ms = pulse_look(&name);
	ck_assert_uint_ge(first_ms, 20);
	ck_assert_str_eq(name, "other");
	let_pass(20);
	ck_assert_uint_ge(pulse_look(&name), first_ms + 20);
	ck_assert_str_eq(name, "other");
	pulse_beat(&other);
	ck_assert_uint_ge(pulse_look(&name), 20);
	ck_assert_str_eq(name, "one");
	pulse_beat(&one);
	ck_assert_uint_eq(pulse_look(&name), 0);
	pulse_end(&other);
	pulse_end(&one);
	(void)pulse_look(&name);
	ck_assert_ptr_null(name);
}
END_TEST

START_TEST(one_that_begins_late_has_the_time_since_then)
{
	(void)pulse_look(&name);
	let_pass(30);
	pulse_begin(&one, "one");
	pulse_beat(&one);
	ck_assert_uint_eq(pulse_look(&name), 0);
	pulse_end(&one);
}
END_TEST

struct scene {
	struct loop *loop;
	struct event *look;
	bool was_silent;
};

/* Ends the loop once it was silent and then beat by itself. */
static void look(evutil_socket_t fd, short what, void *user)
{
	struct scene *scene = user;
	const uint64_t silence_ms = pulse_look(&name);

	(void)fd;
	(void)what;
	ck_assert_str_eq(name, "test");
	if (scene->was_silent && silence_ms == 0)
		loop_stop(scene->loop);
	scene->was_silent |= silence_ms > 0;
	loop_arm(scene->look, 20);
}

START_TEST(a_loop_beats_while_it_turns)
{
	struct scene scene = {.loop = loop_new(NULL)};

	scene.look = event_new(loop_base(scene.loop), -1, 0, look, &scene);
	ck_assert(loop_pulse(scene.loop, "test", NULL));
	loop_arm(scene.look, 0);
	loop_run(scene.loop);
	(void)pulse_look(&name);
	ck_assert_ptr_null(name); /* it turns no more */
	event_free(scene.look);
	loop_free(scene.loop);
}
END_TEST

START_TEST(a_loop_that_never_ran_is_forgotten)
{
	struct loop *loop = loop_new(NULL);

	ck_assert(loop_pulse(loop, "test", NULL));
	loop_free(loop);
	(void)pulse_look(&name);
	ck_assert_ptr_null(name);
}
END_TEST

TEST_MAIN("pulse", without_a_pulse_nobody_is_silent, the_quietest_is_told_until_it_beats,
	one_that_begins_late_has_the_time_since_then, a_loop_beats_while_it_turns,
	a_loop_that_never_ran_is_forgotten)
