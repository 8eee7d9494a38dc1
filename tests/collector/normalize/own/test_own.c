/*
 * Own formats. What a pattern reads is told by the file itself: a format whose samples fail is
 * refused, so that most tests are files that must be good, or refused for a certain reason.
 */
#include <stdio.h>
#include <unistd.h>

#include "collector/normalize/normalize.h"
#include "collector/normalize/own/folder.h"
#include "collector/normalize/own/samples.h"
#include "collector/normalize/own/tree.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 4 << 20, ARENA_MAX = 8 << 20, LONG_LINE = 1 << 20 };

#define HEAD "number: 200\nsummary: a test\n"

static struct strbuf mistakes = STRBUF_INIT(1 << 20);

static struct own_format *parse_text(const char *text)
{
	strbuf_reset(&mistakes);
	return own_format_parse("own/probe.yaml", slice_str(text), &mistakes);
}

static void expect_good(const char *text)
{
	struct own_format *format = parse_text(text);

	ck_assert_msg(format != NULL, "%s\n%s", strbuf_cstr(&mistakes), text);
	ck_assert_uint_eq(mistakes.len, 0);
	own_format_unref(format);
}

/* Refused with a line that has `reason`. */
static void expect_refused(const char *text, const char *reason)
{
	struct own_format *format = parse_text(text);

	ck_assert_msg(format == NULL, "'%s' was expected of\n%.2000s", reason, text);
	ck_assert_msg(strstr(strbuf_cstr(&mistakes), reason) != NULL, "got '%s', want '%s'",
		strbuf_cstr(&mistakes), reason);
}

/* One pattern, one line, the fields that are read of it, as YAML. */
static void reads(const char *match, const char *line, const char *fields)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_addf(&text,
		HEAD "patterns:\n  - match: '%s'\nsamples:\n  - line: '%s'\n    fields: {%s}\n",
		match, line, fields);
	expect_good(strbuf_cstr(&text));
	strbuf_done(&text);
}

static void leaves_alone(const char *match, const char *line)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_addf(&text,
		HEAD "patterns:\n  - match: '%s'\nsamples:\n  - line: '%s'\n    fits: false\n",
		match, line);
	expect_good(strbuf_cstr(&text));
	strbuf_done(&text);
}

static void refuses(const char *match, const char *reason)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_addf(&text, HEAD "patterns:\n  - match: '%s'\nsamples:\n  - line: x\n", match);
	expect_refused(strbuf_cstr(&text), reason);
	strbuf_done(&text);
}

/* ---- values --------------------------------------------------------------------- */

START_TEST(words_end_at_blanks_and_at_the_text_that_follows)
{
	reads("user %{word:user.name} in", "user an in", "user.name: an");
	reads("[%{word:user.name}]", "[an]", "user.name: an");
	reads("%{word:user.name}: x", "a:b: x", "user.name: \"a:b\"");
	reads("a %{word:user.name}", "a b  ", "user.name: b");
	leaves_alone("user %{word:user.name} in", "user  in");
	leaves_alone("user %{word:user.name}", "user an in");
	leaves_alone("[%{word:user.name}]", "[]");
}
END_TEST

START_TEST(texts_end_at_the_first_or_last_text_that_follows)
{
	reads("from %{text:user.name} to x", "from a b to x", "user.name: a b");
	reads("<%{text:user.name}>%{rest:message}", "<>x > y", "message: \"x > y\"");
	reads("user %{text-to-last:user.name} from %{ip:source.ip}",
		"user a from 192.0.2.66 from 192.0.2.1",
		"user.name: a from 192.0.2.66, source.ip: 192.0.2.1");
	reads("m: %{text:message}", "m: all of it", "message: all of it");
	reads("ua=%{user-agent:user_agent.original};", "ua=Mozilla/5.0 (X11);",
		"user_agent.original: Mozilla/5.0 (X11)");
	leaves_alone("from %{text:user.name} to x", "from a b");
	refuses("a %{text:user.name}%{word}", "a value cannot follow it directly");
	refuses("a %{rest:message} b", "nothing can stand behind it");
}
END_TEST

START_TEST(quoted_texts_lose_their_escapes)
{
	reads("u=%{quoted:user.name} z", "u=\"a b\" z", "user.name: a b");
	reads("u=%{quoted:user.name}", "u=\"a \\\"b\\\\\"", "user.name: \"a \\\"b\\\\\"");
	leaves_alone("u=%{quoted:user.name}", "u=\"a");
	leaves_alone("u=%{quoted:user.name}", "u=a");
}
END_TEST

