/*
 * What happens to lines on their way: every sample line is cut at every byte, has every byte
 * changed in turn, and has a field that never ends; every parser is given what it would choke
 * on if it were careless. Work that grows faster than the line would never end here. Whatever
 * comes out, its values lie where they may, its JSON is JSON, and nothing that a line says is
 * taken for what the collector says.
 */
#include <yyjson.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/utf8.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"

enum {
	LINE_MAX_BYTES = 4096,
	ARENA_MAX = 1 << 20,
	JSON_MAX = 1 << 26,
	SWOLLEN = 1 << 16,
	HUGE_FIELD = 1 << 20,
	HOSTILE_SIZE = 1 << 18
};

/* Of the linker: this program's image, constants included. */
extern const char __executable_start, end;

static struct normalizer *normalizer;
static struct arena arena;
static struct strbuf json;

static void setup(void)
{
	static const struct normalize_settings settings = {.zone.seconds = 7 * 3600};

	normalizer = normalizer_new(&settings);
	arena_init(&arena, ARENA_MAX);
	json = (struct strbuf)STRBUF_INIT(JSON_MAX);
}

static void teardown(void)
{
	normalizer_free(normalizer);
	arena_done(&arena);
	strbuf_done(&json);
}

static bool is_constant(struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr;

	return at >= (uintptr_t)&__executable_start && at + value.len <= (uintptr_t)&end;
}

static bool lies_in(struct slice text, struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr, start = (uintptr_t)text.ptr;

	return at >= start && at + value.len <= start + text.len;
}

static void check_values(const struct record *record)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		struct slice value = field_value(&record->fields[i]);

		if (value.ptr == NULL ||
			(!lies_in(record->raw, value) && !arena_holds(&arena, value) &&
				!is_constant(value)))
			ck_abort_msg("field %u of %.*s", i, SLICE_FMT(record->raw));
	}
}

/* What arrived is what is told, byte for byte where JSON can hold it. */
static void check_original(yyjson_val *told, struct slice line)
{
	if (!utf8_valid(line))
		return;
	if (told == NULL ||
		!slice_eq(slice_of(yyjson_get_str(told), yyjson_get_len(told)), line))
		ck_abort_msg("another original: told %zu of %zu %.60s ... %02x",
			told ? yyjson_get_len(told) : 0, line.len, line.ptr,
			(unsigned char)line.ptr[line.len / 2]);
}

/* The names that only the collector may write stand once. */
static void check_json(const struct record *record, struct slice line)
{
	static const char *const ours[] = {"event.original", "event.module", "soc.parser",
		"soc.parse_status", "event.kind"};

	strbuf_reset(&json);
	encode_json(&json, record, SLICE_LIT("x"));
	yyjson_doc *doc = yyjson_read(json.ptr, json.len, YYJSON_READ_NOFLAG);
	if (doc == NULL)
		ck_abort_msg("%s", strbuf_cstr(&json));
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		size_t n = 0, at, max;
		yyjson_val *key, *value;

		yyjson_obj_foreach(yyjson_doc_get_root(doc), at, max, key, value) n +=
			yyjson_equals_str(key, ours[i]);
		if (n > 1)
			ck_abort_msg("%s twice: %s", ours[i], strbuf_cstr(&json));
	}
	check_original(yyjson_obj_get(yyjson_doc_get_root(doc), "event.original"), line);
	yyjson_doc_free(doc);
}

static void check_line(struct slice line, const struct parser *format)
{
	struct record record = {.raw = line,
		.received_ns = SAMPLES_RECEIVED_NS,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG};

	arena_reset(&arena);
	normalize_record(normalizer, format, &arena, &record);
	if (!slice_eq(record.raw, line))
		ck_abort_msg("changed: %.200s", line.ptr);
	check_values(&record);
	check_json(&record, line);
}

/* Shorter by one byte each time, in memory that ends there so that a reader past it is seen. */
static void cut_line(struct slice line, const struct parser *format)
{
	for (size_t len = 0; len <= line.len; len++) {
		char *copy = malloc(len + 1);

		if (copy == NULL)
			ck_abort();
		memcpy(copy + 1, line.ptr, len);
		check_line(slice_of(copy + 1, len), format);
		free(copy);
	}
}

