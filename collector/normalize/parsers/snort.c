/*
 * snort - alerts of Snort 2 and 3, and Suricata's fast.log
 *
 *	03/07-10:00:00.123456 [**] [1:2003:8] NAME [**] [Classification: C] [Priority: 1] {TCP}
 *A -> B 03/07/2026-10:00:00.123456  [Drop] [**] [1:2003:8] NAME [**] [Classification: ...
 *	[1:2003:8] NAME [Classification: C] [Priority: 1]: {TCP} 192.0.2.1:40000 -> 192.0.2.7:80
 *	03/07/26-10:00:00.123456 ,1,2003,8,"NAME",TCP,203.0.113.9,40000,192.0.2.7,80,...
 *	[**] [1:2003:8] NAME [**]  and two lines more: alert_full, joined
 *	{"timestamp":"03/07-10:00:00.123456","rule":"1:2003:8","msg":"NAME","class":"C",...}
 *
 * The year is not always there: the nearest, as in syslog.
 */
#include "collector/normalize/families/ids.h"
#include "collector/normalize/text/csv.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"
#include "common/clock.h"

struct alert {
	struct ids_alert ids;
	struct slice generator, signature, revision;
	struct slice protocol, interface, source, destination;
	int64_t ns;
};

static const struct device sensor = {
	{SLICE_BYTES("Snort")}, {SLICE_BYTES("Snort")}, {SLICE_BYTES("ids")}};

/* ---- stamps ----------------------------------------------------------------------------- */

enum { YEAR_MIN = 1973, YEAR_MAX = 2261 };

static bool take_number(struct slice *rest, size_t digits, int *number)
{
	uint64_t value;

	if (rest->len < digits || !slice_to_u64(slice_head(*rest, digits), 9999, &value))
		return false;
	*number = (int)value;
	*rest = slice_from(*rest, digits);
	return true;
}

/* "2026-03-07T10:00:00.123456" of the parts, for the reader that knows zones. */
static bool read_moment(const struct parse_context *context, int year, struct slice date,
	struct slice time, int64_t *ns)
{
	char text[48] = "0000-00-00T";
	struct slice stamp = slice_of(text, 11 + time.len);

	if (year < YEAR_MIN || year > YEAR_MAX || time.len > 20)
		return false;
	for (unsigned at = 4; at-- > 0; year /= 10)
		text[at] = (char)('0' + year % 10);
	memcpy(text + 5, date.ptr, 2);
	memcpy(text + 8, date.ptr + 3, 2);
	memcpy(text + 11, time.ptr, time.len);
	return take_stamp_iso(&stamp, context, ns);
}

/* Without a year the latest that is not days ahead, as for syslog's. */
static bool read_yearless(
	const struct parse_context *context, struct slice date, struct slice time, int64_t *ns)
{
	const int64_t ahead = STAMP_AHEAD_DAYS * INT64_C(86400) * CLOCK_NS_PER_S;
	char now[CLOCK_TEXT_MAX];
	struct slice text = slice_str(clock_format_utc(context->now_ns, 3, now));
	int year = context->year;

	if (year != 0)
		return read_moment(context, year, date, time, ns);
	if (!take_number(&text, 4, &year))
		return false;
	for (int at = year + 1; at > year - 5; at--) { /* a leap day may be years back */
		int64_t moment;

		if (read_moment(context, at, date, time, &moment) &&
			moment <= context->now_ns + ahead) {
			*ns = moment;
			return true;
		}
	}
	return false;
}

/* "03/07-10:00:00.123456", "03/07/26-...", "03/07/2026-..." */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice at = *rest, date = *rest, time;
	int month, day, year = 0;

	if (!take_number(&at, 2, &month) || !skip_byte(&at, '/') || !take_number(&at, 2, &day))
		return false;
	if (skip_byte(&at, '/') && !take_number(&at, 4, &year)) {
		if (!take_number(&at, 2, &year))
			return false;
		year += 2000;
	}
	if (!skip_byte(&at, '-'))
		return false;
	time = take_word(&at);
	if (year != 0 ? !read_moment(context, year, date, time, ns)
		      : !read_yearless(context, date, time, ns))
		return false;
	*rest = at;
	return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