START_TEST(numbers_are_whole_and_canonical)
{
	reads("n=%{number:source.bytes} b", "n=0042 b", "source.bytes: \"42\"");
	reads("n=%{number:event.severity}", "n=-3", "event.severity: \"-3\"");
	reads("n=%{number:event.severity}", "n=+0", "event.severity: \"0\"");
	reads("n=%{decimal:probe.x}s", "n=12.50s", "probe.x: \"12.50\"");
	reads("t=%{duration(ms):event.duration}", "t=12.5", "event.duration: \"12500000\"");
	reads("t=%{duration(s):event.duration}s", "t=3s", "event.duration: \"3000000000\"");
	reads("h=%{hex:probe.x};", "h=0xBEef;", "probe.x: \"0xBEef\"");
	reads("p=%{port:source.port}", "p=65535", "source.port: \"65535\"");
	leaves_alone("p=%{port:source.port}", "p=65536");
	leaves_alone("n=%{number:source.bytes}", "n=1234567890123456789012");
	leaves_alone("n=%{number:source.bytes}", "n=x");
	refuses("%{duration:event.duration}", "a duration has its unit");
	refuses("%{word:source.port}", "the field is a number");
}
END_TEST

START_TEST(addresses_are_told_from_ports_and_sentences)
{
	reads("%{ip:source.ip}:%{port:source.port}", "192.0.2.1:443",
		"source.ip: 192.0.2.1, source.port: \"443\"");
	reads("%{ip:source.ip}.", "192.0.2.1.", "source.ip: 192.0.2.1");
	reads("[%{ip:source.ip}]:%{port:source.port}", "[2001:db8::1]:443",
		"source.ip: \"2001:db8::1\"");
	reads("%{ip:source.ip}:%{port:source.port}", "[2001:db8::1]:443",
		"source.ip: \"2001:db8::1\"");
	reads("%{ip:source.ip} x", "fe80::1%eth0 x", "source.ip: \"fe80::1\"");
	reads("%{ip:source.ip} x", "2001:DB8:0::1 x", "source.ip: \"2001:db8::1\"");
	reads("%{ip:source.ip} x", "::ffff:192.0.2.1 x", "source.ip: 192.0.2.1");
	reads("%{ip:source.ip}: x", "2001:db8::1: x", "source.ip: \"2001:db8::1\"");
	reads("from %{host:source.ip} x", "from pc-1.xa.vn x", "source.address: pc-1.xa.vn");
	reads("from %{host:source.ip} x", "from 192.0.2.1 x", "source.ip: 192.0.2.1");
	reads("%{mac:source.mac} x", "00:50:56:aa:Bb:0c x", "source.mac: 00-50-56-AA-BB-0C");
	reads("%{mac:source.mac} x", "0050.56aa.bb0c x", "source.mac: 00-50-56-AA-BB-0C");
	leaves_alone("%{ip:source.ip} x", "999.1.1.1 x");
	leaves_alone("%{mac:source.mac} x", "00:50:56:aa:bb x");
	leaves_alone("%{mac:source.mac} x", "00:50:56:aa:bb:cc:dd x");
	refuses("%{word:host.ip}", "read it with ip");
}
END_TEST

START_TEST(paths_and_urls_are_taken_whole)
{
	reads("f=%{path:file.path}", "f=/var/log/x", "file.path: /var/log/x");
	reads("f=%{path:file.path};", "f=C:\\Temp\\x.exe;",
		"file.path: \"C:\\\\Temp\\\\x.exe\"");
	reads("f=%{path:file.path} x", "f=\\\\may\\chung x",
		"file.path: \"\\\\\\\\may\\\\chung\"");
	reads("GET %{url:url.original} x", "GET /a/b.html?c=d x",
		"url.original: \"/a/b.html?c=d\", url.path: /a/b.html, url.query: c=d");
	leaves_alone("f=%{path:file.path}", "f=relative");
	leaves_alone("GET %{url:url.original}", "GET nothing");
}
END_TEST

