#include "collector/detect/detector.h"

#include <pthread.h>
#include <stdatomic.h>

#include "common/clock.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

static struct folder folder;
static struct strbuf warnings;
static struct batch batch;

#define RULE(id, level, program)                                                               \
	"title: " program " runs\nid: " id "\nlevel: " level                                   \
	"\nlogsource: {product: linux, category: process_creation}\n"                          \
	"detection:\n  one:\n    Image|endswith: /" program "\n  condition: one\n"

static const char pipeline[] = "log-sources:\n"
			       "  - {product: linux, category: process_creation, "
			       "when: {event.action: execve}}\n"
			       "fields:\n  - of: {product: linux}\n"
			       "    names: {Image: [process.executable]}\n";

static struct detector *load(struct detector *before)
{
	struct err err = {0};
	struct detector *detector = detector_load(folder.path, before, &warnings, &err);

	ck_assert_msg(detector != NULL, "%s", err.text);
	return detector;
}

static void begin(const char *rules)
{
	folder_make(&folder);
	strbuf_init(&warnings, 1 << 20);
	ck_assert_int_eq(mkdir(folder_path(&folder, "pipelines"), 0700), 0);
	ck_assert_int_eq(mkdir(folder_path(&folder, "rules"), 0700), 0);
	folder_replace(&folder, "pipelines/p.yml", pipeline);
	folder_replace(&folder, "rules/a.yml", rules);
	batch_init(&batch);
}

static void end(struct detector *detector)
{
	detector_unref(detector);
	strbuf_done(&warnings);
	batch_done(&batch);
	folder_remove(&folder);
}

static struct record execution(const char *program)
{
	struct record record = {.kind = RECORD_LOG, .raw = SLICE_LIT("x")};

	ck_assert(record_add(&record, &batch.arena, FIELD_EVENT_ACTION, SLICE_LIT("execve")));
	ck_assert(record_add(
		&record, &batch.arena, FIELD_PROCESS_EXECUTABLE, slice_str(program)));
	return record;
}

static void match(struct detector *detector, struct record *records, unsigned n)
{
	batch.records = records;
	batch.n_records = n;
	ck_assert_uint_eq(detector_match_batch(detector, &batch), 0);
}

START_TEST(a_record_that_a_rule_fits_has_its_key_and_version)
{
	begin(RULE("11111111-2222-4333-8444-555555555555", "high", "nc"));
	struct detector *detector = load(NULL);
	struct record records[] = {
		execution("/bin/nc"), execution("/bin/ls"), execution("/bin/nc")};
	struct slice key, version;

	records[2].kind = RECORD_AGENT;
	match(detector, records, ARRAY_LEN(records));
	ck_assert_uint_eq(records[0].n_matches, 1);
	ck_assert_uint_eq(records[1].n_matches, 0);
	ck_assert_uint_eq(records[2].n_matches, 0);
	ck_assert(detector_tag(&records[0].matches[0], &key, &version));
	ck_assert_slice_eq(key, SLICE_LIT("11111111-2222-4333-8444-555555555555"));
	ck_assert_uint_eq(version.len, DETECTOR_VERSION_LEN);
	const struct sigma_rule *rule = detector_rule(detector, key);
	ck_assert_ptr_nonnull(rule);
	ck_assert_slice_eq(rule->title, SLICE_LIT("nc runs"));
	ck_assert_ptr_null(detector_rule(detector, SLICE_LIT("another")));
	ck_assert_uint_eq(detector_figures(detector).loaded, 1);
	end(detector);
}
END_TEST

static bool see(void *user, const struct rule_view *view)
{
	strbuf_addf(user, "%.*s:%d:%llu:%lld ", SLICE_FMT(sigma_rule_key(view->rule)),
		(int)view->state, (unsigned long long)view->matches, (long long)view->last_ns);
	return true;
}

START_TEST(each_rule_says_how_it_is_and_how_often_it_fitted)
{
	struct strbuf text = STRBUF_INIT(1 << 16);

	begin(RULE("one", "high", "nc") "---\n" RULE("two", "high",
		"ls") "---\ntitle: three\ndetection: {a: {b: c}, condition: d}\n---\n"
		      "title: four\nlogsource: {product: x}\ndetection: {a: {b: c}, condition: "
		      "a}\n"
		      "---\ntitle: five\nlogsource: {product: linux, category: "
		      "process_creation}\n"
		      "detection: {a: {b|expand: '%none%'}, condition: a}\n");
	struct detector *detector = load(NULL);
	struct record records[] = {execution("/bin/nc"), execution("/bin/nc")};

	records[0].received_ns = 5;
	records[1].received_ns = 6;
	match(detector, records, ARRAY_LEN(records));
	detector_walk(detector, see, &text);
	char want[200];
	snprintf(want, sizeof(want),
		"one:0:2:6 two:0:0:%lld three:1:0:%lld four:3:0:%lld "
		"five:2:0:%lld ",
		(long long)CLOCK_NONE, (long long)CLOCK_NONE, (long long)CLOCK_NONE,
		(long long)CLOCK_NONE);
	ck_assert_str_eq(strbuf_cstr(&text), want);
	strbuf_done(&text);
	end(detector);
}
END_TEST

