#include "collector/normalize/normalize.h"

#include "collector/normalize/parsers.h"
#include "common/clock.h"
#include "common/pulse.h"
#include "tests/support/check.h"

static struct normalizer *normalizer;
static struct batch batch;

static const struct record_source by_name = {
	SLICE_LIT("file"), SLICE_LIT("/var/log/x"), SLICE_LIT("sshd")};
static const struct record_source any = {
	SLICE_LIT("file"), SLICE_LIT("/var/log/y"), SLICE_LIT("")};

static void setup(const struct record *records, unsigned n)
{
	normalizer = normalizer_new(&(struct normalize_settings){.zone.seconds = 0});
	batch_init(&batch);
	batch.records = arena_alloc(&batch.arena, n * sizeof(*records));
	ck_assert_ptr_nonnull(batch.records);
	memcpy(batch.records, records, n * sizeof(*records));
	batch.n_records = n;
}

static void teardown(void)
{
	batch_done(&batch);
	normalizer_free(normalizer);
}

static struct record line(const char *text)
{
	return (struct record){
		.raw = slice_str(text), .received_ns = 0, .source = &any, .kind = RECORD_LOG};
}

START_TEST(a_batch_is_normalized_in_place)
{
	struct record records[] = {
		line("<38>1 2026-05-01T00:00:00Z web sshd 77 - - Invalid user a from "
		     "192.0.2.1"),
		line("???"),
		line("<38>1 2026-05-01T00:00:00Z web strange 77 - - words"),
		line("<38>1 2026-05-01T00:00:00Z"),
	};

	setup(records, ARRAY_LEN(records));
	normalize_batch(normalizer, NULL, &batch);

	ck_assert_uint_eq(batch.records[0].status, PARSE_OK);
	ck_assert_slice_eq(
		record_get(&batch.records[0], FIELD_SOURCE_IP), SLICE_LIT("192.0.2.1"));
	ck_assert_uint_eq(batch.records[0].fields[0].id, FIELD_EVENT_MODULE);
	ck_assert_slice_eq(
		record_get(&batch.records[0], FIELD_EVENT_MODULE), SLICE_LIT("sshd"));
	ck_assert_uint_eq(batch.records[1].status, PARSE_UNKNOWN);
	ck_assert_uint_eq(batch.records[1].parser, 0);
	ck_assert_uint_eq(batch.records[1].n_fields, 0);
	ck_assert_int_eq(batch.records[1].created_ns, CLOCK_NONE);
	ck_assert_uint_eq(batch.records[2].status, PARSE_PARTIAL);
	ck_assert_slice_eq(record_get(&batch.records[2], FIELD_MESSAGE), SLICE_LIT("words"));
	ck_assert_uint_eq(batch.records[3].status, PARSE_DAMAGED);
	teardown();
}
END_TEST

START_TEST(every_record_of_a_batch_is_a_sign_of_life)
{
	struct record records[] = {line("???"), line("a=b"), line("")};
	struct pulse pulse = {0};

	setup(records, ARRAY_LEN(records));
	batch.pulse = &pulse;
	normalize_batch(normalizer, NULL, &batch);
	ck_assert_uint_eq(atomic_load(&pulse.beats), ARRAY_LEN(records));
	batch_reset(&batch);
	ck_assert_ptr_eq(batch.pulse, &pulse);
	teardown();
}
END_TEST

START_TEST(a_named_format_is_asked_first)
{
	struct record records[] = {
		line("Invalid user a from 192.0.2.1"),
		line("Invalid user a from 192.0.2.1"),
		line("<38>Jun  1 00:00:00 h sshd[1]: Invalid user a from 192.0.2.1"),
	};

	records[1].source = &by_name;
	records[2].source = &by_name;
	setup(records, ARRAY_LEN(records));
	normalize_batch(normalizer, NULL, &batch);
	ck_assert_uint_eq(batch.records[0].status, PARSE_UNKNOWN);
	ck_assert_uint_eq(batch.records[1].status, PARSE_OK);
	ck_assert_uint_eq(batch.records[2].status, PARSE_OK);
	teardown();
}
END_TEST