static void flip_line(struct slice line, const struct parser *format)
{
	static const char others[] = {'\0', '\xff', '"', '\\', ' ', '9', '{', '='};
	char copy[LINE_MAX_BYTES];

	memcpy(copy, line.ptr, line.len);
	for (size_t i = 0; i < line.len; i++) {
		copy[i] = others[i % sizeof(others)];
		check_line(slice_of(copy, line.len), format);
		copy[i] = (char)(line.ptr[i] ^ 1 << i % 8);
		check_line(slice_of(copy, line.len), format);
		copy[i] = line.ptr[i];
	}
}

/* Each byte is missing once, and stands there twice once. */
static void stutter_line(struct slice line, const struct parser *format)
{
	char copy[LINE_MAX_BYTES + 1];

	for (size_t i = 0; i < line.len; i++) {
		memcpy(copy, line.ptr, i);
		memcpy(copy + i, line.ptr + i + 1, line.len - i - 1);
		check_line(slice_of(copy, line.len - 1), format);
		memcpy(copy, line.ptr, i + 1);
		memcpy(copy + i + 1, line.ptr + i, line.len - i);
		check_line(slice_of(copy, line.len + 1), format);
	}
}

/* What no program means to write: text that turns around, colours and erases the terminal, ends
 * strings and lines, is no UTF-8, or looks like what the collector says. */
static const struct slice oddities[] = {
	{SLICE_BYTES("\xe2\x80\xae")},    /* U+202E, right to left */
	{SLICE_BYTES("\xe2\x81\xa6")},    /* U+2066 */
	{SLICE_BYTES("\xef\xbb\xbf")},    /* byte order mark */
	{SLICE_BYTES("\x1b[2J\x1b[31m")}, /* of a terminal */
	{SLICE_BYTES("\b\x7f\xc2\x9b")},  /* backspace, delete, CSI */
	{SLICE_BYTES("\0")},
	{SLICE_BYTES("\r\n")},
	{SLICE_BYTES("\xed\xa0\x80")}, /* half a surrogate */
	{SLICE_BYTES("\xc0\x80")},     /* NUL in two bytes */
	{SLICE_BYTES(" soc.parser=x event.original=y ")},
	{SLICE_BYTES("\",\"soc.parser\":\"x\",\"event.original\":\"y\",\"a\":\"")},
	{SLICE_BYTES(" from 192.0.2.1 port 22 ")},
	{SLICE_BYTES("%00%0d%0a%n%s")},
};

static bool is_boundary(struct slice line, size_t at)
{
	return at == 0 || at == line.len || strchr(" \"=:,|<>[]{}\t", line.ptr[at]) != NULL;
}

/* At every place where a word ends, one after the other. */
static void put_into_line(struct slice line, const struct parser *format)
{
	char copy[LINE_MAX_BYTES + 64];
	unsigned n = 0;

	for (size_t i = 0; i <= line.len; i++) {
		if (!is_boundary(line, i))
			continue;
		const struct slice oddity = oddities[n++ % ARRAY_LEN(oddities)];

		memcpy(copy, line.ptr, i);
		memcpy(copy + i, oddity.ptr, oddity.len);
		memcpy(copy + i + oddity.len, line.ptr + i, line.len - i);
		check_line(slice_of(copy, line.len + oddity.len), format);
	}
}

/* ---- JSON that is none, or too much of it ------------------------------------------------ */

enum { DEEP = 2000, ROOM = LINE_MAX_BYTES + 8 * DEEP };

static size_t put_deep(char *to, const char *opening, char closing)
{
	const size_t len = strlen(opening);
	char *at = to;

	for (unsigned i = 0; i < DEEP; i++, at += len)
		memcpy(at, opening, len);
	*at++ = '1';
	memset(at, closing, DEEP);
	return (size_t)(at - to) + DEEP;
}

/* The text that stands for a value of a pair, number `which`. */
static size_t put_value(char *to, unsigned which)
{
	static const char *const values[] = {"NaN", "-Infinity", "1e999999", "-0", "",
		"18446744073709551616", "\"\\ud800\"", "\"\\u0000\"", "{\"a\":1,\"a\":2}",
		"[1,[2,{\"b\":[]}]]", "null", "truefalse"};

	which %= ARRAY_LEN(values) + 2;
	if (which == ARRAY_LEN(values))
		return put_deep(to, "[", ']');
	if (which == ARRAY_LEN(values) + 1)
		return put_deep(to, "{\"a\":", '}');
	memcpy(to, values[which], strlen(values[which]) + 1);
	return strlen(values[which]);
}