START_TEST(stamps_have_the_form_that_is_given)
{
	reads("%{stamp(dd/MM/yyyy HH:mm:ss):@timestamp} x", "07/03/2026 08:15:30 x",
		"\"@timestamp\": \"2026-03-07T01:15:30Z\"");
	reads("%{stamp(d/M/yy h:mm:ss a):@timestamp} x", "7/3/26 1:15:30 CH x",
		"\"@timestamp\": \"2026-03-07T06:15:30Z\"");
	reads("%{stamp(d/M/yyyy a hh:mm):@timestamp} x", "7/3/2026 CH 02:30 x",
		"\"@timestamp\": \"2026-03-07T07:30:00Z\"");
	reads("%{stamp(d/M/yyyy a h:mm):@timestamp} x", "7/3/2026 sa 12:30 x",
		"\"@timestamp\": \"2026-03-06T17:30:00Z\"");
	reads("%{stamp(d/M/yyyy h:mm a):@timestamp} x", "7/3/2026 12:30 PM x",
		"\"@timestamp\": \"2026-03-07T05:30:00Z\"");
	leaves_alone("%{stamp(d/M/yyyy hh:mm a):@timestamp} x", "7/3/2026 13:30 PM x");
	leaves_alone("%{stamp(d/M/yyyy a hh:mm):@timestamp} x", "7/3/2026 AM 00:30 x");
	refuses("%{stamp(d/M/yyyy a):@timestamp}", "needs its hour");
	reads("%{stamp(EEE MMM dd HH:mm:ss yyyy):@timestamp} x", "Sat Mar 07 12:00:00 2026 x",
		"\"@timestamp\": \"2026-03-07T05:00:00Z\"");
	reads("%{stamp(yyyyMMdd''T''HHmmss.SSSZ):@timestamp} x", "20260307T080910.250+0200 x",
		"\"@timestamp\": \"2026-03-07T06:09:10.250Z\"");
	reads("%{stamp(epoch):@timestamp} x", "1772850600.5 x",
		"\"@timestamp\": \"2026-03-07T02:30:00.500Z\"");
	reads("%{stamp(MM-dd HH:mm):@timestamp} x", "03-07 08:15 x",
		"\"@timestamp\": \"2026-03-07T01:15:00Z\"");
	reads("%{stamp:@timestamp} x", "2026-03-07T08:15:30.5+07:00 x",
		"\"@timestamp\": \"2026-03-07T01:15:30.500Z\"");
	reads("%{stamp(dd/MM/yyyy):@timestamp} x %{stamp(HH:mm):@timestamp}",
		"07/03/2026 x 08:15", "\"@timestamp\": \"2026-03-07T01:15:00Z\"");
	reads("%{stamp(iso):event.start} x", "2026-03-07T08:15:30Z x",
		"event.start: \"2026-03-07T08:15:30.000000000Z\"");
	leaves_alone("%{stamp(dd/MM/yyyy HH:mm:ss):@timestamp} x", "7/3/2026 08:15:30 x");
	refuses("%{stamp(qq):@timestamp}", "no part of a stamp");
	refuses("%{stamp(yyyyy):@timestamp}", "no part of 5 letters");
	refuses("%{stamp(SSS):@timestamp}", "neither a date nor a time");
	refuses("%{word:@timestamp}", "read it with stamp");
	refuses("%{stamp:user.name}", "goes to @timestamp");
}
END_TEST

START_TEST(a_time_that_does_not_exist_is_said)
{
	expect_refused(HEAD "patterns: [{match: '%{stamp(dd/MM/yyyy):@timestamp} x'}]\n"
			    "samples: [{line: 30/02/2026 x}]\n",
		"the sample's time does not exist");
}
END_TEST

START_TEST(cells_are_columns_with_or_without_quotes)
{
	reads("%{cell:user.name};%{cell(ip):source.ip};%{cell:message}",
		"a;192.0.2.1;\"b;\"\"c\"",
		"user.name: a, source.ip: 192.0.2.1, message: \"b;\\\"c\"");
	reads("%{cell(number):source.bytes},%{cell:message}", ",x", "message: x");
	leaves_alone("%{cell(ip):source.ip},%{cell:message}", "a,b");
	refuses("%{cell(rest):message}", "a cell cannot hold this type");
	refuses("%{cell:user.name}", "any line fits the pattern");
}
END_TEST