/* Of a shipper's events the line within is what the settings speak of. */
START_TEST(a_named_format_is_of_the_line_that_a_shipper_wrapped)
{
	static const struct record_source clamav = {
		.format = {SLICE_BYTES("clamav")}, .wrapped = true};
	static const struct record_source syslog = {
		.format = {SLICE_BYTES("rfc3164")}, .wrapped = true};
	struct record records[] = {
		line("{\"host\":{\"name\":\"h\"},\"message\":\"/srv/a.php: Php.Webshell-1 "
		     "FOUND\"}"),
		line("{\"message\":\"Jun  1 00:00:00 h sshd[1]: Invalid user a from "
		     "192.0.2.1\"}"),
		line("{\"message\":\"{\\\"user\\\":{\\\"name\\\":\\\"an\\\"}}\"}"),
		line("{\"winlog\":{\"event_id\":\"4625\",\"channel\":\"Security\",\"provider_"
		     "name\":"
		     "\"Microsoft-Windows-Security-Auditing\"},\"message\":\"x: y FOUND\"}"),
		line("no JSON at all"),
	};
	static const char *const parsers_of[] = {"clamav", "sshd", "json", "windows-json"};

	records[0].source = &clamav;
	records[1].source = records[2].source = &syslog;
	records[3].source = records[4].source = &clamav;
	setup(records, ARRAY_LEN(records));
	normalize_batch(normalizer, NULL, &batch);
	for (unsigned i = 0; i < ARRAY_LEN(parsers_of); i++) {
		const struct parser *parser = parser_by_number(batch.records[i].parser);

		ck_assert_ptr_nonnull(parser);
		ck_assert_str_eq(parser->name, parsers_of[i]);
	}
	ck_assert_slice_eq(record_get(&batch.records[0], FIELD_HOST_NAME), SLICE_LIT("h"));
	ck_assert_uint_eq(batch.records[4].status, PARSE_UNKNOWN);
	teardown();
}
END_TEST

START_TEST(a_full_arena_damages_the_record_and_no_more)
{
	struct record record = line(
		"<38>1 2026-05-01T00:00:00Z web sshd 77 - - Invalid user a from 192.0.2.1");
	struct arena arena;

	setup(&record, 1);
	arena_init(&arena, 16);
	normalize_record(normalizer, NULL, &arena, &record);
	ck_assert_uint_eq(record.status, PARSE_DAMAGED);
	ck_assert_uint_eq(record.n_fields, 0);
	arena_done(&arena);
	teardown();
}
END_TEST

START_TEST(a_value_without_room_damages_the_record)
{
	struct strbuf text = STRBUF_INIT(4096);
	struct arena arena;

	strbuf_add_str(&text, "user=an ip=192.0.2.1 level=info msg=\"");
	for (unsigned i = 0; i < 200; i++)
		strbuf_add_str(&text, "\\\"");
	strbuf_add_str(&text, "\"");
	struct record record = line(strbuf_cstr(&text));

	setup(&record, 1);
	arena_init(&arena, 300); /* for the fields, not for the message */
	normalize_record(normalizer, NULL, &arena, &record);
	ck_assert_uint_eq(record.status, PARSE_DAMAGED);
	ck_assert_slice_eq(record_get(&record, FIELD_USER_NAME), SLICE_LIT("an"));
	ck_assert(slice_absent(record_get(&record, FIELD_MESSAGE)));
	arena_done(&arena);
	strbuf_done(&text);
	teardown();
}
END_TEST

START_TEST(the_same_bytes_give_the_same_fields)
{
	struct record a = line("Jun  1 00:00:00 h sshd[1]: Invalid user a from 192.0.2.1");
	struct record b = a;
	static const char *const forged[] = {
		"Jun  1 00:00:00 h sshd[1]: Failed x", "<1>1 ", ""};

	setup(&a, 1);
	normalize_record(normalizer, NULL, &batch.arena, &a);
	for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
		struct record other = line(forged[i]);

		normalize_record(normalizer, NULL, &batch.arena, &other);
	}
	normalize_record(normalizer, NULL, &batch.arena, &b);
	ck_assert_uint_eq(a.n_fields, b.n_fields);
	for (unsigned i = 0; i < a.n_fields; i++)
		ck_assert_slice_eq(field_value(&a.fields[i]), field_value(&b.fields[i]));
	teardown();
}
END_TEST

