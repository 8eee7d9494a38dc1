/*
 * mysql-slow - the slow query log of MySQL and MariaDB: a record of several lines
 *
 *	# Time: 2026-03-07T03:00:00.123456Z
 *	# User@Host: app[app] @ web.example [192.0.2.7]  Id:    12
 *	# Thread_id: 12  Schema: ho_so  QC_hit: No                                 MariaDB
 *	# Query_time: 12.000213  Lock_time: 0.000123 Rows_sent: 1  Rows_examined: 100000
 *	use ho_so;
 *	SET timestamp=1772852400;
 *	SELECT ...
 *
 * Of several in one second only the first has a Time, a record of its own. A statement may hold
 *lines like these: each is taken before the statement only, and once.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/stamp.h"

enum { NAME_MAX_BYTES = 32, FRACTION_DIGITS = 9 };

static const struct meaning slow = {
	.action = {SLICE_BYTES("database_slow_query")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};

/* What was read of a record. */
struct seen {
	bool time, user, head; /* head: anything else that begins with '#' */
	bool set;              /* SET timestamp= */
	struct slice statement;
};

/* "app[app] @ web.example [192.0.2.7]  Id:    12": names hold what users chose, so that the
 * address in the last brackets counts. */
static void put_user(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice user, peer, host, address, current;

	rest = slice_head(rest, slice_search(rest, SLICE_LIT("]  Id: ")));
	if (slice_ends(rest, SLICE_LIT("]")))
		rest.len--;
	if (!cut_last(rest, SLICE_LIT(" @ "), &user, &peer) ||
		!cut_last(peer, SLICE_LIT("["), &host, &address))
		return;
	if (cut_last(user, SLICE_LIT("["), &user, &current) && current.len > 0)
		put_other(record, context, FIELD_OTHER, SLICE_LIT("current_user"),
			slice_head(current, current.len - 1));
	put_some(record, context, FIELD_USER_NAME, user);
	put_some(record, context, FIELD_SOURCE_DOMAIN, slice_trim(host));
	if (address.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
}

/* "12.000213" seconds, in nanoseconds. */
static void put_duration(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice whole, fraction = SLICE_LIT("");
	uint64_t seconds, rest = 0;

	if (!take_digits(&text, &whole) || !slice_to_u64(whole, 1000000000, &seconds))
		return;
	if (skip_byte(&text, '.') && !take_digits(&text, &fraction))
		return;
	for (size_t i = 0; i < FRACTION_DIGITS; i++)
		rest = rest * 10 +
		       (i < fraction.len ? (uint64_t)(fraction.ptr[i] - '0') : UINT64_C(0));
	put_number(record, context, FIELD_EVENT_DURATION, seconds * 1000000000 + rest);
}

static void put_pair(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	if (slice_eq(name, SLICE_LIT("Query_time")))
		put_duration(record, context, value);
	else if (slice_eq(name, SLICE_LIT("Thread_id")) || slice_eq(name, SLICE_LIT("Id")))
		put_digits(record, context, FIELD_PROCESS_THREAD_ID, value);
	else if (slice_eq(name, SLICE_LIT("Schema")))
		put_some(record, context, FIELD_SOC_DATABASE, value);
	else
		put_other(record, context, FIELD_OTHER, name, value);
}

/* "Query_time: 12.000213  Lock_time: 0.000123 Rows_sent: 1" */
static bool put_pairs(struct record *record, struct parse_context *context, struct slice rest)
{
	bool any = false;

	for (;;) {
		struct slice name, value;

		skip_blanks(&rest);
		if (!take_until(&rest, ':', &name) || name.len == 0 ||
			name.len > NAME_MAX_BYTES || slice_find(name, ' ') < name.len)
			return any;
		any = true;
		skip_blanks(&rest);
		value = take_word(&rest);
		put_pair(record, context, name, value);
	}
}

static bool take_time(struct slice rest, struct parse_context *context, int64_t *ns)
{
	return take_stamp_iso(&rest, context, ns) || take_stamp_padded(&rest, context, ns);
}

/* A line that begins with "# ". */
static bool take_head(struct record *record, struct parse_context *context, struct slice line,
	struct seen *seen)
{
	struct slice rest = line, id;

	if (!seen->time && skip_lit(&rest, "# Time: ")) {
		seen->time = take_time(rest, context, &record->created_ns);
		return seen->time;
	}
	if (!seen->user && skip_lit(&rest, "# User@Host: ")) {
		seen->user = true;
		put_user(record, context, rest);
		size_t at = slice_search(rest, SLICE_LIT("]  Id: "));
		if (at < rest.len) {
			id = slice_trim(slice_from(rest, at + sizeof("]  Id: ") - 1));
			put_digits(record, context, FIELD_PROCESS_THREAD_ID, id);
		}
		return true;
	}
	if (!skip_lit(&rest, "# "))
		return false;
	if (skip_lit(&rest, "administrator command: ")) {
		seen->statement = rest;
		return true;
	}
	static const char *const begins[] = {"Query_time: ", "Thread_id: ", "Schema: ",
		"Bytes_sent: ", "Rows_affected: ", "Rows_sent: ", "Tmp_tables: ", "InnoDB_",
		"Full_scan: ", "Filesort: ", "QC_Hit: ", "Last_errno: "};
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		if (slice_starts(rest, slice_str(begins[i]))) {
			seen->head = true;
			return put_pairs(record, context, rest);
		}
	}
	return seen->user;
}

