/*
 * postgresql - the server log of PostgreSQL, as text, CSV and JSON, with the lines of pgAudit
 *
 *	2026-03-07 10:00:00.123 +07 [4711] an@ho_so FATAL:  password authentication failed ...
 *	2026-03-07 10:00:00 UTC:192.0.2.1(5432):an@ho_so:[4711]:LOG:  ...
 *	2026-03-07 10:00:00 UTC [4711]: [3-1] user=an,db=ho_so,app=psql,client=192.0.2.1 LOG:
 *... 2026-03-07 10:00:00.123 +07,"an","ho_so",4711,"192.0.2.1:5432",...,FATAL,28P01,"..."
 *	{"timestamp":"...","user":"an","error_severity":"FATAL","message":"...",...}
 *
 * What stands between the stamp and the severity is the administrator's choice
 * (log_line_prefix): a number in brackets, USER@DATABASE and an address are recognized there.
 * Until somebody has logged in, user and database are what a stranger typed, blanks included:
 * who was refused is read between the text's quotes, and the address from what stands before
 * that name in the prefix. The name of the application is the client's at all times: values
 * behind it in the prefix are looked for from the end.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/stamp.h"

enum { PREFIX_MAX = 256, COLUMNS = 15 };

/* What pgAudit writes, behind "AUDIT: ". */
enum {
	AUDIT_TYPE,
	AUDIT_STATEMENT_ID,
	AUDIT_SUBSTATEMENT_ID,
	AUDIT_CLASS,
	AUDIT_COMMAND,
	AUDIT_OBJECT_TYPE,
	AUDIT_OBJECT,
	AUDIT_VALUES
};

/* CSV columns, runtime-config-logging. */
enum { USER = 1, DATABASE, PID, CLIENT, SEVERITY = 11, STATE, TEXT };

struct line {
	struct slice severity, state, text;
	struct slice user, database, pid, client, port;
	bool truncated; /* the CSV goes on in the next line */
};

#define STATEMENT(what, kind)                                                                  \
	.action = {SLICE_BYTES(what)}, .category = {ECS_DATABASE}, .type = {kind}

static const struct meaning audited = {STATEMENT("database_query", ECS_ACCESS)};

