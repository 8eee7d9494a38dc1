/*
 * mysql - the error log of MySQL and MariaDB, and the general log
 *
 *	2026-03-07T03:00:00.123456Z 25 [Note] [MY-010926] [Server] Access denied for ...
 *	2026-03-07  5:13:11 8 [Warning] Access denied for user 'an'@'192.0.2.1' (...)
 *	260307 13:08:33 mysqld_safe Starting mysqld daemon ...
 *	2026-03-07T03:00:00.123456Z        14 Connect   an@192.0.2.1 on ho_so
 *	{"prio":2,"err_code":10926,"subsystem":"Server","msg":"Access denied ...",...}
 *
 * Statements of the general log are written as they came, on several lines if so.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning queried = {
	.action = {SLICE_BYTES("database_query")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};

static const struct meaning ended = {
	.action = {SLICE_BYTES("database_session_closed")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};
static const struct meaning aborted = {
	.action = {SLICE_BYTES("database_connection_aborted")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
	.type2 = {ECS_ERROR},
};

struct line {
	struct slice thread, level, code, part, command, text;
	int64_t ns;
};

static void skip_space(struct slice *rest)
{
	while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
		*rest = slice_from(*rest, 1);
}

static bool is_level(struct slice word)
{
	return slice_eq(word, SLICE_LIT("Note")) || slice_eq(word, SLICE_LIT("Warning")) ||
	       slice_eq(word, SLICE_LIT("ERROR")) || slice_eq(word, SLICE_LIT("Error")) ||
	       slice_eq(word, SLICE_LIT("System"));
}

/* "[Note] [MY-010926] [Server] " */
static bool take_level(struct slice *rest, struct line *line)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !take_until(&at, ']', &line->level) ||
		!is_level(line->level))
		return false;
	skip_space(&at);
	*rest = at;
	if (!skip_lit(&at, "[MY-") || !take_until(&at, ']', &line->code))
		return true;
	line->code = slice_of(line->code.ptr - 3, line->code.len + 3);
	skip_space(&at);
	if (skip_byte(&at, '[') && take_until(&at, ']', &line->part))
		skip_space(&at);
	*rest = at;
	return true;
}

/* The server writes a tab behind a command; who copied the line may have made it blanks. */
static bool ends_command(struct slice rest)
{
	return rest.len == 0 || rest.ptr[0] == '\t' || slice_starts(rest, SLICE_LIT("  "));
}

/* A command of the general log, and what stands between it and its text. */
static bool take_command(struct slice *rest, struct line *line)
{
	static const struct slice commands[] = {{SLICE_BYTES("Connect")},
		{SLICE_BYTES("Query")}, {SLICE_BYTES("Quit")}, {SLICE_BYTES("Init DB")},
		{SLICE_BYTES("Prepare")}, {SLICE_BYTES("Execute")}, {SLICE_BYTES("Close stmt")},
		{SLICE_BYTES("Change user")}, {SLICE_BYTES("Field List")},
		{SLICE_BYTES("Shutdown")}};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		struct slice at = *rest;

		if (!skip_text(&at, commands[i]) || !ends_command(at))
			continue;
		line->command = commands[i];
		skip_space(&at);
		*rest = at;
		return true;
	}
	return false;
}

/* "\t\t   14 Query\tSELECT 1" of MySQL 5.6 and MariaDB: in the same second as the line before.
 */
static bool read_unstamped(struct slice rest, struct line *line)
{
	if (!skip_lit(&rest, "\t\t"))
		return false;
	skip_space(&rest);
	if (!take_digits(&rest, &line->thread) || !skip_byte(&rest, ' ') ||
		!take_command(&rest, line))
		return false;
	line->text = rest;
	return true;
}

/* Behind a stamp with a T stands the thread: "2026-03-07T10:00:00.123456Z 8 [Note] ...", with
 * blanks or a tab before it. Many write such stamps. */
static bool may_be_mine(struct slice text)
{
	if (text.len < 20 || text.ptr[10] != 'T')
		return true;
	while (text.len > 0 && text.ptr[0] != ' ' && text.ptr[0] != '\t')
		text = slice_from(text, 1);
	skip_space(&text);
	return text.len > 0 &&
	       (is_digit(text.ptr[0]) || slice_starts(text, SLICE_LIT("mysqld_safe ")));
}

