#include "collector/normalize/text/sentence.h"

#include <stdio.h>

#include "collector/normalize/text/phrases.h"
#include "common/clock.h"
#include "tests/support/check.h"

enum { ARENA_SIZE = 1 << 16 };

struct bench {
	struct arena arena;
	struct field fields[RECORD_FIELDS_MAX];
	struct record record;
	struct parse_context context;
};

static void bench_init(struct bench *bench)
{
	arena_init(&bench->arena, ARENA_SIZE);
	bench->fields[0] = (struct field){.id = FIELD_NONE};
	bench->record = (struct record){.fields = bench->fields,
		.fields_room = RECORD_FIELDS_MAX,
		.n_fields = 1, /* the first belongs to normalize.c */
		.created_ns = CLOCK_NONE};
	bench->context = (struct parse_context){.arena = &bench->arena};
}

/* "name=value;" of every field, in order; absent when the text is another sentence. */
static struct slice read_text(struct bench *bench, const char *words, const char *text)
{
	static char out[4096];
	struct sentence *sentence = sentence_new(slice_str(words));
	struct sentence_values values;
	size_t len = 0;
	bool taken = sentence_take(sentence, slice_str(text), &values);

	if (taken)
		sentence_put(&bench->record, &bench->context, &values);
	sentence_free(sentence);
	if (!taken)
		return SLICE_NONE;
	for (unsigned i = 1; i < bench->record.n_fields; i++) {
		const struct field *field = &bench->record.fields[i];
		struct slice name = field_name((enum field_id)field->id);

		len += (size_t)snprintf(out + len, sizeof(out) - len, "%.*s=%.*s;",
			SLICE_FMT(name), (int)field->len, field->ptr);
		ck_assert_uint_lt(len, sizeof(out));
	}
	return slice_of(out, len);
}

static const struct {
	const char *words, *text, *wanted; /* NULL = another sentence */
} cases[] = {
	/* up to the first place where it goes on */
	{"a {user.name} b", "a x b", "user.name=x;"},
	{"a {user.name} b", "a x y b", "user.name=x y;"},
	{"a {user.name} b", "a x b b", NULL},
	{"a {user.name} b{}", "a x b b", "user.name=x;"},
	{"a {user.name}", "a x y z", "user.name=x y z;"},
	{"{user.name}: {}", "x: y: z", "user.name=x;"},
	/* up to the last one */
	{"a {user.name*} b", "a x b b", "user.name=x b;"},
	{"{user.name*} from {source.ip}", "x from 192.0.2.1 from 192.0.2.2",
		"user.name=x from 192.0.2.1;source.ip=192.0.2.2;"},
	/* words */
	{"a {user.name+} b", "a x y b", NULL},
	{"a {user.name+} b", "a  b", NULL},
	{"({user.name+}) over {}", "(x(1)) over y", "user.name=x(1);"},
	{"({user.name+}: y) {+}{}", "(x:z: y) 1 2", "user.name=x:z;"},
	{"{source.ip+}{}", "192.0.2.1. And more", "source.ip=192.0.2.1;"},
	/* numbers and addresses are what they are called */
	{"port {source.port} open", "port 22 open", "source.port=22;"},
	{"port {source.port} open", "port ssh open", NULL},
	{"port {source.port+} open", "port 22 open", "source.port=22;"},
	{"port {source.port+} open", "port ssh open", ""},
	{"port {source.port+} open", "port a b open", NULL},
	{"of {source.ip}", "of 2001:DB8::1", "source.ip=2001:db8::1;"},
	{"of {source.ip}", "of nobody", NULL},
	{"of {source}", "of nobody", "source.address=nobody;"},
	{"of {source:};{}", "of [2001:db8::1]:9;", "source.ip=2001:db8::1;source.port=9;"},
	{"of {source:};{}", "of 2001:db8::1;", "source.ip=2001:db8::1;"},
	/* what devices tell */
	{"{transport+} {source+}/{source.port}{}", "6 a/9 b",
		"network.transport=tcp;source.address=a;source.port=9;"},
	{"{transport+} {source+}/{source.port}{}", "6 a b/9", NULL},
	{"({source.nat+}) to {destination+}{}", "(192.0.2.1) to b. c",
		"source.nat.ip=192.0.2.1;destination.address=b.;"},
	{"({source.nat+}) to {destination.nat}", "(web1) to web2", ""},
	{"{direction} on {in} by {out} over {protocol}", "incoming on a by b c over HTTP",
		"network.direction=inbound;observer.ingress.interface.name=a;"
		"observer.egress.interface.name=b c;network.protocol=http;"},
	{"for {duration}: {url}", "for 0:01:00: ", "event.duration=60000000000;"},
	/* parts that may be absent */
	{"a {user.name}[[ by {rule.name}]]", "a x", "user.name=x;"},
	{"a {user.name}[[ by {rule.name}]]", "a x by y", "user.name=x;rule.name=y;"},
	{"a {user.name}[[ by {rule.name}]] z", "a x z", "user.name=x;"},
	{"a {user.name}[[ by {rule.name}]] z", "a x by y z", "user.name=x;rule.name=y;"},
	{"a {user.name}[[ by {rule.name}]][[ of {group.name}]] z", "a x of y z",
		"user.name=x;group.name=y;"},
	{"a {user.name}[[ (port {source.port})]][[ (as {group.name})]]", "a x (as y)",
		"user.name=x;group.name=y;"},
	{"a {user.name+}[[ (port {source.port})]][[ (as {group.name})]]", "a x (as y)",
		"user.name=x;group.name=y;"},
	/* blanks */
	{"a b {user.name} c", "a   b  x c", "user.name=x;"},
	{"a b", "ab", NULL},
	{"a {user.name}; b", "a x  ; b", "user.name=x;"},
	{"a {user.name+}, b{}", "a x, b", "user.name=x;"},
	{"a {user.name}[[, b {group.name}]], c", "a x, c, b", NULL},
	/* edges */
	{"a", "", NULL},
	{"", "", ""},
	{"{}", "", ""},
	{"a{}", "a", ""},
	{"{user.name} b", " b", ""},
	{"{user.name}", "-", ""},
};

