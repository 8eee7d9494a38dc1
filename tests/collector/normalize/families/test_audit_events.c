#include "collector/normalize/families/audit_events.h"

#include <stdio.h>

#include "collector/normalize/normalize.h"
#include "tests/support/check.h"

enum { RECORDS_MAX = 128, LINE_MAX_BYTES = 512 };

#define SYSCALL(serial, n)                                                                     \
	"type=SYSCALL msg=audit(1772852400.1:" serial "): arch=c000003e syscall=" n            \
	" success=yes pid=9 comm=\"sudo\" exe=\"/usr/bin/sudo\""
#define EXECVE(serial)                                                                         \
	"type=EXECVE msg=audit(1772852400.1:" serial "): argc=2 a0=\"sudo\" a1=\"id\""
#define TITLE(serial) "type=PROCTITLE msg=audit(1772852400.1:" serial "): proctitle=\"x\""
#define SOCKET(serial)                                                                         \
	"type=SOCKADDR msg=audit(1772852400.1:" serial "): saddr=02000050CB007109"

static const struct record_source audit_log = {
	SLICE_LIT("file"), SLICE_LIT("/var/log/audit/audit.log"), SLICE_LIT("")};
static const struct record_source other_log = {
	SLICE_LIT("file"), SLICE_LIT("/srv/audit.log"), SLICE_LIT("")};

static struct normalizer *normalizer;
static struct audit_carry *carry;
static struct batch batch;

static void setup(void)
{
	normalizer = normalizer_new(&(struct normalize_settings){0});
	carry = audit_carry_new();
	batch_init(&batch);
}

static void teardown(void)
{
	batch_done(&batch);
	audit_carry_free(carry);
	normalizer_free(normalizer);
}

/* A batch of these lines, normalized and joined; a line that begins with '!' is of the other
 * log. */
static void run_batch(
	const char *const *lines, unsigned n, uint64_t first, int64_t received_seconds)
{
	batch_reset(&batch);
	batch.records = arena_alloc(&batch.arena, n * sizeof(*batch.records));
	ck_assert_ptr_nonnull(batch.records);
	batch.n_records = n;
	for (unsigned i = 0; i < n; i++) {
		bool other = lines[i][0] == '!';

		batch.records[i] = (struct record){
			.raw = slice_str(lines[i] + other),
			.received_ns = received_seconds * 1000000000,
			.agency = 1,
			.host = 2,
			.sequence = first + i,
			.source = other ? &other_log : &audit_log,
			.kind = RECORD_LOG,
		};
	}
	normalize_batch(normalizer, NULL, &batch);
	audit_events_join(carry, &batch);
}

#define RUN(first, seconds, ...)                                                               \
	do {                                                                                   \
		static const char *const lines[] = {__VA_ARGS__};                              \
		run_batch(lines, ARRAY_LEN(lines), (first), (seconds));                        \
	} while (0)

static void expect(unsigned i, enum field_id id, const char *value)
{
	struct slice found = record_get(&batch.records[i], id);

	if (value == NULL)
		ck_assert_msg(slice_absent(found), "%u: %.*s", i, SLICE_FMT(found));
	else
		ck_assert_slice_eq(found, slice_str(value));
}

START_TEST(the_last_record_carries_the_event)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), EXECVE("7"), TITLE("7"));
	expect(0, FIELD_SOC_EVENT_RECORDS, NULL);
	expect(1, FIELD_SOC_EVENT_RECORDS, NULL);
	expect(1, FIELD_PROCESS_EXECUTABLE, NULL);
	expect(2, FIELD_SOC_EVENT_RECORDS, "3");
	expect(2, FIELD_SOC_EVENT_ACTION, "executed");
	expect(2, FIELD_EVENT_ACTION, "proctitle");
	expect(2, FIELD_PROCESS_EXECUTABLE, "/usr/bin/sudo");
	expect(2, FIELD_PROCESS_COMMAND_LINE, "sudo id");
	expect(2, FIELD_EVENT_OUTCOME, "success");
	teardown();
}
END_TEST

START_TEST(records_of_events_come_mixed)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), SYSCALL("8", "42"), EXECVE("7"), "no audit record",
		SOCKET("8"), TITLE("8"), "!" TITLE("7"), TITLE("7"));
	expect(5, FIELD_SOC_EVENT_ACTION, "connected-to");
	expect(5, FIELD_DESTINATION_IP, "203.0.113.9");
	expect(5, FIELD_SOC_EVENT_RECORDS, "3");
	expect(6, FIELD_SOC_EVENT_RECORDS, NULL); /* of another log */
	expect(7, FIELD_SOC_EVENT_RECORDS, "3");
	expect(7, FIELD_PROCESS_COMMAND_LINE, "sudo id");
	expect(7, FIELD_DESTINATION_IP, NULL);
	teardown();
}
END_TEST