/* Up to the comma, the brace or the bracket that ends it, as far as quotes tell. */
static size_t end_of_value(struct slice line, size_t at)
{
	bool quoted = false;

	for (; at < line.len; at++) {
		if (line.ptr[at] == '\\')
			at++;
		else if (line.ptr[at] == '"')
			quoted = !quoted;
		else if (!quoted && strchr(",}]", line.ptr[at]) != NULL)
			break;
	}
	return at < line.len ? at : line.len;
}

/* Each pair has another value, and stands there a second time. */
static void spoil_json(struct slice line, const struct parser *format)
{
	char copy[ROOM];
	unsigned n = 0;

	for (size_t i = 1; i < line.len; i++) {
		if (line.ptr[i] != ':' || line.ptr[i - 1] != '"')
			continue;
		const size_t stop = end_of_value(line, i + 1);
		size_t len = i + 1;

		memcpy(copy, line.ptr, len);
		len += put_value(copy + len, n++);
		memcpy(copy + len, line.ptr + stop, line.len - stop);
		check_line(slice_of(copy, len + line.len - stop), format);

		size_t begin = i - 1;
		while (begin > 0 && line.ptr[begin - 1] != '"')
			begin--;
		if (begin == 0)
			continue;
		begin--;
		memcpy(copy, line.ptr, stop);
		copy[stop] = ',';
		memcpy(copy + stop + 1, line.ptr + begin, line.len - begin);
		check_line(slice_of(copy, stop + 1 + line.len - begin), format);
	}
}

typedef void damage_function(struct slice line, const struct parser *format);

static void damage_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	damage_function *const *damage = user;
	struct slice line;

	ck_assert_uint_ne(stem.len, 0);
	while (slice_cut(&text, '\n', &line)) {
		if (line.len <= LINE_MAX_BYTES)
			(*damage)(line, format);
	}
}

/* ---- fields that never end ------------------------------------------------------------- */

static const char fillers[] = {'a', '0', ' ', '"', '\\', '{', '[', '=', '|', '\t', '<', ',',
	';', '\'', '/', ':', '\xff', '\x01'};

static void swell_line(
	struct slice line, const struct parser *format, size_t at, char filler, size_t size)
{
	char *swollen = malloc(line.len + size);

	if (swollen == NULL)
		ck_abort();
	memcpy(swollen, line.ptr, at);
	memset(swollen + at, filler, size);
	memcpy(swollen + at + size, line.ptr + at, line.len - at);
	check_line(slice_of(swollen, line.len + size), format);
	free(swollen);
}

/* Somewhere in each line; in the first of each file a megabyte. */
static void swell_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	unsigned *n = user;
	struct slice line;

	ck_assert_uint_ne(stem.len, 0);
	for (size_t size = HUGE_FIELD; slice_cut(&text, '\n', &line); size = SWOLLEN) {
		char filler = fillers[*n % sizeof(fillers)];

		if (line.len == 0)
			continue;
		swell_line(line, format, *n * 31 % line.len, filler, size);
		swell_line(line, format, line.len - *n % line.len, filler, size);
		++*n;
	}
}

START_TEST(a_field_may_never_end)
{
	unsigned n = 0;

	setup();
	sample_files_each(swell_file, &n);
	ck_assert_uint_gt(n, 500);
	teardown();
}
END_TEST