START_TEST(tails_of_names_and_values_go_where_names_say)
{
	expect_good(HEAD
		"names: {src: source.ip, when: '@timestamp', dpt: destination.port, x: '-'}\n"
		"patterns:\n"
		"  - match: 'kv %{keyvalue}'\n"
		"  - match: 'js %{json}'\n"
		"samples:\n"
		"  - line: 'kv src=192.0.2.1 dpt=53 x=1 other=\"a b\"'\n"
		"    fields: {source.ip: 192.0.2.1, destination.port: '53', probe.other: a b}\n"
		"  - line: 'js "
		"{\"src\":\"192.0.2.1\",\"when\":1772850600,\"a\":{\"b\":true}}'\n"
		"    fields: {source.ip: 192.0.2.1, probe.a.b: 'true',\n"
		"             '@timestamp': '2026-03-07T02:30:00Z'}\n"
		"  - line: 'js [1]'\n"
		"    fits: false\n");
	expect_refused(HEAD "names: {a: event.outcome}\npatterns: [{match: 'x %{json}'}]\n"
			    "samples: [{line: 'x {}'}]\n",
		"ECS allows listed words only");
	expect_refused(HEAD
		"patterns: [{match: 'x %{json}'}]\nsamples: [{line: 'x {\"a\":1'}]\n",
		"the sample is damaged");
	refuses("x %{json:message}", "`names` tells where its values go");
}
END_TEST

/* ---- groups, constants, tables ------------------------------------------------------ */

START_TEST(groups_are_read_in_every_way)
{
	reads("%(login%|log in%) of %{word:user.name}%( from %{ip:source.ip}%)?",
		"log in of an", "user.name: an");
	reads("%(login%|log in%) of %{word:user.name}%( from %{ip:source.ip}%)?",
		"login of an from 192.0.2.1", "user.name: an, source.ip: 192.0.2.1");
	reads("100%% of %{word:user.name}", "100% of an", "user.name: an");
	reads("a%(b%(c%|d%)?%)?e %{word:user.name}", "abe x", "user.name: x");
	leaves_alone("a%(b%(c%|d%)?%)?e %{word:user.name}", "ace x");
	refuses("a %(b", "a %( is not closed");
	refuses("a %) b", "without its %(");
	refuses("a % b", "behind a % stands");
	refuses("a %{word", "a %{ is not closed");
	refuses("a %{wrod:user.name}", "there is no type 'wrod', nearest is 'word'");
	refuses("a %{word:user.nam}", "there is no field 'user.nam', nearest is 'user.name'");
	refuses("a %{word:soc.stream}", "there is no field 'soc.stream'");
	refuses("a %{word:event.module}", "there is no field 'event.module'");
	refuses("a %{word:event.outcome}", "ECS allows listed words only");
}
END_TEST

START_TEST(constants_of_a_pattern_win_over_those_of_the_file)
{
	expect_good(HEAD
		"set: {event.category: network, event.type: info, tags: [a, b]}\n"
		"patterns:\n"
		"  - match: 'one %{word:user.name}'\n"
		"  - match: 'two'\n"
		"    set: {event.category: [web, file], event.type: access}\n"
		"samples:\n"
		"  - {line: one x, fields: {event.category: network, tags: [a, b]}}\n"
		"  - {line: two, fields: {event.category: [web, file], event.type: access}}\n");
}
END_TEST

START_TEST(tables_turn_words_into_ours)
{
	expect_good(HEAD
		"patterns: [{match: 'r=%{text:probe.r};', set: {event.action: a}}]\n"
		"values:\n"
		"  - {from: probe.r, to: event.outcome, otherwise: unknown,\n"
		"     table: {Thành công: success, 'NO': failure}}\n"
		"  - {from: probe.r, to: event.category, table: {'NO': [file, web]}}\n"
		"  - {from: probe.r, to: event.action, table: {'NO': refused}}\n"
		"samples:\n"
		"  - {line: 'r=Thành công;', fields: {event.outcome: success, event.action: "
		"a}}\n"
		"  - {line: 'r=NO;', fields: {event.outcome: failure, event.action: refused,\n"
		"                             event.category: [file, web]}}\n"
		"  - {line: 'r=?;', fields: {event.outcome: unknown}}\n");
	expect_refused(HEAD "patterns: [{match: 'r=%{word:probe.r}'}]\n"
			    "values: [{from: probe.r, to: event.outcome, table: {a: good}}]\n"
			    "samples: [{line: r=a}]\n",
		"event.outcome is success, failure or unknown");
}
END_TEST

START_TEST(only_the_words_of_ecs_are_allowed)
{
	expect_refused(HEAD "set: {event.category: login}\npatterns: [{match: 'r %{word}'}]\n"
			    "samples: [{line: r x}]\n",
		"ECS has no such event.category");
	expect_refused(HEAD "set: {event.category: file, event.type: start}\n"
			    "patterns: [{match: 'r %{word}'}]\nsamples: [{line: r x}]\n",
		"ECS has no event.type 'start' in the event.category of this sample");
	expect_refused(HEAD "set: {source.ip: here, source.port: x}\n"
			    "patterns: [{match: 'r %{word}'}]\nsamples: [{line: r x}]\n",
		"3:18: the field is an address");
}
END_TEST

