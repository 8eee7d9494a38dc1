/*
 * leveled - a stamp, how bad it is, who says it, and words: what programs write into files of
 * their own by the logging of Python, Java and others
 *
 *	2026-03-07 10:00:00,123 INFO Starting unattended upgrades script            Python
 *	2026-03-07 10:00:00,123 - util.py[DEBUG]: Reading from /proc/uptime         cloud-init
 *	2026-03-07 10:00:00,123:DEBUG:certbot._internal.main:certbot version: 2.1
 *	2026-03-07 10:00:00,123 INFO     tuned.daemon.daemon: starting tuning
 *	2026-03-07 10:00:00 WARNING: AllowZoneDrifting is enabled                   firewalld
 *	2026-03-07T10:00:00+0700 DEBUG DNF version: 4.14.0                          dnf.log
 *	2026-03-07 10:00:00,123 [main] ERROR vn.gov.App - no connection             log4j
 *	2026-03-07 10:00:00,123 INFO [vn.gov.App] - no connection                   log4j
 *	2026-03-07T10:00:00.123+07:00  INFO 812 --- [main] vn.gov.App : Started     Spring Boot
 *
 * The frame is all that is known; of a few programs the words too, and whatever reads the
 * message of any program.
 */
#include "collector/normalize/families/cas_audit.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { LEVEL_MAX = 9, LOGGER_MAX = 96, STAMP_LEAST = 19, STAMP_MOST = 36 };

#define PACKAGES(name, how)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PACKAGE}, .type = { how }      \
	}

static const struct meaning upgrade_begun = PACKAGES("package_manager_started", ECS_START);
static const struct meaning upgrade_ended = PACKAGES("package_manager_ended", ECS_INFO);
static const struct meaning upgrade_noted = PACKAGES("package_manager_noted", ECS_INFO);
static const struct meaning service_begun = {
	.action = {SLICE_BYTES("service_started")},
	.category = {ECS_PROCESS},
	.type = {ECS_START},
};

/* unattended-upgrade, cloud-init, tuned; firewalld says errors only. */
static const struct phrase known_sentences[] = {
	{"Starting unattended upgrades script{}", &upgrade_begun},
	{"Initial blacklist{}", &upgrade_noted},
	{"Initial whitelist{}", &upgrade_noted},
	{"Allowed origins are:{}", &upgrade_noted},
	{"No packages found that can be upgraded unattended{}", &upgrade_ended},
	{"Packages that will be upgraded: {.packages*}", &upgrade_noted},
	{"Writing dpkg log to {file.path+}{}", &upgrade_noted},
	{"All upgrades installed{}", &upgrade_ended},
	{"Packages that were successfully auto-removed: {.packages*}", &upgrade_noted},
	{"Cloud-init v. {.version+} running '{.stage+}' at{}", &service_begun},
	{"starting tuning: {.profile*}", &service_begun},
};
static struct phrases known = PHRASES(known_sentences);

struct line {
	struct slice level, logger, thread, pid, text;
	struct slice user, source; /* of a head that names them */
	int64_t ns;
};

static const char *const levels[] = {"INFO", "DEBUG", "WARNING", "ERROR", "WARN", "NOTICE",
	"CRITICAL", "FATAL", "TRACE", "SEVERE", "ALERT", "DDEBUG", "SUBDEBUG", "CONFIG", "FINE",
	"EMERG", "INF", "WRN", "ERR", "DBG", "TRC", "FTL", NULL};

/* "INFO" and what may not go on behind it; "INFO: ", "[INFO] " with brackets that open. */
static bool take_level(struct slice *rest, struct slice *level)
{
	struct slice at = *rest;
	bool bracket = skip_byte(&at, '[');
	size_t len = 0;

	while (len < at.len && len <= LEVEL_MAX && at.ptr[len] >= 'A' && at.ptr[len] <= 'Z')
		len++;
	for (size_t i = 0; levels[i] != NULL; i++) {
		if (!slice_eq(slice_head(at, len), slice_str(levels[i])))
			continue;
		*level = slice_head(at, len);
		at = slice_from(at, len);
		if (bracket) {
			while (skip_byte(&at, ' '))
				;
			if (!skip_byte(&at, ']'))
				return false;
		}
		if (at.len > 0 && at.ptr[0] != ' ' && at.ptr[0] != ':')
			return false;
		*rest = at;
		return true;
	}
	return false;
}