START_TEST(an_event_whose_end_is_not_said_is_its_records_in_the_batch)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), EXECVE("7"), SYSCALL("8", "42"), SOCKET("8"));
	expect(1, FIELD_SOC_EVENT_ACTION, "executed");
	expect(3, FIELD_SOC_EVENT_ACTION, "connected-to");
	teardown();
}
END_TEST

START_TEST(an_event_goes_on_in_the_next_batch)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), EXECVE("7"));
	expect(1, FIELD_SOC_EVENT_RECORDS, "2");
	RUN(3, 101, TITLE("7"), SYSCALL("8", "42"));
	expect(0, FIELD_SOC_EVENT_RECORDS, "3");
	expect(0, FIELD_PROCESS_COMMAND_LINE, "sudo id");
	expect(1, FIELD_SOC_EVENT_RECORDS, NULL);
	RUN(5, 101, SOCKET("8"));
	expect(0, FIELD_DESTINATION_IP, "203.0.113.9");
	RUN(6, 101, TITLE("8"));
	expect(0, FIELD_SOC_EVENT_RECORDS, "3");
	RUN(7, 101, TITLE("8")); /* it has ended */
	expect(0, FIELD_SOC_EVENT_RECORDS, NULL);
	teardown();
}
END_TEST

START_TEST(a_batch_that_comes_again_joins_nothing_twice)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), EXECVE("7"));
	RUN(1, 101, SYSCALL("7", "59"), EXECVE("7"));
	expect(1, FIELD_SOC_EVENT_RECORDS, "2");
	expect(1, FIELD_PROCESS_COMMAND_LINE, "sudo id");
	teardown();
}
END_TEST

START_TEST(what_was_left_is_forgotten_after_some_seconds)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), EXECVE("7"));
	RUN(3, 100 + AUDIT_CARRIED_SECONDS + 1, TITLE("7"));
	expect(0, FIELD_SOC_EVENT_RECORDS, NULL);
	teardown();
}
END_TEST

START_TEST(other_hosts_have_other_serials)
{
	setup();
	RUN(1, 100, SYSCALL("7", "59"), EXECVE("7"));
	RUN(3, 100, "!" TITLE("7"));
	expect(0, FIELD_SOC_EVENT_RECORDS, NULL);
	teardown();
}
END_TEST

START_TEST(messages_of_programs_are_events_by_themselves)
{
	setup();
	RUN(1, 100,
		"type=USER_LOGIN msg=audit(1772852400.1:7): pid=1 msg='op=login acct=\"an\"'",
		"type=USER_LOGIN msg=audit(1772852400.1:7): pid=1 msg='op=login acct=\"an\"'");
	expect(1, FIELD_SOC_EVENT_RECORDS, NULL);
	teardown();
}
END_TEST

START_TEST(an_event_of_too_many_records_keeps_the_first)
{
	static char text[RECORDS_MAX][LINE_MAX_BYTES];
	const char *paths[RECORDS_MAX];

	setup();
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		snprintf(text[i], sizeof(text[i]),
			"type=PATH msg=audit(1772852400.1:7): item=%u name=\"/p/%0250u\"", i,
			i);
		paths[i] = text[i];
	}
	run_batch(paths, RECORDS_MAX, 1, 100);
	expect(RECORDS_MAX - 1, FIELD_SOC_EVENT_RECORDS, "64");
	RUN(1 + RECORDS_MAX, 100, TITLE("7")); /* it was too long to be remembered */
	expect(0, FIELD_SOC_EVENT_RECORDS, NULL);
	teardown();
}
END_TEST

START_TEST(more_events_than_are_remembered_push_out_the_oldest)
{
	char line[LINE_MAX_BYTES];
	const char *one = line;

	setup();
	for (unsigned i = 0; i <= AUDIT_CARRIED_MAX; i++) {
		snprintf(line, sizeof(line),
			"type=EXECVE msg=audit(1772852400.1:%u): argc=1 a0=\"x\"", 100 + i);
		run_batch(&one, 1, 1 + i, 100 + i / AUDIT_CARRIED_MAX);
	}
	RUN(200, 101, TITLE("101"));
	expect(0, FIELD_SOC_EVENT_RECORDS, "2");
	RUN(201, 101, TITLE("100"));
	expect(0, FIELD_SOC_EVENT_RECORDS, NULL);
	teardown();
}
END_TEST

TEST_MAIN("normalize/audit_events", the_last_record_carries_the_event,
	records_of_events_come_mixed,
	an_event_whose_end_is_not_said_is_its_records_in_the_batch,
	an_event_goes_on_in_the_next_batch, a_batch_that_comes_again_joins_nothing_twice,
	what_was_left_is_forgotten_after_some_seconds, other_hosts_have_other_serials,
	messages_of_programs_are_events_by_themselves,
	an_event_of_too_many_records_keeps_the_first,
	more_events_than_are_remembered_push_out_the_oldest)