START_TEST(the_most_certain_pattern_is_taken)
{
	expect_good(
		HEAD "prefix: 'p %{word:user.name} '\n"
		     "patterns:\n"
		     "  - {match: '%{rest:message}', set: {event.action: rest}}\n"
		     "  - {match: '%{word:message}', set: {event.action: word}}\n"
		     "  - {match: '%{ip:source.ip}', set: {event.action: ip}}\n"
		     "  - {match: 'in %{word:message}', set: {event.action: in}}\n"
		     "  - {match: 'in', set: {event.action: alone}}\n"
		     "samples:\n"
		     "  - {line: p u in, fields: {event.action: alone}}\n"
		     "  - {line: p u in x, fields: {event.action: in}}\n"
		     "  - {line: p u in x y, fields: {event.action: rest, message: in x y}}\n"
		     "  - {line: p u inside, fields: {event.action: word}}\n"
		     "  - {line: p u 192.0.2.1, fields: {event.action: ip}}\n");
}
END_TEST

/* ---- files that are refused ----------------------------------------------------------- */

START_TEST(mistakes_are_told_by_line_and_column)
{
	expect_refused("", "key 'number' is missing");
	expect_refused("[]", "a settings file is a mapping");
	expect_refused(HEAD "numbr: 3\n", "own/probe.yaml:3:1: unknown key 'numbr'");
	expect_refused(HEAD "summary: again\n", "own/probe.yaml:3:1");
	expect_refused("number: 199\nsummary: x\n", "must be 200 to 255");
	expect_refused("number: 256\nsummary: x\n", "must be 200 to 255");
	expect_refused(HEAD "patterns: [{match: 'a %{word}'}]\n", "key 'samples' is missing");
	expect_refused(HEAD "patterns: []\nsamples: [{line: x}]\n", "'patterns' must have");
	expect_refused(HEAD
		"time-zone: Sao/Hoa\npatterns: [{match: 'a'}]\nsamples: [{line: a}]\n",
		"3:12: there is no such time zone");
	expect_refused(HEAD "module: A/b\npatterns: [{match: 'a'}]\nsamples: [{line: a}]\n",
		"a module is letters");
	expect_refused(HEAD "patterns: [{match: 'a'}, {match: 'a'}]\nsamples: [{line: a}]\n",
		"fits the same lines as pattern 1");
	expect_refused(HEAD "patterns: [{match: 'a'}]\nsamples:\n  - line: b\n",
		"own/probe.yaml:5:11: the sample fits no pattern");
	expect_refused(HEAD "patterns: [{match: 'a %{word:user.name}'}]\n"
			    "samples:\n  - line: a b\n    fields: {user.name: c}\n",
		"6:25: the sample's 'user.name' is 'b', not 'c'");
	expect_refused(HEAD "patterns: [{match: 'a'}]\nsamples: [{line: a, fits: false}]\n",
		"the sample fits a pattern");
}
END_TEST

START_TEST(names_of_formats_are_plain_and_new)
{
	struct err err;

	ck_assert(own_name_check(SLICE_LIT("cong-dvc_2"), &err));
	ck_assert(!own_name_check(SLICE_LIT("sshd"), &err));
	ck_assert(!own_name_check(SLICE_LIT("auto"), &err));
	ck_assert(!own_name_check(SLICE_LIT("-x"), &err));
	ck_assert(!own_name_check(SLICE_LIT("A"), &err));
	ck_assert(!own_name_check(SLICE_LIT("../x"), &err));
	ck_assert(!own_name_check(SLICE_LIT(""), &err));
}
END_TEST

static void add_many(struct strbuf *text, const char *what, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(text, what, i, i);
}