/* What a relay wrote around a line, and nothing that the line says of itself. */
START_TEST(only_the_outermost_header_says_who_forwarded_a_line)
{
	static const struct record_source relay = {.names_host = true};
	static const struct record_source shipper = {.names_host = true, .wrapped = true};
	/* A computer with a certificate. */
	static const struct record_source computer = {.names_host = true,
		.input = {SLICE_BYTES("wef")},
		.forwarder = {SLICE_BYTES("h1")}};
	static const struct record_source nameless = {.names_host = true,
		.input = {SLICE_BYTES("wef")},
		.forwarder = {SLICE_BYTES("")}};
	static const struct {
		const struct record_source *source;
		const char *text, *host; /* NULL = nobody */
	} cases[] = {
		{&relay, "<13>Nov 22 01:02:03 h1 app: {\"host\":{\"name\":\"h3\"}}", "h1"},
		{&relay, "<13>1 2026-05-01T00:00:00Z h1 app - - - {\"host.hostname\":\"h3\"}",
			"h1"},
		{&relay, "<13>Nov 22 01:02:03 h1 Nov 22 01:02:03 h3 su: x", "h1"},
		{&relay, "<13>Nov 22 01:02:03 h1 Message forwarded from h3: su: x", "h1"},
		{&relay,
			"<13>Nov 22 01:02:03 h1 audisp: node=h3 type=USER_AUTH "
			"msg=audit(1792627323.5:1): pid=1 uid=0 auid=1 ses=2 msg='op=x'",
			"h1"},
		{&relay, "<13>1 2026-05-01T00:00:00Z - app - - - {\"host\":\"h3\"}", NULL},
		{&relay, "{\"host\":{\"name\":\"h3\"},\"message\":\"x\"}", NULL},
		{&relay, "host=h3 hostname=h3 user=root action=login", NULL},
		{&relay, "???", NULL},
		{&shipper, "{\"host\":{\"name\":\"h1\"},\"message\":\"x\"}", "h1"},
		{&shipper,
			"{\"host\":{\"name\":\"h1\"},\"message\":"
			"\"Jun  1 00:00:00 h3 sshd[1]: Invalid user a from 192.0.2.1\"}",
			"h1"},
		{&shipper,
			"{\"host\":{\"name\":\"h1\"},\"message\":"
			"\"{\\\"host\\\":{\\\"name\\\":\\\"h3\\\"}}\"}",
			"h1"},
		{&shipper, "{\"message\":\"Jun  1 00:00:00 h3 sshd[1]: x\"}", NULL},
		{&shipper, "Jun  1 00:00:00 h3 sshd[1]: x", NULL},
		{&computer,
			"<Event><System><Provider Name='P'/><EventID>1</EventID>"
			"<Computer>h3</Computer></System></Event>",
			"h1"},
		{&computer, "<13>Nov 22 01:02:03 h3 app: x", "h1"},
		{&computer, "???", "h1"},
		{&nameless, "<13>Nov 22 01:02:03 h3 app: x", NULL},
	};
	struct record records[ARRAY_LEN(cases)];

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		records[i] = line(cases[i].text);
		records[i].source = cases[i].source;
	}
	setup(records, ARRAY_LEN(records));
	normalize_batch(normalizer, NULL, &batch);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct slice host = batch.records[i].forwarded_host;

		if (cases[i].host == NULL)
			ck_assert_msg(slice_absent(host) || host.len == 0, "%s: %.*s",
				cases[i].text, SLICE_FMT(host));
		else
			ck_assert_slice_eq(host, slice_str(cases[i].host));
	}
	teardown();
}
END_TEST

static struct event_id id_of(const struct record_source *source, const char *text)
{
	struct record record = line(text);

	record.source = source;
	record.agency = 1;
	record.host = 2;
	setup(&record, 1);
	normalize_batch(normalizer, NULL, &batch);
	const struct event_id id = batch.records[0].id;
	teardown();
	return id;
}

static bool is_same(struct event_id a, struct event_id b)
{
	return a.low == b.low && a.high == b.high;
}