static bool is_logger_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '.' || byte == '_' || byte == '-' || byte == '$' || byte == '/';
}

/* "vn.gov.App", with a point in it or `certain`, before ": ", " - ", " : " or the byte `end`.
 */
static bool take_logger(struct slice *rest, bool certain, char end, struct slice *logger)
{
	struct slice at = *rest;
	size_t len = 0;

	while (len < at.len && len < LOGGER_MAX && is_logger_byte(at.ptr[len]))
		len++;
	struct slice word = slice_head(at, len);
	if (len == 0 || (!certain && slice_find(word, '.') == len))
		return false;
	at = slice_from(at, len);
	if (end != '\0' ? !skip_byte(&at, end)
			: !skip_lit(&at, ": ") && !skip_lit(&at, " - ") &&
				  !skip_lit(&at, " : "))
		return false;
	*logger = word;
	*rest = at;
	return true;
}

/* "[main] ", "(main) " */
static bool take_thread(struct slice *rest, struct slice *thread)
{
	struct slice at = *rest, inside;

	if (!skip_byte(&at, '[') || !take_until(&at, ']', &inside) || !skip_byte(&at, ' ') ||
		all_digits(inside)) /* a process: PostgreSQL's, LiteSpeed's */
		return false;
	skip_blanks(&at);
	*thread = inside;
	*rest = at;
	return true;
}

/* ":DEBUG:certbot._internal.main:text" behind the stamp */
static bool take_colons(struct slice rest, struct line *line)
{
	if (!skip_byte(&rest, ':') || !take_level(&rest, &line->level) ||
		!skip_byte(&rest, ':') || !take_logger(&rest, true, ':', &line->logger))
		return false;
	line->text = rest;
	return true;
}

/* " [net.shibboleth.idp.Profile:169] - text" behind the address of who asks */
static void take_place(struct slice *rest, struct line *line)
{
	struct slice at = *rest, place;

	if (!skip_lit(&at, " [") || !take_until(&at, ']', &place) || place.len > LOGGER_MAX ||
		!skip_lit(&at, " - "))
		return;
	line->user = SLICE_NONE;
	line->source = line->logger;
	line->logger = slice_head(place, slice_find(place, ':'));
	*rest = at;
}

/* " - util.py[DEBUG]: text", " - name - DEBUG - text" */
static bool take_dashes(struct slice rest, struct line *line)
{
	struct slice at;

	if (!skip_lit(&rest, " - "))
		return false;
	at = rest;
	if (take_logger(&at, true, '[', &line->logger) && at.ptr[-1] == '[') {
		at = slice_of(at.ptr - 1, at.len + 1);
		if (take_level(&at, &line->level) && skip_lit(&at, ": ")) {
			line->text = at;
			return true;
		}
	}
	line->logger = SLICE_NONE;
	if (!take_logger(&rest, true, '\0', &line->logger))
		return false;
	if (!take_level(&rest, &line->level)) { /* "an - icingaweb2 - ERROR - " */
		line->user = line->logger;
		if (!take_logger(&rest, true, '\0', &line->logger) ||
			!take_level(&rest, &line->level))
			return false;
	}
	if (!skip_lit(&rest, " - "))
		take_place(&rest, line);
	line->text = rest;
	return true;
}

/* "vn.gov.App": of Log4j's "[%c] - %m", where others have the thread */
static bool is_class(struct slice text)
{
	return slice_find(text, '.') < text.len && slice_find(text, ' ') == text.len;
}