START_TEST(a_rule_may_ask_whose_a_record_is)
{
	begin("title: x\nid: x\nlogsource: {product: linux, category: process_creation}\n"
	      "detection: {a: {soc.agency: 7, soc.host: 4000000000}, condition: a}\n");
	struct detector *detector = load(NULL);
	struct record records[] = {execution("/bin/nc"), execution("/bin/nc")};

	records[0].agency = records[1].agency = 7;
	records[0].host = 4000000000u;
	match(detector, records, ARRAY_LEN(records));
	ck_assert_uint_eq(records[0].n_matches, 1);
	ck_assert_uint_eq(records[1].n_matches, 0);
	end(detector);
}
END_TEST

START_TEST(the_gravest_rules_have_room_first)
{
	struct strbuf rules = STRBUF_INIT(1 << 20);

	for (unsigned i = 0; i < 2 * RECORD_MATCHES_MAX; i++)
		strbuf_addf(&rules, "%s---\n",
			i == 20 ? RULE("grave", "critical", "nc") : RULE("light", "low", "nc"));
	begin(strbuf_cstr(&rules));
	struct detector *detector = load(NULL);
	struct record record = execution("/bin/nc");
	struct slice key, version;

	batch.records = &record;
	batch.n_records = 1;
	ck_assert_uint_eq(detector_match_batch(detector, &batch), RECORD_MATCHES_MAX);
	ck_assert_uint_eq(record.n_matches, RECORD_MATCHES_MAX);
	ck_assert(detector_tag(&record.matches[0], &key, &version));
	ck_assert_slice_eq(key, SLICE_LIT("grave"));
	strbuf_done(&rules);
	end(detector);
}
END_TEST

START_TEST(a_reload_takes_what_changed_and_keeps_what_did_not)
{
	begin(RULE("one", "high", "nc"));
	struct detector *first = load(NULL), *same = load(first);

	ck_assert_ptr_eq(first, same);
	folder_replace(&folder, "rules/b.yml", RULE("two", "high", "ls"));
	folder_replace(&folder, "rules/c.yml", "title: [\n");
	struct detector *other = load(first);
	ck_assert_ptr_ne(first, other);
	ck_assert_ptr_null(detector_rule(first, SLICE_LIT("two")));
	ck_assert_ptr_nonnull(detector_rule(other, SLICE_LIT("two")));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&warnings), "rules/c.yml:"));
	detector_unref(same);
	detector_unref(first);
	end(other);
}
END_TEST

START_TEST(a_rule_has_the_class_that_the_folders_table_gives_it)
{
	begin("tags: [attack.t1486]\n" RULE("one", "high", "nc"));
	struct detector *first = load(NULL);

	ck_assert_int_eq(detector_class(first, detector_rule(first, SLICE_LIT("one"))),
		CLASS_RANSOMWARE);
	folder_replace(
		&folder, "classes.yaml", "classes:\n  - {class: dos, tags: [attack]}\n  - x\n");
	struct detector *other = load(first);
	ck_assert_ptr_ne(first, other);
	ck_assert_int_eq(
		detector_class(other, detector_rule(other, SLICE_LIT("one"))), CLASS_DOS);
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&warnings), "classes.yaml:3:5: "));
	detector_unref(first);
	end(other);
}
END_TEST

START_TEST(of_many_mistakes_the_first_are_told)
{
	char name[32];

	begin(RULE("one", "high", "nc"));
	for (unsigned i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "rules/wrong%u.yml", i);
		folder_replace(&folder, name, "title: no detection\n");
	}
	struct detector *detector = load(NULL);
	ck_assert_ptr_nonnull(
		strstr(strbuf_cstr(&warnings), "and 50 mistakes more in Sigma rules"));
	ck_assert_ptr_nonnull(detector_rule(detector, SLICE_LIT("one")));
	end(detector);
}
END_TEST

START_TEST(without_a_folder_there_are_no_rules)
{
	struct err err = {0};

	strbuf_init(&warnings, 1 << 10);
	batch_init(&batch);
	struct detector *detector = detector_load("/nonexistent/sigma", NULL, &warnings, &err);
	struct record record = execution("/bin/nc");
	ck_assert_ptr_nonnull(detector);
	match(detector, &record, 1);
	ck_assert_uint_eq(record.n_matches, 0);
	ck_assert_uint_eq(warnings.len, 0);
	detector_unref(detector);
	strbuf_done(&warnings);
	batch_done(&batch);
}
END_TEST