START_TEST(hostile_files_are_refused_with_a_reason)
{
	struct strbuf text = STRBUF_INIT(64 << 20);

	/* a literal of a megabyte */
	strbuf_add_str(&text, HEAD "patterns:\n  - match: '");
	for (unsigned i = 0; i < 1 << 20; i++)
		strbuf_add_byte(&text, 'a');
	strbuf_add_str(&text, "'\nsamples: [{line: a}]\n");
	expect_refused(strbuf_cstr(&text), "'match' must have at most 4096 bytes");

	/* a hundred thousand patterns */
	strbuf_reset(&text);
	strbuf_add_str(&text, HEAD "samples: [{line: a}]\npatterns:\n");
	add_many(&text, "  - match: 'p%u %%{word} q%u'\n", 100000);
	expect_refused(strbuf_cstr(&text), "'patterns' must have 1 to 1000 items");

	/* groups within groups, and groups beside groups */
	strbuf_reset(&text);
	add_many(&text, "%%(", 1000);
	refuses(strbuf_cstr(&text), "groups within groups are too deep");
	strbuf_reset(&text);
	add_many(&text, "%%(a%%|b%%)", 400);
	refuses(strbuf_cstr(&text), "can be read in more than 256 ways");
	strbuf_reset(&text);
	add_many(&text, "x%%{number}", 200);
	refuses(strbuf_cstr(&text), "more than 96 parts");

	/* an anchor that holds itself */
	expect_refused(HEAD "set: &a {x: *a}\n", "own/probe.yaml:3");
	strbuf_done(&text);
}
END_TEST

/* ---- lines ---------------------------------------------------------------------------- */

static struct record normalize_line(const struct normalizer *normalizer,
	const struct parser *format, struct arena *arena, struct slice line)
{
	struct record record = {.raw = line,
		.received_ns = OWN_SAMPLES_NS,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG};

	arena_reset(arena);
	normalize_record(normalizer, format, arena, &record);
	return record;
}

static const char *configs(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/configs/%s", getenv("SOC_SOURCE"), name);
	return path;
}

static struct own_formats *shipped(void)
{
	strbuf_reset(&mistakes);
	struct own_formats *formats = own_formats_load(configs("parsers"), NULL, &mistakes);

	ck_assert_msg(mistakes.len == 0, "%s", strbuf_cstr(&mistakes));
	return formats;
}

START_TEST(the_shipped_formats_are_good)
{
	struct own_formats *formats = shipped();
	const struct own_file *files;

	ck_assert_uint_ge(own_formats_files(formats, &files), 4);
	ck_assert_uint_eq(own_formats_wrong(formats), 0);
	ck_assert_ptr_nonnull(own_formats_by_name(formats, SLICE_LIT("mot-cua")));
	ck_assert_ptr_nonnull(own_formats_by_number(formats, 203));
	ck_assert_ptr_null(own_formats_by_number(formats, 1));
	own_formats_free(formats);
}
END_TEST

static const char login[] =
	"07/03/2026 08:15:30|INFO|UBND|an|192.0.2.1|DANG_NHAP|THAT_BAI|Sai mật khẩu";

START_TEST(formats_are_found_by_name_by_program_and_inside_of_syslog)
{
	struct own_formats *formats = shipped();
	const struct normalize_settings settings = {.formats = formats};
	struct normalizer *normalizer = normalizer_new(&settings);
	const struct parser *format = normalizer_parser(normalizer, SLICE_LIT("mot-cua"));
	struct strbuf line = STRBUF_INIT(4096);
	struct record record;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	record = normalize_line(normalizer, format, &arena, slice_str(login));
	ck_assert_uint_eq(record.parser, 200);
	ck_assert_uint_eq(record.status, PARSE_OK);
	ck_assert_slice_eq(record_get(&record, FIELD_EVENT_MODULE), SLICE_LIT("mot-cua"));

	record = normalize_line(normalizer, NULL, &arena, slice_str(login));
	ck_assert_uint_ne(record.parser, 200);

	strbuf_addf(&line, "<13>Mar  7 08:15:31 web1 motcua[7]: %s", login);
	record = normalize_line(normalizer, NULL, &arena, strbuf_slice(&line));
	ck_assert_uint_eq(record.parser, 200);
	ck_assert_slice_eq(record_get(&record, FIELD_USER_NAME), SLICE_LIT("an"));
	ck_assert_slice_eq(record_get(&record, FIELD_HOST_HOSTNAME), SLICE_LIT("web1"));

	strbuf_reset(&line);
	strbuf_addf(&line, "<13>Mar  7 08:15:31 web1 other: %s", login);
	record = normalize_line(normalizer, format, &arena, strbuf_slice(&line));
	ck_assert_uint_eq(record.parser, 200);
	record = normalize_line(normalizer, NULL, &arena, strbuf_slice(&line));
	ck_assert_uint_ne(record.parser, 200);

	/* the frame is known, the wording is not */
	record = normalize_line(normalizer, format, &arena,
		SLICE_LIT("07/03/2026 08:15:30|INFO|UBND|an|192.0.2.1|SAO_LUU|x"));
	ck_assert_uint_eq(record.status, PARSE_PARTIAL);
	ck_assert_slice_eq(record_get(&record, FIELD_MESSAGE), SLICE_LIT("SAO_LUU|x"));
	arena_done(&arena);
	strbuf_done(&line);
	normalizer_free(normalizer);
	own_formats_free(formats);
}
END_TEST