START_TEST(an_event_has_an_id_when_it_tells_its_place)
{
	static const struct record_source beat = {.wrapped = true, .resends = true};
	static const struct record_source other = {.wrapped = true};
	static const char event[] =
		"{\"@timestamp\":\"2026-05-01T00:00:00.001Z\",\"message\":\"x\",\"log\":{"
		"\"offset\":12,\"file\":{\"path\":\"/var/log/a\"}}}";
	static const char anew[] =
		"{\"log\":{\"file\":{\"path\":\"/var/log/a\"},\"offset\":12},\"message\":"
		"\"x\",\"@timestamp\":\"2026-05-01T00:00:00.001Z\"}";
	static const char behind[] =
		"{\"@timestamp\":\"2026-05-01T00:00:00.001Z\",\"message\":\"x\",\"log\":{"
		"\"offset\":14,\"file\":{\"path\":\"/var/log/a\"}}}";
	static const char read_later[] =
		"{\"@timestamp\":\"2026-05-01T00:00:00.002Z\",\"message\":\"x\",\"log\":{"
		"\"offset\":12,\"file\":{\"path\":\"/var/log/a\"}}}";
	static const char windows[] =
		"{\"winlog\":{\"event_id\":\"4625\",\"record_id\":7,\"channel\":"
		"\"Security\",\"provider_name\":\"Microsoft-Windows-Security-Auditing\"},"
		"\"message\":\"x\"}";
	static const char *const placeless[] = {
		"{\"@timestamp\":\"2026-05-01T00:00:00.001Z\",\"message\":\"x\"}",
		"{\"message\":\"{\\\"log.offset\\\":12}\"}",
		"{\"message\":\"list\",\"offset\":0}",
		"{\"message\":\"x\",\"log\":{\"offset\":12",
		"???",
	};
	static const char *const forwarded =
		"<Event><System><Provider Name='P'/><EventID>1</EventID><EventRecordID>7"
		"</EventRecordID><Computer>h3</Computer></System></Event>";
	static const struct record_source computers[] = {
		{.resends = true, .forwarder = {SLICE_BYTES("h3")}},
		{.resends = true, .forwarder = {SLICE_BYTES("h4")}},
	};
	const struct event_id none = {0}, id = id_of(&beat, event);

	ck_assert(is_same(id_of(&computers[0], forwarded), id_of(&computers[0], forwarded)));
	ck_assert(!is_same(id_of(&computers[0], forwarded), none));
	ck_assert(!is_same(id_of(&computers[0], forwarded), id_of(&computers[1], forwarded)));

	ck_assert(!is_same(id, none));
	ck_assert(is_same(id, id_of(&beat, anew)));
	ck_assert(!is_same(id, id_of(&beat, behind)));
	ck_assert(!is_same(id, id_of(&beat, read_later)));
	ck_assert(!is_same(id_of(&beat, windows), none));
	ck_assert(is_same(id_of(&other, event), none));
	for (unsigned i = 0; i < ARRAY_LEN(placeless); i++)
		ck_assert(is_same(id_of(&beat, placeless[i]), none));
}
END_TEST

START_TEST(columns_that_a_file_names_hold_in_batches_to_come)
{
	struct headers *headers = headers_new();
	struct record head[] = {line("#Software: Microsoft Internet Information Services 10.0"),
		line("#Fields: date time c-ip cs-method cs-uri-stem sc-status")};
	struct record later[] = {line("2026-03-07 03:00:00 203.0.113.9 GET /a 404")};

	setup(head, ARRAY_LEN(head));
	normalize_batch(normalizer, headers, &batch);
	teardown();
	setup(later, ARRAY_LEN(later));
	normalize_batch(normalizer, NULL, &batch);
	ck_assert_uint_eq(batch.records[0].status, PARSE_UNKNOWN);
	teardown();
	setup(later, ARRAY_LEN(later));
	normalize_batch(normalizer, headers, &batch);
	ck_assert_uint_eq(batch.records[0].status, PARSE_OK);
	ck_assert_slice_eq(record_get(&batch.records[0], FIELD_HTTP_RESPONSE_STATUS_CODE),
		SLICE_LIT("404"));
	teardown();
	headers_free(headers);
}
END_TEST

static struct record first_line(const char *text, uint64_t offset, uint64_t sequence)
{
	struct record record = line(text);

	record.offset = offset;
	record.sequence = sequence;
	return record;
}

/* A report that is written anew may have other columns, or none. */
START_TEST(a_table_that_begins_anew_has_not_the_old_ones_columns)
{
	struct headers *headers = headers_new();
	struct record records[] = {
		first_line("time,source_ip,user", 0, 1),
		first_line("2026-03-07 03:00:00,192.0.2.1,an", 20, 2),
		first_line("time,user,source_ip", 0, 3),
		first_line("2026-03-07 03:00:00,binh,192.0.2.2", 20, 4),
		first_line("2026-03-07 03:00:00,chi,192.0.2.3", 0, 5),
		first_line("2026-03-07 03:00:00,dung,192.0.2.4", 34, 6),
	};
	const char *users[] = {NULL, "an", NULL, "binh", NULL, NULL};

	setup(records, ARRAY_LEN(records));
	normalize_batch(normalizer, headers, &batch);
	for (unsigned i = 0; i < ARRAY_LEN(users); i++) {
		struct slice user = record_get(&batch.records[i], FIELD_USER_NAME);

		ck_assert_msg(
			users[i] ? slice_eq(user, slice_str(users[i])) : slice_absent(user),
			"line %u: %.*s", i, SLICE_FMT(user));
	}
	teardown();
	headers_free(headers);
}
END_TEST

