/*
 * redis - the server log of Redis, Valkey and KeyDB
 *
 *	26571:M 27 Dec 2026 11:19:18.874 * Synchronization with replica 192.0.2.1:6023 succeeded
 *	[4018] 14 Nov 07:01:22.119 * Background saving terminated with success      until 2.8
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

/* redis.conf calls the marks so. */
static struct slice level_of(char mark)
{
	switch (mark) {
	case '.':
		return SLICE_LIT("debug");
	case '-':
		return SLICE_LIT("verbose");
	case '*':
		return SLICE_LIT("notice");
	case '#':
		return SLICE_LIT("warning");
	default:
		return SLICE_NONE;
	}
}

/* X is the sentinel, C a child, S a replica, M the master. */
static struct slice role_of(char letter)
{
	switch (letter) {
	case 'X':
		return SLICE_LIT("sentinel");
	case 'C':
		return SLICE_LIT("child");
	case 'S':
		return SLICE_LIT("replica");
	case 'M':
		return SLICE_LIT("master");
	default:
		return SLICE_NONE;
	}
}

static const struct meaning attacked = {
	.action = {SLICE_BYTES("cross_protocol_scripting")},
	.category = {ECS_DATABASE},
	.category2 = {ECS_INTRUSION_DETECTION},
	.type = {ECS_INFO},
	.type2 = {ECS_DENIED},
};
static const struct meaning refused = {
	.action = {SLICE_BYTES("database_connection")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
	.type2 = {ECS_DENIED},
	.outcome = {ECS_FAILURE},
};
static const struct meaning started =
	MEANS("database_startup", .category = {ECS_DATABASE}, .type = {ECS_INFO});
static const struct meaning stopped =
	MEANS("database_shutdown", .category = {ECS_DATABASE}, .type = {ECS_INFO});
static const struct meaning closed =
	MEANS("database_session_closed", .category = {ECS_DATABASE}, .type = {ECS_INFO});

/* networking.c, server.c, replication.c; what stands elsewhere has no addresses. */
static const struct phrase sentences[] = {
	{"Possible SECURITY ATTACK detected.{}Connection from {source:} aborted.", &attacked},
	{"Error accepting a client connection: {error.message}", &database_error},
	{"Accepted {source:}", &database_connected},
	{"Client closed connection {}addr={source:} {}", &closed},
	{"Error registering fd event for the new client: {error.message}", &database_error},
	{"Connection with replica {destination:} lost.", &database_noted},
	{"Replica {destination:} asks for synchronization", &database_noted},
	{"Connecting to MASTER {destination:}", &database_noted},
	{"Ready to accept connections{}", &started},
	{"The server is now ready to accept connections{}", &started},
	{"User requested shutdown...", &stopped},
	{"Received SIGTERM scheduling shutdown...", &stopped},
	{"Redis is now ready to exit, bye bye...", &stopped},
	{"{}is now ready to exit, bye bye...", &stopped},
	{"-DENIED Redis is running in protected mode{}", &refused},
};
static struct phrases phrases = PHRASES(sentences);

static bool take_process(struct slice *rest, struct slice *pid, struct slice *role)
{
	*role = SLICE_NONE;
	if (skip_byte(rest, '['))
		return take_digits(rest, pid) && skip_lit(rest, "] ");
	if (!take_digits(rest, pid) || !skip_byte(rest, ':') || rest->len < 2)
		return false;
	*role = role_of(rest->ptr[0]);
	*rest = slice_from(*rest, 1);
	return !slice_absent(*role) && skip_byte(rest, ' ');
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, pid, role, level;
	int64_t ns;

	if (!take_process(&rest, &pid, &role) || !take_stamp_any(&rest, context, &ns) ||
		!skip_byte(&rest, ' ') || rest.len < 2 || rest.ptr[1] != ' ')
		return PARSED_NOT_MINE;
	level = level_of(rest.ptr[0]);
	if (slice_absent(level))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	(void)phrases_put(&phrases, record, context, slice_from(rest, 2), &database_noted);
	put(record, context, FIELD_LOG_LEVEL, level);
	put_digits(record, context, FIELD_PROCESS_PID, pid);
	if (!slice_absent(role))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("role"), role);
	put_over(record, context, FIELD_MESSAGE, slice_from(rest, 2));
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"redis", "redis-server", "valkey-server", NULL};

const struct parser parser_redis = {
	.number = 38,
	.roles = PARSER_ENVELOPE,
	.name = "redis",
	.module = "redis",
	.summary = "Redis and Valkey: server log",
	.source = "Redis 2.8 to 7.4, src/server.c serverLogRaw()",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "[",
	.digits = DIGITS(REST) | DIGITS(RUN),
	.parse = parse,
};
