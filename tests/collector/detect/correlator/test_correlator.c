/* Correlations of events: what is concluded, once, and what a naive recount says. */
#include "collector/detect/correlator/correlator.h"

#include "collector/detect/sigma/rule_set.h"
#include "tests/collector/detect/sigma/rules_for_test.h"
#include "tests/support/check.h"

#define DETECTION(name)                                                                        \
	"title: " name "\nname: " name "\nid: id-" name "\ndetection:\n  s: {f: " name         \
	"}\n  condition: s\n---\n"
#define CORRELATION(name, type, rules, condition)                                              \
	"title: " name "\nname: " name "\ncorrelation:\n  type: " type "\n  rules: " rules     \
	"\n  group-by: [u]\n  timespan: 10s\n" condition "---\n"
#define WHEN(condition) "  condition: {" condition "}\n"

enum { TOLD_MAX = 4096 };

struct told {
	uint32_t rule;
	char group[16];
	int64_t last;
	double value;
	size_t n_evidence;
	uint64_t refs[CONCLUSION_EVIDENCE_MAX];
	char first_value[16];
};

struct bench {
	struct rules_for_test rules;
	struct correlator *correlator;
	struct told told[TOLD_MAX];
	size_t n_told;
	uint64_t ref;
};

static void write_down(void *user, const struct conclusion *conclusion)
{
	struct bench *bench = user;
	struct told *told = &bench->told[bench->n_told++];

	ck_assert_uint_lt(bench->n_told, TOLD_MAX);
	*told = (struct told){.rule = conclusion->rule,
		.last = conclusion->last_ns / CLOCK_NS_PER_S,
		.value = conclusion->value,
		.n_evidence = conclusion->n_evidence};
	if (conclusion->correlation->n_group > 0)
		snprintf(told->group, sizeof(told->group), "%.*s",
			SLICE_FMT(conclusion->group[0]));
	if (conclusion->n_values > 0)
		snprintf(told->first_value, sizeof(told->first_value), "%.*s",
			SLICE_FMT(conclusion->values[0]));
	for (size_t i = 0; i < conclusion->n_evidence; i++)
		told->refs[i] = conclusion->evidence[i].ref;
}

static void begin_in(struct bench *bench, const char *rules, size_t bytes)
{
	*bench = (struct bench){0};
	rules_for_test_load(&bench->rules, rules, NULL, false);
	ck_assert_msg(
		bench->rules.mistakes.len == 0, "%s", strbuf_cstr(&bench->rules.mistakes));
	bench->correlator = correlator_new(bench->rules.set, bytes, write_down, bench);
}

static void begin(struct bench *bench, const char *rules)
{
	begin_in(bench, rules, 1 << 20);
}

static void end(struct bench *bench)
{
	correlator_free(bench->correlator);
	rules_for_test_done(&bench->rules);
}

static void take_of(struct bench *bench, uint32_t owner, int64_t seconds, const char *f,
	const char *u, const char *v)
{
	struct sigma_event *event = rule_matcher_event(bench->rules.matcher);
	struct correlator_event given = {.time_ns = seconds * CLOCK_NS_PER_S,
		.ref = ++bench->ref,
		.owner = owner,
		.value = correlator_sigma_value,
		.user = event};
	const uint32_t *rules;
	size_t n;

	sigma_event_begin(event);
	sigma_event_add(event, SLICE_LIT("f"), slice_str(f));
	sigma_event_add(event, SLICE_LIT("u"), slice_str(u));
	sigma_event_add(event, SLICE_LIT("v"), slice_str(v));
	n = rule_matcher_match(bench->rules.matcher, &rules);
	correlator_take(bench->correlator, &given, rules, n);
}

static void take(
	struct bench *bench, int64_t seconds, const char *f, const char *u, const char *v)
{
	take_of(bench, 0, seconds, f, u, v);
}

/* Events without a "v", one a second from `from` on. */
static void take_many(struct bench *bench, int64_t from, unsigned n, const char *f)
{
	for (unsigned i = 0; i < n; i++)
		take(bench, from + i, f, "bob", NULL);
}

#define MANY CORRELATION("many", "event_count", "[a]", WHEN("gte: 3"))

START_TEST(an_episode_is_concluded_once)
{
	static struct bench bench;

	begin(&bench, DETECTION("a") MANY);
	take_many(&bench, 100, 30, "a");
	ck_assert_uint_eq(bench.n_told, 1);
	ck_assert_int_eq(bench.told[0].last, 102);
	ck_assert_str_eq(bench.told[0].group, "bob");
	ck_assert_uint_eq(bench.told[0].n_evidence, 3);
	ck_assert_uint_eq(bench.told[0].refs[0], 1);
	take_many(&bench, 140, 3, "a");
	ck_assert_uint_eq(bench.n_told, 2);
	end(&bench);
}
END_TEST