/* " INFO text", " [main] INFO logger - text", "  INFO 812 --- [main] logger : text" */
static bool take_blanks(struct slice rest, struct line *line)
{
	struct slice at;

	if (!skip_byte(&rest, ' '))
		return false;
	skip_blanks(&rest);
	if (!take_level(&rest, &line->level) &&
		!(take_thread(&rest, &line->thread) && take_level(&rest, &line->level)))
		return false;
	if (skip_byte(&rest, ':') && slice_starts(rest, SLICE_LIT("  ")))
		return false; /* PostgreSQL's "ERROR:  text" */
	skip_blanks(&rest);
	at = rest;
	if (skip_byte(&at, '[') && take_digits(&at, &line->pid) && skip_lit(&at, "] ["))
		return false; /* LiteSpeed's "[812] [203.0.113.9:4711-5#portal]" */
	at = rest;
	if (take_digits(&at, &line->pid) && skip_lit(&at, " --- "))
		rest = at;
	else
		line->pid = SLICE_NONE;
	at = rest;
	if (take_thread(&at, &line->thread))
		rest = at;
	skip_blanks(&rest);
	if (is_class(line->thread) && skip_lit(&rest, "- ")) {
		line->logger = line->thread;
		line->thread = SLICE_NONE;
	} else {
		(void)take_logger(&rest, false, '\0', &line->logger);
	}
	line->text = rest;
	return true;
}

/* Where the stamp ends at the latest, and that what follows can be ours: most lines that begin
 * with a stamp are others', and this is asked of all. */
static bool can_be_mine(struct slice text)
{
	struct slice head;
	size_t at;

	if (text.len < STAMP_LEAST + 2 || (text.ptr[10] != ' ' && text.ptr[10] != 'T') ||
		(text.ptr[4] != '-' && text.ptr[4] != '/'))
		return false;
	head = slice_head(text, text.len < STAMP_MOST ? text.len : STAMP_MOST);
	if (head.len > 24 && head.ptr[23] == ':')
		return true;
	at = STAMP_LEAST + slice_find(slice_from(head, STAMP_LEAST), ' ');
	while (at < text.len && text.ptr[at] == ' ')
		at++;
	return at < text.len && ((text.ptr[at] >= 'A' && text.ptr[at] <= 'W') ||
					text.ptr[at] == '[' || text.ptr[at] == '-');
}

static bool read_line(struct slice rest, const struct parse_context *context, struct line *line)
{
	if (!take_stamp_any(&rest, context, &line->ns))
		return false;
	return take_colons(rest, line) || take_dashes(rest, line) || take_blanks(rest, line);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct line line = {0};

	if (!can_be_mine(context->message) || !read_line(context->message, context, &line))
		return PARSED_NOT_MINE;
	record->created_ns = line.ns;
	put(record, context, FIELD_LOG_LEVEL, line.level);
	put_some(record, context, FIELD_LOG_LOGGER, line.logger);
	put_some(record, context, FIELD_PROCESS_THREAD_NAME, line.thread);
	put_some(record, context, FIELD_USER_NAME, line.user);
	if (!slice_absent(line.source))
		put_only_address(record, context, FIELD_SOURCE_IP, line.source);
	put_digits(record, context, FIELD_PROCESS_PID, line.pid);
	put_over(record, context, FIELD_MESSAGE, line.text);
	context->message = SLICE_NONE;
	if (phrases_read(&known, record, context, line.text))
		return PARSED;
	if (cas_audit_is_logger(line.logger)) {
		enum parse_result result = cas_audit_take(record, context, line.text);

		if (result == PARSED_NOT_MINE)
			return PARSED_PARTLY;
		context->module = SLICE_LIT("cas");
		return result;
	}
	context->message = line.text; /* it may be pairs or JSON */
	return PARSED_PARTLY;
}

/* A record of CAS's audit trail has several lines. */
static bool goes_on(struct slice text, struct slice line, bool is_known)
{
	struct slice first = slice_head(text, slice_find(text, '\n'));

	return !is_known && cas_audit_goes_on(line) &&
	       (slice_ends(first, SLICE_LIT("Audit trail record BEGIN")) ||
		       slice_search(first, SLICE_LIT(".inspektr.audit.")) < first.len);
}

const struct parser parser_leveled = {
	.number = 44,
	.roles = PARSER_ENVELOPE,
	.name = "leveled",
	.module = "leveled",
	.summary = "a stamp, a level, words: logging of Python and Java, dnf.log, cloud-init",
	.source = "Python logging; Log4j 2 PatternLayout; Spring Boot; DNF 4; cloud-init 23",
	.first_bytes = FIRST_BYTES_DIGITS,
	.parse = parse,
	.goes_on = goes_on,
};