/* "use ho_so;", "SET timestamp=1772852400;" between head and statement */
static bool take_setting(struct record *record, struct parse_context *context,
	struct slice line, struct seen *seen)
{
	struct slice rest = line, digits;
	int64_t ns;

	if (!seen->set && skip_lit(&rest, "SET timestamp=") && take_digits(&rest, &digits) &&
		slice_eq(rest, SLICE_LIT(";")) && stamp_from_epoch(digits, &ns)) {
		seen->set = true;
		if (!seen->time)
			record->created_ns = ns;
		return true;
	}
	if (!seen->set && skip_lit(&rest, "use ") && slice_ends(rest, SLICE_LIT(";"))) {
		put_over(record, context, FIELD_SOC_DATABASE, slice_head(rest, rest.len - 1));
		return true;
	}
	return false;
}

static struct slice without_return(struct slice line)
{
	return slice_head(line, line.len - slice_ends(line, SLICE_LIT("\r")));
}

/* What the server writes when it opens the file, of the general log as well. */
static bool is_opening(struct slice text)
{
	return slice_starts(text, SLICE_LIT("Tcp port: ")) ||
	       slice_starts(text, SLICE_LIT("TCP Port: ")) ||
	       slice_starts(text, SLICE_LIT("Time                 Id Command    Argument")) ||
	       (slice_ends(text, SLICE_LIT(" started with:")) &&
		       slice_search(text, SLICE_LIT(", Version: ")) < text.len);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message, rest = text, line;
	struct seen seen = {0};

	if (is_opening(text)) {
		put_meaning(record, context, &database_noted);
		context->message = SLICE_NONE;
		return PARSED;
	}
	while (slice_cut(&rest, '\n', &line)) {
		line = without_return(line);
		if (take_head(record, context, line, &seen) ||
			((seen.head || line.ptr == text.ptr) &&
				take_setting(record, context, line, &seen)))
			continue;
		if (!seen.user && !seen.time && !seen.head && !seen.set)
			return PARSED_NOT_MINE;
		seen.statement = slice_of(line.ptr, (size_t)(text.ptr + text.len - line.ptr));
		break;
	}
	/* "use ho_so;" alone is anybody's */
	if (!seen.user && !seen.time && !seen.head && !seen.set)
		return PARSED_NOT_MINE;
	put_meaning(record, context, &slow);
	put_some(record, context, FIELD_MESSAGE, slice_trim(seen.statement));
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_mysql_slow = {
	.number = 45,
	.roles = PARSER_ENVELOPE,
	.name = "mysql-slow",
	.module = "mysql",
	.summary = "slow query log of MySQL and MariaDB",
	.source = "MySQL 5.5 to 8.4 Reference Manual, The Slow Query Log; MariaDB 5.5 to 11",
	.first_bytes = "#ST/",
	.parse = parse,
};