START_TEST(sentences_are_read_by_their_rules)
{
	static struct bench bench;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bench_init(&bench);
		struct slice got = read_text(&bench, cases[i].words, cases[i].text);

		ck_assert_msg(slice_absent(got) == (cases[i].wanted == NULL) &&
				      slice_eq(got, slice_str(cases[i].wanted)),
			"\"%s\" of \"%s\" gives %.*s, not %s", cases[i].words, cases[i].text,
			SLICE_FMT(got), cases[i].wanted ? cases[i].wanted : "nothing");
		arena_done(&bench.arena);
	}
}
END_TEST

START_TEST(what_the_message_speaks_of_stands_for_who_says_it)
{
	static struct bench bench;

	bench_init(&bench);
	put(&bench.record, &bench.context, FIELD_PROCESS_NAME, SLICE_LIT("systemd"));
	put(&bench.record, &bench.context, FIELD_PROCESS_PID, SLICE_LIT("1"));
	ck_assert_slice_eq(
		read_text(&bench, "{process.name}[{process.pid}] ended", "ab[7] ended"),
		SLICE_LIT("process.name=ab;process.pid=7;"));
	arena_done(&bench.arena);
}
END_TEST

START_TEST(the_first_byte_tells_most_sentences_apart)
{
	struct sentence *sentence = sentence_new(SLICE_LIT("ab {user.name}"));

	ck_assert_int_eq(sentence_head(sentence), 'a');
	sentence_free(sentence);
	sentence = sentence_new(SLICE_LIT("{user.name} ab"));
	ck_assert_int_eq(sentence_head(sentence), -1);
	sentence_free(sentence);
}
END_TEST

START_TEST(the_first_phrase_that_fits_counts)
{
	static const struct meaning one = MEANS("one"), two = MEANS("two");
	static const struct phrase list[] = {
		{"x {user.name} y", &one},
		{"x {}", &two},
		{"{} z", NULL},
	};
	static struct phrases phrases = PHRASES(list);
	static struct bench bench;

	bench_init(&bench);
	ck_assert_ptr_eq(
		phrases_read(&phrases, &bench.record, &bench.context, SLICE_LIT("x a y")),
		&list[0]);
	ck_assert_slice_eq(record_get(&bench.record, FIELD_EVENT_ACTION), SLICE_LIT("one"));
	ck_assert_ptr_eq(
		phrases_read(&phrases, &bench.record, &bench.context, SLICE_LIT("x a")),
		&list[1]);
	ck_assert_ptr_eq(
		phrases_read(&phrases, &bench.record, &bench.context, SLICE_LIT("a z")),
		&list[2]);
	bench.record.n_fields = 1;
	ck_assert_ptr_null(
		phrases_read(&phrases, &bench.record, &bench.context, SLICE_LIT("a")));
	ck_assert_ptr_null(
		phrases_read(&phrases, &bench.record, &bench.context, SLICE_LIT("")));
	ck_assert_uint_eq(bench.record.n_fields, 1);
	arena_done(&bench.arena);
}
END_TEST

TEST_MAIN("sentence", sentences_are_read_by_their_rules,
	what_the_message_speaks_of_stands_for_who_says_it,
	the_first_byte_tells_most_sentences_apart, the_first_phrase_that_fits_counts)
