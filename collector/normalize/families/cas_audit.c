#include "collector/normalize/families/cas_audit.h"

#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

struct audit {
	struct slice who, what, action, application, when, client, server;
	bool doubtful; /* a name may have a separator in it */
};

bool cas_audit_is_logger(struct slice logger)
{
	return slice_search(logger, SLICE_LIT("inspektr.audit.")) < logger.len ||
	       slice_ends(logger, SLICE_LIT("Slf4jLoggingAuditTrailManager"));
}

/* ---- several lines ---------------------------------------------------------------------- */

static const struct {
	struct slice label;
	size_t member; /* of struct audit */
	bool is_last;  /* it stands behind what a stranger wrote: the last one counts */
} labels[] = {
	{{SLICE_BYTES("WHO: ")}, offsetof(struct audit, who), false},
	{{SLICE_BYTES("WHAT: ")}, offsetof(struct audit, what), false},
	{{SLICE_BYTES("ACTION: ")}, offsetof(struct audit, action), true},
	{{SLICE_BYTES("APPLICATION: ")}, offsetof(struct audit, application), true},
	{{SLICE_BYTES("WHEN: ")}, offsetof(struct audit, when), true},
	{{SLICE_BYTES("CLIENT IP ADDRESS: ")}, offsetof(struct audit, client), true},
	{{SLICE_BYTES("CLIENT_IP: ")}, offsetof(struct audit, client), true},
	{{SLICE_BYTES("SERVER IP ADDRESS: ")}, offsetof(struct audit, server), true},
	{{SLICE_BYTES("SERVER_IP: ")}, offsetof(struct audit, server), true},
};

bool cas_audit_goes_on(struct slice line)
{
	static const char *const others[] = {"=====", "USER-AGENT: ", "USER_AGENT: ",
		"GEO LOCATION: ", "GEO_LOCATION: ", ">"};

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (slice_starts(line, labels[i].label))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (slice_starts(line, slice_str(others[i])))
			return true;
	}
	return false;
}

static void note_line(struct audit *audit, struct slice line)
{
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		struct slice *value = (struct slice *)((char *)audit + labels[i].member);

		if (!slice_starts(line, labels[i].label))
			continue;
		audit->doubtful = audit->doubtful || !slice_absent(*value);
		if (slice_absent(*value) || labels[i].is_last)
			*value = slice_trim(slice_from(line, labels[i].label.len));
		return;
	}
}

static bool read_lines(struct slice text, struct audit *audit)
{
	if (!skip_lit(&text, "Audit trail record BEGIN") &&
		!slice_starts(text, labels[0].label))
		return false;
	while (text.len > 0) {
		const size_t len = slice_find(text, '\n');

		note_line(audit, slice_head(text, len));
		text = slice_from(text, len < text.len ? len + 1 : len);
	}
	return !slice_absent(audit->action);
}

/* ---- one line --------------------------------------------------------------------------- */

enum { WHEN, APPLICATION, WHAT, ACTION, WHO, CLIENT, SERVER, FIELDS_MAX = 32 };

static bool is_action(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char byte = text.ptr[i];

		if ((byte < 'A' || byte > 'Z') && byte != '_' && !is_digit(byte))
			return false;
	}
	return text.len > 3;
}

/* "AUTHENTICATION_FAILED", "SERVICE_TICKET_NOT_CREATED", wherever it stands */
static struct slice find_failure(struct slice text)
{
	struct slice place;

	for (bool more = true; more;) {
		more = take_until(&text, '|', &place);
		if (!more)
			place = slice_trim(text);
		if (is_action(place) && (slice_ends(place, SLICE_LIT("FAILED")) ||
						slice_ends(place, SLICE_LIT("NOT_CREATED"))))
			return place;
	}
	return SLICE_NONE;
}

static bool is_pair(const struct slice *fields)
{
	return is_address(fields[0]) && is_address(fields[1]);
}

/* Where the only two addresses side by side stand; 0 = nowhere, or there are several. */
static size_t find_client(const struct slice *fields, size_t n)
{
	size_t client = 0;

	for (size_t i = ACTION; i + 1 < n; i++) {
		if (!is_pair(&fields[i]))
			continue;
		if (client > 0)
			return 0;
		client = i;
	}
	return client;
}

/* Whether all stands at its place. An action and addresses behind the places of both may be the
 * record's own, and what stands at those places a name with strokes in it. */
static bool is_regular(const struct slice *fields, size_t n)
{
	size_t i = SERVER + 1;

	if (n > FIELDS_MAX || !is_action(fields[ACTION]) || !is_pair(&fields[CLIENT]))
		return false;
	while (i < n && !is_action(fields[i]))
		i++;
	for (; i + 1 < n; i++) {
		if (is_pair(&fields[i]))
			return false;
	}
	return true;
}

static size_t split(struct slice text, struct slice *fields)
{
	size_t n = 0;

	while (n < FIELDS_MAX && take_until(&text, '|', &fields[n]))
		n++;
	fields[n++] = slice_trim(text);
	return n;
}

/* A name with a stroke in it moves all that stands behind it: then no more is certain than the
 * two addresses, where there are no others, and that something failed. */