/* "[1:2003:8] " */
static bool take_rule(struct slice *rest, struct alert *alert)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !take_digits(&at, &alert->generator) ||
		!skip_byte(&at, ':') || !take_digits(&at, &alert->signature) ||
		!skip_byte(&at, ':') || !take_digits(&at, &alert->revision) ||
		!skip_byte(&at, ']'))
		return false;
	skip_blanks(&at);
	*rest = at;
	return true;
}

/* The name ends at the second mark or at the classification or priority, whatever comes first.
 */
static void take_name(struct slice *rest, struct alert *alert)
{
	static const struct slice ends[] = {{SLICE_BYTES(" [**]")},
		{SLICE_BYTES(" [Classification: ")}, {SLICE_BYTES(" [Priority: ")}};
	size_t end = rest->len;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t at = slice_search(*rest, ends[i]);

		end = at < end ? at : end;
	}
	if (end == rest->len)
		end = slice_search(*rest, SLICE_LIT(" {"));
	struct slice name = slice_trim(slice_head(*rest, end));
	if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
		name = slice_of(name.ptr + 1, name.len - 2);
	alert->ids.signature = name;
	*rest = slice_from(*rest, end);
}

static void skip_space(struct slice *rest)
{
	while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\n' ||
					rest->ptr[0] == '\r' || rest->ptr[0] == ':'))
		*rest = slice_from(*rest, 1);
}

/* "[**]", "[Classification: C]", "[Priority: 1]", "[AppID: x]", "[Drop]" in any order. */
static void take_marks(struct slice *rest, struct alert *alert)
{
	struct slice mark, at;

	for (skip_space(rest); rest->len > 1 && !is_digit(rest->ptr[1]); skip_space(rest)) {
		at = *rest;
		if (!skip_byte(&at, '[') || !take_until(&at, ']', &mark))
			break;
		*rest = at;
		if (skip_lit(&mark, "Classification: "))
			alert->ids.category = mark;
		else if (skip_lit(&mark, "Priority: "))
			alert->ids.priority = mark;
		else if (slice_eq_nocase(mark, SLICE_LIT("Drop")) ||
			 slice_eq_nocase(mark, SLICE_LIT("wDrop")) ||
			 slice_eq_nocase(mark, SLICE_LIT("Block")))
			alert->ids.stopped = !slice_eq(mark, SLICE_LIT("wDrop"));
	}
}

/* "{TCP} 192.0.2.1:40000 -> 192.0.2.7:80", "<eth0> " before it where it is asked for */
static bool take_packet(struct slice *rest, struct alert *alert)
{
	if (skip_byte(rest, '<')) {
		if (!take_until(rest, '>', &alert->interface))
			return false;
		skip_blanks(rest);
	}
	if (skip_byte(rest, '{') && !take_until(rest, '}', &alert->protocol))
		return false;
	skip_blanks(rest);
	alert->source = take_word(rest);
	if (!skip_lit(rest, " -> "))
		return false;
	size_t end = slice_find(*rest, '\n');
	struct slice line = slice_head(*rest, end);
	alert->destination = slice_trim(slice_head(line, slice_find(line, ' ')));
	*rest = slice_from(*rest, end);
	return true;
}

/* Behind the addresses of alert_full: "TCP TTL:64 TOS:0x0 ID:1 ..." */
static void take_full_protocol(struct slice rest, struct alert *alert)
{
	if (!slice_absent(alert->protocol) || !skip_byte(&rest, '\n'))
		return;
	struct slice line = slice_head(rest, slice_find(rest, '\n'));
	if (slice_search(line, SLICE_LIT(" TTL:")) < line.len)
		alert->protocol = take_word(&line);
}

static bool read_line(
	struct slice rest, const struct parse_context *context, struct alert *alert)
{
	bool timed = take_time(&rest, context, &alert->ns);

	take_marks(&rest, alert);
	if (!take_rule(&rest, alert))
		return false;
	take_name(&rest, alert);
	take_marks(&rest, alert);
	if (!timed)
		timed = take_time(&rest, context, &alert->ns);
	skip_blanks(&rest);
	if (rest.len == 0)
		return !slice_absent(alert->ids.priority);
	if (!take_packet(&rest, alert))
		return false;
	take_full_protocol(rest, alert);
	return true;
}

