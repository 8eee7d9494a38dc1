#include "collector/normalize/families/device.h"

#include "common/clock.h"
#include "tests/support/check.h"

static struct arena arena;

/* event.duration of a record that was told of it in that text. */
static struct slice duration_of(const char *text)
{
	struct field fields[4] = {{.id = FIELD_NONE}};
	struct record record = {.fields = fields,
		.fields_room = ARRAY_LEN(fields),
		.n_fields = 1,
		.created_ns = CLOCK_NONE};
	struct parse_context context = {.arena = &arena};

	put_seconds(&record, &context, slice_str(text));
	return record_get(&record, FIELD_EVENT_DURATION);
}

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

	arena_init(&arena, 1 << 12);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_slice_eq(duration_of(texts[i].text), slice_str(texts[i].ns));
	ck_assert(slice_absent(duration_of("soon")));
	arena_done(&arena);
}
END_TEST

TEST_MAIN("normalize/device", names_of_attacks_tell_their_class,
	durations_of_all_spellings_are_nanoseconds)