static bool read_line(struct slice rest, const struct parse_context *context, struct line *line)
{
	bool told = context->named || !slice_absent(context->program);
	bool full = rest.len > 4 && rest.ptr[4] == '-';

	if (!told && full && !may_be_mine(rest))
		return false;
	if (!take_stamp_padded(&rest, context, &line->ns) &&
		!take_stamp_iso(&rest, context, &line->ns)) {
		/* "[Warning] [MY-010926] [Server] ..." in syslog */
		line->text = rest;
		if (slice_absent(context->program) || !take_level(&line->text, line))
			return false;
		return true;
	}
	skip_space(&rest);
	if (take_digits(&rest, &line->thread))
		skip_space(&rest);
	if (!take_level(&rest, line) && !slice_starts(rest, SLICE_LIT("mysqld_safe ")) &&
		!slice_starts(rest, SLICE_LIT("InnoDB: ")) &&
		(slice_absent(line->thread) || !take_command(&rest, line)))
		return false;
	line->text = rest;
	/* "2026-03-07 10:00:00 [ERROR] ..." is written by many */
	return told || !full || !slice_absent(line->thread) || slice_absent(line->level);
}

/* log_sink_json of MySQL 8; numbers are written as "MY-010926" elsewhere. */
static bool read_json(struct parse_context *context, struct line *line)
{
	static const char *const required[] = {"prio", "err_code", "subsystem", "msg", NULL};
	const struct pairs *pairs = context->pairs;
	struct slice stamp, number;

	if (!document_read(context, required) || pairs->state != PAIRS_WHOLE)
		return false;
	stamp = pairs_get_lit(pairs, "time");
	number = pairs_get_lit(pairs, "err_code");
	if (!take_stamp_iso(&stamp, context, &line->ns) || !all_digits(number) ||
		number.len > 6)
		return false;
	char code[] = {'M', 'Y', '-', '0', '0', '0', '0', '0', '0'};

	memcpy(code + sizeof(code) - number.len, number.ptr, number.len);
	line->code = arena_copy(context->arena, slice_of(code, sizeof(code)));
	context->full = context->full || slice_absent(line->code);
	line->level = pairs_get_lit(pairs, "label");
	line->thread = pairs_get_lit(pairs, "thread");
	line->part = pairs_get_lit(pairs, "subsystem");
	line->text = pairs_get_lit(pairs, "msg");
	return true;
}

/* "Aborted connection 8 to db: 'ho_so' user: 'an' host: '192.0.2.1' (Got timeout ...)": names
 * from the end, for a user's may hold all of it. */
static bool put_aborted(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice host, user, database, reason = SLICE_NONE, rest = text;

	if (!skip_lit(&rest, "Aborted connection ") ||
		!cut_last(rest, SLICE_LIT("' host: '"), &rest, &host) ||
		!cut_last(rest, SLICE_LIT("' user: '"), &rest, &user) ||
		!cut_last(rest, SLICE_LIT(" to db: '"), &rest, &database))
		return false;
	text = host;
	host = slice_head(text, slice_find(text, '\''));
	text = slice_from(text, host.len);
	if (skip_lit(&text, "' (") && slice_ends(text, SLICE_LIT(")")))
		reason = slice_head(text, text.len - 1);
	put_meaning(record, context, &aborted);
	put_some(record, context, FIELD_EVENT_REASON, reason);
	if (!slice_eq(user, SLICE_LIT("unauthenticated")))
		put_some(record, context, FIELD_USER_NAME, user);
	if (!slice_eq(database, SLICE_LIT("unconnected")))
		put_some(record, context, FIELD_SOC_DATABASE, database);
	if (host.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	return true;
}

/*
 * "'an'@'192.0.2.1' (using password: YES)", "'an'@'192.0.2.1' to database 'ho_so'": a user's
 * name may hold all of it, the host is MySQL's own word and stands last.
 */
static void put_account(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice account = rest, user, host;

	if (slice_ends(rest, SLICE_LIT(")")))
		(void)cut_last(rest, SLICE_LIT("' (using password: "), &account, &user);
	else
		account.len = slice_search(rest, SLICE_LIT("' to database '"));
	if (account.len == rest.len && slice_ends(account, SLICE_LIT("'")))
		account.len--;
	if (!skip_byte(&account, '\'') || !cut_last(account, SLICE_LIT("'@'"), &user, &host))
		return;
	put_some(record, context, FIELD_USER_NAME, user);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
}

/* "an@192.0.2.1 on ho_so using TCP/IP": nobody can tell which address is the client's when the
 * names of user and database hold more of them. */
static void put_connection(
	struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" on "));
	struct slice database = slice_from(text, at), user, host, as;

	put_meaning(record, context, &database_connected);
	if (cut_last(slice_head(text, at), SLICE_LIT(" as "), &host, &as) &&
		slice_find(as, '@') == as.len)
		at = host.len; /* "an@192.0.2.1 as anonymous on ho_so" until 5.6 and MariaDB */
	if (slice_find(database, '@') < database.len ||
		!cut_last(slice_head(text, at), SLICE_LIT("@"), &user, &host))
		return;
	put_some(record, context, FIELD_USER_NAME, user);
	if (host.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	if (skip_lit(&database, " on "))
		put_some(record, context, FIELD_SOC_DATABASE,
			slice_head(database, slice_search(database, SLICE_LIT(" using "))));
}

