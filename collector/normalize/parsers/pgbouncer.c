/*
 * pgbouncer - the log of PgBouncer, which stands before PostgreSQL
 *
 *	2026-03-07 10:00:00.123 +07 [4711] LOG C-0x55d0c8: ho_so/an@192.0.2.1:5432 login
 *attempt: ... C-0x55d0c8: ho_so/an@192.0.2.1:5432 closing because: client close request
 *(age=12s)  syslog
 *
 * Until somebody has logged in, user and database are what a stranger typed, before the
 *sentence and in it; the address before it is PgBouncer's own word: names reach to the last '@'
 *before that. A text in which sentences begin at two places tells neither who it was nor from
 *where.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning attempted =
	MEANS("database_connection", .category = {ECS_DATABASE}, .type = {ECS_INFO});
static const struct meaning closed =
	MEANS("database_session_closed", .category = {ECS_DATABASE}, .type = {ECS_INFO});

#define REFUSED(before)                                                                        \
	{before "closing because: password authentication failed{}", &database_refused},       \
		{before "closing because: SASL authentication failed{}", &database_refused},   \
		{before "closing because: no such user{}", &database_refused},                 \
		{before "closing because: no such database{}", &database_refused},             \
		{before "pooler error: password authentication failed{}", &database_refused},  \
		{before "pooler error: SASL authentication failed{}", &database_refused},      \
	{                                                                                      \
		before "pooler error: no such user{}", &database_refused                       \
	}

static const struct phrase of_whom[] = {{"{soc.database}/{user.name*}@{source:}", NULL}};
static const struct phrase sentences[] = {
	REFUSED(""),
	{"login attempt: {}", &attempted},
	{"closing because: {event.reason*} (age={.age})", &closed},
	{"pooler error: {event.reason}", &database_error},
};
/* Where several begin, of which all but one are a stranger's. */
static const struct phrase of_several[] = {
	REFUSED("{} "),
	{"{} login attempt: {}", &attempted},
};
static struct phrases whom = PHRASES(of_whom), phrases = PHRASES(sentences),
		      several = PHRASES(of_several);

/* "C-0x55d0c8: " of a client, "S-0x55d0c8: " of a server */
static bool take_socket(struct slice *rest, bool *client)
{
	struct slice at = *rest, socket;

	if (!skip_lit(&at, "C-0x") && !skip_lit(&at, "S-0x"))
		return false;
	*client = rest->ptr[0] == 'C';
	if (!take_until(&at, ':', &socket) || socket.len > 16 || !skip_byte(&at, ' '))
		return false;
	*rest = at;
	return true;
}

/* " [4711] LOG " behind the stamp */
static bool take_head(struct slice *rest, struct slice *pid, struct slice *level)
{
	static const struct slice levels[] = {{SLICE_BYTES("LOG")}, {SLICE_BYTES("WARNING")},
		{SLICE_BYTES("ERROR")}, {SLICE_BYTES("FATAL")}, {SLICE_BYTES("DEBUG")},
		{SLICE_BYTES("NOISE")}};
	struct slice zone;

	if (rest->len > 2 && rest->ptr[0] == ' ' && rest->ptr[1] != '[') { /* "UTC" */
		*rest = slice_from(*rest, 1);
		zone = take_word(rest);
		if (zone.len > 6)
			return false;
	}
	if (!skip_lit(rest, " [") || !take_digits(rest, pid) || !skip_lit(rest, "] "))
		return false;
	*level = take_word(rest);
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (slice_eq(levels[i], *level))
			return skip_byte(rest, ' ');
	}
	return false;
}

/* Where the first sentence begins, at the blank before it. */
static size_t find_sentence(struct slice text)
{
	static const struct slice begins[] = {{SLICE_BYTES(" login attempt: ")},
		{SLICE_BYTES(" closing because: ")}, {SLICE_BYTES(" pooler error: ")}};
	size_t first = text.len;

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		const size_t at = slice_search(text, begins[i]);

		if (at < first)
			first = at;
	}
	return first;
}

static void put_client(struct record *record, struct parse_context *context, struct slice text)
{
	const size_t at = find_sentence(text);
	const struct slice said = slice_from(text, at < text.len ? at + 1 : at);

	if (find_sentence(said) < said.len)
		(void)phrases_put(&several, record, context, text, &database_noted);
	else if (phrases_put(&phrases, record, context, said, &database_noted) == PARSED)
		(void)phrases_read(&whom, record, context, slice_head(text, at));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	bool told = context->named || !slice_absent(context->program), client = false;
	struct slice rest = context->message, pid = SLICE_NONE, level = SLICE_NONE;
	int64_t ns = record->created_ns;

	if (rest.len > 0 && is_digit(rest.ptr[0]) &&
		(!take_stamp_any(&rest, context, &ns) || !take_head(&rest, &pid, &level)))
		return PARSED_NOT_MINE;
	bool of_socket = take_socket(&rest, &client);
	if (!told && (slice_absent(pid) || !of_socket))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_digits(record, context, FIELD_PROCESS_PID, pid);
	put_some(record, context, FIELD_LOG_LEVEL, level);
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	if (!client) {
		put_meaning(record, context, &database_noted);
		return PARSED;
	}
	put_client(record, context, rest);
	return PARSED;
}

static const char *const programs[] = {"pgbouncer", NULL};

const struct parser parser_pgbouncer = {
	.number = 161,
	.roles = PARSER_ENVELOPE,
	.name = "pgbouncer",
	.module = "postgresql",
	.summary = "PgBouncer: connections, refused logins",
	.source = "PgBouncer 1.8 to 1.23, usage and configuration (log_connections, "
		  "log_disconnections, log_pooler_errors)",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