START_TEST(groups_are_counted_apart_and_letters_alike)
{
	static struct bench bench;

	begin(&bench, DETECTION("a") MANY);
	take(&bench, 1, "a", "bob", NULL);
	take(&bench, 1, "a", "eve", NULL);
	take(&bench, 2, "a", "BOB", NULL);
	ck_assert_uint_eq(bench.n_told, 0);
	take(&bench, 3, "a", "Bob", NULL);
	ck_assert_uint_eq(bench.n_told, 1);
	take(&bench, 3, "a", NULL, NULL);
	ck_assert_uint_eq(correlator_figures(bench.correlator).without, 1);
	end(&bench);
}
END_TEST

START_TEST(an_event_of_two_rules_is_one_event)
{
	static struct bench bench;

	begin(&bench, "title: x\nname: x\ndetection:\n  s: {f|startswith: a}\n  condition: "
		      "s\n---\n" DETECTION("a")
			      CORRELATION("m", "event_count", "[a, x]", WHEN("gte: 2")));
	take(&bench, 1, "a", "bob", NULL);
	ck_assert_uint_eq(bench.n_told, 0);
	take(&bench, 2, "ab", "bob", NULL);
	ck_assert_uint_eq(bench.n_told, 1);
	end(&bench);
}
END_TEST

START_TEST(failures_that_go_on_are_followed_by_a_success)
{
	static struct bench bench;

	begin(&bench, DETECTION("a") DETECTION("b")
			      MANY CORRELATION("in", "temporal_ordered", "[many, b]", ""));
	take(&bench, 1, "b", "bob", NULL);
	take_many(&bench, 2, 100, "a");
	ck_assert_uint_eq(bench.n_told, 0);
	take(&bench, 105, "b", "eve", NULL);
	ck_assert_uint_eq(bench.n_told, 0);
	take(&bench, 106, "b", "bob", NULL);
	ck_assert_uint_eq(bench.n_told, 1);
	ck_assert_uint_eq(bench.told[0].refs[bench.told[0].n_evidence - 1], 103);
	end(&bench);
}
END_TEST