/* Values are bytes of the line, of the arena or of the format: the sanitizers tell. */
static void check_values(const struct record *record)
{
	volatile unsigned char sum = 0;

	for (unsigned i = 0; i < record->n_fields; i++) {
		for (unsigned j = 0; j < record->fields[i].len; j++)
			sum = (unsigned char)(sum + (unsigned char)record->fields[i].ptr[j]);
	}
}

static void damage_line(const struct normalizer *normalizer, const struct parser *format,
	struct arena *arena, const char *text)
{
	struct slice line = slice_str(text);
	char *copy = malloc(line.len);
	struct record record;

	ck_assert_ptr_nonnull(copy);
	for (size_t len = 0; len <= line.len; len++) {
		char *cut = malloc(len + 1);

		memcpy(cut, line.ptr, len);
		record = normalize_line(normalizer, format, arena, slice_of(cut, len));
		check_values(&record);
		free(cut);
	}
	for (size_t i = 0; i < 8 * line.len; i++) {
		memcpy(copy, line.ptr, line.len);
		copy[i / 8] = (char)(copy[i / 8] ^ (1 << i % 8));
		record = normalize_line(normalizer, format, arena, slice_of(copy, line.len));
		check_values(&record);
	}
	free(copy);
}

START_TEST(damaged_lines_do_no_harm)
{
	static const char *const lines[][2] = {
		{"mot-cua", login},
		{"mot-cua",
			"07/03/2026 10:00:00|I|V|q|::1|PHAN_QUYEN|OK|tai_khoan=t vai_tro=l"},
		{"java-log4j",
			"2026-03-07 08:15:30,123 [t] WARN a.B - Authentication failed for "
			"user \"n \\\"a\\\"\" from 113.160.1.7: Bad"},
		{"camera-nvr", "Login: user=\"giam sat\", ip=192.168.1.20, port=51, mac=0:1, "
			       "result=Locked"},
		{"cua-ra-vao", "08/03/2026;06:55:00;Kho;42;\"Lê \"\"Bé\"\" D\";MỞ;"},
	};
	struct own_formats *formats = shipped();
	const struct normalize_settings settings = {.formats = formats};
	struct normalizer *normalizer = normalizer_new(&settings);
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const struct parser *format =
			normalizer_parser(normalizer, slice_str(lines[i][0]));

		ck_assert_ptr_nonnull(format);
		damage_line(normalizer, format, &arena, lines[i][1]);
	}
	arena_done(&arena);
	normalizer_free(normalizer);
	own_formats_free(formats);
}
END_TEST

/* Five hundred patterns that each look for their own text in all of the line. */
START_TEST(the_work_for_a_line_has_an_end)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX), line = STRBUF_INIT(2 * LONG_LINE);
	struct parse_context context = {.now_ns = OWN_SAMPLES_NS};
	struct field fields[8];
	struct record record = {.fields = fields, .fields_room = ARRAY_LEN(fields)};
	struct pairs pairs;

	strbuf_add_str(&text, HEAD "samples: [{line: 'a z7 b'}]\npatterns:\n");
	add_many(&text, "  - match: 'a%%{text}z%u b%%{text}y%u'\n", 500);
	strbuf_add_str(&text, "  - match: 'a z7 b'\n");
	struct own_format *format = parse_text(strbuf_cstr(&text));
	ck_assert_msg(format != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_add_byte(&line, 'a');
	while (line.len < LONG_LINE)
		strbuf_add_str(&line, "z12");
	pairs_reset(&pairs, SLICE_NONE, PAIRS_NOTHING);
	context.parser = own_format_parser(format);
	context.message = strbuf_slice(&line);
	context.pairs = &pairs;
	ck_assert_int_eq(context.parser->parse(&record, &context), PARSED_DAMAGED);
	ck_assert_slice_eq(record_get(&record, FIELD_TAGS), SLICE_LIT("pattern_work_limit"));
	own_format_unref(format);
	strbuf_done(&line);
	strbuf_done(&text);
}
END_TEST

/* ---- the folder ----------------------------------------------------------------------- */

static char folder[64];

static void write_file(const char *name, const char *text)
{
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_msg(file_replace(path, slice_str(text), 0600, &err), "%s", err.text);
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_int_eq(unlink(path), 0);
}