static bool read_strokes(struct slice text, struct audit *audit)
{
	struct slice fields[FIELDS_MAX + 1];
	const size_t n = split(text, fields);
	size_t client = CLIENT;

	if (n <= SERVER)
		return false;
	audit->when = fields[WHEN];
	audit->application = fields[APPLICATION];
	audit->doubtful = !is_regular(fields, n);
	if (audit->doubtful) {
		audit->action = find_failure(text);
		client = n > FIELDS_MAX ? 0 : find_client(fields, n);
	} else {
		audit->what = fields[WHAT];
		audit->action = fields[ACTION];
		audit->who = fields[WHO];
	}
	if (client > 0) {
		audit->client = fields[client];
		audit->server = fields[client + 1];
	}
	return client > 0 || !slice_absent(audit->action);
}

/* ---- what it says ----------------------------------------------------------------------- */

/* "an", "[username: an]", "...Credential(username=an, source=null)": the name. */
static struct slice name_in(struct slice text)
{
	static const char *const keys[] = {"username=", "username: "};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct slice key = slice_str(keys[i]);
		const size_t at = slice_search(text, key);

		if (at == text.len)
			continue;
		text = slice_from(text, at + key.len);
		size_t len = 0;
		while (len < text.len && memchr(",)]", text.ptr[len], 3) == NULL)
			len++;
		return slice_head(text, len);
	}
	return slice_find(text, ' ') < text.len ? SLICE_NONE : text;
}

static struct slice user_of(const struct audit *audit)
{
	const struct slice name = name_in(audit->who);

	if (!slice_absent(name) && !slice_eq(name, SLICE_LIT("audit:unknown")) &&
		!slice_starts(name, SLICE_LIT("org.apereo."))) /* an object's address */
		return name;
	return slice_search(audit->what, SLICE_LIT("username")) < audit->what.len
		       ? name_in(audit->what)
		       : SLICE_NONE;
}

#define SESSION(what, how, result)                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_SESSION}, .type = {how},       \
		.outcome = {                                                                   \
			result                                                                 \
		}                                                                              \
	}
#define LOGIN(result)                                                                          \
	{                                                                                      \
		.action = {SLICE_BYTES("web_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {                      \
			result                                                                 \
		}                                                                              \
	}

/* By the words that an action ends with; the first that fits. CAS 4 to 7,
 * AuditActionResolvers. */
static const struct {
	struct slice begin, end;
	struct meaning meaning;
} meanings[] = {
	{{SLICE_BYTES("AUTHENTICATION_")}, {SLICE_BYTES("FAILED")}, LOGIN(ECS_FAILURE)},
	{{SLICE_BYTES("AUTHENTICATION_")}, {SLICE_BYTES("SUCCESS")}, LOGIN(ECS_SUCCESS)},
	{{SLICE_BYTES("TICKET_GRANTING_TICKET_")}, {SLICE_BYTES("NOT_CREATED")},
		SESSION("sso_session_started", ECS_START, ECS_FAILURE)},
	{{SLICE_BYTES("TICKET_GRANTING_TICKET_")}, {SLICE_BYTES("CREATED")},
		SESSION("sso_session_started", ECS_START, ECS_SUCCESS)},
	{{SLICE_BYTES("TICKET_GRANTING_TICKET_")}, {SLICE_BYTES("DESTROYED")},
		SESSION("sso_session_ended", ECS_END, ECS_SUCCESS)},
	{{SLICE_BYTES("")}, {SLICE_BYTES("FAILED")},
		SESSION("sso_event", ECS_INFO, ECS_FAILURE)},
	{{SLICE_BYTES("")}, {SLICE_BYTES("NOT_CREATED")},
		SESSION("sso_event", ECS_INFO, ECS_FAILURE)},
	{{SLICE_BYTES("")}, {SLICE_BYTES("")}, SESSION("sso_event", ECS_INFO, ECS_SUCCESS)},
};

static void put_action(
	struct record *record, struct parse_context *context, struct slice action)
{
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (!slice_starts(action, meanings[i].begin) ||
			!slice_ends(action, meanings[i].end))
			continue;
		put_meaning(record, context, &meanings[i].meaning);
		break;
	}
	put_other(record, context, FIELD_OTHER, SLICE_LIT("audit_action"), action);
}

/* The log's stamp has the finer time and no zone, the record's the zone: where they differ by
 * quarters of hours and less than a second, the one is moved by the other. */
static void put_time(
	struct record *record, const struct parse_context *context, struct slice when)
{
	static const int64_t second = 1000000000, quarter = 900 * second;
	int64_t ns, apart;

	if (!take_stamp_any(&when, context, &ns))
		return;
	apart = record->created_ns == CLOCK_NONE ? second : (record->created_ns - ns) % quarter;
	if (apart < 0)
		apart += quarter;
	record->created_ns = apart < second ? ns + apart : ns;
}

enum parse_result cas_audit_take(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct audit audit = {0};

	if (skip_byte(&text, '<') && slice_ends(text, SLICE_LIT(">")))
		text.len--;
	if (!read_lines(text, &audit) && !read_strokes(text, &audit))
		return PARSED_NOT_MINE;
	put_time(record, context, audit.when);
	if (!slice_absent(audit.action))
		put_action(record, context, audit.action);
	if (!audit.doubtful)
		put_some(record, context, FIELD_USER_NAME, user_of(&audit));
	put_some(record, context, FIELD_SERVICE_NAME, audit.application);
	if (!slice_absent(audit.client))
		put_only_address(record, context, FIELD_SOURCE_IP, audit.client);
	if (!slice_absent(audit.server))
		put_only_address(record, context, FIELD_DESTINATION_IP, audit.server);
	return audit.doubtful ? PARSED_PARTLY : PARSED;
}