/* Classes of statements, pgAudit's README, "pgaudit.log". */
static const struct value_meaning classes[] = {
	VALUE("READ", STATEMENT("database_read", ECS_ACCESS)),
	VALUE("WRITE", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("FUNCTION", STATEMENT("database_execute", ECS_ACCESS)),
	VALUE("DDL", STATEMENT("database_alter", ECS_CHANGE)),
	VALUE("ROLE", .action = {SLICE_BYTES("privilege_changed")}, .category = {ECS_IAM},
		.category2 = {ECS_DATABASE}, .type = {ECS_USER}, .type2 = {ECS_CHANGE}),
};

static const struct meaning error = {
	.category = {ECS_DATABASE},
	.type = {ECS_ERROR},
};
static const struct meaning ended = {
	.action = {SLICE_BYTES("database_session_closed")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};

static bool is_severity(struct slice word)
{
	static const struct slice words[] = {{SLICE_BYTES("LOG")}, {SLICE_BYTES("ERROR")},
		{SLICE_BYTES("FATAL")}, {SLICE_BYTES("PANIC")}, {SLICE_BYTES("WARNING")},
		{SLICE_BYTES("NOTICE")}, {SLICE_BYTES("INFO")}, {SLICE_BYTES("DETAIL")},
		{SLICE_BYTES("HINT")}, {SLICE_BYTES("STATEMENT")}, {SLICE_BYTES("CONTEXT")},
		{SLICE_BYTES("QUERY")}, {SLICE_BYTES("LOCATION")}, {SLICE_BYTES("DEBUG")}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq(words[i], word))
			return true;
	}
	return word.len == 6 && slice_starts(word, SLICE_LIT("DEBUG")) && is_digit(word.ptr[5]);
}

static bool is_fatal(const struct line *line)
{
	return slice_eq(line->severity, SLICE_LIT("FATAL"));
}

/* ---- text ------------------------------------------------------------------------------- */

/* "192.0.2.1", "192.0.2.1(5432)" */
static void take_client(struct slice word, struct line *line)
{
	size_t at = slice_find(word, '(');
	struct slice host = slice_head(word, at), port = slice_from(word, at);

	if (host.len < 3 ||
		(slice_find(host, '.') == host.len && slice_find(host, ':') == host.len))
		return;
	for (size_t i = 0; i < host.len; i++) {
		char byte = (char)(host.ptr[i] | 0x20);

		if (!is_digit(byte) && (byte < 'a' || byte > 'f') && host.ptr[i] != '.' &&
			host.ptr[i] != ':')
			return;
	}
	line->client = host;
	if (skip_byte(&port, '('))
		(void)take_digits(&port, &line->port);
}

static void take_word_of_prefix(struct slice word, struct line *line)
{
	struct slice user, pid, inside = word;

	if (skip_byte(&inside, '[') && take_digits(&inside, &pid)) {
		if (slice_absent(line->pid))
			line->pid = pid;
		return;
	}
	if (!slice_absent(line->database)) /* what follows the names may be a part of them */
		return;
	if (take_until(&word, '@', &user)) {
		line->user = user;
		line->database = word;
		return;
	}
	take_client(word, line);
}

/* Where a value of "name=value,name=value" ends. */
static struct slice named_value(struct slice text)
{
	size_t len = 0;

	while (len < text.len && text.ptr[len] != ',' && text.ptr[len] != ' ')
		len++;
	return slice_head(text, len);
}

/* How often an address has a name in a text; `value` is the last. */
static unsigned count_clients(struct slice text, struct slice *value)
{
	unsigned n = 0;

	*value = SLICE_NONE;
	while (text.len > 0) {
		if (skip_lit(&text, "client=") || skip_lit(&text, "host=")) {
			*value = named_value(text);
			n++;
		} else {
			text = slice_from(text, 1);
		}
	}
	return n;
}

/* The client's address: the only one before the application's name, or the last behind it. When
 * there are others, one was typed. */
static struct slice find_client(struct slice front, struct slice back)
{
	struct slice first, last;
	unsigned before = count_clients(front, &first), behind = count_clients(back, &last);

	if (before == 0 && behind > 0)
		return last;
	return before == 1 && behind == 0 ? first : SLICE_NONE;
}

/* Of a text the value behind `name`: the first before the application's name, the last behind
 * it. */
static void take_named(
	struct slice front, struct slice back, struct slice name, struct slice *value)
{
	size_t at = slice_search(front, name);
	struct slice before, behind;

	if (value->len > 0)
		return;
	if (at < front.len)
		*value = named_value(slice_from(front, at + name.len));
	else if (cut_last(back, name, &before, &behind))
		*value = named_value(behind);
}

/* "user=an,db=ho_so,app=psql,client=192.0.2.1" as pgBadger has it written; false when none of
 * these names is in the prefix. */
static bool read_named(struct slice prefix, struct line *line)
{
	size_t app = slice_search(prefix, SLICE_LIT("app="));
	struct slice front = slice_head(prefix, app), back = slice_from(prefix, app);
	struct slice user = line->user, database = line->database,
		     client = find_client(front, back);

	if (client.len > 0)
		take_client(client, line);
	take_named(front, back, SLICE_LIT("user="), &user);
	take_named(front, back, SLICE_LIT("db="), &database);
	take_named(front, back, SLICE_LIT("database="), &database);
	if (slice_absent(user) && slice_absent(database))
		return false;
	line->user = user;
	line->database = database;
	return true;
}

/* Words between blanks, or between colons when the prefix is written so. */
static void read_prefix(struct slice prefix, struct line *line)
{
	bool colons = slice_starts(prefix, SLICE_LIT(":"));
	struct slice word;

	if (slice_absent(line->database) && read_named(prefix, line))
		prefix = slice_head(prefix, slice_find(prefix, '='));
	while (slice_cut(&prefix, colons ? ':' : ' ', &word)) {
		word = slice_trim(word);
		if (word.len > 0)
			take_word_of_prefix(word, line);
	}
}

/* Of a refusal: who, between the quotes, and from where, which few texts say. False when the
 * text is none. */
static bool read_refusal(struct slice text, struct slice *user, struct slice *client)
{
	struct slice rest = text, words, after;

	*client = SLICE_NONE;
	if (skip_lit(&rest, "no pg_hba.conf entry for ") ||
		skip_lit(&rest, "pg_hba.conf rejects connection for ")) {
		(void)skip_lit(&rest, "replication connection from ");
		if (skip_lit(&rest, "host \"") && take_until(&rest, '"', client))
			(void)skip_lit(&rest, ", ");
		*user = SLICE_NONE;
		if (skip_lit(&rest, "user \""))
			*user = slice_head(rest, slice_search(rest, SLICE_LIT("\", ")));
		return true;
	}
	if (!take_until(&rest, '"', &words) || !cut_last(rest, SLICE_LIT("\""), user, &after))
		return false;
	return slice_ends(words, SLICE_LIT("authentication failed for user ")) ||
	       (slice_eq(words, SLICE_LIT("role ")) &&
		       (slice_eq(after, SLICE_LIT(" does not exist")) ||
			       slice_eq(after, SLICE_LIT(" is not permitted to log in"))));
}

/* "client=192.0.2.1" anywhere in the prefix; when there are two, one was typed. */
static void take_only_client(struct slice prefix, struct line *line)
{
	struct slice client;

	if (slice_absent(line->client) && count_clients(prefix, &client) == 1)
		take_client(client, line);
}

/* Of who was refused the prefix says it before the name; the name itself is a stranger's. */
static void read_refused(struct slice prefix, struct line *line)
{
	struct slice user = SLICE_NONE, client = SLICE_NONE, before = prefix, behind;

	(void)read_refusal(line->text, &user, &client);
	if (user.len == 0 || !cut_last(prefix, user, &before, &behind))
		behind = SLICE_LIT("");
	read_prefix(before, line);
	line->user = user;
	line->database = SLICE_LIT("");
	if (skip_byte(&behind, '@')) {
		line->database = slice_head(behind, slice_find(behind, ' '));
		line->database = slice_head(line->database, slice_find(line->database, ':'));
	}
	read_prefix(slice_from(behind, line->database.len), line);
	take_only_client(prefix, line);
	if (!slice_absent(client))
		line->client = client;
}

/* A stranger's name may hold "LOG:  connection authorized: ...": when a refusal stands further
 * on in the line, it is that. */
static size_t severity_end(struct slice head, struct slice line)
{
	struct slice before, after, user, client;

	if (cut_last(head, SLICE_LIT("FATAL:  "), &before, &after) &&
		read_refusal(slice_from(line, head.len - after.len), &user, &client))
		return before.len + sizeof("FATAL") - 1;
	return slice_search(head, SLICE_LIT(":  "));
}

static bool read_text(struct slice rest, struct line *line)
{
	struct slice head = slice_head(rest, rest.len < PREFIX_MAX ? rest.len : PREFIX_MAX);
	size_t at = severity_end(head, rest), start = at;
	struct slice user, client;

	if (slice_absent(head) || at == head.len)
		return false;
	while (start > 0 && head.ptr[start - 1] != ' ' && head.ptr[start - 1] != ':')
		start--;
	line->severity = slice_of(head.ptr + start, at - start);
	if (!is_severity(line->severity))
		return false;
	line->text = slice_from(rest, at + 3);
	if (is_fatal(line) && read_refusal(line->text, &user, &client))
		read_refused(slice_head(head, start), line);
	else
		read_prefix(slice_head(head, start), line);
	return true;
}

/* ---- CSV -------------------------------------------------------------------------------- */

/* "" stands for one quote. */
static struct slice unquote(struct parse_context *context, struct slice text)
{
	char *start, *to;

	if (slice_absent(text) || slice_search(text, SLICE_LIT("\"\"")) == text.len)
		return text;
	start = to = arena_alloc(context->arena, text.len);
	if (start == NULL) {
		context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++) {
		*to++ = text.ptr[i];
		if (text.ptr[i] == '"')
			i++;
	}
	return slice_of(start, (size_t)(to - start));
}

/* The column up to the comma; false when a quoted one does not end in this line. */
static bool take_column(struct slice *rest, struct slice *column)
{
	size_t at = 1;

	if (!slice_starts(*rest, SLICE_LIT("\""))) {
		at = slice_find(*rest, ',');
		*column = slice_head(*rest, at);
		*rest = slice_from(*rest, at);
		(void)skip_byte(rest, ',');
		return true;
	}
	for (;; at += 2) {
		at += slice_find(slice_from(*rest, at), '"');
		if (at >= rest->len) {
			*column = slice_from(*rest, 1);
			*rest = SLICE_LIT("");
			return false;
		}
		if (at + 1 == rest->len || rest->ptr[at + 1] != '"')
			break;
	}
	*column = slice_of(rest->ptr + 1, at - 1);
	*rest = slice_from(*rest, at + 1);
	(void)skip_byte(rest, ',');
	return true;
}

static bool read_csv(struct parse_context *context, struct slice rest, struct line *line)
{
	struct slice columns[COLUMNS] = {{0}}, host, port;

	for (unsigned i = USER; i < COLUMNS && rest.len > 0; i++) {
		line->truncated = !take_column(&rest, &columns[i]);
		columns[i] = unquote(context, columns[i]);
	}
	if (!is_severity(columns[SEVERITY]) || columns[STATE].len != 5)
		return false;
	line->user = columns[USER];
	line->database = columns[DATABASE];
	line->pid = columns[PID];
	line->severity = columns[SEVERITY];
	line->state = columns[STATE];
	line->text = columns[TEXT];
	line->client = columns[CLIENT];
	if (cut_last(line->client, SLICE_LIT(":"), &host, &port) && all_digits(port)) {
		line->client = host;
		line->port = port;
	}
	return true;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static bool read_json(struct parse_context *context, struct line *line, int64_t *ns)
{
	static const char *const required[] = {
		"timestamp", "error_severity", "message", "backend_type", NULL};
	const struct pairs *pairs = context->pairs;
	struct slice stamp;

	if (!document_read(context, required) || pairs->state != PAIRS_WHOLE)
		return false;
	line->severity = pairs_get_lit(pairs, "error_severity");
	stamp = pairs_get_lit(pairs, "timestamp");
	if (!is_severity(line->severity) || !take_stamp_any(&stamp, context, ns))
		return false;
	line->user = pairs_get_lit(pairs, "user");
	line->database = pairs_get_lit(pairs, "dbname");
	line->pid = pairs_get_lit(pairs, "pid");
	line->client = pairs_get_lit(pairs, "remote_host");
	line->port = pairs_get_lit(pairs, "remote_port");
	line->state = pairs_get_lit(pairs, "state_code");
	line->text = pairs_get_lit(pairs, "message");
	return true;
}

/* ---- meaning ---------------------------------------------------------------------------- */

/* The value behind `name`, up to a blank or, when quoted, the quote. */
static struct slice value_of(struct slice text, struct slice name)
{
	size_t at = slice_search(text, name);

	if (at == text.len)
		return SLICE_NONE;
	text = slice_from(text, at + name.len);
	if (skip_byte(&text, '"'))
		return slice_head(text, slice_find(text, '"'));
	return slice_head(text, slice_find(text, ' '));
}

/* "AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.a,..." */
static const struct meaning *audit_meaning(struct slice text, struct slice *values)
{
	const struct meaning *meaning;

	if (!skip_lit(&text, "AUDIT: "))
		return NULL;
	for (unsigned i = 0; i < AUDIT_VALUES; i++) {
		if (!take_until(&text, ',', &values[i]))
			return NULL;
	}
	meaning = meaning_of_value(classes, ARRAY_LEN(classes), values[AUDIT_CLASS]);
	return meaning ? meaning : &audited;
}

static const struct meaning *meaning_of(const struct line *line)
{
	struct slice user, client, values[AUDIT_VALUES];
	const struct meaning *meaning = audit_meaning(line->text, values);

	if (meaning != NULL)
		return meaning;
	if (is_fatal(line) && read_refusal(line->text, &user, &client))
		return &database_refused;
	if (slice_starts(line->text, SLICE_LIT("connection received: ")))
		return &database_connected;
	if (slice_starts(line->text, SLICE_LIT("connection authorized: ")))
		return &database_let_in;
	if (slice_starts(line->text, SLICE_LIT("disconnection: ")))
		return &ended;
	if (line->state.len == 5 &&
		slice_search(SLICE_LIT("00 01 02"), slice_head(line->state, 2)) == 8)
		return &error;
	return &database_noted;
}

/* What the text says of who and where, when the prefix does not. */
static void complete(struct line *line)
{
	struct slice text = line->text;

	if (line->user.len == 0)
		line->user = value_of(text, SLICE_LIT("user="));
	if (line->database.len == 0)
		line->database = value_of(text, SLICE_LIT("database="));
	if (line->client.len == 0)
		line->client = value_of(text, SLICE_LIT("host="));
	if (line->port.len == 0)
		line->port = value_of(text, SLICE_LIT("port="));
}

static void put_audit(struct record *record, struct parse_context *context, struct slice text)
{
	static const struct {
		unsigned at;
		struct slice name;
	} names[] = {
		{AUDIT_CLASS, {SLICE_BYTES("class")}},
		{AUDIT_COMMAND, {SLICE_BYTES("command")}},
		{AUDIT_OBJECT_TYPE, {SLICE_BYTES("object_type")}},
		{AUDIT_OBJECT, {SLICE_BYTES("object_name")}},
	};
	struct slice values[AUDIT_VALUES];

	if (audit_meaning(text, values) == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (values[names[i].at].len > 0)
			put_other(record, context, FIELD_OTHER, names[i].name,
				values[names[i].at]);
	}
}

/* "duration: 12.345 ms  statement: SELECT 1" */
static void put_duration(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice whole, part = SLICE_NONE;
	uint64_t ns, ms;

	if (!skip_lit(&text, "duration: ") || !take_digits(&text, &whole) ||
		!slice_to_u64(whole, INT64_MAX / 2000000, &ms))
		return;
	ns = ms * 1000000;
	if (!skip_byte(&text, '.') || !take_digits(&text, &part) || part.len != 3 ||
		!slice_to_u64(part, 999, &ms) || !slice_starts(text, SLICE_LIT(" ms")))
		return;
	ns += ms * 1000;
	put_number(record, context, FIELD_EVENT_DURATION, ns);
}

static void put_line(struct record *record, struct parse_context *context, struct line *line)
{
	const struct meaning *meaning = meaning_of(line);

	put_meaning(record, context, meaning);
	if (meaning == &database_connected || meaning == &database_let_in || meaning == &ended)
		complete(line);
	put(record, context, FIELD_LOG_LEVEL, line->severity);
	put_digits(record, context, FIELD_PROCESS_PID, line->pid);
	if (!slice_eq(line->user, SLICE_LIT("[unknown]")))
		put_some(record, context, FIELD_USER_NAME, line->user);
	if (line->client.len > 0 && !slice_eq(line->client, SLICE_LIT("[local]")))
		put_address(
			record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, line->client);
	if (all_digits(line->port))
		put_digits(record, context, FIELD_SOURCE_PORT, line->port);
	if (line->database.len > 0 && !slice_eq(line->database, SLICE_LIT("[unknown]")))
		put_some(record, context, FIELD_SOC_DATABASE, line->database);
	put_some(record, context, FIELD_EVENT_CODE, line->state);
	put_audit(record, context, line->text);
	put_duration(record, context, line->text);
	put_over(record, context, FIELD_MESSAGE, line->text);
}

/* "[3-1] " of log_destination syslog: the line, and its part */
static void skip_sequence(struct slice *rest)
{
	struct slice at = *rest, number;

	if (skip_byte(&at, '[') && take_digits(&at, &number) && skip_byte(&at, '-') &&
		take_digits(&at, &number) && skip_lit(&at, "] "))
		*rest = at;
}

/* "192.0.2.1 2026-03-07 ..." of a prefix that begins with %h */
static bool take_client_and_stamp(
	struct slice *rest, const struct parse_context *context, struct line *line, int64_t *ns)
{
	struct slice at = *rest;

	take_client(take_word(&at), line);
	if (slice_absent(line->client) || !skip_byte(&at, ' ') ||
		!take_stamp_any(&at, context, ns))
		return false;
	*rest = at;
	return true;
}

/* %m and %t write a zone: "+07", or a name, which may not be known here and is left then. */
static bool has_zone(struct slice stamp, struct slice rest)
{
	size_t sign = stamp.len > 6 ? slice_find(slice_from(stamp, stamp.len - 6), '+') : 6;

	if (sign < 6 || (stamp.len > 3 && stamp.ptr[stamp.len - 3] == '-') ||
		(stamp.len > 0 && !is_digit(stamp.ptr[stamp.len - 1])))
		return true;
	return rest.len > 4 && rest.ptr[0] == ' ' && rest.ptr[1] >= 'A' && rest.ptr[1] <= 'Z' &&
	       rest.ptr[2] >= 'A' && rest.ptr[2] <= 'Z' && rest.ptr[3] >= 'A' &&
	       rest.ptr[3] <= 'Z' && (rest.ptr[4] == ' ' || rest.ptr[4] == ':');
}

/* "2026-03-07 10:00:00 +07:192.0.2.1(5432):": the zone has no minutes, an address follows. */
static struct slice stamp_of_colons(struct slice text)
{
	struct slice zone = slice_from(text, slice_find(text, '+')), hours, number;
	size_t at = text.len - zone.len;

	if (at < 19 || at > 24 || !skip_byte(&zone, '+') || !take_digits(&zone, &hours) ||
		hours.len != 2 || !skip_byte(&zone, ':') || !take_digits(&zone, &number) ||
		!skip_byte(&zone, '.'))
		return text;
	return slice_head(text, at + 3);
}

static bool take_stamp(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice stamp = stamp_of_colons(*rest);
	size_t len = stamp.len;

	if (!take_stamp_any(&stamp, context, ns))
		return false;
	*rest = slice_from(*rest, len - stamp.len);
	return true;
}

static enum parse_result parse_json(struct record *record, struct parse_context *context)
{
	struct line line = {0};
	int64_t ns;

	if (!read_json(context, &line, &ns))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_line(record, context, &line);
	context->message = SLICE_NONE;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	bool told = context->named || !slice_absent(context->program);
	struct slice rest = context->message, start;
	struct line line = {0};
	int64_t ns = record->created_ns;

	if (slice_absent(rest))
		return PARSED_NOT_MINE;
	if (slice_starts(rest, SLICE_LIT("{")))
		return parse_json(record, context);
	if (!slice_absent(context->program))
		skip_sequence(&rest);
	start = rest;
	if (!take_stamp(&rest, context, &ns) &&
		!take_client_and_stamp(&rest, context, &line, &ns) &&
		slice_absent(context->program))
		return PARSED_NOT_MINE;
	bool zoned = has_zone(slice_head(start, start.len - rest.len), rest);
	bool csv = rest.len < start.len && skip_byte(&rest, ',');
	if (csv ? !read_csv(context, rest, &line) : !read_text(rest, &line))
		return PARSED_NOT_MINE;
	/* many write "ERROR:  ", but few behind a stamp with a zone and nothing else: %t, %m */
	bool bare = !csv && line.severity.ptr == rest.ptr + 1;
	if (!told && (!zoned || (slice_absent(line.pid) && !bare)))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_line(record, context, &line);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"postgres", "postgresql", NULL};

const struct parser parser_postgresql = {
	.number = 33,
	.roles = PARSER_ENVELOPE,
	.name = "postgresql",
	.module = "postgresql",
	.summary =
		"PostgreSQL: statements, errors, connections, refused logins, pgAudit; text, "
		"CSV, JSON",
	.source = "PostgreSQL 9 to 17, Error Reporting and Logging; pgAudit 1.0 to 17, Format",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "{",
	.digits = DIGITS(ISO_BLANK) | DIGITS_ADDRESS,
	.parse = parse,
};
