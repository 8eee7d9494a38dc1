#include "collector/normalize/families/device_phrases.h"

#include "common/clock.h"
#include "tests/support/check.h"

static const struct device_phrase rows[] = {
	SAYS("1", DENIED,
		"Deny {transport+} src {in}:{source+}/{source.port}"
		"[[ ({source.nat+}/{source.nat.port})]] dst {destination+}[[ by {rule.name}]]"),
	SAYS("2", LOGIN, "user {user.name*} from {source+} logged in"),
	SAYS("2", LOGIN_FAILED, "user {user.name*} refused"),
	SUSPECTS("3", ATTACK_DENIED, DOS, CRITICAL, "[<{.what}> {} until {.until}"),
	SAYS("4", BOOTED, "{}"),
};
static struct device_phrases phrases = DEVICE_PHRASES(rows);

static struct arena arena;
static struct field fields[RECORD_FIELDS_MAX];
static struct record record;
static struct parse_context context;

static const struct device_phrase *read_text(const char *code, const char *text)
{
	arena_reset(&arena);
	fields[0] = (struct field){.id = FIELD_NONE};
	record = (struct record){.fields = fields,
		.fields_room = RECORD_FIELDS_MAX,
		.n_fields = 1,
		.created_ns = CLOCK_NONE};
	context = (struct parse_context){.arena = &arena};
	return device_phrases_read(
		&phrases, &record, &context, slice_str(code), slice_str(text));
}

static void expect(enum field_id id, const char *value)
{
	struct slice got = record_get(&record, id);

	ck_assert_msg(!slice_absent(got), "no %.*s", SLICE_FMT(field_name(id)));
	ck_assert_slice_eq(got, slice_str(value));
}

START_TEST(a_phrase_gives_its_values_and_what_it_tells)
{
	arena_init(&arena, 1 << 16);
	ck_assert_ptr_eq(
		read_text("1", "Deny  TCP src dmz:192.0.2.1/99 dst 192.0.2.2"), &rows[0]);
	expect(FIELD_NETWORK_TRANSPORT, "tcp");
	expect(FIELD_OBSERVER_INGRESS_INTERFACE, "dmz");
	expect(FIELD_SOURCE_IP, "192.0.2.1");
	expect(FIELD_SOURCE_PORT, "99");
	expect(FIELD_DESTINATION_IP, "192.0.2.2");
	expect(FIELD_EVENT_ACTION, "connection-denied");
	ck_assert(slice_absent(record_get(&record, FIELD_SOURCE_NAT_IP)));
	ck_assert(slice_absent(record_get(&record, FIELD_RULE_NAME)));
	arena_done(&arena);
}
END_TEST

START_TEST(parts_that_may_be_absent_are_read_when_they_are_there)
{
	arena_init(&arena, 1 << 16);
	ck_assert_ptr_nonnull(
		read_text("1", "Deny 6 src a:2001:DB8::1/9 (10.0.0.1/8) dst b by list c"));
	expect(FIELD_SOURCE_IP, "2001:db8::1");
	expect(FIELD_SOURCE_NAT_IP, "10.0.0.1");
	expect(FIELD_SOURCE_NAT_PORT, "8");
	expect(FIELD_DESTINATION_ADDRESS, "b");
	expect(FIELD_RULE_NAME, "list c");
	arena_done(&arena);
}
END_TEST

START_TEST(a_name_cannot_move_what_stands_behind_it)
{
	arena_init(&arena, 1 << 16);
	ck_assert_ptr_eq(
		read_text("2", "user x from 203.0.113.9 logged in from 192.0.2.5 logged in"),
		&rows[1]);
	expect(FIELD_SOURCE_IP, "192.0.2.5");
	expect(FIELD_USER_NAME, "x from 203.0.113.9 logged in");
	ck_assert_ptr_eq(read_text("2", "user a b refused"), &rows[2]);
	expect(FIELD_USER_NAME, "a b");
	expect(FIELD_EVENT_OUTCOME, "failure");
	arena_done(&arena);
}
END_TEST

START_TEST(a_text_that_is_another_adds_nothing)
{
	arena_init(&arena, 1 << 16);
	ck_assert_ptr_null(read_text("1", "Deny TCP src dmz:192.0.2.1/99 to 192.0.2.2"));
	ck_assert_uint_eq(record.n_fields, 1);
	ck_assert_ptr_null(read_text("1", "Deny TCP src dmz:a b/99 dst 192.0.2.2"));
	ck_assert_ptr_null(read_text("1", ""));
	ck_assert_ptr_null(read_text("9", "Deny"));
	ck_assert(device_phrases_know(&phrases, SLICE_LIT("4")));
	ck_assert(!device_phrases_know(&phrases, SLICE_LIT("9")));
	ck_assert_ptr_eq(read_text("4", "anything"), &rows[4]);
	arena_done(&arena);
}
END_TEST

START_TEST(braces_brackets_and_attacks)
{
	arena_init(&arena, 1 << 16);
	ck_assert_ptr_eq(read_text("3", "[<this> is it until the end"), &rows[3]);
	expect(FIELD_OTHER, "what");
	expect(FIELD_OTHER_VALUE, "this");
	expect(FIELD_SOC_ATTACK_CLASS, "dos");
	expect(FIELD_SOC_ATTACK_SEVERITY, "medium");
	expect(FIELD_EVENT_KIND, "alert");
	arena_done(&arena);
}
END_TEST

TEST_MAIN("normalize/device_phrases", a_phrase_gives_its_values_and_what_it_tells,
	parts_that_may_be_absent_are_read_when_they_are_there,
	a_name_cannot_move_what_stands_behind_it, a_text_that_is_another_adds_nothing,
	braces_brackets_and_attacks)
