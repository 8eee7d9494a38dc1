#include "collector/normalize/text/wording.h"

#include "common/clock.h"
#include "tests/support/check.h"

static const struct wording rows[] = {
	{{SLICE_BYTES("1")},
		{SLICE_BYTES("Deny {proto} src {in}:{src}/{sport}{? ({nsrc}/{nsport})?} dst "
			     "{dst}{? by {rule}?}")},
		TELLS_DENIED},
	{{SLICE_BYTES("2")}, {SLICE_BYTES("user {user*} from {src} logged in")}, TELLS_LOGIN},
	{{SLICE_BYTES("2")}, {SLICE_BYTES("user {user*} refused")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("3")}, {SLICE_BYTES("[<{what}> {-} until {until}")}, TELLS_ATTACK_DENIED,
		CLASS_DOS, SEVERITY_CRITICAL},
	{{SLICE_BYTES("4")}, {0}, TELLS_BOOTED},
};
static struct wording_table table = WORDING_TABLE(rows);

static struct arena arena;
static struct field fields[RECORD_FIELDS_MAX];
static struct record record;
static struct parse_context context;

static const struct wording *read_text(const char *code, const char *text)
{
	arena_reset(&arena);
	fields[0] = (struct field){.id = FIELD_NONE};
	record = (struct record){.fields = fields,
		.fields_room = RECORD_FIELDS_MAX,
		.n_fields = 1,
		.created_ns = CLOCK_NONE};
	context = (struct parse_context){.arena = &arena};
	return put_wording(&table, slice_str(code), slice_str(text), &record, &context);
}

static void expect(enum field_id id, const char *value)
{
	struct slice got = record_get(&record, id);

	ck_assert_msg(!slice_absent(got), "no %.*s", SLICE_FMT(field_name(id)));
	ck_assert_slice_eq(got, slice_str(value));
}

START_TEST(a_sentence_gives_its_values_and_what_it_tells)
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

START_TEST(optional_parts_are_read_when_they_are_there)
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
	ck_assert(wording_knows(&table, SLICE_LIT("4")));
	ck_assert(!wording_knows(&table, SLICE_LIT("9")));
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

START_TEST(names_of_attacks_tell_their_class)
{
	static const struct {
		const char *name;
		enum attack_class attack;
	} names[] = {
		{"Backdoor.DoublePulsar", CLASS_MALWARE},
		{"tcp_syn_flood", CLASS_DOS},
		{"TCP.Port.Scan", CLASS_RECON},
		{"Attempted Denial of Service", CLASS_DOS},
		{"Robots.txt Access", CLASS_OTHER},
		{"Dosage.Overflow", CLASS_OTHER},
		{"Conficker Worm Scan", CLASS_MALWARE},
		{"WannaCry Ransomware Worm", CLASS_RANSOMWARE},
		{"Phishing", CLASS_PHISHING},
		{"", CLASS_OTHER},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(attack_of_name(slice_str(names[i].name), CLASS_OTHER) ==
				      names[i].attack,
			"%s", names[i].name);
}
END_TEST

START_TEST(durations_of_all_spellings_are_nanoseconds)
{
	static const struct {
		const char *text, *ns;
	} texts[] = {
		{"15", "15000000000"},
		{"0:01:02", "62000000000"},
		{"1h02m03s", "3723000000000"},
		{"0h:10m:03s", "603000000000"},
		{"1d 00:00:01", "86401000000000"},
		{"0.5", "500000000"},
	};

	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		(void)read_text("9", "");
		put_seconds(&record, &context, slice_str(texts[i].text));
		expect(FIELD_EVENT_DURATION, texts[i].ns);
	}
	(void)read_text("9", "");
	put_seconds(&record, &context, SLICE_LIT("soon"));
	ck_assert(slice_absent(record_get(&record, FIELD_EVENT_DURATION)));
	arena_done(&arena);
}
END_TEST

TEST_MAIN("normalize/wording", a_sentence_gives_its_values_and_what_it_tells,
	optional_parts_are_read_when_they_are_there, a_name_cannot_move_what_stands_behind_it,
	a_text_that_is_another_adds_nothing, braces_brackets_and_attacks,
	names_of_attacks_tell_their_class, durations_of_all_spellings_are_nanoseconds)