/* What threads take their detector from, as workers do. */
struct in_force {
	pthread_mutex_t lock;
	struct detector *detector;
	atomic_bool over;
	atomic_uint batches, wrong;
};

static struct detector *take(struct in_force *in_force)
{
	pthread_mutex_lock(&in_force->lock);
	struct detector *detector = detector_ref(in_force->detector);
	pthread_mutex_unlock(&in_force->lock);
	return detector;
}

static void replace(struct in_force *in_force, struct detector *detector)
{
	pthread_mutex_lock(&in_force->lock);
	struct detector *before = in_force->detector;
	in_force->detector = detector;
	pthread_mutex_unlock(&in_force->lock);
	detector_unref(before);
}

static bool is_tagged(const struct detector *detector, const struct record *record)
{
	struct slice key, version;

	return record->n_matches == 1 && detector_tag(&record->matches[0], &key, &version) &&
	       detector_rule(detector, key) != NULL;
}

static void *match_on(void *user)
{
	struct in_force *in_force = user;
	struct batch own;

	batch_init(&own);
	do {
		struct detector *detector = take(in_force);
		struct record records[2] = {{.kind = RECORD_LOG, .raw = SLICE_LIT("x")}};

		arena_reset(&own.arena);
		records[1] = records[0];
		for (unsigned i = 0; i < 2; i++) {
			const struct slice program =
				i ? SLICE_LIT("/bin/ls") : SLICE_LIT("/bin/nc");

			if (!record_add(&records[i], &own.arena, FIELD_EVENT_ACTION,
				    SLICE_LIT("execve")) ||
				!record_add(&records[i], &own.arena, FIELD_PROCESS_EXECUTABLE,
					program))
				abort();
		}
		own.records = records;
		own.n_records = 2;
		atomic_fetch_add(&in_force->wrong, detector_match_batch(detector, &own));
		atomic_fetch_add(&in_force->wrong,
			!is_tagged(detector, &records[0]) || records[1].n_matches != 0);
		atomic_fetch_add(&in_force->batches, 1);
		detector_unref(detector);
	} while (!atomic_load(&in_force->over));
	batch_done(&own);
	return NULL;
}

START_TEST(threads_match_while_rules_are_replaced)
{
	static const char *const rules[] = {
		RULE("odd", "high", "nc"), RULE("even", "low", "nc")};
	struct in_force in_force = {.lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[3];

	begin(rules[0]);
	in_force.detector = load(NULL);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, match_on, &in_force), 0);
	for (unsigned i = 1; i <= 30; i++) {
		folder_replace(&folder, "rules/a.yml", rules[i % 2]);
		replace(&in_force, load(in_force.detector));
	}
	atomic_store(&in_force.over, true);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_ge(in_force.batches, ARRAY_LEN(threads));
	ck_assert_uint_eq(in_force.wrong, 0);
	end(in_force.detector);
}
END_TEST

static int64_t slow_cpu(void)
{
	static int64_t now;

	return now += 1000000;
}

static int64_t standing(void)
{
	return 0;
}

static void see_off(void *user, const struct sigma_rule *rule, uint64_t took_ms)
{
	*(struct slice *)user = sigma_rule_key(rule);
	ck_assert_uint_ge(took_ms, 64);
}

START_TEST(a_rule_that_costs_too_much_is_off_until_rules_are_read)
{
	static const struct rule_clock slow = {slow_cpu, standing};
	struct slice off = SLICE_LIT("none");
	struct strbuf text = STRBUF_INIT(1 << 16);

	begin(RULE("one", "high", "nc"));
	struct detector *detector = load(NULL);
	detector_limit(detector, 100, &slow);
	unsigned n = 0;
	for (; n < 10000; n++) {
		struct record record = execution("/bin/nc");

		match(detector, &record, 1);
		if (record.n_matches == 0)
			break;
		arena_reset(&batch.arena);
	}
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, 10000);
	ck_assert_uint_eq(detector_take_off(detector, see_off, &off), 1);
	ck_assert_slice_eq(off, SLICE_LIT("one"));
	detector_walk(detector, see, &text);
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&text), "one:4:"));
	strbuf_done(&text);
	end(detector);
}
END_TEST

TEST_MAIN("detector", a_rule_may_ask_whose_a_record_is,
	a_record_that_a_rule_fits_has_its_key_and_version,
	each_rule_says_how_it_is_and_how_often_it_fitted, the_gravest_rules_have_room_first,
	a_reload_takes_what_changed_and_keeps_what_did_not,
	a_rule_has_the_class_that_the_folders_table_gives_it,
	of_many_mistakes_the_first_are_told, without_a_folder_there_are_no_rules,
	threads_match_while_rules_are_replaced,
	a_rule_that_costs_too_much_is_off_until_rules_are_read)