static void put_line(
	struct record *record, struct parse_context *context, const struct line *line)
{
	struct slice denied = line->text;

	record->created_ns = line->ns;
	if (skip_lit(&denied, "Access denied for user ")) {
		put_meaning(record, context, &database_refused);
		put_account(record, context, denied);
	} else if (slice_eq(line->command, SLICE_LIT("Connect"))) {
		put_connection(record, context, line->text);
	} else if (slice_eq(line->command, SLICE_LIT("Quit"))) {
		put_meaning(record, context, &ended);
	} else if (slice_absent(line->command) && put_aborted(record, context, line->text)) {
		; /* all is said */
	} else if (!slice_absent(line->command)) {
		put_meaning(record, context, &queried);
	} else {
		put_meaning(record, context,
			slice_eq_nocase(line->level, SLICE_LIT("error")) ? &database_error
									 : &database_noted);
	}
	put(record, context, FIELD_LOG_LEVEL, line->level);
	put_some(record, context, FIELD_EVENT_CODE, line->code);
	put_some(record, context, FIELD_LOG_LOGGER, line->part);
	put_digits(record, context, FIELD_PROCESS_THREAD_ID, line->thread);
	put_over(record, context, FIELD_MESSAGE, line->text);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct line line = {.ns = record->created_ns};

	if (slice_starts(context->message, SLICE_LIT("{"))) {
		if (!read_json(context, &line))
			return PARSED_NOT_MINE;
	} else if (!read_unstamped(context->message, &line) &&
		   !read_line(context->message, context, &line))
		return PARSED_NOT_MINE;
	put_line(record, context, &line);
	context->message = SLICE_NONE;
	return PARSED;
}

/* The rest of a statement, up to the next line that somebody knows. */
static bool goes_on(struct slice text, struct slice line, bool known)
{
	static const char *const commands[] = {"Query\t", "Prepare\t", "Execute\t"};
	struct slice first = slice_head(text, slice_find(text, '\n'));

	for (size_t i = 0; !known && i < ARRAY_LEN(commands); i++) {
		if (slice_search(first, slice_str(commands[i])) < first.len)
			return line.len > 0;
	}
	return false;
}

static const char *const programs[] = {"mysqld", "mariadbd", "mysql", "mariadb", NULL};

const struct parser parser_mysql = {
	.number = 34,
	.roles = PARSER_ENVELOPE,
	.name = "mysql",
	.module = "mysql",
	.summary = "MySQL and MariaDB: error log, text and JSON, and general log",
	.source = "MySQL 5.5 to 8.4 Reference Manual, MariaDB 5.5 to 11, server logs",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "\t{",
	.digits = DIGITS(ISO_T) | DIGITS(ISO_BLANK) | DIGITS(RUN),
	.parse = parse,
	.goes_on = goes_on,
};