/* `start`, then `again` over and over, then `stop`. */
static const struct {
	const char *start, *again, *stop;
} hostile[] = {
	{"", "[", ""},
	{"", "{\"a\":", ""},
	{"", "[{\"a\":[", "1"},
	{"{\"a\":1", ",\"a\":2", "}"},
	{"{\"message\":\"x\"", ",\"soc.parser\":\"y\",\"event.original\":\"z\"", "}"},
	{"{\"n\":NaN", ",\"n\":-Infinity", "}"},
	{"{\"n\":1", "0", "}"},
	{"{\"t\":\"", "\\u202e\\ud800", "\"}"},
	{"{\"EventID\":1,\"winlog\":{\"event_data\":{\"a\":1", ",\"Image\":\"x\"", "}}}"},
	{"<Event><System>", "<EventID>1</EventID>", "</System></Event>"},
	{"<Event>", "<Data Name='a'>", "</Event>"},
	{"<Event>", "<Event ", ""},
	{"<Event><System>", "&amp;&#x41;&lt", ""},
	{"<13>1 2026-01-01T00:00:00Z h a - - ", "[a@1 b=\"c\"]", " x"},
	{"<13>1 2026-01-01T00:00:00Z h a - - [a@1", " b=\"\\\"\"", "] x"},
	{"<13>", "Jan  1 00:00:00 h ", ""},
	{"<13>Jan  1 00:00:00 h sshd[1]: ", "error: ", ""},
	{"<13>Jan  1 00:00:00 h sshd[1]: Failed password for ", "x from ",
		"192.0.2.1 port 1 ssh2"},
	{"<13>Jan  1 00:00:00 h sudo: a : ", "TTY=x ; ", "COMMAND=/bin/sh"},
	{"<13>Jan  1 00:00:00 h kernel: IN=a OUT= ", "SRC=192.0.2.1 ", ""},
	{"<13>Jan  1 00:00:00 h postfix/smtpd[1]: ", "a=<b>, ", ""},
	{"CEF:0|a|b|c|d|e|5|", "cs1=x cs1Label=y ", ""},
	{"CEF:0|a", "\\|", "|b|c|d|e|5|"},
	{"LEEF:2.0|a|b|c|d|", "src=192.0.2.1\t", ""},
	{"type=EXECVE msg=audit(1.0:1): ", "a0=\"x\" ", ""},
	{"type=SYSCALL msg=audit(1.0:1): ", "a=b='", ""},
	{"", "a=b ", ""},
	{"", "a=\"", ""},
	{"", "a: b; ", ""},
	{"h\tMSWinEventLog", "\t1", ""},
	{"1.2.3.4 - - [", "[", "] \"GET / HTTP/1.1\" 200 1"},
	{"1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] \"", "\\\"", "\" 200 1 \"-\" \"-\""},
	{"", "\xe2\x80\xae\x1b[2J", ""},
	{"", "\xf0\x90", ""},
	{"2026-01-01 00:00:00 1o6Xab-0001Ab-Cd <= a H=", "(b) [", ""},
	{"2026-01-01 00:00:00 1o6Xab-0001Ab-Cd => ", "a <b> ", ""},
};

static struct slice make_hostile(size_t i, char *buf)
{
	struct slice start = slice_str(hostile[i].start), again = slice_str(hostile[i].again);
	struct slice stop = slice_str(hostile[i].stop);
	size_t len = start.len;

	memcpy(buf, start.ptr, start.len);
	for (; len + again.len + stop.len <= HOSTILE_SIZE; len += again.len)
		memcpy(buf + len, again.ptr, again.len);
	memcpy(buf + len, stop.ptr, stop.len);
	return slice_of(buf, len + stop.len);
}

START_TEST(no_text_is_too_much_for_any_parser)
{
	char *buf = malloc(HOSTILE_SIZE);

	ck_assert_ptr_nonnull(buf);
	setup();
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		struct slice text = make_hostile(i, buf);

		check_line(text, NULL);
		for (unsigned p = 0; parsers[p] != NULL; p++)
			check_line(text, parsers[p]);
	}
	teardown();
	free(buf);
}
END_TEST

START_TEST(a_line_may_end_anywhere)
{
	damage_function *damage = cut_line;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

START_TEST(a_byte_may_be_another)
{
	damage_function *damage = flip_line;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

START_TEST(a_byte_may_be_missing_or_stand_twice)
{
	damage_function *damage = stutter_line;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

START_TEST(a_line_may_hold_what_no_program_writes)
{
	damage_function *damage = put_into_line;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

START_TEST(values_of_json_may_be_none_and_names_stand_twice)
{
	damage_function *damage = spoil_json;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

TEST_MAIN("normalize/damage", a_line_may_end_anywhere, a_byte_may_be_another,
	a_byte_may_be_missing_or_stand_twice, a_line_may_hold_what_no_program_writes,
	values_of_json_may_be_none_and_names_stand_twice, a_field_may_never_end,
	no_text_is_too_much_for_any_parser)