START_TEST(what_more_events_can_undo_waits_for_the_end_of_its_timespan)
{
	static struct bench bench;

	begin(&bench,
		DETECTION("a") CORRELATION("few", "event_count", "[a]", WHEN("eq: 3"))
			CORRELATION("avg", "value_avg", "[a]", WHEN("field: v, gt: 500")));
	take(&bench, 1, "a", "bob", "900");
	take(&bench, 2, "a", "bob", "10");
	take(&bench, 3, "a", "bob", "700");
	ck_assert_uint_eq(bench.n_told, 0);
	correlator_advance(bench.correlator, 11 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(bench.n_told, 0);
	correlator_advance(bench.correlator, 13 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(bench.n_told, 2);
	take(&bench, 100, "a", "bob", "x");
	for (int i = 0; i < 4; i++)
		take(&bench, 100 + i, "a", "bob", "600");
	correlator_finish(bench.correlator);
	ck_assert_uint_eq(bench.n_told, 3);
	ck_assert_double_eq(bench.told[2].value, 600);
	end(&bench);
}
END_TEST

START_TEST(a_rare_value_is_found_by_its_share)
{
	static struct bench bench;

	begin(&bench, DETECTION("a") CORRELATION(
			      "rare", "value_percentile", "[a]", WHEN("field: v, lte: 1")));
	for (unsigned i = 0; i < 150; i++)
		take(&bench, 1 + i % 9, "a", "bob", i == 70 ? "odd" : "usual");
	correlator_finish(bench.correlator);
	ck_assert_uint_eq(bench.n_told, 1);
	ck_assert_str_eq(bench.told[0].first_value, "odd");
	ck_assert_uint_eq(bench.told[0].n_evidence, 1);
	ck_assert_uint_eq(bench.told[0].refs[0], 71);
	end(&bench);
}
END_TEST

START_TEST(what_closes_is_given_to_others_with_its_group)
{
	static struct bench bench;

	begin(&bench, DETECTION("a") DETECTION("b") CORRELATION("two", "event_count", "[a]",
			      WHEN("eq: 2")) CORRELATION("both", "temporal", "[two, b]", ""));
	take(&bench, 1, "a", "bob", NULL);
	take(&bench, 2, "a", "bob", NULL);
	take(&bench, 3, "b", "bob", NULL);
	take(&bench, 3, "b", "eve", NULL);
	correlator_finish(bench.correlator);
	ck_assert_uint_eq(bench.n_told, 1);
	ck_assert_str_eq(bench.told[0].group, "bob");
	end(&bench);
}
END_TEST

START_TEST(a_flooding_owner_forgets_its_own)
{
	static struct bench bench;
	char name[32];

	begin_in(&bench, DETECTION("a") MANY, CORRELATOR_BYTES_MIN);
	take_of(&bench, 1, 1, "a", "quiet", NULL);
	take_of(&bench, 1, 2, "a", "quiet", NULL);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		take_of(&bench, 2, 3, "a", name, NULL);
	}
	ck_assert_uint_gt(correlator_figures(bench.correlator).evicted, 4000);
	ck_assert_uint_le(correlator_figures(bench.correlator).bytes, CORRELATOR_BYTES_MIN);
	take_of(&bench, 1, 4, "a", "quiet", NULL);
	ck_assert_uint_eq(bench.n_told, 1);
	end(&bench);
}
END_TEST

#define ALL                                                                                    \
	DETECTION("a")                                                                         \
	DETECTION("b")                                                                         \
	DETECTION("c")                                                                         \
	CORRELATION("n", "event_count", "[a, b]", WHEN("gte: 4"))                              \
	CORRELATION("d", "value_count", "[a, c]", WHEN("field: v, gt: 2"))                     \
	CORRELATION("s", "value_sum", "[b]", WHEN("field: v, gt: 9"))                          \
	CORRELATION("t", "temporal", "[a, b, c]", "")                                          \
	CORRELATION("o", "temporal_ordered", "[a, b, c]", "")                                  \
	CORRELATION("p", "temporal_ordered", "[c, a, b]", WHEN("gte: 2"))

START_TEST(a_restart_and_a_reload_change_nothing)
{
	static struct bench whole, parts;
	struct strbuf blob = STRBUF_INIT(1 << 24);
	struct rules_for_test other;

	begin(&whole, ALL);
	begin(&parts, ALL);
	rules_for_test_load(&other, DETECTION("z") ALL, NULL, false);
	srand(7);
	for (unsigned i = 0; i < 3000; i++) {
		const char *f[] = {"a", "b", "c"}, *u[] = {"x", "y"},
			   *v[] = {"1", "2", "3", "4"};
		int pick = rand();

		take(&whole, i * 2 + (unsigned)pick % 5, f[pick % 3], u[pick / 3 % 2],
			v[pick / 6 % 4]);
		take(&parts, i * 2 + (unsigned)pick % 5, f[pick % 3], u[pick / 3 % 2],
			v[pick / 6 % 4]);
		if (i % 50 == 0) {
			strbuf_reset(&blob);
			correlator_save(parts.correlator, &blob);
			correlator_free(parts.correlator);
			parts.correlator =
				correlator_new(parts.rules.set, 1 << 20, write_down, &parts);
			ck_assert(correlator_load(parts.correlator, strbuf_slice(&blob)));
		} else if (i % 50 == 25) {
			correlator_use(parts.correlator, other.set);
			correlator_use(parts.correlator, parts.rules.set);
		}
	}
	ck_assert_uint_gt(whole.n_told, 50);
	ck_assert_uint_eq(parts.n_told, whole.n_told);
	ck_assert_mem_eq(parts.told, whole.told, whole.n_told * sizeof(*whole.told));
	rules_for_test_done(&other);
	strbuf_done(&blob);
	end(&whole);
	end(&parts);
}
END_TEST

START_TEST(groups_of_a_changed_rule_go_and_others_stay)
{
	static struct bench bench;
	struct rules_for_test other;

	begin(&bench,
		DETECTION("a") MANY CORRELATION("d", "event_count", "[a]", WHEN("gte: 9")));
	rules_for_test_load(&other,
		DETECTION("a") MANY CORRELATION("d", "event_count", "[a]", WHEN("gte: 8")),
		NULL, false);
	take_many(&bench, 1, 2, "a");
	ck_assert_uint_eq(correlator_figures(bench.correlator).groups, 2);
	correlator_use(bench.correlator, other.set);
	ck_assert_uint_eq(correlator_figures(bench.correlator).groups, 1);
	take_many(&bench, 3, 1, "a");
	ck_assert_uint_eq(bench.n_told, 1);
	end(&bench);
	rules_for_test_done(&other);
}
END_TEST

START_TEST(a_damaged_blob_changes_nothing)
{
	static struct bench bench;
	struct strbuf blob = STRBUF_INIT(1 << 20);

	begin(&bench, ALL);
	for (int i = 0; i < 6; i++)
		take(&bench, i, i % 2 ? "a" : "b", "bob", "3");
	correlator_save(bench.correlator, &blob);
	for (size_t len = 0; len < blob.len; len++) {
		struct correlator *empty =
			correlator_new(bench.rules.set, 1 << 20, write_down, &bench);
		char *copy = malloc(len ? len : 1);

		memcpy(copy, blob.ptr, len);
		if (!correlator_load(empty, slice_of(copy, len)))
			ck_assert_uint_eq(correlator_figures(empty).groups, 0);
		free(copy);
		correlator_free(empty);
	}
	strbuf_done(&blob);
	end(&bench);
}
END_TEST

/* ---- a naive recount -------------------------------------------------------------------- */

enum { EVENTS = 4000, USERS = 3 };

struct naive_event {
	int64_t time;
	int f, v;
};

struct naive_group {
	struct naive_event events[EVENTS];
	size_t n;
	int64_t newest, held;
};

/* Longest chain of rules, in their order, at times that do not fall. */
static int chain(
	const struct naive_group *group, int64_t since, const int *order, int from, int64_t at)
{
	int best = 0;

	for (int k = from; k < 3; k++) {
		int64_t first = INT64_MAX;

		for (size_t i = 0; i < group->n; i++) {
			const struct naive_event *one = &group->events[i];

			if (one->f == order[k] && one->time >= since && one->time >= at &&
				one->time < first)
				first = one->time;
		}
		if (first < INT64_MAX) {
			int n = 1 + chain(group, since, order, k + 1, first);

			best = n > best ? n : best;
		}
	}
	return best;
}

static double naive_value(const struct naive_group *group, int rule, int64_t since)
{
	static const int abc[] = {0, 1, 2}, cab[] = {2, 0, 1};
	double sum = 0;
	unsigned values = 0, kinds = 0;

	for (size_t i = 0; i < group->n; i++) {
		const struct naive_event *one = &group->events[i];

		if (one->time < since)
			continue;
		values |= 1u << one->v;
		kinds |= 1u << one->f;
		sum += rule == 2 ? one->v : 1;
	}
	switch (rule) {
	case 0:
	case 2:
		return sum;
	case 1:
		return __builtin_popcount(values);
	case 3:
		return __builtin_popcount(kinds);
	default:
		return chain(group, since, rule == 4 ? abc : cab, 0, INT64_MIN);
	}
}

static bool naive_takes(int rule, int f)
{
	return rule == 0 ? f != 2 : rule == 1 ? f != 1 : rule == 2 ? f == 1 : true;
}

static bool naive_holds(int rule, double value)
{
	static const double least[] = {4, 3, 10, 3, 3, 2};

	return value >= least[rule];
}

static struct naive_group naive[6][USERS];

/* True when a conclusion begins. */
static bool naive_take(struct naive_group *group, int rule, const struct naive_event *event)
{
	int64_t held = group->held;

	if (group->n > 0 && event->time < group->newest - 10)
		return false;
	group->events[group->n++] = *event;
	if (group->n == 1 || event->time > group->newest)
		group->newest = event->time;
	if (!naive_holds(rule, naive_value(group, rule, group->newest - 10)))
		return false;
	group->held = group->newest;
	return held == 0 || group->newest > held + 10;
}

START_TEST(a_naive_recount_concludes_the_same)
{
	static struct bench bench;
	static const char *const users[USERS] = {"x", "y", "z"};
	size_t at = 0;

	begin(&bench, ALL);
	srand(3);
	memset(naive, 0, sizeof(naive));
	for (int i = 0; i < EVENTS; i++) {
		struct naive_event event = {
			.time = 1000 + i + rand() % 16 - rand() % 30, .f = rand() % 3};
		int user = rand() % USERS;
		char f[2] = {(char)('a' + event.f), '\0'}, v[2] = {0};

		event.v = 1 + rand() % 5;
		v[0] = (char)('0' + event.v);
		take(&bench, event.time, f, users[user], v);
		for (int rule = 0; rule < 6; rule++) {
			struct naive_group *group = &naive[rule][user];

			if (!naive_takes(rule, event.f) || !naive_take(group, rule, &event))
				continue;
			ck_assert_uint_lt(at, bench.n_told);
			ck_assert_uint_eq(bench.told[at].rule, (uint32_t)rule + 3);
			ck_assert_str_eq(bench.told[at].group, users[user]);
			ck_assert_int_eq(bench.told[at].last, group->newest);
			at++;
		}
		ck_assert_uint_eq(at, bench.n_told);
	}
	ck_assert_uint_gt(at, 100);
	ck_assert_uint_gt(correlator_figures(bench.correlator).late, 10);
	end(&bench);
}
END_TEST

TEST_MAIN("detect/correlator", an_episode_is_concluded_once,
	groups_are_counted_apart_and_letters_alike, an_event_of_two_rules_is_one_event,
	failures_that_go_on_are_followed_by_a_success,
	what_more_events_can_undo_waits_for_the_end_of_its_timespan,
	a_rare_value_is_found_by_its_share, what_closes_is_given_to_others_with_its_group,
	a_flooding_owner_forgets_its_own, a_restart_and_a_reload_change_nothing,
	groups_of_a_changed_rule_go_and_others_stay, a_damaged_blob_changes_nothing,
	a_naive_recount_concludes_the_same)