static bool read_json(struct parse_context *context, struct alert *alert)
{
	struct pairs *pairs = context->pairs;
	struct slice rule, time, action;

	pairs_read_json(pairs, context->message, context->arena);
	rule = pairs_get_lit(pairs, "rule");
	time = pairs_get_lit(pairs, "timestamp");
	action = pairs_get_lit(pairs, "action");
	if (pairs->state != PAIRS_WHOLE || slice_absent(rule) ||
		!pairs_have(pairs, SLICE_LIT("msg")) ||
		!take_time(&time, context, &alert->ns) ||
		!take_digits(&rule, &alert->generator) || !skip_byte(&rule, ':') ||
		!take_digits(&rule, &alert->signature) || !skip_byte(&rule, ':'))
		return false;
	alert->revision = rule;
	alert->ids = (struct ids_alert){
		.signature = pairs_get_lit(pairs, "msg"),
		.category = pairs_get_lit(pairs, "class"),
		.priority = pairs_get_lit(pairs, "priority"),
		.stopped = verdict_of(action) == VERDICT_DENIED,
	};
	alert->protocol = pairs_get_lit(pairs, "proto");
	alert->source = pairs_get_lit(pairs, "src_ap");
	alert->destination = pairs_get_lit(pairs, "dst_ap");
	return true;
}

/*
 * Snort 2's "output alert_csv: FILE default": "03/07-10:00:00.123456 ,1,2003,8,\"NAME\",TCP,
 * 203.0.113.9,40000,192.0.2.7,80,00:11:22:33:44:55,..."
 */
static bool read_csv(struct record *record, struct parse_context *context, struct alert *alert)
{
	enum { COLUMNS_MIN = 11 };
	static const struct csv_column columns[] = {
		{6, FIELD_SOURCE_IP},
		{7, FIELD_SOURCE_PORT},
		{8, FIELD_DESTINATION_IP},
		{9, FIELD_DESTINATION_PORT},
		{10, FIELD_SOURCE_MAC},
		{11, FIELD_DESTINATION_MAC},
	};
	struct slice rest = context->message;
	struct csv csv;

	if (!take_time(&rest, context, &alert->ns))
		return false;
	skip_blanks(&rest);
	if (rest.len == 0 || rest.ptr[0] != ',')
		return false;
	csv_read(&csv, context->message, context);
	if (csv.n < COLUMNS_MIN || !all_digits(csv_at(&csv, 1)) ||
		!all_digits(csv_at(&csv, 2)) || !all_digits(csv_at(&csv, 3)))
		return false;
	alert->generator = csv_at(&csv, 1);
	alert->signature = csv_at(&csv, 2);
	alert->revision = csv_at(&csv, 3);
	alert->ids.signature = csv_at(&csv, 4);
	alert->protocol = csv_at(&csv, 5);
	csv_put(record, context, &csv, columns, ARRAY_LEN(columns));
	return true;
}

static void put_alert(
	struct record *record, struct parse_context *context, const struct alert *alert)
{
	put_device(record, context, &sensor);
	put(record, context, FIELD_RULE_ID, alert->signature);
	put(record, context, FIELD_RULE_VERSION, alert->revision);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("gid"), alert->generator);
	if (!slice_absent(alert->protocol))
		put_transport(record, context, alert->protocol);
	put(record, context, FIELD_OBSERVER_INGRESS_INTERFACE, alert->interface);
	put_ids_address(record, context, alert->source, FIELD_SOURCE_IP, FIELD_SOURCE_PORT);
	put_ids_address(record, context, alert->destination, FIELD_DESTINATION_IP,
		FIELD_DESTINATION_PORT);
	put_ids_alert(record, context, &alert->ids);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct alert alert = {.ns = CLOCK_NONE};
	struct slice text = context->message;
	bool is_json = text.len > 0 && text.ptr[0] == '{';

	if (is_json ? !read_json(context, &alert)
		    : !read_line(text, context, &alert) && !read_csv(record, context, &alert))
		return PARSED_NOT_MINE;
	if (alert.ns != CLOCK_NONE)
		record->created_ns = alert.ns;
	put_alert(record, context, &alert);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"snort", "snort3", NULL};

const struct parser parser_snort = {
	.number = 65,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "snort",
	.module = "snort",
	.summary = "Snort 2 and 3, Suricata's fast.log",
	.source = "Snort 2.9 and 3 manuals, alert_fast, alert_full, alert_syslog, alert_csv, "
		  "alert_json",
	.programs = programs,
	.first_bytes = "[{01",
	.digits = DIGITS(DAY),
	.parse = parse,
};
