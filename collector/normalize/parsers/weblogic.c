/*
 * weblogic - server and domain logs of Oracle WebLogic
 *
 *	####<Mar 7, 2026 10:00:00,123 AM ICT> <Error> <Security> <host> <AdminServer> <thread>
 *		<<WLS Kernel>> <> <> <1772852400123> [<[severity-value: 8] ...> ]<BEA-090078>
 *<text> <Mar 7, 2026 10:00:00 AM ICT> <Notice> <WebLogicServer> <BEA-000360> <text>
 *
 * Each value stands in its own brackets; the text is the last. The moment is told once more in
 * milliseconds since 1970.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { VALUES_MAX = 16, LONG_HEAD = 9 };

static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};
static const struct meaning error = {.category = {ECS_WEB}, .type = {ECS_ERROR}};
static const struct meaning locked = MEANS("account_locked", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_IAM}, .type = {ECS_CHANGE}, .outcome = {ECS_FAILURE});
static const struct meaning refused = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_FAILURE});
static const struct meaning deployed = MEANS("web_application_deployed",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_WEB}, .type = {ECS_CREATION});
static const struct meaning removed = MEANS("web_application_removed",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_WEB}, .type = {ECS_DELETION});
static const struct meaning started =
	MEANS("service_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning stopped =
	MEANS("service_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});

static const struct phrase sentences[] = {
	{"User {user.name*} in security realm {.realm} has had {.attempts} invalid login "
	 "attempts, locking account for {}",
		&locked},
	{"User lockout, {user.name*}, {}", &locked},
	{"Authentication Failed: User {user.name*} {event.reason}", &refused},
	{"Authentication denied: {event.reason}", &refused},
	{"Authentication of user {user.name*} failed because of invalid {event.reason}",
		&refused},
	{"Server state changed to RUNNING{}", &started},
	{"The server started in RUNNING mode.{}", &started},
	{"Server shutdown has been requested by {user.name}.", &stopped},
	{"Initiating deploy operation for application, {service.name} {}", &deployed},
	{"Initiating undeploy operation for application, {service.name} {}", &removed},
	{"Initiating Deploy task for application {service.name}.{}", &deployed},
	{"Initiating Undeploy task for application {service.name}.{}", &removed},
};
static struct phrases phrases = PHRASES(sentences);

struct line {
	struct slice values[VALUES_MAX];
	unsigned n;
};

/* "<Error> "; "<<WLS Kernel>> " holds brackets of its own. The text is everything to the last
 * bracket. */
static bool take_values(struct slice rest, struct line *line)
{
	while (rest.len > 0 && line->n + 1 < VALUES_MAX) {
		struct slice *value = &line->values[line->n];
		size_t len;

		if (!skip_byte(&rest, '<'))
			return false;
		len = slice_search(rest, SLICE_LIT("> <"));
		*value = slice_head(rest, len);
		line->n++;
		if (len == rest.len) {
			if (slice_ends(slice_trim(*value), SLICE_LIT(">")))
				value->len = slice_trim(*value).len - 1;
			return true;
		}
		rest = slice_from(rest, len + 2);
		if (slice_starts(*value, SLICE_LIT("BEA-"))) {
			(void)skip_byte(&rest, '<');
			line->values[line->n++] =
				slice_head(rest, rest.len - slice_ends(rest, SLICE_LIT(">")));
			return true;
		}
	}
	return false;
}

/* Of text cut off where AM/PM and a zone's name stand. */
static bool read_time(struct slice text, const struct parse_context *context,
	const struct line *line, int64_t *ns)
{
	for (unsigned i = LONG_HEAD; i < line->n; i++) {
		if (line->values[i].len >= 13 && stamp_from_epoch(line->values[i], ns))
			return true;
	}
	return take_stamp_any(&text, context, ns);
}

static bool is_error(struct slice level)
{
	return slice_eq(level, SLICE_LIT("Error")) || slice_eq(level, SLICE_LIT("Critical")) ||
	       slice_eq(level, SLICE_LIT("Alert")) || slice_eq(level, SLICE_LIT("Emergency"));
}

static enum parse_result put_line(
	struct record *record, struct parse_context *context, const struct line *line)
{
	struct slice text = line->values[line->n - 1], code = line->values[line->n - 2];

	put(record, context, FIELD_LOG_LEVEL, line->values[1]);
	put_some(record, context, FIELD_LOG_LOGGER, line->values[2]);
	put_some(record, context, FIELD_EVENT_CODE, code);
	if (line->n > LONG_HEAD) {
		struct slice user = line->values[6];

		put_over(record, context, FIELD_HOST_HOSTNAME, line->values[3]);
		put_some(record, context, FIELD_SERVICE_NAME, line->values[4]);
		put_other(record, context, FIELD_OTHER, SLICE_LIT("thread"), line->values[5]);
		if (!slice_starts(user, SLICE_LIT("<"))) /* the server itself */
			put_some(record, context, FIELD_USER_NAME, user);
	}
	put_over(record, context, FIELD_MESSAGE, text);
	return phrases_put(&phrases, record, context, slice_head(text, slice_find(text, '\n')),
		is_error(line->values[1]) ? &error : &noted);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct line line = {.n = 0};
	struct slice rest = context->message;
	int64_t ns;

	(void)skip_lit(&rest, "####");
	if (rest.len < 2 || rest.ptr[0] != '<' || is_digit(rest.ptr[1]) ||
		!take_values(rest, &line) || line.n < 5 ||
		!slice_starts(line.values[line.n - 2], SLICE_LIT("BEA-")) ||
		!read_time(line.values[0], context, &line, &ns))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	context->message = SLICE_NONE;
	return put_line(record, context, &line);
}

const struct parser parser_weblogic = {
	.number = 106,
	.roles = PARSER_ENVELOPE,
	.name = "weblogic",
	.module = "weblogic",
	.summary = "Oracle WebLogic: server and domain logs, console output",
	.source = "Oracle Fusion Middleware, Configuring Log Files and Filtering Log Messages: "
		  "Server Log File Format; Error Messages, BEA-000001 to BEA-2194843",
	.first_bytes = "#<",
	.parse = parse,
};