#define GOOD(number)                                                                           \
	"number: " number "\nsummary: x\npatterns: [{match: x}]\nsamples: [{line: x}]\n"

static const struct own_file *file_of(const struct own_formats *formats, const char *name)
{
	const struct own_file *files;
	size_t n = own_formats_files(formats, &files);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	}
	ck_abort_msg("no file %s", name);
	return NULL;
}

START_TEST(a_broken_file_keeps_what_it_gave_and_harms_no_other)
{
	struct own_formats *first, *second, *third;

	strbuf_reset(&mistakes);
	snprintf(folder, sizeof(folder), "/tmp/soc-own-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	write_file("a.yaml", GOOD("200"));
	write_file("b.yaml", GOOD("201"));
	write_file("c.yaml", "number: 202\n");
	write_file("readme.md", "no format");
	first = own_formats_load(folder, NULL, &mistakes);
	ck_assert_uint_eq(file_of(first, "a")->state, OWN_LOADED);
	ck_assert_uint_eq(file_of(first, "c")->state, OWN_REFUSED);
	ck_assert_uint_eq(own_formats_wrong(first), 1);
	ck_assert_ptr_nonnull(strstr(file_of(first, "c")->reason, "c.yaml:1:1"));
	ck_assert_ptr_nonnull(own_formats_by_name(first, SLICE_LIT("b")));
	ck_assert_ptr_null(own_formats_by_name(first, SLICE_LIT("c")));
	ck_assert(own_formats_have_file(folder, SLICE_LIT("c")));
	ck_assert(!own_formats_have_file(folder, SLICE_LIT("d")));

	write_file("a.yaml", "number: 200\n");
	write_file("c.yaml", GOOD("202"));
	remove_file("b.yaml");
	second = own_formats_load(folder, first, &mistakes);
	ck_assert_uint_eq(file_of(second, "a")->state, OWN_KEPT);
	ck_assert_uint_eq(file_of(second, "c")->state, OWN_LOADED);
	ck_assert_ptr_eq(own_formats_by_name(second, SLICE_LIT("a")),
		own_formats_by_name(first, SLICE_LIT("a")));
	ck_assert_ptr_null(own_formats_by_name(second, SLICE_LIT("b")));
	own_formats_free(first);

	/* who had a number keeps it, whatever the order of names */
	write_file("a0.yaml", GOOD("202"));
	write_file("a.yaml", GOOD("202"));
	third = own_formats_load(folder, second, &mistakes);
	ck_assert_uint_eq(file_of(third, "c")->state, OWN_LOADED);
	ck_assert_uint_eq(file_of(third, "a0")->state, OWN_REFUSED);
	ck_assert_uint_eq(file_of(third, "a")->state, OWN_KEPT);
	ck_assert_ptr_nonnull(
		strstr(file_of(third, "a0")->reason, "number 202 is that of c; 20"));
	own_formats_free(second);
	own_formats_free(third);
	remove_file("a.yaml");
	remove_file("a0.yaml");
	remove_file("c.yaml");
	remove_file("readme.md");
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_empty)
{
	strbuf_reset(&mistakes);
	struct own_formats *formats = own_formats_load("/nonexistent/x", NULL, &mistakes);
	const struct own_file *files;

	ck_assert_uint_eq(own_formats_files(formats, &files), 0);
	ck_assert_uint_eq(mistakes.len, 0);
	own_formats_free(formats);
}
END_TEST

TEST_MAIN("own", words_end_at_blanks_and_at_the_text_that_follows,
	texts_end_at_the_first_or_last_text_that_follows, quoted_texts_lose_their_escapes,
	numbers_are_whole_and_canonical, addresses_are_told_from_ports_and_sentences,
	paths_and_urls_are_taken_whole, stamps_have_the_form_that_is_given,
	a_time_that_does_not_exist_is_said, cells_are_columns_with_or_without_quotes,
	tails_of_names_and_values_go_where_names_say, groups_are_read_in_every_way,
	constants_of_a_pattern_win_over_those_of_the_file, tables_turn_words_into_ours,
	only_the_words_of_ecs_are_allowed, the_most_certain_pattern_is_taken,
	mistakes_are_told_by_line_and_column, names_of_formats_are_plain_and_new,
	hostile_files_are_refused_with_a_reason, the_shipped_formats_are_good,
	formats_are_found_by_name_by_program_and_inside_of_syslog, damaged_lines_do_no_harm,
	the_work_for_a_line_has_an_end, a_broken_file_keeps_what_it_gave_and_harms_no_other,
	a_folder_that_is_not_there_is_empty)