#define WEB  "2026-03-07 03:00:00 203.0.113.9 GET /a 404"
#define W3C  "#Fields: date time c-ip cs-method cs-uri-stem sc-status"
#define SSHD "<38>Mar  7 03:00:00 web sshd[7]: Invalid user a from 192.0.2.1 port 2"

/* Who may write into a source that others write into as well chooses nothing for them. */
START_TEST(columns_are_named_only_where_one_program_writes)
{
	static const struct record_source udp = {.input = SLICE_LIT("syslog-udp")},
					  udp_w3c = {.input = SLICE_LIT("syslog-udp"),
						  .format = SLICE_LIT("w3c")},
					  http = {.input = SLICE_LIT("https")},
					  beats = {.input = SLICE_LIT("beats-tls"),
						  .wrapped = true},
					  file = {.input = SLICE_LIT("file")};
	static const struct {
		const struct record_source *source;
		const char *head, *text;
		bool is_read;
	} cases[] = {
		{&file, W3C, WEB, true},
		{&udp, W3C, WEB, false},
		{&udp_w3c, W3C, WEB, true},
		{&udp_w3c, "#separator \\x09\n#fields\tts\tuser", "1772852400.5\tan", false},
		{&udp, "#separator \\x20\n#fields x1 x2 x3 x4 x5 user x7 id.resp_h x8 x9", SSHD,
			false},
		{&file, "#separator \\x20\n#fields x1 x2 x3 x4 x5 user x7 id.resp_h x8 x9",
			SSHD, false},
		{&http, W3C, WEB, false},
		{&http, "{\"log.file.path\":\"/a\",\"message\":\"" W3C "\"}",
			"{\"log.file.path\":\"/a\",\"message\":\"" WEB "\"}", false},
		{&udp, "{\"log.file.path\":\"/a\",\"message\":\"" W3C "\"}",
			"{\"log.file.path\":\"/a\",\"message\":\"" WEB "\"}", false},
		{&beats, "{\"log.file.path\":\"/a\",\"message\":\"" W3C "\"}",
			"{\"log.file.path\":\"/a\",\"message\":\"" WEB "\"}", true},
		{&beats, "{\"message\":\"" W3C "\"}", "{\"message\":\"" WEB "\"}", false},
		{&beats,
			"{\"log.file.path\":\"/a\",\"agent\":{\"id\":\"1\"},\"message\":\"" W3C
			"\"}",
			"{\"log.file.path\":\"/a\",\"agent\":{\"id\":\"2\"},\"message\":\"" WEB
			"\"}",
			false},
		{&beats,
			"{\"log.file.path\":\"/"
			"a\",\"host\":{\"name\":\"h1\"},\"message\":\"" W3C "\"}",
			"{\"log.file.path\":\"/"
			"a\",\"host\":{\"name\":\"h2\"},\"message\":\"" WEB "\"}",
			false},
		{&file, "2026-03-07T03:00:00Z stdout F " W3C,
			"2026-03-07T03:00:00Z stdout F " WEB, true},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct headers *headers = headers_new();
		struct record records[] = {line(cases[i].head), line(cases[i].text)};

		records[0].source = records[1].source = cases[i].source;
		setup(records, 2);
		normalize_batch(normalizer, headers, &batch);
		const struct parser *parser = parser_by_number(batch.records[1].parser);
		ck_assert_msg(
			(parser == &parser_w3c || parser == &parser_zeek) == cases[i].is_read,
			"case %u: %s", i, parser ? parser->name : "nobody");
		teardown();
		headers_free(headers);
	}
}
END_TEST

TEST_MAIN("normalize", columns_that_a_file_names_hold_in_batches_to_come,
	columns_are_named_only_where_one_program_writes,
	a_table_that_begins_anew_has_not_the_old_ones_columns,
	every_record_of_a_batch_is_a_sign_of_life, a_batch_is_normalized_in_place,
	a_named_format_is_asked_first, a_named_format_is_of_the_line_that_a_shipper_wrapped,
	only_the_outermost_header_says_who_forwarded_a_line,
	an_event_has_an_id_when_it_tells_its_place, a_full_arena_damages_the_record_and_no_more,
	a_value_without_room_damages_the_record, the_same_bytes_give_the_same_fields)
